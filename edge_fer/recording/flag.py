"""The recorder's status for the vehicle and the user."""

from dataclasses import dataclass
from enum import IntEnum


class RecordingFlag(IntEnum):
    """What the bus says, so that the vehicle can show it; the values are the codes on the wire."""

    OFF = 0
    ON = 1  # a few seconds are held in memory, and forgotten again
    EVENT = 2  # they are being kept


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """The recorder at one moment. `size` in bytes; `kept` and `lost` are clips since the start."""

    flag: str
    folder: str
    encrypted: bool
    clips: int
    size: int
    kept: int
    lost: int
    frames_dropped: int
    restarts: int
    error: str | None
    forward_error: str | None
