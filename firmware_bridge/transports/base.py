"""What every transport does, and what may go wrong in it."""

from dataclasses import dataclass
from typing import Protocol

from firmware_bridge.frame import CanFrame

# A frame that the other side does not take in this time is lost (design: link).
WRITE_TIMEOUT_S = 0.1


@dataclass(frozen=True, slots=True)
class TransportCounters:
    """What passed since the transport was opened."""

    frames_sent: int = 0
    frames_received: int = 0
    rejected_lines: int = 0  # of a serial line
    rejected_bytes: int = 0

    def __add__(self, other: "TransportCounters") -> "TransportCounters":
        return TransportCounters(
            self.frames_sent + other.frames_sent,
            self.frames_received + other.frames_received,
            self.rejected_lines + other.rejected_lines,
            self.rejected_bytes + other.rejected_bytes,
        )


class Transport(Protocol):
    """Carries frames both ways. Used by one thread at a time."""

    @property
    def counters(self) -> TransportCounters:
        """Return what passed so far."""
        ...

    def fileno(self) -> int | None:
        """Return a descriptor that becomes readable when something arrives; None: ask `receive`."""
        ...

    def send(self, frame: CanFrame) -> None:
        """Send one frame within WRITE_TIMEOUT_S.

        SendTimeoutError where it was not taken: only this frame is lost. TransportError where the
        port is gone.
        """
        ...

    def receive(self, timeout_s: float) -> list[CanFrame]:
        """Return what arrived, waiting up to `timeout_s` for the first; empty where nothing did.

        Whatever the other side sends does not raise. TransportError where the port is gone.
        """
        ...

    def close(self) -> None:
        """Close; never raises, takes at most WRITE_TIMEOUT_S, and may be called twice."""
        ...
