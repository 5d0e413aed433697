"""The camera in its own process: whatever happens to it, the parent stays well."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_fer import isolated
from edge_fer.camera import _BACKENDS
from edge_fer.camera.process import CameraProcess
from edge_fer.camera.slots import create_memory
from edge_fer.errors import CameraError, CameraReason, UserError
from tests.own_seconds import OwnSeconds

PATIENCE_S = 60.0  # a bound against hanging, not a measurement

# A parent that can be killed: says its camera's process id and waits.
PARENT = """
import sys, time
from edge_fer.camera.process import CameraProcess
camera = CameraProcess("demo:")
camera.start()
assert camera.wait(60) is not None
print(camera.pid, flush=True)
time.sleep(60)
"""
# A whole life of a camera with all warnings as errors.
LIFE = """
from edge_fer.camera.process import CameraProcess
camera = CameraProcess("demo:?speed=max&fps=2")
camera.start()
while not camera.ended:
    camera.wait(1)
camera.restart()
assert camera.wait(60) is not None
camera.stop()
"""


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def eventually(condition: Callable[[], bool]) -> bool:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.01)
    return True


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture
def demo() -> Iterator[CameraProcess]:
    with CameraProcess("demo:") as camera:
        assert camera.wait(PATIENCE_S) is not None
        yield camera


def pid_of(camera: CameraProcess) -> int:
    assert camera.pid is not None
    return camera.pid


def test_frames_arrive_with_time_and_number(demo: CameraProcess) -> None:
    frames = [demo.wait(PATIENCE_S) for _ in range(5)]
    for frame in frames:
        assert frame is not None
        assert frame.grey.shape == (480, 640)
        assert 0 <= time.monotonic() - frame.captured_s < PATIENCE_S
    sequences = [frame.sequence for frame in frames if frame]
    assert sequences == sorted(set(sequences))
    assert demo.opened
    assert demo.fps == 30
    assert demo.alive
    assert demo.error is None
    assert not demo.ended


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URI of a camera that leaves a mark when it is opened."""
    monkeypatch.syspath_prepend(str(Path(__file__).with_name("faulty")))
    monkeypatch.setitem(_BACKENDS, "faulty", "faulty_camera")
    asked = isolated.BOOTSTRAP.replace("sys.argv = ", "import sitecustomize\nsys.argv = ")
    monkeypatch.setattr(isolated, "BOOTSTRAP", asked)
    (tmp_path / "fault").write_text("")
    return f"faulty:{tmp_path / 'fault'}"


def test_a_prepared_process_opens_nothing_before_it_is_told_to(faulty: str, tmp_path: Path) -> None:
    with CameraProcess.prepared(faulty, 30.0) as camera:
        pid = pid_of(camera)
        assert camera.wait(1.0) is None  # in which it would have opened
        assert camera.opening_s is None
        assert not (tmp_path / "fault.opened").exists()
        with pytest.raises(RuntimeError, match="already started"):
            camera.prepare()
        told_s = time.monotonic()
        camera.start()
        with pytest.raises(RuntimeError, match="already started"):
            camera.start()
        frame = camera.wait(PATIENCE_S)
        assert frame is not None
        assert camera.opening_s is not None
        assert told_s <= camera.opening_s <= frame.captured_s
        assert pid_of(camera) == pid
    assert not Path(f"/proc/{pid}").exists()


def test_a_camera_that_can_leaves_out_what_nobody_wants(faulty: str) -> None:
    with CameraProcess(faulty) as camera:

        def gap() -> int:
            before, after = camera.wait(PATIENCE_S), camera.wait(PATIENCE_S)
            assert before is not None
            assert after is not None
            return after.sequence - before.sequence

        assert eventually(lambda: gap() == 1)
        camera.ask_for(5.0)  # of 20
        assert eventually(lambda: gap() >= 3)
        given = camera.given
        assert eventually(lambda: gap() > 1 and camera.given - given >= 8)  # all are counted
        camera.ask_for(None)
        assert eventually(lambda: gap() == 1)


def test_slow_reader_gets_the_newest(demo: CameraProcess) -> None:
    before = demo.wait(PATIENCE_S)
    assert before is not None
    assert eventually(lambda: demo.given > before.sequence + 10)
    after = demo.latest()
    assert after is not None
    assert after.sequence - before.sequence > 3
    assert after.captured_s - before.captured_s > 0.1


def test_frames_come_whole_at_full_speed(tmp_path: Path) -> None:
    for level in range(1, 9):
        image = np.full((240, 320), 30 * level, np.uint8)
        cv2.imwrite(str(tmp_path / f"{level}.pgm"), image)
    with CameraProcess(f"file:{tmp_path}?speed=max&loop=1") as camera:
        for _ in range(100):
            frame = camera.wait(PATIENCE_S)
            assert frame is not None
            assert (frame.grey == 30 * (frame.sequence % 8 + 1)).all()


def test_killed_process_is_noticed_and_replaced(demo: CameraProcess) -> None:
    last = demo.wait(PATIENCE_S)
    os.kill(pid_of(demo), signal.SIGKILL)
    noticing = OwnSeconds()
    while demo.error is None and noticing.passed < PATIENCE_S:
        demo.wait(PATIENCE_S)  # returns as soon as the process is gone
    assert noticing.passed < 2.0
    assert str(demo.error) == "camera demo:: its process was ended by signal 9 (Killed)"
    assert demo.error is not None
    assert demo.error.reason is CameraReason.PROCESS_ENDED
    assert not demo.alive
    demo.restart()
    frame = demo.wait(PATIENCE_S)
    assert frame is not None
    assert last is not None
    assert frame.sequence > last.sequence
    assert demo.error is None
    assert demo.alive


def test_each_frame_that_it_gave_has_its_number_over_restarts(demo: CameraProcess) -> None:
    first = demo.given
    assert eventually(lambda: demo.given > first + 3)  # frames that nobody fetches
    os.kill(pid_of(demo), signal.SIGKILL)
    assert eventually(lambda: not demo.alive)
    given = demo.given
    assert given > 1
    demo.restart()
    assert demo.given == given
    frame = demo.wait(PATIENCE_S)
    assert frame is not None
    assert given <= frame.sequence < demo.given + 1


def test_process_that_hangs_is_killed(demo: CameraProcess) -> None:
    pid = pid_of(demo)
    os.kill(pid, signal.SIGSTOP)
    demo.wait(0.05)
    assert demo.wait(0.2) is None
    assert demo.alive
    stopping = OwnSeconds()
    demo.stop(0.2)
    assert stopping.passed < 2.0
    assert not Path(f"/proc/{pid}").exists()


def test_signals_meant_for_the_parent_do_not_end_it(demo: CameraProcess) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid_of(demo), number)
    time.sleep(0.1)
    demo.latest()
    assert demo.wait(PATIENCE_S) is not None
    assert demo.alive
    assert os.getsid(pid_of(demo)) != os.getsid(0)


def test_end_of_a_recording(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "only.png"), np.full((20, 30), 9, np.uint8))
    with CameraProcess(f"file:{tmp_path}?speed=max") as camera:
        # The process may be gone before anybody looks: the frame is not lost by that.
        assert eventually(lambda: not camera.alive)
        assert not camera.ended
        frame = camera.wait(PATIENCE_S)
        assert frame is not None
        assert frame.grey.shape == (20, 30)
        assert camera.ended
        assert camera.error is None
        assert camera.wait(PATIENCE_S) is None
    assert camera.ended


def test_a_wrong_option_is_an_error_before_any_process() -> None:
    with pytest.raises(CameraError, match=r"fps: '0' is not in 1..120") as error:
        CameraProcess("demo:?fps=0")
    assert error.value.reason is CameraReason.BAD_URI


@pytest.mark.parametrize(
    ("uri", "wanted", "reason"),
    [
        ("v4l2:/dev/video99", "there is no such device", CameraReason.NOT_FOUND),
        ("file:/nowhere.mp4", "there is no file", CameraReason.NOT_FOUND),
    ],
)
def test_camera_that_does_not_open(uri: str, wanted: str, reason: CameraReason) -> None:
    with CameraProcess(uri) as camera:
        assert eventually(lambda: camera.error is not None)
        assert camera.error is not None
        assert str(camera.error).startswith(f"camera {uri}: ")
        assert wanted in str(camera.error)
        assert camera.error.reason is reason
        assert "\n" not in str(camera.error)
        assert not camera.opened
        assert camera.wait(PATIENCE_S) is None  # at once
        assert eventually(lambda: not camera.alive)


def test_image_that_breaks_off_is_an_error_and_no_end(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((20, 30), np.uint8))
    (tmp_path / "2.png").write_bytes(b"broken")
    with CameraProcess(f"file:{tmp_path}?speed=max") as camera:
        assert eventually(lambda: camera.error is not None)
        assert not camera.ended


def test_impossible_uri_is_refused_before_anything_starts() -> None:
    with pytest.raises(UserError, match="unknown scheme"):
        CameraProcess("webcam:0")


def test_camera_dies_with_its_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment()
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_running(pid)
    parent.kill()
    parent.communicate()
    assert eventually(lambda: not is_running(pid))


def named_memory(pid: int) -> list[str]:
    """Return the files in /dev/shm that a process has: they could outlive it."""
    mapped = Path(f"/proc/{pid}/maps").read_text().splitlines()
    opened = [
        str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink()
    ]
    return [each for each in (*mapped, *opened) if "/dev/shm/" in each]


def test_nothing_is_left_behind() -> None:
    descriptors = open_descriptors()
    camera = CameraProcess("demo:")
    for _ in range(2):
        camera.start()
        assert camera.wait(PATIENCE_S) is not None
        pid = pid_of(camera)
        assert not named_memory(os.getpid()) + named_memory(pid)
        os.kill(pid, signal.SIGKILL)
        camera.stop()
        camera.stop()
        assert not Path(f"/proc/{pid}").exists()
    del camera
    assert open_descriptors() == descriptors


def test_no_warnings_on_a_clean_life() -> None:
    life = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", LIFE],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=180,
        check=False,
    )
    assert (life.returncode, life.stdout, life.stderr) == (0, "", "")


def test_working_directory_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numpy.py").write_text("raise ImportError('this is not numpy')")
    monkeypatch.chdir(tmp_path)
    with CameraProcess("demo:") as camera:
        assert camera.wait(PATIENCE_S) is not None


def test_before_the_start_there_is_nothing() -> None:
    camera = CameraProcess("demo:")
    assert camera.latest() is None
    assert camera.wait(PATIENCE_S) is None
    assert not camera.alive
    assert not camera.ended
    assert camera.pid is None
    camera.stop()


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\n",
        b"[" * 3000 + b"\n",
        b"5\n",
        b"{}{}\n",
        b'{"height": 1e999, "width": 4, "fps": 1}\n',
        b'{"height": -1, "width": 4, "fps": 1}\n',
        b'{"height": 70000, "width": 70000, "fps": 1}\n',
        b'{"height": 8}\n',
        b'{"error": "x", "reason": "none of these"}\n',
        b"no end" * 20_000,
    ],
)
def test_a_process_that_says_nonsense_is_given_up(said: bytes) -> None:
    """What decodes a stream from a network may say anything; its parent stays well."""
    camera = CameraProcess("demo:")
    camera._status, other = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    camera._memory = create_memory()
    try:
        os.write(other, said)
        camera._read_status()
        with suppress(BrokenPipeError):
            os.write(other, said)  # 64 KiB fit into a pipe
        error = camera.error
        assert error is not None
        assert error.reason is CameraReason.PROCESS_ENDED
        assert not camera.alive
        assert camera.wait(0.0) is None
    finally:
        os.close(other)
        camera.stop()


@pytest.mark.parametrize("call", ["os.eventfd_read", "mmap.mmap"])
def test_a_system_call_that_is_refused_is_the_end_of_the_process_and_not_of_its_parent(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    with CameraProcess("demo:") as camera:
        with monkeypatch.context() as patch:
            patch.setattr(call, refuse)
            assert eventually(lambda: camera.wait(0.1) is None and camera.error is not None)
            assert not camera.alive
            assert "Cannot allocate memory" in str(camera.error)
        camera.restart()
        assert camera.wait(PATIENCE_S) is not None


def test_a_password_is_in_no_command_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with CameraProcess(f"rtsp://u:secret@{address}/stream") as camera:
            server.settimeout(PATIENCE_S)
            connection, _ = server.accept()  # it runs, and waits for an answer
            command = Path(f"/proc/{camera.pid}/cmdline").read_bytes()
            connection.close()
            server.close()
            assert camera.wait(PATIENCE_S) is None
    assert b"edge_fer.camera.child" in command
    assert b"secret" not in command
    assert camera.error is not None
    assert f"rtsp://{address}/***" in str(camera.error)
    assert "secret" not in str(camera.error)
