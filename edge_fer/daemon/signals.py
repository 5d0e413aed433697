"""How signals end the daemon, or ask it to read its config anew."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class StopFlag:
    """Set by a signal, looked at by the loop."""

    def __init__(self) -> None:
        self.is_set = False

    def __call__(self, signal_number: int, frame: FrameType | None) -> None:
        """Handle the signal."""
        self.is_set = True


@contextmanager
def stop_signals(reload: Callable[[int, FrameType | None], None] | None) -> Iterator[StopFlag]:
    """Let SIGTERM and SIGINT set the flag, and SIGHUP ask for a new reading of the config.

    Without `reload` SIGHUP sets the flag as well.
    """
    stop = StopFlag()
    handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
        signal.SIGTERM: stop,
        signal.SIGINT: stop,
        signal.SIGHUP: stop if reload is None else reload,
    }
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
