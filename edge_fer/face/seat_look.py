"""Judges whether the driver's seat looks empty after the face was lost."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.face.cutting import shrink
from edge_fer.observation import FaceBox

# Head and shoulders: so many widths of the face to either side, above and below its middle.
_ASIDE, _ABOVE, _BELOW = 1.2, 0.8, 1.6
_SIDE_PX = 24
_RENEW_S = 0.2  # the look of a seat that is taken is renewed so often
# Correlation (-1..1) with the seat when it was taken, below which it looks another: of the head's
# part or the shoulders', whichever stayed more alike. Over six seconds of the seven clips heads
# that turn, bow and tilt leave 0.47 and more in over 99 % of frames; the empty seat of the
# demo's scene has 0.18 to 0.42.
_ANOTHER = 0.45
_HEAD_SHARE = 0.4  # of the height of the look
# Light falls off over a seat with a driver as over one without: what is wider than this deviation,
# in pixels of the look, is no likeness.
_WIDE_PX = 8.0
# Mean difference, in grey values, from one look to the next: what moves more is somebody, or the
# world behind a window.
_STILL = 4.0
# A face has to stay for so long, its box over this share of itself, before its place is the seat: a
# driver who leaves, or a flash of something like a face, is not.
_SETTLED_S, _SETTLED_SHARE = 1.0, 0.5
_FLAT = 2.0  # standard deviation in grey values below which there is nothing to compare

Look = NDArray[np.float32]


class SeatLook:
    """Stores a picture of the occupied seat, and compares it when no face is found."""

    def __init__(self) -> None:
        self._box: FaceBox | None = None
        self._taken: Look | None = None
        self._taken_s = -np.inf
        self._latest: Look | None = None
        self._anchor: tuple[FaceBox, float] | None = None  # where a face is, and since when
        self._anchor_s = -np.inf

    def taken(self, grey: NDArray[np.uint8], box: FaceBox, time_s: float) -> None:
        """Store the picture of the seat with a face at `box` in `grey` (uint8[h,w])."""
        anchor, before_s, self._anchor_s = self._anchor, self._anchor_s, time_s
        stayed = time_s - before_s <= _SETTLED_S and anchor is not None
        if anchor is None or not stayed or anchor[0].overlap(box) < _SETTLED_SHARE:
            self._anchor = anchor = box, time_s
        settled = self._taken is None or time_s - anchor[1] >= _SETTLED_S
        if not settled or time_s - self._taken_s < _RENEW_S:
            return
        self._box, self._taken, self._taken_s = box, _look(grey, box), time_s
        self._latest = None

    def empty(self, grey: NDArray[np.uint8]) -> bool | None:
        """Return whether the seat looks empty in `grey`, in which no face was found.

        None before a face was ever found, and if there is nothing to compare.
        """
        if self._box is None or self._taken is None:
            return None
        now = _look(grey, self._box)
        before, self._latest = self._latest, now
        if now is None:
            return None
        if before is None or float(np.abs(now - before).mean()) > _STILL:
            return False
        return _likeness(self._taken, now) < _ANOTHER


def _look(grey: NDArray[np.uint8], box: FaceBox) -> Look | None:
    """Return head and shoulders about `box` as float32[side,side]; None beyond the picture."""
    height, width = grey.shape
    x, y = box.centre
    left, right = round(x - _ASIDE * box.width), round(x + _ASIDE * box.width)
    top, bottom = round(y - _ABOVE * box.width), round(y + _BELOW * box.width)
    left, right = max(left, 0), min(right, width)
    top, bottom = max(top, 0), min(bottom, height)
    if right - left < _SIDE_PX or bottom - top < _SIDE_PX:
        return None
    part = np.ascontiguousarray(grey[top:bottom, left:right])
    return shrink(part, _SIDE_PX, _SIDE_PX).astype(np.float32)


def _likeness(one: Look, other: Look) -> float:
    """Return the correlation (-1..1) of the most similar parts of two looks."""
    head = round(_HEAD_SHARE * len(one))
    one, other = _structure(one), _structure(other)
    return max(_correlation(one[:head], other[:head]), _correlation(one[head:], other[head:]))


def _structure(look: Look) -> Look:
    wide = cv2.GaussianBlur(look, (0, 0), _WIDE_PX)
    return np.asarray(look - wide, np.float32)


def _correlation(one: Look, other: Look) -> float:
    """Return the normalised correlation, -1..1; 0 where one of them is flat."""
    if one.std() < _FLAT or other.std() < _FLAT:
        return 0.0
    found = cv2.matchTemplate(one, other, cv2.TM_CCOEFF_NORMED)
    return float(np.asarray(found).ravel()[0])
