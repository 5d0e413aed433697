"""Detects scene cuts: a picture from another scene than the previous one."""

import math
from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.cells import averaged

Grey = NDArray[np.uint8]
Direction = NDArray[np.float32] | None  # a vector of length 1; None where nothing differs

# Cells along a side of the picture that are black throughout: bars that fill a format. Two scenes
# have the same ones, which says nothing. A picture of which less is left is dark.
_BLACK = 3
_LEAST_PICTURE = 0.2  # of all cells
# Light that changes in a moment is wide, what stands in a scene is not: narrower than this
# deviation, in cells, is compared as well.
_WIDE_CELLS = 4.0
# Correlation (-1..1) with the picture before, of all and of what is narrow, whichever is higher:
# 0.88 and more between pictures of 22 clips without a cut, and in the demo's scene with windows
# that flash and light that changes its side; of pictures of two clips 19 in 20 have under 0.52.
_ANOTHER_SCENE = 0.5
# From here on two pictures show a scene that stays: what slides over a lens does not.
_STEADY = 0.8
# Pictures farther apart are not compared: a head has moved.
_LATEST_S = 0.3
# A scene that was there so lately is no new one: a hand before the lens comes and goes.
_KEPT, _KEPT_EVERY_S = 4, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A picture for the comparison: the whole content, and narrow structures.

    `inside` is the same of what is between black bars (rows and columns of the cells: `box`).
    """

    whole: tuple[Direction, Direction]
    box: tuple[int, int, int, int] | None = None
    inside: tuple[Direction, Direction] | None = None


class SceneCuts:
    """Compares each picture with the previous one and, after a jump, with the last seconds.

    It reports a cut at the second picture of the new scene.
    """

    def __init__(self) -> None:
        self._before: Look | None = None
        self._before_s = -math.inf
        self._jumped = False
        self._kept: deque[Look] = deque(maxlen=_KEPT)
        self._kept_s = -math.inf

    def update(self, grey: Grey, time_s: float, cells: Grey | None = None) -> bool:
        """Return whether `grey` (uint8[h,w]), captured at the monotonic `time_s`, follows a cut.

        `cells` is `averaged(grey)`, if already computed.
        """
        now = _look(averaged(grey) if cells is None else cells)
        before, since_s = self._before, time_s - self._before_s
        self._before, self._before_s = now, time_s
        if before is None or not 0.0 <= since_s <= _LATEST_S:
            return False
        likeness = _likeness(before, now)
        if likeness < _ANOTHER_SCENE:
            self._jumped = True
        if not self._jumped:
            if not 0.0 <= time_s - self._kept_s < _KEPT_EVERY_S:
                self._kept.append(now)
                self._kept_s = time_s
            return False
        if likeness < _STEADY:
            return False
        self._jumped = False
        if any(_likeness(kept, now) >= _ANOTHER_SCENE for kept in self._kept):
            return False
        another = bool(self._kept)
        self._kept.clear()
        self._kept.append(now)
        self._kept_s = time_s
        return another

    def forget(self) -> None:
        """Do not compare the next picture with the previous one, after an interruption."""
        self._before = None


def _look(cells: Grey) -> Look:
    box = _between_bars(cells)
    if box is None:
        return Look(_directions(cells))
    top, bottom, left, right = box
    return Look(_directions(cells), box, _directions(cells[top:bottom, left:right]))


def _between_bars(cells: Grey) -> tuple[int, int, int, int] | None:
    """Return the first row and the one behind the last, and so the columns; None without bars."""
    bright = cells > _BLACK
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    if not len(rows) or (len(rows), len(columns)) == cells.shape:
        return None
    box = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    size = (box[1] - box[0]) * (box[3] - box[2])
    return box if _LEAST_PICTURE * cells.size <= size < cells.size else None


def _directions(cells: Grey) -> tuple[Direction, Direction]:
    exact = cells.astype(np.float32)
    wide = cv2.GaussianBlur(exact, (0, 0), _WIDE_CELLS).astype(np.float32, copy=False)
    return _direction(exact - np.float32(cv2.mean(exact)[0])), _direction(exact - wide)


def _direction(cells: NDArray[np.float32]) -> Direction:
    length = cv2.norm(cells)
    return (cells / np.float32(length)).ravel() if length > 0.0 else None


def _likeness(one: Look, other: Look) -> float:
    pairs = zip(one.whole, other.whole, strict=True)
    if one.inside is not None and other.inside is not None and one.box == other.box:
        pairs = zip(one.inside, other.inside, strict=True)
    return max(_correlation(*pair) for pair in pairs)


def _correlation(one: Direction, other: Direction) -> float:
    return 1.0 if one is None or other is None else float(one @ other)
