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
