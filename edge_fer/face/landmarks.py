"""The landmarks of the `face` network, and the square that it reads."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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


def square_around(points: NDArray[np.floating], tilt: float) -> Square:
    """Return the square in which the network reads this face best; `points` is float[26, 2]."""
    cos, sin = math.cos(tilt), math.sin(tilt)
    turned = points @ np.array(((cos, -sin), (sin, cos)))
    left, top = np.minimum.reduce(turned).tolist()
    right, bottom = np.maximum.reduce(turned).tolist()
    across, down = (left + right) / 2, (top + bottom) / 2
    centre = across * cos - down * sin, across * sin + down * cos
    return Square(centre, SQUARE * max(right - left, bottom - top, 1e-3), tilt)
