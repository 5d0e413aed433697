"""Looks for a face with nothing but the face network: squares all over the frame, some in a turn.

Cascades miss about one natural face in thirty for as long as it stays as it is (glasses, a head
turned, tilted or bowed), and the network follows such a face once it is shown where it is.
"""

from edge_fer.face.landmarks import Square

SQUARES_A_TURN = 6  # as many readings of the network; at 30 frames a second all are tried in 0.5 s
# Sides as shares of the frame's shorter one. Smaller faces are left to the detectors: there would
# be too many squares. The network finds a face that lies within half a side of a square.
SIDES = (0.3, 0.45, 0.65)
STEP = 0.45  # of a side, to the next square


class Scan:
    """Gives the squares of a frame in turns, and then begins with the first again."""

    def __init__(self) -> None:
        self._shape: tuple[int, ...] = ()
        self._squares: list[Square] = []
        self._next = 0

    def next(self, shape: tuple[int, ...]) -> list[Square]:
        """Return the squares of this turn in a frame of `shape` (height, width), upright."""
        if shape != self._shape:
            self._shape, self._squares, self._next = shape, _squares(*shape[:2]), 0
        turn = self._squares[self._next : self._next + SQUARES_A_TURN]
        self._next += SQUARES_A_TURN
        if self._next >= len(self._squares):
            self._next = 0
        return turn


def _squares(height: int, width: int) -> list[Square]:
    found = []
    for share in SIDES:
        side = share * min(height, width)
        found += [
            Square((x, y), side, 0.0) for y in _places(height, side) for x in _places(width, side)
        ]
    return found


def _places(length: float, side: float) -> list[float]:
    """Return the middles of squares along a length, the first and the last at its ends."""
    steps = max(round((length - side) / (STEP * side)), 1)
    return [side / 2 + (length - side) * k / steps for k in range(steps + 1)]
