"""A program on a terminal of its own: it is typed at, and seen as a person would see it."""

import codecs
import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

REPOSITORY = Path(__file__).resolve().parents[2]
# The terminal becomes the one of a new session, as it is behind a shell: keys are for it then.
_ON_A_TERMINAL = """
import fcntl, sys, termios
fcntl.ioctl(1, termios.TIOCSCTTY, 0)
sys.argv[0] = "edge-fer"
from edge_fer.cli.app import main
main()
"""
_HOME = "\x1b[H"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\r")


class RealTerminal:
    """`edge-fer ARGUMENTS` in a terminal of this size; use `with`."""

    def __init__(
        self,
        *arguments: str,
        folder: Path,
        size: tuple[int, int] = (100, 30),
        stdin: int | None = None,
    ) -> None:
        self._device, terminal = os.openpty()
        self._terminal = terminal
        self.resize(*size)
        self.shown = ""  # all that was ever written
        # A read may end within a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        environment = {
            name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")
        }
        self.program = subprocess.Popen(
            [sys.executable, "-c", _ON_A_TERMINAL, *arguments],
            cwd=folder,
            env=environment | {"TERM": "xterm-256color", "PYTHONPATH": str(REPOSITORY)},
            stdin=terminal if stdin is None else stdin,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )

    def resize(self, columns: int, lines: int) -> None:
        """Give the window another size."""
        fcntl.ioctl(self._device, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._device, keys.encode())

    @property
    def screen(self) -> list[str]:
        """Return the lines of the latest whole view; each is drawn from the upper left corner."""
        views = self.shown.split(_HOME)
        return _CONTROL.sub("", views[-2] if len(views) > 2 else "").split("\n")

    def sees(self, *wanted: str) -> bool:
        """Return whether all of these are on the screen together."""
        text = "\n".join(self.screen)
        return all(each in text for each in wanted)

    def wait_for(self, *wanted: str) -> None:
        """Wait until all of these are on the screen together; AssertionError if never."""
        self.wait_until(lambda: self.sees(*wanted), f"never on the screen: {wanted}")

    def wait_until(self, condition: Callable[[], bool], what: str, within_s: float = 60.0) -> None:
        """Read until `condition()` is true; AssertionError saying `what` if it never is."""
        deadline_s = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline_s, what + "\n" + "\n".join(self.screen)
            self._read(0.1)

    def wait_for_end(self) -> int:
        """Return the exit code; what was written last is in `shown`."""
        self.wait_until(lambda: self.program.poll() is not None, "it does not end")
        self._read(0.1)
        return self.program.returncode

    @property
    def is_cooked(self) -> bool:
        """Return whether the terminal waits for whole lines and shows what is typed."""
        modes: int = termios.tcgetattr(self._terminal)[3]
        return bool(modes & termios.ICANON and modes & termios.ECHO)

    def hang_up(self) -> None:
        """Close the window."""
        for descriptor in (self._device, self._terminal):
            if descriptor >= 0:
                os.close(descriptor)
        self._device = self._terminal = -1

    def __enter__(self) -> "RealTerminal":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        self.hang_up()

    def _read(self, within_s: float) -> None:
        while select.select([self._device], [], [], within_s)[0]:
            self.shown += self._decoder.decode(os.read(self._device, 65536))
            within_s = 0.0
