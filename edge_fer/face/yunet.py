"""Face detection with landmarks by YuNet (Wu, Peng and Yu 2023), through OpenCV."""

import hashlib
import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import ModelError, ModelReason
from edge_fer.face.brightening import brightened
from edge_fer.face.cutting import cut_turned, shrink, turned_square
from edge_fer.observation import FaceBox, Landmarks
from firmware_bridge.bounded_read import read_bounded

FILE_NAME = "face_detection_yunet_2023mar.onnx"
MOST_BYTES = 4 << 20  # it has 233 kB; more is another file
SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
# The file itself and not the pointer that Git's large file storage keeps in its place.
URL = (
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/"
    f"face_detection_yunet/{FILE_NAME}"
)

# The longer side of the picture that is searched: all frames of the clips have a face in it.
SEARCH_PX = 320
# No face fits into a narrower picture, and in one of 320x2 OpenCV once gave noise three sure faces.
_LEAST_SIDE_PX = 16
# Near a known face a square is brought to this side. On the clips its landmarks are 2 to 5 % of a
# face's width off those of the whole frame's search, at 96 px a quarter more, at 160 px no less.
_NEAR_PX = 128
_NEAR_SIDE = 1.75  # the square's side in widths of the known box
_NEAR_SIZE = (0.5, 2.0)  # how much a face may have shrunk or grown

_LEAST_SCORE = 0.6  # 0..1; the zoo's demonstration asks for 0.9, which loses turned and dark faces
_OVERLAP = 0.3  # of two boxes, from which they are one face; OpenCV's default
_MOST_BOXES = 50  # before such boxes are joined

# YuNet's boxes are narrow and reach from brows to chin. The face crop was made for Haar's, which
# are (medians of the clips) 1.24 to 1.30 of YuNet's widths wide, and 2 to 5 % of a height higher.
_BOX_SIDE = 1.28  # of YuNet's width
_BOX_UP = 0.035  # of YuNet's height


class YuNetDetector:
    """Finds faces of `min_face_px` or more, also turned and tilted ones, each with landmarks.

    The score of a face is YuNet's own, 0..1. UserError if the file is missing or is another one.
    """

    def __init__(self, model: Path, *, min_face_px: int = 48) -> None:
        content = read_model(model)
        self._min_face_px = min_face_px
        # Each size of picture needs its own instance, or the network is prepared anew each time.
        self._near = _open(content, model, (_NEAR_PX, _NEAR_PX))
        self._whole = _open(content, model, (SEARCH_PX, SEARCH_PX))
        self._searched = (SEARCH_PX, SEARCH_PX)

    def detect(self, grey: NDArray[np.uint8]) -> list[FaceBox]:
        """Return the faces anywhere in `grey` (uint8[h,w]), the largest first."""
        scale = min(1.0, SEARCH_PX / max(grey.shape))
        height, width = (max(round(side * scale), 1) for side in grey.shape)
        if min(height, width) < _LEAST_SIDE_PX:
            return []
        if scale < 1:
            grey = shrink(grey, width, height)
        if self._searched != (width, height):
            self._whole.setInputSize((width, height))
            self._searched = (width, height)
        boxes = [
            box
            for box in _faces(self._whole, grey, np.array([[1 / scale, 0, 0], [0, 1 / scale, 0]]))
            if box.width >= self._min_face_px
        ]
        return sorted(boxes, key=lambda box: box.area, reverse=True)

    def detect_near(self, grey: NDArray[np.uint8], known: FaceBox) -> FaceBox | None:
        """Return the face near `known` and of similar size, or None."""
        side = max(known.width * _NEAR_SIDE, 1.0)
        # Upright, as far as is known: in heads tilted by 25 degrees landmarks missed the eyes.
        tilt = 0.0 if known.landmarks is None else known.landmarks.tilt
        part = cut_turned(grey, known.centre, side, tilt, _NEAR_PX)
        there = turned_square(known.centre, side, tilt, _NEAR_PX)
        back = np.asarray(cv2.invertAffineTransform(there), np.float64)
        low, high = (share * known.width for share in _NEAR_SIZE)
        boxes = [
            box
            for box in _faces(self._near, part, back)
            if low <= box.width <= high and box.overlap(known) > 0
        ]
        return max(boxes, key=known.overlap, default=None)


def read_model(path: Path) -> bytes:
    """Return the bytes of YuNet's file; UserError if it is missing or has another sha256."""
    try:
        content = read_bounded(path, MOST_BYTES)
    except OSError as error:
        raise ModelError(
            ModelReason.UNREADABLE,
            f"face.model: {path}: cannot read YuNet's file ({error.strerror}): "
            "`edge-fer model fetch yunet` downloads it",
        ) from error
    check_content(content, str(path))
    return content


def check_content(content: bytes, source: str) -> None:
    """Raise UserError unless the bytes are those of the expected file."""
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise ModelError(
            ModelReason.NOT_A_MODEL,
            f"{source}: not {FILE_NAME}: sha256 {found[:12]}... and not {SHA256[:12]}...: "
            "`edge-fer model fetch yunet` downloads the right one",
        )


def _open(content: bytes, path: Path, size: tuple[int, int]) -> cv2.FaceDetectorYN:
    try:
        return cv2.FaceDetectorYN.create(
            "onnx",
            np.frombuffer(content, np.uint8),
            np.empty(0, np.uint8),
            size,
            _LEAST_SCORE,
            _OVERLAP,
            _MOST_BOXES,
        )
    except cv2.error as error:
        raise ModelError(
            ModelReason.NO_RUNTIME, f"{path}: OpenCV {cv2.__version__} cannot open it: {error.err}"
        ) from error


def _faces(
    network: cv2.FaceDetectorYN, grey: NDArray[np.uint8], to_frame: NDArray[np.float64]
) -> list[FaceBox]:
    """Return what is found in `grey`; `to_frame` (float64[2,3]) leads from its pixels there."""
    _, found = network.detect(cv2.cvtColor(brightened(grey), cv2.COLOR_GRAY2BGR))
    if found is None:
        return []
    rows = np.asarray(found, np.float64)
    rows = rows[np.isfinite(rows).all(axis=1)]
    return [_face_box(row, to_frame) for row in rows]


def _face_box(row: NDArray[np.float64], to_frame: NDArray[np.float64]) -> FaceBox:
    """Return one row of YuNet (x, y, width, height, five points, score) in pixels of the frame."""
    x, y, width, height = row[:4].tolist()
    centre = (x + width / 2, y + height * (0.5 - _BOX_UP))
    places = np.vstack([centre, row[4:14].reshape(5, 2)]) @ to_frame[:, :2].T + to_frame[:, 2]
    (centre_x, centre_y), *points = ((float(x), float(y)) for x, y in places)
    side = _BOX_SIDE * width * math.hypot(*to_frame[:, 0])
    return FaceBox(
        centre_x - side / 2, centre_y - side / 2, side, side, float(row[14]), Landmarks(*points)
    )
