"""What every transport does, and what may go wrong in it."""

from dataclasses import astuple, dataclass
from operator import add, sub
from typing import Protocol

from firmware_bridge.protocol.frame import CanFrame

# A frame that the other side does not take in this time is lost (design: link).
WRITE_TIMEOUT_S = 0.1


@dataclass(frozen=True, slots=True)
class TransportCounters:
    """What passed since the transport was opened."""

    frames_sent: int = 0
    frames_received: int = 0
    rejected_lines: int = 0  # on a serial line: or packets; of udp_multicast: datagrams
    rejected_bytes: int = 0
    # A serial line only: all that came, and of it frames and what else is legal there.
    received_bytes: int = 0
    understood_bytes: int = 0
    foreign_bytes: int = 0  # lines of text that are no sentence of the protocol
    # An adapter only: frames that it refused, and how often its channel was opened.
    frames_refused: int = 0
    channel_openings: int = 0
    # A CAN bus of the kernel only, by its error frames.
    error_passive: int = 0
    bus_off: int = 0
    bus_restarts: int = 0
    unacknowledged: int = 0

    def __add__(self, other: "TransportCounters") -> "TransportCounters":
        return TransportCounters(*map(add, astuple(self), astuple(other)))

    def __sub__(self, other: "TransportCounters") -> "TransportCounters":
        return TransportCounters(*map(sub, astuple(self), astuple(other)))


class Transport(Protocol):
    """Carries frames both ways.

    `send` and `receive` may each be called in a thread of its own, `close` in any: what still waits
    in the others then ends with a TransportError, as does any later call of them.
    """

    @property
    def counters(self) -> TransportCounters:
        """Return what passed so far."""
        ...

    @property
    def trouble(self) -> str | None:
        """Return why frames do not get through although the port is open; None where they do."""
        ...

    @property
    def backlog_s(self) -> float:
        """Return how long the oldest frame has waited that is not on its way yet.

        0 where the driver does not say. TransportError where the port was closed.
        """
        ...

    def fileno(self) -> int | None:
        """Return a descriptor that becomes readable when something arrives; None: ask `receive`."""
        ...

    def send(self, frame: CanFrame) -> None:
        """Send one frame within WRITE_TIMEOUT_S.

        SendTimeoutError where it was not taken: only this frame is lost. TransportError where the
        port is gone. ValueError, and nothing sent, for what is no classic frame.
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
