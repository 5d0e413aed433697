"""Tracks the driver's face: the network's landmarks place the square of the next frame."""

import math

import numpy as np
from numpy.typing import NDArray

from edge_fer.face.boxes import box_of
from edge_fer.face.landmarks import Square
from edge_fer.face.network import LEAST_SIDE_PX, FaceNetwork, FaceReading
from edge_fer.face.scanning import Scan
from edge_fer.face.searching import Search
from edge_fer.face.seat import WHOLE_FRAME, SeatRegion
from edge_fer.face.tracking import TrackedFace

# Presence (0..1) from which a proposed square counts as a face, and below which a tracked face
# counts as lost: a head that is bowed and turned far measures 0.3 to 0.4 in a blurred picture.
FOUND_PRESENCE = 0.9
KEPT_PRESENCE = 0.3
# Down to FAINT_PRESENCE the square of a lost face still moves with what is seen of it. From
# AGAIN_PRESENCE on it counts again: more than where it was lost, so that it does not flicker.
FAINT_PRESENCE = 0.1
AGAIN_PRESENCE = 0.4
# If a square moved or grew by more than this (shares of its side), it is read again at its new
# place: the network was trained for a face within an eighth of the middle.
_MOVED, _GREW = 0.10, 0.15
# For this time a new or recovered face must keep the presence of a first detection. Where no face
# was before, it must reach this presence twice, because a texture, or a part of a face at an edge,
# may reach it once.
CONFIRM_S = 0.3
HOLD_S = 0.5  # a lost face of which nothing is seen is searched at its last place
SAME_PERSON_S = 2.0  # for this time a lost face is preferred to a larger one
SEARCH_EVERY_S = 0.03  # one kind of search each time
# A square outside of these shares of the last one's side is not the same face.
_LEAST_CHANGE, _MOST_CHANGE = 0.5, 2.0
_SAME_SIZE = 1.5
# Shifts to the right and down, in sides of a square, and by how much it is larger.
_BESIDE = ((0.15, 0.0, 1.2), (-0.15, 0.1, 0.9), (0.0, -0.15, 1.1))


class NetworkTracker:
    """Tracks one person: first the largest and most central face in the seat, then the same face.

    `search_every_s` is the time between two searches while no face is tracked. If `search` proposes
    no face, `scan` searches with the face network alone. One object serves one camera.
    """

    def __init__(
        self,
        network: FaceNetwork,
        search: Search,
        *,
        seat: SeatRegion = WHOLE_FRAME,
        search_every_s: float = SEARCH_EVERY_S,
        scan: Scan | None = None,
    ) -> None:
        self._network, self._search, self._seat = network, search, seat
        self._scan = scan
        self._search_every_s = search_every_s
        self._square: Square | None = None
        self._seen_s = -math.inf
        self._found_s = -math.inf
        self._least = FOUND_PRESENCE  # what the square must reach to count as a face
        self._last: Square | None = None
        self._searched_s = -math.inf

    def forget(self) -> None:
        """Reset: later frames are unrelated to earlier ones."""
        self._square = self._last = None
        self._least = FOUND_PRESENCE
        self._seen_s = self._found_s = self._searched_s = -math.inf
        self._search.restart()

    def look_in(self, seat: SeatRegion) -> bool:
        """Search for the driver in this part of the frame; return whether this part has changed."""
        if seat == self._seat:
            return False
        self._seat = seat
        self.forget()
        return True

    def update(self, grey: NDArray[np.uint8], time_s: float) -> TrackedFace | None:
        """Return the face in `grey` (uint8[h,w]) captured at the monotonic `time_s`, or None."""
        reading, detected = None, False
        if self._square is not None:
            followed = self._follow(grey, self._square)
            if followed is not None and followed.presence >= self._least:
                reading = followed
                if time_s - self._found_s >= CONFIRM_S:
                    self._least = KEPT_PRESENCE
            else:
                self._found_s = time_s
                self._lose(followed, time_s - self._seen_s)
        if reading is None:
            reading, detected = self._find(grey, time_s), True
        if reading is None:
            return None
        self._square = reading.square
        if detected:
            self._found_s, self._least = time_s, FOUND_PRESENCE
            if self._last is not None and not _is_beside(self._last, reading.square):
                return None  # must be confirmed in the next frame
        self._last, self._seen_s = reading.square, time_s
        return TrackedFace(box_of(reading), detected=detected, age_s=0.0, reading=reading)

    def _follow(self, grey: NDArray[np.uint8], square: Square) -> FaceReading | None:
        """Return what the face in `square` has become; None where it is another's, or no face."""
        reading = self._network.read(grey, square)
        now = reading.square
        if reading.presence >= KEPT_PRESENCE and _is_far(square, now):
            reading = self._network.read(grey, now)
        if reading.presence < FAINT_PRESENCE:
            return None
        return reading if _is_like(square, reading.square) else None

    def _lose(self, followed: FaceReading | None, lost_s: float) -> None:
        """Keep looking for a face that was last seen `lost_s` ago, or give it up."""
        if followed is not None and lost_s <= SAME_PERSON_S:
            # A profile that bows, or leaves the picture in part, moves on and returns.
            self._square = followed.square
            if self._least == KEPT_PRESENCE:
                self._least = AGAIN_PRESENCE
            return
        self._least = FOUND_PRESENCE  # whatever comes in its place
        if lost_s > HOLD_S:
            self._square = None

    def _find(self, grey: NDArray[np.uint8], time_s: float) -> FaceReading | None:
        if time_s - self._searched_s < self._search_every_s:
            return None
        self._searched_s = time_s
        found = []
        for square in self._search.propose(grey):
            if not self._seat.holds(square.centre, grey.shape):
                continue
            reading = self._accept(grey, square)
            if reading is not None:
                found.append(reading)
        if not found and self._scan is not None:
            found = self._scanned(self._scan.next(grey.shape), grey)
        if not found:
            return None
        self._search.restart()
        if self._last is not None and time_s - self._seen_s < SAME_PERSON_S:
            last = self._last
            near = min(found, key=lambda reading: math.dist(reading.square.centre, last.centre))
            if math.dist(near.square.centre, last.centre) < last.side:
                return near
        return max(found, key=lambda reading: self._claim(reading.square, grey.shape))

    def _scanned(self, squares: list[Square], grey: NDArray[np.uint8]) -> list[FaceReading]:
        """Return the faces in squares that no detector proposed, under stricter checks."""
        found = []
        for square in squares:
            if not self._seat.holds(square.centre, grey.shape):
                continue
            reading = self._accept(grey, square)
            if (
                reading is not None
                and self._seat.holds(reading.square.centre, grey.shape)
                and self._holds_fast(grey, reading.square)
            ):
                found.append(reading)
        return found

    def _holds_fast(self, grey: NDArray[np.uint8], square: Square) -> bool:
        """Whether shifted squares also show a face, which is rare for a false detection.

        Of 6,900 background squares, 4 looked like a face, and none of them passed this test. Of 11
        faces that the cascades had missed, all passed it from some square.
        """
        (x, y), side, tilt = square
        beside = (
            Square((x + right * side, y + down * side), size * side, tilt)
            for right, down, size in _BESIDE
        )
        return all(self._network.read(grey, each).presence >= FOUND_PRESENCE for each in beside)

    def _claim(self, square: Square, shape: tuple[int, ...]) -> float:
        """Return a score for being the driver's face: large, and in the middle of the seat."""
        return square.side * (1.0 + self._seat.centrality(square.centre, shape))

    def _accept(self, grey: NDArray[np.uint8], square: Square) -> FaceReading | None:
        """Return the face in a proposed square; None unless a second reading confirms it."""
        first = self._network.read(grey, square)
        if first.presence < KEPT_PRESENCE:
            return None
        second = self._network.read(grey, first.square)
        return second if second.presence >= FOUND_PRESENCE else None


def _is_far(one: Square, other: Square) -> bool:
    moved = math.dist(one.centre, other.centre) / one.side
    return moved > _MOVED or abs(other.side / one.side - 1) > _GREW


def _is_like(one: Square, other: Square) -> bool:
    grew = other.side / one.side
    return other.side >= LEAST_SIDE_PX and _LEAST_CHANGE <= grew <= _MOST_CHANGE


def _is_beside(one: Square, other: Square) -> bool:
    """Whether both can be the same head a moment later."""
    near = math.dist(one.centre, other.centre) <= one.side / 2
    return near and 1 / _SAME_SIZE <= other.side / one.side <= _SAME_SIZE
