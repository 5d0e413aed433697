"""Tracks a face with a detector at intervals and a cheap picture comparison in between.

The daemon uses `following.NetworkTracker`; `FaceTracker` serves the benchmark of detectors.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.face.cutting import cut_square, shrink
from edge_fer.face.network import FaceReading
from edge_fer.face.seat import WHOLE_FRAME, SeatRegion
from edge_fer.observation import FaceBox

# The face is compared at this width: fine enough to follow, small enough to cost little.
_TEMPLATE_PX = 32
_REACH = 0.35  # how far a face may move between two frames, in its widths

# Normalised correlation (-1..1) below which the face counts as lost. The longer ago the detector
# saw it, the more is asked: it may be a hand or the background by now.
_FRESH_CORRELATION = 0.5
_STALE_CORRELATION = 0.8

# Below this it still is the face, but nearer, turned or lit otherwise: time for a new template.
_CHANGED_CORRELATION = 0.9

DROP_AFTER_S = 1.0  # without a confirmation by the detector
_RETRY_S = 0.1  # between two detections of a face that is being followed
_SEARCH_EVERY_S = 0.1  # while there is no face; the search is the most expensive step

# Share of a detection in the new box: detections of a still face differ by some percent.
_CORRECTION = 0.5
_SAME_PERSON_S = 2.0  # for so long a lost face is preferred to a larger one
_FLAT = 1.0  # standard deviation (grey values) below which a template has nothing to compare


class FaceDetector(Protocol):
    """The interface of a detector for the tracker."""

    def detect(self, grey: NDArray[np.uint8]) -> list[FaceBox]:
        """Return the faces anywhere in the frame, uint8[h,w], the largest first."""
        ...

    def detect_near(self, grey: NDArray[np.uint8], known: FaceBox) -> FaceBox | None:
        """Return the face near `known`, or None."""
        ...


@dataclass(frozen=True, slots=True)
class TrackedFace:
    """The face in one frame.

    `detected` is whether the detector saw the face in this frame, `age_s` the time since it last
    did. The box's score is the correlation (-1..1) with the face at that time; 1 when detected.
    `reading` is the face network's reading, if the network tracks the face: then `age_s` is 0 and
    the score is the presence.
    """

    box: FaceBox
    detected: bool
    age_s: float
    reading: FaceReading | None = None


class Tracker(Protocol):
    """The interface of a tracker for the pipeline."""

    def update(self, grey: NDArray[np.uint8], time_s: float) -> TrackedFace | None:
        """Return the face in `grey` (uint8[h,w]) captured at the monotonic `time_s`, or None."""
        ...

    def forget(self) -> None:
        """Reset: later frames are unrelated to earlier ones."""
        ...

    def look_in(self, seat: SeatRegion) -> bool:
        """Look for the driver in this part of the frame; whether that is another than so far.

        A face that was followed elsewhere is let go.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Track:
    box: FaceBox
    template: NDArray[np.uint8]  # [_TEMPLATE_PX, _TEMPLATE_PX], the face when it was detected
    detected_s: float
    tried_s: float


class FaceTracker:
    """Tracks one person: first the largest face in the seat, then the face at its place.

    `detect_every_s` is the interval at which the detector must confirm the face. With `each_frame`
    it runs in every frame, for its landmarks, and the comparison only bridges misses. One object
    serves one camera.
    """

    def __init__(
        self,
        detector: FaceDetector,
        *,
        detect_every_s: float = 0.5,
        each_frame: bool = False,
        seat: SeatRegion = WHOLE_FRAME,
    ) -> None:
        self._detector = detector
        self._detect_every_s = detect_every_s
        self._each_frame = each_frame
        self._seat = seat
        self._track: _Track | None = None
        self._last: tuple[FaceBox, float] | None = None  # where and when a face was seen last
        self._searched_s = -np.inf

    def forget(self) -> None:
        """Reset: later frames are unrelated to earlier ones."""
        self._track = self._last = None
        self._searched_s = -np.inf

    def look_in(self, seat: SeatRegion) -> bool:
        """Look for the driver in this part of the frame; whether that is another than so far."""
        if seat == self._seat:
            return False
        self._seat = seat
        self.forget()
        return True

    def update(self, grey: NDArray[np.uint8], time_s: float) -> TrackedFace | None:
        """Return the face in `grey` (uint8[h,w]) captured at the monotonic `time_s`, or None."""
        face = None
        if self._track is not None:
            face = self._follow(self._track, grey, time_s)
        if face is None:
            face = self._search(grey, time_s)
        if face is not None:
            self._last = (face.box, time_s)
        return face

    def _follow(self, track: _Track, grey: NDArray[np.uint8], time_s: float) -> TrackedFace | None:
        """Return the tracked face; None, and no track, when it is lost."""
        if self._each_frame:
            found = self._detector.detect_near(grey, track.box)
            if found is not None:
                return self._take(grey, found, time_s)
            track = replace(track, tried_s=time_s)
        box = _match(grey, track)
        age_s = time_s - track.detected_s
        asked = _FRESH_CORRELATION + (_STALE_CORRELATION - _FRESH_CORRELATION) * min(
            age_s / DROP_AFTER_S, 1.0
        )
        unsure = box.score < asked
        due = age_s >= self._detect_every_s or box.score < _CHANGED_CORRELATION
        if unsure or (due and time_s - track.tried_s >= _RETRY_S):
            found = self._detector.detect_near(grey, box)
            if found is not None:
                return self._take(grey, _corrected(box, found), time_s)
            track = replace(track, tried_s=time_s)
        if unsure or age_s > DROP_AFTER_S:
            self._track = None
            self._searched_s = -np.inf  # it may just have moved too fast: look everywhere at once
            return None
        self._track = replace(track, box=box)
        return TrackedFace(box, detected=False, age_s=age_s)

    def _search(self, grey: NDArray[np.uint8], time_s: float) -> TrackedFace | None:
        if time_s - self._searched_s < _SEARCH_EVERY_S:
            return None
        self._searched_s = time_s
        boxes = [
            box for box in self._detector.detect(grey) if self._seat.holds(box.centre, grey.shape)
        ]
        if not boxes:
            return None
        chosen = boxes[0]
        if self._last is not None and time_s - self._last[1] < _SAME_PERSON_S:
            nearest = max(boxes, key=self._last[0].overlap)
            if nearest.overlap(self._last[0]) > 0:
                chosen = nearest
        return self._take(grey, chosen, time_s)

    def _take(self, grey: NDArray[np.uint8], box: FaceBox, time_s: float) -> TrackedFace:
        """Follow `box` from here on."""
        box = replace(box, score=1.0)
        self._track = _Track(box, _template(grey, box), detected_s=time_s, tried_s=time_s)
        return TrackedFace(box, detected=True, age_s=0.0)


def _match(grey: NDArray[np.uint8], track: _Track) -> FaceBox:
    """Return the box of the frame that looks most like the track; the score is the correlation."""
    box, scale = track.box, _TEMPLATE_PX / track.box.width
    margin = round(_REACH * _TEMPLATE_PX)
    window_px = _TEMPLATE_PX + 2 * margin
    centre_x, centre_y = box.centre
    side = round(window_px / scale)
    left, top = round(centre_x - side / 2), round(centre_y - side / 2)
    window = shrink(cut_square(grey, left, top, side), window_px, window_px)
    if track.template.std() < _FLAT or window.std() < _FLAT:
        return replace(box, score=0.0, landmarks=None)
    correlation = np.asarray(
        cv2.matchTemplate(window, track.template, cv2.TM_CCOEFF_NORMED), np.float32
    )
    _, best, _, (column, row) = cv2.minMaxLoc(correlation)
    column_px = column + _peak(correlation[row, :], column)
    row_px = row + _peak(correlation[:, column], row)
    x = left + column_px * side / window_px
    y = top + row_px * side / window_px
    return FaceBox(x, y, box.width, box.height, float(best))


def _peak(values: NDArray[np.float32], best: int) -> float:
    """Return where between -0.5 and 0.5 of `best` a parabola through it has its top."""
    if not 0 < best < len(values) - 1:
        return 0.0
    before, at, after = (float(value) for value in values[best - 1 : best + 2])
    bend = before - 2 * at + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _corrected(tracked: FaceBox, found: FaceBox) -> FaceBox:
    """Return the tracked box, moved part of the way towards the detection."""
    x, y = (
        (1 - _CORRECTION) * before + _CORRECTION * now
        for before, now in zip(tracked.centre, found.centre, strict=True)
    )
    width = (1 - _CORRECTION) * tracked.width + _CORRECTION * found.width
    height = (1 - _CORRECTION) * tracked.height + _CORRECTION * found.height
    return FaceBox(x - width / 2, y - height / 2, width, height, found.score, found.landmarks)


def _template(grey: NDArray[np.uint8], box: FaceBox) -> NDArray[np.uint8]:
    side = max(round(box.width), 1)
    centre_x, centre_y = box.centre
    left, top = round(centre_x - side / 2), round(centre_y - side / 2)
    return shrink(cut_square(grey, left, top, side), _TEMPLATE_PX, _TEMPLATE_PX)
