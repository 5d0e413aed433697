"""Lets SIGTERM and SIGHUP end a watch in order, as Ctrl-C does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# SIGHUP comes where the terminal is closed: a recording is completed then.
_ENDING = (signal.SIGTERM, signal.SIGHUP)


class EndingSignal(KeyboardInterrupt):
    """SIGTERM or SIGHUP: the watch ends as after Ctrl-C, but the command was not interrupted."""


@contextmanager
def ending_signals_interrupt() -> Iterator[None]:
    """Raise EndingSignal for these signals; only the main thread can set their handlers.

    One that this process was started to ignore stays ignored: SIGHUP behind nohup.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise EndingSignal

    before = {
        number: signal.signal(number, interrupt)
        for number in _ENDING
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Noted:
    """False until Ctrl-C was pressed."""

    def __init__(self) -> None:
        self._number: int | None = None

    def __bool__(self) -> bool:
        return self._number is not None

    def note(self, number: int, frame: FrameType | None) -> None:
        """Take the signal; the second one ends at once, as always."""
        if self:
            raise KeyboardInterrupt
        self._number = number


@contextmanager
def interrupt_noted() -> Iterator[Noted]:
    """Note the first Ctrl-C instead of raising in the middle of native code.

    Only the main thread can set a handler; elsewhere nothing is noted.
    """
    noted = Noted()
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before = signal.signal(signal.SIGINT, noted.note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
