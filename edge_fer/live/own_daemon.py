"""A daemon that runs only for as long as somebody looks at a camera."""

import contextlib
import ctypes
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from edge_fer.errors import DaemonError, DaemonReason
from edge_fer.isolated import python_module, stop

_PR_SET_PDEATHSIG = 1  # prctl(2)
STOP_S = 1.0  # what the daemon promises on SIGTERM


class OwnDaemon:
    """Such a daemon; its sockets lie in `folder`."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path, log: IO[bytes]) -> None:
        self.process, self.folder, self._log = process, folder, log

    @property
    def ended(self) -> bool:
        """Whether it ended by itself."""
        return self.process.poll() is not None

    def check(self) -> None:
        """DaemonError with its last line, where it ended for an error."""
        if self.process.poll() in (None, 0):
            return
        self._log.seek(0)
        text = self._log.read().decode(errors="replace").strip()
        last = text.splitlines()[-1] if text else "no message"
        raise DaemonError(DaemonReason.ENDED, last.removeprefix("edge-fer: "))


@contextlib.contextmanager
def own_daemon(
    camera: str, config_path: Path | None, link: str = "virtual:preview"
) -> Iterator[OwnDaemon]:
    """Run a daemon for `camera`; its frames go nowhere but to the page, unless `link` says so."""
    with tempfile.TemporaryDirectory(prefix="edge-fer-") as folder, tempfile.TemporaryFile() as log:
        config = Path(os.devnull) if config_path is None else config_path.absolute()
        process = subprocess.Popen(
            python_module("edge_fer", "run", "--config", str(config), "--link", link),
            cwd="/",
            env=_environment(folder, camera),
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - it takes no lock
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        daemon = OwnDaemon(process, Path(folder), log)
        try:
            yield daemon
        finally:
            stopped = process.poll() is None
            if stopped:
                stop(process, STOP_S)
        if not stopped:
            daemon.check()


def _end_with_parent() -> None:
    """Let the kernel end the daemon where this process is killed: no camera stays on unwatched."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def absolute_uri(camera: str) -> str:
    """Return a camera's URI that means the same from another folder."""
    scheme, _, rest = camera.partition(":")
    if scheme != "file":
        return camera
    path, mark, options = rest.partition("?")
    return f"file:{Path(path).expanduser().absolute()}{mark}{options}"


def _environment(folder: str, camera: str) -> dict[str, str]:
    """Return the daemon's: its camera is here, because every user may read a command line."""
    kept = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
    return kept | {"RUNTIME_DIRECTORY": folder, "EDGE_FER__CAMERA__URI": absolute_uri(camera)}
