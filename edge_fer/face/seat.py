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
        """Parse "left top right bottom"; for other texts ValueError with the expected form."""
        try:
            left, top, right, bottom = (float(part) for part in text.split())
        except ValueError:
            raise ValueError('is not "left top right bottom", four numbers') from None
        # Each a chain, because a NaN fails every comparison.
        if not (0.0 <= left < right <= 1.0 and 0.0 <= top < bottom <= 1.0):
            raise ValueError("is not within 0..1, left below right and top below bottom")
        return cls(left, top, right, bottom)

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"{self.left:g} {self.top:g} {self.right:g} {self.bottom:g}"

    def holds(self, point: Point, shape: tuple[int, ...]) -> bool:
        """Whether a point of a frame of `shape` (height, width) lies in it.

        A point beyond the frame's edge counts as on it, so that a cut-off face is included.
        """
        x = min(max(point[0] / shape[1], 0.0), 1.0)
        y = min(max(point[1] / shape[0], 0.0), 1.0)
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def centrality(self, point: Point, shape: tuple[int, ...]) -> float:
        """Return how central a point of a frame of `shape` is: 1 in the middle, 0 outside."""
        middle, half = (self.left + self.right) / 2, (self.right - self.left) / 2
        return max(1.0 - abs(point[0] / shape[1] - middle) / half, 0.0)


WHOLE_FRAME = SeatRegion(0.0, 0.0, 1.0, 1.0)
# By the side of the vehicle on which the driver sits. A camera looks back: who sits on the left is
# right in the picture, or in the middle of a camera straight before the wheel. Beyond it, on the
# other side, is the passenger.
SEAT_OF_SIDE = {
    "unknown": WHOLE_FRAME,
    "left": SeatRegion(0.35, 0.0, 1.0, 1.0),
    "middle": SeatRegion(0.2, 0.0, 0.8, 1.0),
    "right": SeatRegion(0.0, 0.0, 0.65, 1.0),
}


def seat_of(region: str, driver_side: str) -> SeatRegion:
    """Return the region that the config names, otherwise the region of the driver's side."""
    return SeatRegion.parse(region) if region else SEAT_OF_SIDE[driver_side]
