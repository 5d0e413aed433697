"""The landmarks of the `face` network, the square that it reads, and what its outputs mean."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Left and right are the driver's own, so left is right in a picture.
NAMES = (
    "right eye outer corner",
    "right eye inner corner",
    "left eye inner corner",
    "left eye outer corner",
    "right upper lid",
    "right lower lid",
    "left upper lid",
    "left lower lid",
    "right brow outer end",
    "right brow middle",
    "right brow inner end",
    "left brow inner end",
    "left brow middle",
    "left brow outer end",
    "nose bridge",
    "nose tip",
    "right nose wing",
    "left nose wing",
    "nose base",
    "right mouth corner",
    "left mouth corner",
    "upper lip top",
    "upper lip inner",
    "lower lip inner",
    "lower lip bottom",
    "chin",
)
MIRRORED = (3, 2, 1, 0, 6, 7, 4, 5, 13, 12, 11, 10, 9, 8, 14, 15, 17, 16, 18, 20, 19, 21, 22, 23, 24, 25)  # fmt: skip
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
    """Return the square in which the network reads a face best; `points` is float[26, 2]."""
    cos, sin = math.cos(tilt), math.sin(tilt)
    across = points[:, 0] * cos + points[:, 1] * sin
    down = points[:, 1] * cos - points[:, 0] * sin
    left, right = float(across.min()), float(across.max())
    top, bottom = float(down.min()), float(down.max())
    middle_across, middle_down = (left + right) / 2, (top + bottom) / 2
    centre = (
        middle_across * cos - middle_down * sin,
        middle_across * sin + middle_down * cos,
    )
    return Square(centre, SQUARE * max(right - left, bottom - top, 1e-3), tilt)
