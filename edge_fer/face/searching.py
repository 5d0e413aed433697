"""Proposes where a face may be, with one kind of search per turn, so that a frame costs little.

A proposal counts only if the face network accepts it.
"""

import math
from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.face.boxes import square_of_box
from edge_fer.face.cutting import shrink
from edge_fer.face.haar import SEARCH_PX, HaarDetector
from edge_fer.face.landmarks import Square
from edge_fer.observation import FaceBox

TURN_DEG = 25.0  # the cascade finds faces that are turned by up to about half of that
WAYS = 6  # kinds of cascade search; after so many turns all were tried
# Of CLAHE (Zuiderveld 1994). With a limit of 4 and 4x4 tiles it found fewer faces.
_CONTRAST_LIMIT, _CONTRAST_TILES = 2.0, (8, 8)
_MOST_PROPOSED = 3  # in one turn, the largest first


class Detector(Protocol):
    """The interface of a detector for a search."""

    def detect(self, grey: NDArray[np.uint8]) -> list[FaceBox]:
        """Return the faces anywhere in the frame, uint8[h,w], the largest first."""
        ...


class Cascade(Detector, Protocol):
    """The interface of a cascade for the cascade search."""

    def detect_reduced(self, small: NDArray[np.uint8], scale: float) -> list[FaceBox]:
        """Return the faces in a picture that was reduced by `scale` (0..1), in its own pixels."""
        ...


class Search(Protocol):
    """Proposes squares in which a face may be."""

    def propose(self, grey: NDArray[np.uint8]) -> list[Square]:
        """Search a frame (uint8[h,w]) with the next kind of search; the largest squares first."""
        ...

    def restart(self) -> None:
        """Restart with the first kind of search."""
        ...


class DetectorSearch:
    """Uses one detector in every turn; for a detector that also finds turned faces: YuNet."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def propose(self, grey: NDArray[np.uint8]) -> list[Square]:
        """See `Search`."""
        return [square_of_box(box) for box in self._detector.detect(grey)[:_MOST_PROPOSED]]

    def restart(self) -> None:
        """See `Search`."""


class CascadeSearch:
    """OpenCV's cascades: frontal, profile, mirrored profile, and frontal in two turned pictures.

    A second frontal search uses a picture with equalised contrast, for eye sockets in shadow and
    light from one side.
    """

    def __init__(self, frontal: Cascade, profile: Detector) -> None:
        self._ways: tuple[Callable[[NDArray[np.uint8]], list[Square]], ...] = (
            lambda grey: _upright(frontal, grey),
            lambda grey: _upright(profile, grey),
            lambda grey: _evened(frontal, grey),
            lambda grey: _mirrored(profile, grey),
            lambda grey: _turned(frontal, grey, TURN_DEG),
            lambda grey: _turned(frontal, grey, -TURN_DEG),
        )
        self._next = 0

    def propose(self, grey: NDArray[np.uint8]) -> list[Square]:
        """See `Search`."""
        way = self._ways[self._next]
        self._next = (self._next + 1) % len(self._ways)
        return way(grey)[:_MOST_PROPOSED]

    def restart(self) -> None:
        """See `Search`."""
        self._next = 0


def open_cascades(min_face_px: int) -> CascadeSearch:
    """Return the search by OpenCV's cascades; UserError where they are not installed."""
    return CascadeSearch(
        HaarDetector(min_face_px=min_face_px), HaarDetector.profile(min_face_px=min_face_px)
    )


def _upright(detector: Detector, grey: NDArray[np.uint8]) -> list[Square]:
    return [square_of_box(box) for box in detector.detect(grey)]


def _mirrored(detector: Detector, grey: NDArray[np.uint8]) -> list[Square]:
    width = grey.shape[1]
    found = _upright(detector, np.ascontiguousarray(grey[:, ::-1]))
    return [Square((width - 1 - x, y), side, -tilt) for (x, y), side, tilt in found]


def _evened(cascade: Cascade, grey: NDArray[np.uint8]) -> list[Square]:
    """Search a picture with locally equalised contrast.

    In a night clip with eyes in a drawn shadow, the cascade found the face in 0 of 21 frames
    without this, and in 15 of 21 with it.
    """
    small, scale = _reduced(grey)
    even = cv2.createCLAHE(_CONTRAST_LIMIT, _CONTRAST_TILES).apply(small)
    boxes = cascade.detect_reduced(even.astype(np.uint8, copy=False), scale)
    squares = []
    for (x, y), side, tilt in map(square_of_box, boxes):
        centre = ((x + 0.5) / scale - 0.5, (y + 0.5) / scale - 0.5)
        squares.append(Square(centre, side / scale, tilt))
    return squares


def _reduced(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Return the picture to search, and the scale (0..1) by which it was reduced."""
    scale = min(1.0, SEARCH_PX / max(grey.shape))
    height, width = (max(round(side * scale), 1) for side in grey.shape)
    return (shrink(grey, width, height) if scale < 1 else grey), scale


def _turned(cascade: Cascade, grey: NDArray[np.uint8], turn_deg: float) -> list[Square]:
    """Search for faces that are turned clockwise by `turn_deg`, in a picture turned back."""
    small, scale = _reduced(grey)
    height, width = small.shape
    # Large enough for the turned picture; what is new in it repeats the edge.
    turn = math.radians(turn_deg)
    cos, sin = math.cos(turn), math.sin(turn)
    across = math.ceil(abs(width * cos) + abs(height * sin))
    down = math.ceil(abs(width * sin) + abs(height * cos))
    there = np.array(
        [
            [cos, sin, (across - 1) / 2 - cos * (width - 1) / 2 - sin * (height - 1) / 2],
            [-sin, cos, (down - 1) / 2 + sin * (width - 1) / 2 - cos * (height - 1) / 2],
        ]
    )
    upright = cv2.warpAffine(
        small, there, (across, down), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    back = cv2.invertAffineTransform(there)
    squares = []
    boxes = cascade.detect_reduced(upright.astype(np.uint8, copy=False), scale)
    for (x, y), side, tilt in map(square_of_box, boxes):
        from_x, from_y = back[:, :2] @ (x, y) + back[:, 2]
        centre = ((from_x + 0.5) / scale - 0.5, (from_y + 0.5) / scale - 0.5)
        squares.append(Square(centre, side / scale, tilt + turn))
    return squares
