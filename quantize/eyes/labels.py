"""Labels of eye pictures: the teacher's answers over jittered cuts, averaged, with their spread."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.teachers.iris import SQUARE, Eye, IrisTeacher

_TILT = math.radians(6)
_SCALE = 0.12
_SHIFT = 0.05  # of the square


@dataclass(frozen=True, slots=True)
class TeacherLabel:
    """What the teacher says of a picture of a right eye, over several cuts of it.

    Corners and iris in pixels of the picture: means. `opening` and `gaze` (inwards, upwards, in
    half widths of the eye): means; `spread` are the standard deviations of opening, gaze inwards
    and upwards, and of the corners in widths of the eye: large where the teacher guesses.
    """

    outer: tuple[float, float]
    inner: tuple[float, float]
    opening: float
    gaze: tuple[float, float]
    spread: tuple[float, float, float, float]


def label_eye(
    teacher: IrisTeacher,
    grey: NDArray[np.uint8],
    outer: tuple[float, float],
    inner: tuple[float, float],
    rng: np.random.Generator,
    *,
    views: int = 8,
) -> TeacherLabel:
    """Label the right eye in `grey` (uint8[h,w]) whose corners are `outer` and `inner`."""
    width = math.dist(outer, inner)
    centre = np.add(outer, inner) / 2
    tilt = math.atan2(inner[1] - outer[1], inner[0] - outer[0])
    eyes: list[Eye] = []
    for _ in range(views):
        side = SQUARE * width * rng.uniform(1 - _SCALE, 1 + _SCALE)
        x, y = centre + rng.uniform(-_SHIFT, _SHIFT, 2) * side
        eyes.append(
            teacher.read_square(grey, (float(x), float(y)), side, tilt + rng.uniform(-_TILT, _TILT))
        )
    corners = np.array([[*eye.outer, *eye.inner] for eye in eyes])
    answers = np.array([[eye.opening, *eye.gaze] for eye in eyes])
    (ox, oy, ix, iy), (opening, inwards, upwards) = corners.mean(axis=0), answers.mean(axis=0)
    of_opening, of_inwards, of_upwards = answers.std(axis=0).tolist()
    return TeacherLabel(
        (float(ox), float(oy)),
        (float(ix), float(iy)),
        float(opening),
        (float(inwards), float(upwards)),
        (of_opening, of_inwards, of_upwards, float(corners.std(axis=0).mean() / width)),
    )
