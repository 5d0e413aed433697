"""Reads single keys from a terminal without waiting for them."""

import contextlib
import os
import re
import select
import sys
import termios
import tty
from types import TracebackType
from typing import Any

_CHUNK_BYTES = 256
_LOCAL_MODES = 3  # of the list that tcgetattr returns
_NAMED = {
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x1b[B": "down",
    "\x1bOB": "down",
    "\x1b[C": "right",
    "\x1bOC": "right",
    "\x1b[D": "left",
    "\x1bOD": "left",
    "\x1b[5~": "page up",
    "\x1b[6~": "page down",
    "\x1b": "escape",
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\x08": "backspace",
}
# A control sequence, a function key, or one letter.
_KEY = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1bO[A-Za-z]|.", re.DOTALL)


def split_keys(typed: str) -> list[str]:
    """Return the keys in what a terminal sent: letters as they are, others by name."""
    return [_NAMED.get(key, key) for key in _KEY.findall(typed)]


class Keyboard:
    """The keys of the terminal `descriptor`, which is not to show them; use `with`."""

    def __init__(self, descriptor: int, *, close: bool = False) -> None:
        self._descriptor = descriptor
        self._close = close
        self._before: list[Any] = []

    def __enter__(self) -> "Keyboard":
        self._before = termios.tcgetattr(self._descriptor)
        self._take_over()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError, termios.error):  # the terminal may be gone
            if _is_ours(self._descriptor):
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
        if self._close:
            os.close(self._descriptor)

    def pressed(self) -> list[str]:
        """Return the keys since the last call; none where the terminal is gone or another's."""
        try:
            if not _is_ours(self._descriptor):
                return []  # put into the background: to read would stop this process
            if termios.tcgetattr(self._descriptor)[_LOCAL_MODES] & termios.ICANON:
                self._take_over()  # back from Ctrl-Z, and the shell has set its own modes
            if not select.select([self._descriptor], [], [], 0.0)[0]:
                return []
            typed = os.read(self._descriptor, _CHUNK_BYTES)
        except (OSError, termios.error):
            return []
        return split_keys(typed.decode(errors="replace"))

    def _take_over(self) -> None:
        # Not raw: Ctrl-C stays an interrupt.
        tty.setcbreak(self._descriptor, termios.TCSADRAIN)


def standard_keyboard() -> Keyboard | None:
    """Return standard input, if that is the user's terminal; None where there are no keys."""
    if sys.stdin is None or not sys.stdin.isatty() or not _is_ours(sys.stdin.fileno()):
        return None
    return Keyboard(sys.stdin.fileno())


def find_keyboard() -> Keyboard | None:
    """Return the user's terminal, also where standard input is a pipe; None where there is none."""
    if sys.stdin is not None and sys.stdin.isatty():
        return standard_keyboard()
    try:
        descriptor = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return None
    if _is_ours(descriptor):
        return Keyboard(descriptor, close=True)
    os.close(descriptor)
    return None


def _is_ours(descriptor: int) -> bool:
    """Return whether this process may change the terminal.

    A job in the background that does so is stopped. And to ask for the terminal of another session
    is an error.
    """
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False
