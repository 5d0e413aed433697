"""Cuts squares out of a frame, also where they extend beyond its edge."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray


def cut_square(grey: NDArray[np.uint8], left: int, top: int, side: int) -> NDArray[np.uint8]:
    """Return uint8[side,side] of `grey` (uint8[h,w]); outside of it, its edge is repeated.

    If nothing has to be repeated, the result is a view.
    """
    height, width = grey.shape
    # What of the square lies inside: at least the row and the column nearest to it.
    first_row, end_row = _inside(top, side, height)
    first_column, end_column = _inside(left, side, width)
    part = grey[first_row:end_row, first_column:end_column]
    if part.shape == (side, side):
        return part
    above = min(max(first_row - top, 0), side - part.shape[0])
    before = min(max(first_column - left, 0), side - part.shape[1])
    whole = cv2.copyMakeBorder(
        part,
        above,
        side - part.shape[0] - above,
        before,
        side - part.shape[1] - before,
        cv2.BORDER_REPLICATE,
    )
    return whole.astype(np.uint8, copy=False)


def _inside(start: int, length: int, limit: int) -> tuple[int, int]:
    """Return the part of start..start+length within 0..limit, or the index nearest to it."""
    first = min(max(start, 0), limit - 1)
    return first, min(max(start + length, first + 1), limit)


def shrink(grey: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return `grey` (uint8[h,w]) averaged down to uint8[height,width]."""
    # Averaging by a non-integer ratio costs nanoseconds per pixel: a face of 300 pixels took as
    # long as everything else. Averaging 3x3 of the many pixels is enough.
    step = max(min(grey.shape[0] // (3 * height), grey.shape[1] // (3 * width)), 1)
    part = np.ascontiguousarray(grey[step // 2 :: step, step // 2 :: step])
    return cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA).astype(
        np.uint8, copy=False
    )


def turned_square(
    centre: tuple[float, float], side: float, tilt: float, side_px: int
) -> NDArray[np.float64]:
    """Return float64[2,3], from the frame to a picture of `side_px` with the square upright.

    `tilt` (radians) is how far the square is turned, clockwise as seen in the frame.
    """
    scale = side_px / side
    cos, sin = scale * math.cos(tilt), scale * math.sin(tilt)
    x, y = centre
    middle = (side_px - 1) / 2
    return np.array(
        ((cos, sin, middle - cos * x - sin * y), (-sin, cos, middle + sin * x - cos * y))
    )


def cut_turned(
    grey: NDArray[np.uint8], centre: tuple[float, float], side: float, tilt: float, side_px: int
) -> NDArray[np.uint8]:
    """Return the turned square of `turned_square`, upright, as uint8[side_px,side_px]."""
    # Twice the size at first: a larger square is averaged down rather than sampled.
    large = 2 * side_px
    upright = cv2.warpAffine(
        grey,
        turned_square(centre, side, tilt, large),
        (large, large),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return cv2.resize(upright, (side_px, side_px), interpolation=cv2.INTER_AREA).astype(
        np.uint8, copy=False
    )
