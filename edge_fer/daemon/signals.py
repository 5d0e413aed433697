"""Signals that end the daemon or make it reload its config."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class StopFlag:
    """Set by a signal and polled by the loop; `number` is the signal's number, None before it."""

    def __init__(self) -> None:
        self.is_set = False
        self.number: int | None = None

    def __call__(self, signal_number: int, frame: FrameType | None) -> None:
        """Handle the signal."""
        self.is_set, self.number = True, signal_number


@contextmanager
def stop_signals(reload: Callable[[int, FrameType | None], None] | None) -> Iterator[StopFlag]:
    """Let SIGTERM and SIGINT set the flag, and SIGHUP request a reload of the config.

    Without `reload` SIGHUP sets the flag as well, unless this process was started to ignore it
    (nohup).
    """
    stop = StopFlag()
    handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
        signal.SIGTERM: stop,
        signal.SIGINT: stop,
        signal.SIGHUP: stop if reload is None else reload,
    }
    if reload is None and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        del handlers[signal.SIGHUP]
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
