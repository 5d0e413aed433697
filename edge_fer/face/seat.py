"""Where in the frame the driver sits."""

from dataclasses import dataclass
from typing import Self

from edge_fer.observation import Point


@dataclass(frozen=True, slots=True)
class SeatRegion:
    """A part of the frame, its edges as shares (0..1) of the frame's width and height."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "left top right bottom"; ValueError, which says what is wanted, for other texts."""
        try:
            left, top, right, bottom = (float(part) for part in text.split())
        except ValueError:
            raise ValueError('is not "left top right bottom", four numbers') from None
        # Each a chain, because a NaN fails every comparison.
        if not (0.0 <= left < right <= 1.0 and 0.0 <= top < bottom <= 1.0):
            raise ValueError("is not within 0..1, left below right and top below bottom")
        return cls(left, top, right, bottom)

    def holds(self, point: Point, shape: tuple[int, ...]) -> bool:
        """Whether a point of a frame of `shape` (height, width) lies in it.

        What is beyond the frame's edge counts as on it: a face that is cut off is there too.
        """
        x = min(max(point[0] / shape[1], 0.0), 1.0)
        y = min(max(point[1] / shape[0], 0.0), 1.0)
        return self.left <= x <= self.right and self.top <= y <= self.bottom


WHOLE_FRAME = SeatRegion(0.0, 0.0, 1.0, 1.0)
