"""A CAN frame as every transport carries it."""

from dataclasses import dataclass

MAX_STANDARD_ID = 0x7FF
MAX_CLASSIC_LENGTH = 8


@dataclass(frozen=True, slots=True)
class CanFrame:
    """A data frame with an 11-bit id.

    `data` is at most 8 bytes. `time_s` is monotonic: when it was received, or made for sending.
    """

    can_id: int
    data: bytes
    time_s: float
