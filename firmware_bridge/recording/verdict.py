"""What a line of a recording is if it is no frame of ours."""

from enum import Enum


class LineVerdict(Enum):
    """A line without a frame for us."""

    OTHER = "other"  # legal, and of no concern
    REJECTED = "rejected"
