"""The crop of a face: from a face box to the bytes of the model input."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.face.cutting import cut_square
from edge_fer.models.kind import FACE_PX
from edge_fer.observation import FaceBox


def crop_face(grey: NDArray[np.uint8], box: FaceBox, side_px: int = FACE_PX) -> NDArray[np.uint8]:
    """Cut the square around `box` out of `grey` (uint8[h,w]) and scale it to uint8[side,side].

    It is scaled once, from the frame's own pixels to the `side_px` that the network takes.
    The square has the box's centre and its longer side: FER2013's faces fill their squares just as
    faces fill Haar's boxes (medians of FER2013 and of the clips: 1.31 and 1.27 to 1.37 widths of
    YuNet's box). What lies outside of the frame repeats its edge, so that a face at the border
    keeps its proportions.
    """
    side = max(round(max(box.width, box.height)), 1)
    centre_x, centre_y = box.centre
    left, top = round(centre_x - side / 2), round(centre_y - side / 2)
    square = cut_square(grey, left, top, side)
    return scale_face(square, side_px)


def scale_face(square: NDArray[np.uint8], side_px: int = FACE_PX) -> NDArray[np.uint8]:
    """Scale a square picture (uint8[s,s]) to uint8[side_px,side_px], as the daemon does."""
    if square.shape == (side_px, side_px):
        return square
    # Averaging areas on the way down: other filters skip pixels and alias.
    filter_ = cv2.INTER_AREA if square.shape[0] > side_px else cv2.INTER_LINEAR
    face = cv2.resize(square, (side_px, side_px), interpolation=filter_)
    return face.astype(np.uint8, copy=False)
