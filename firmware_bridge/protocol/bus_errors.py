"""What the error frames of a CAN controller say, as Linux passes them on. Pure.

Classes and details: include/uapi/linux/can/error.h. A controller counts errors: from 128 on it is
error-passive, from 256 on bus-off, which means that it takes no part until it is restarted.
"""

from dataclasses import dataclass

_CONTROLLER, _NO_ACKNOWLEDGEMENT, _BUS_OFF, _RESTARTED = 0x004, 0x020, 0x040, 0x100
# Of byte 1, with _CONTROLLER: the worse of both directions, as it is from now on.
_WARNING, _PASSIVE, _ACTIVE = 0x04 | 0x08, 0x10 | 0x20, 0x40
# A node that is alone reports each frame as not acknowledged, for ever; one report alone is noise.
_UNACKNOWLEDGED = 3
# So many frames have to pass until the bus is in order again.
_IN_ORDER = 10


@dataclass(frozen=True, slots=True)
class BusErrorCounters:
    """How often it was reported."""

    error_passive: int = 0
    bus_off: int = 0
    restarts: int = 0
    unacknowledged: int = 0


class BusHealth:
    """Follows error frames, and what became of frames that were sent."""

    def __init__(self) -> None:
        self._passive = self._off = self._restarts = self._unacknowledged = 0
        self._is_passive = self._is_off = self._takes_nothing = False
        self._alone = 0  # reports in a row
        self._passed = 0  # frames since the latest trouble

    @property
    def counters(self) -> BusErrorCounters:
        """Return how often each was reported."""
        return BusErrorCounters(self._passive, self._off, self._restarts, self._unacknowledged)

    @property
    def trouble(self) -> str | None:
        """Return what is wrong with the bus now, the worst of it; None where nothing is known."""
        if self._is_off:
            return "CAN bus: bus-off: bit rate, wiring, termination?"
        if self._alone >= _UNACKNOWLEDGED:
            return "CAN bus: no other node acknowledges: is one connected and on?"
        if self._takes_nothing:
            return "CAN bus: takes no frames: is another node on it?"
        return (
            "CAN bus: error-passive: bit rate, wiring, termination?" if self._is_passive else None
        )

    def error(self, error_class: int, data: bytes) -> None:
        """Take an error frame: its class, and eight bytes of details."""
        detail = data[1] if len(data) > 1 else 0
        if error_class & _BUS_OFF:
            self._off += 1
            self._is_off = True
        if error_class & _RESTARTED:
            self._restarts += 1
            self._is_off = self._is_passive = False
        if error_class & _CONTROLLER and detail & _PASSIVE:
            self._passive += not self._is_passive
            self._is_passive = True
        elif error_class & _CONTROLLER and detail & (_WARNING | _ACTIVE):
            self._is_passive = False
        if error_class & _NO_ACKNOWLEDGEMENT:
            self._unacknowledged += 1
            self._alone += 1
        self._passed = 0

    def refused(self) -> None:
        """Note that a frame was not taken in time."""
        self._takes_nothing = True
        self._passed = 0

    def passed(self, *, received: bool) -> None:
        """Note that a frame was taken, or received: then another node is there."""
        self._passed += 1
        if received:
            self._alone = 0
            self._is_off = False
        if self._passed >= _IN_ORDER:
            self._takes_nothing = False
            self._alone = 0
