"""Searches a face with the face network alone: squares all over the frame, a few per turn.

Cascades miss about one natural face in thirty as long as it does not change (glasses, a head
turned, tilted or bowed). The network can track such a face once it knows where the face is.
"""

import math

from edge_fer.face.landmarks import Square

SQUARES_A_TURN = 6  # network readings per turn; at 30 frames/s all squares take 0.5 s
# Sides of the squares as shares of the frame's shorter side. Smaller faces are left to the
# detectors, because they would need too many squares. The network finds a face within half a side
# of a square.
SIDES = (0.3, 0.45, 0.65)
STEP = 0.45  # of a side, to the next square


class Scan:
    """Yields the squares of a frame in turns, and starts again after the last."""

    def __init__(self) -> None:
        self._shape: tuple[int, ...] = ()
        self._squares: list[Square] = []
        self._next = 0

    def turns(self, shape: tuple[int, ...]) -> int:
        """Return after how many turns all squares of a frame of `shape` were searched."""
        self._begin(shape)
        return math.ceil(len(self._squares) / SQUARES_A_TURN)

    def next(self, shape: tuple[int, ...]) -> list[Square]:
        """Return the squares of this turn in a frame of `shape` (height, width), upright."""
        self._begin(shape)
        turn = self._squares[self._next : self._next + SQUARES_A_TURN]
        self._next += SQUARES_A_TURN
        if self._next >= len(self._squares):
            self._next = 0
        return turn

    def _begin(self, shape: tuple[int, ...]) -> None:
        if shape != self._shape:
            self._shape, self._squares, self._next = shape, _squares(*shape[:2]), 0


def _squares(height: int, width: int) -> list[Square]:
    found = []
    for share in SIDES:
        side = share * min(height, width)
        found += [
            Square((x, y), side, 0.0) for y in _places(height, side) for x in _places(width, side)
        ]
    return found


def _places(length: float, side: float) -> list[float]:
    """Return the centres of squares along a length; the first and last touch its ends."""
    steps = max(round((length - side) / (STEP * side)), 1)
    return [side / 2 + (length - side) * k / steps for k in range(steps + 1)]
