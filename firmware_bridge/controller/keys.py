"""Single keys from a terminal, without waiting; where standard input is no terminal, none."""

import os
import select
import sys
import termios
import tty
from contextlib import suppress
from types import TracebackType
from typing import Any

_READ_BYTES = 64


class Keys:
    """Use `with`: the terminal is put back as it was."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._before: list[Any] = []

    def pressed(self) -> str:
        """Return the keys pressed since the last call."""
        if self._descriptor is None or not select.select([self._descriptor], [], [], 0)[0]:
            return ""
        try:
            return os.read(self._descriptor, _READ_BYTES).decode("ascii", errors="replace")
        except OSError:  # the terminal is gone: go on without keys
            self._descriptor = None
            return ""

    def __enter__(self) -> "Keys":
        if sys.stdin is not None and sys.stdin.isatty():
            descriptor = sys.stdin.fileno()
            # A job in the background that changes the terminal is stopped; it has no keys anyway.
            # Nor has one whose terminal is that of another session: to ask is an error then.
            with suppress(OSError, termios.error):
                if os.tcgetpgrp(descriptor) == os.getpgrp():
                    self._before = termios.tcgetattr(descriptor)
                    tty.setcbreak(descriptor)
                    self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._descriptor is None:
            return
        with suppress(OSError, termios.error):
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
