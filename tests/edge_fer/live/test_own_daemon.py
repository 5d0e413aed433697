"""A daemon that runs for as long as somebody looks at a camera."""

from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from edge_fer.daemon.status_server import ask
from edge_fer.errors import DaemonError
from edge_fer.live.own_daemon import absolute_uri, own_daemon
from tests.edge_fer.preview.conftest import start_preview, wait_for


def test_a_relative_file_is_meant_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute_uri("file:a/b.mp4?loop=1&fps=5") == f"file:{tmp_path}/a/b.mp4?loop=1&fps=5"
    for same in ("demo:?loop=1", "v4l2:/dev/video0", "rtsp://camera/1?x=file:", "file:/a.mp4"):
        assert absolute_uri(same) == same


@pytest.mark.slow
def test_what_is_wrong_with_the_camera_is_said_in_its_own_words(tmp_path: Path) -> None:
    with ExitStack() as stack:
        daemon = stack.enter_context(own_daemon(f"file:{tmp_path}/none.mp4", None))
        daemon.process.wait(60)
        assert daemon.ended
        with pytest.raises(DaemonError, match=r"none\.mp4"):
            stack.close()
    assert not daemon.folder.exists()


@pytest.mark.slow
def test_a_password_is_in_no_command_line(tmp_path: Path) -> None:
    """A check or a preview of the configured camera: every user may read command lines."""
    with suppress(DaemonError), own_daemon("rtsp://user:secret@127.0.0.1:9/", None) as daemon:
        process = Path(f"/proc/{daemon.process.pid}")
        wait_for(lambda: b"edge_fer" in (process / "cmdline").read_bytes())
        assert b"secret" not in (process / "cmdline").read_bytes()
        assert daemon.process.poll() is None


@pytest.mark.slow
def test_the_daemon_ends_with_a_preview_that_is_killed(tmp_path: Path) -> None:
    with contextmanager(start_preview)(tmp_path, "--camera", "demo:?loop=1") as preview:
        answer = wait_for(lambda: ask(preview.folder / "status.socket"))
        preview.process.kill()
        wait_for(lambda: not _runs(answer.status.pid))


def _runs(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
