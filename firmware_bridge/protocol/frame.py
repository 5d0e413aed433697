"""A CAN frame as every transport carries it."""

from dataclasses import dataclass, field

MAX_STANDARD_ID = 0x7FF
MAX_EXTENDED_ID = 0x1FFFFFFF
# Set in `can_id` of a frame with a 29-bit id, as in DBC files and by SocketCAN.
EXTENDED = 0x80000000
MAX_CLASSIC_LENGTH = 8


@dataclass(frozen=True, slots=True)
class CanFrame:
    """A classic data frame.

    `can_id` is the 11-bit id, or EXTENDED and the 29-bit id. `data` is at most 8 bytes. `time_s` is
    monotonic: when it was received, or made for sending. `channel` is the bus in a recording of
    several ("can1"); empty elsewhere.
    """

    can_id: int
    data: bytes
    time_s: float
    channel: str = field(default="", compare=False)


def is_extended(can_id: int) -> bool:
    """Return whether it is a 29-bit id."""
    return bool(can_id & EXTENDED)


def is_can_id(can_id: int) -> bool:
    """Return whether it is an id at all."""
    if can_id & EXTENDED:
        return 0 <= can_id & ~EXTENDED <= MAX_EXTENDED_ID
    return 0 <= can_id <= MAX_STANDARD_ID


def id_text(can_id: int) -> str:
    """Return the hex digits of an id: three of an 11-bit id, eight of a 29-bit id."""
    return f"{can_id & ~EXTENDED:08X}" if can_id & EXTENDED else f"{can_id:03X}"


def id_from_text(text: str) -> int:
    """Return the id of three or eight hex digits; ValueError for others."""
    can_id = int(text, 16) | (EXTENDED if len(text) == 8 else 0)
    if len(text) not in (3, 8) or not is_can_id(can_id):
        raise ValueError(f"{text!r} is not the id of a CAN frame")
    return can_id
