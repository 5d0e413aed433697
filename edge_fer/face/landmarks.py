"""The landmarks of the `face` network, the square that it reads, and what its outputs mean."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edge_fer.models.kind import LANDMARK_NAMES

NAMES = LANDMARK_NAMES
MIRRORED = (
    3, 2, 1, 0, 6, 7, 4, 5, 13, 12, 11, 10, 9, 8, 14, 15, 17, 16, 18, 20, 19, 21, 22, 23, 24, 25,
)  # fmt: skip
"""The place of each landmark's mirror image."""

# Side of the square in longer sides of the landmarks' upright bounding box: brows to chin are two
# thirds of it, so a face may move by a sixth of the square between two frames and stay inside.
SQUARE = 1.5


class Square(NamedTuple):
    """A square of the picture, in its pixels; `tilt` in radians, clockwise as seen there."""

    centre: tuple[float, float]
    side: float
    tilt: float


def square_around(points: Iterable[Sequence[float]], tilt: float) -> Square:
    """Return the square in which the network reads a face best; `points` are 26 of x and y."""
    cos, sin = math.cos(tilt), math.sin(tilt)
    turned = [(x * cos + y * sin, y * cos - x * sin) for x, y in points]
    across, down = zip(*turned, strict=True)
    left, right, top, bottom = min(across), max(across), min(down), max(down)
    middle_across, middle_down = (left + right) / 2, (top + bottom) / 2
    centre = (
        middle_across * cos - middle_down * sin,
        middle_across * sin + middle_down * cos,
    )
    return Square(centre, SQUARE * max(right - left, bottom - top, 1e-3), tilt)
