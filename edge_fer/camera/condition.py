"""Checks frame by frame whether the camera's picture is usable."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.cells import averaged
from edge_fer.observation import CameraCondition, FaceBox

# Half of `cells.CELLS` each way.
_CELLS = (16, 12)

# Mean curvature (grey values) between cells. Cabins and rooms have 14 to 90, a scene at a third of
# its light 17. Drawn covers have 1 to 3, with light leaking in from one side and sensor noise of up
# to 12 grey values; no real hand on a lens was measured.
BLOCKED_BELOW_TEXTURE = 6.0

# Brightness of the brightest twentieth, the least that a face needs of the frame. The detector must
# still see faces at this level, or "dark" would be taken for "no driver": it does down to 10 in the
# demo's dimmed scene. What is left for the emotions at 24 grey values was not measured.
DARK_BELOW_PEAK = 24.0
_PEAK_SHARE = 0.05

# Up to a fifth of the frame saturated in the project's clips, which are usable. Project's choice.
OVEREXPOSED_ABOVE_SHARE = 0.5
_SATURATED = 250
# And of the square of a face that is found: in a clip made brighter, lids are read where more than
# half of the face is saturated. Project's choice.
BURNT_OUT_ABOVE_SHARE = 0.8
# Of what is not saturated, so much is left when a head turns; the sun in the lens, or a driver who
# leaves, takes more of it.
_LEFT_OF_IT = 0.7

# No sensor gives the same picture twice: its noise differs. Half a second leaves room for a
# recording that repeats frames.
FROZEN_AFTER_S = 0.5
_SAMPLE_STEP = 8  # every 8th pixel both ways is 4,800 of 640x480


@dataclass(frozen=True, slots=True)
class FrameStatistics:
    """Texture and peak in grey values, saturated share 0..1; see the thresholds."""

    texture: float
    peak: float
    saturated_share: float


def measure(grey: NDArray[np.uint8]) -> FrameStatistics:
    """Return the statistics of a frame, uint8[h,w]."""
    return _measured(averaged(grey), _sample(grey))


def _measured(cells: NDArray[np.uint8], sample: NDArray[np.uint8]) -> FrameStatistics:
    coarse = cv2.resize(cells, _CELLS, interpolation=cv2.INTER_AREA)
    curvature = cv2.Laplacian(coarse, cv2.CV_32F)[1:-1, 1:-1]
    rank = round(coarse.size * (1 - _PEAK_SHARE))
    return FrameStatistics(
        texture=cv2.norm(curvature, cv2.NORM_L1) / curvature.size,
        peak=float(np.partition(coarse, rank, axis=None)[rank]),
        saturated_share=int(np.count_nonzero(sample >= _SATURATED)) / sample.size,
    )


def judge(statistics: FrameStatistics) -> CameraCondition:
    """Classify the statistics of one frame: GOOD, DARK, OVEREXPOSED or BLOCKED."""
    if statistics.peak < DARK_BELOW_PEAK:
        return CameraCondition.DARK
    if statistics.saturated_share > OVEREXPOSED_ABOVE_SHARE:
        return CameraCondition.OVEREXPOSED
    if statistics.texture < BLOCKED_BELOW_TEXTURE:
        return CameraCondition.BLOCKED
    return CameraCondition.GOOD


class ConditionMonitor:
    """Judges each frame.

    Its state is since when the picture has not changed, and how much of one with a well-exposed
    face was saturated.
    """

    def __init__(self) -> None:
        self._last_sample: NDArray[np.uint8] | None = None
        self._unchanged_since_s = 0.0
        self._saturated_share = 0.0
        self._well_exposed_share: float | None = None

    def update(
        self, grey: NDArray[np.uint8], time_s: float, cells: NDArray[np.uint8] | None = None
    ) -> CameraCondition:
        """Judge the frame (uint8[h,w]) captured at the monotonic `time_s`.

        `cells` is `averaged(grey)`, if already computed.
        """
        sample = _sample(grey)
        if self._last_sample is None or not np.array_equal(sample, self._last_sample):
            self._last_sample = sample
            self._unchanged_since_s = time_s
        statistics = _measured(averaged(grey) if cells is None else cells, sample)
        self._saturated_share = statistics.saturated_share
        condition = judge(statistics)
        # A black or covered picture may well stay the same: what is wrong then is said first.
        if condition is CameraCondition.GOOD and self._frozen(time_s):
            return CameraCondition.FROZEN
        return condition

    def around_face(
        self, grey: NDArray[np.uint8], face: FaceBox | None, time_s: float
    ) -> CameraCondition:
        """Judge again the overexposed frame of the latest `update`, in which `face` was found.

        A white wall behind the driver, or the sky, saturates most of a picture whose face is
        exposed well. Then the picture is usable: GOOD, or FROZEN. It stays so while no face is
        found, as of a head that turns away, until more of it is saturated.
        """
        if face is None:
            known = self._well_exposed_share
            if known is None or 1 - self._saturated_share < _LEFT_OF_IT * (1 - known):
                return CameraCondition.OVEREXPOSED
            return CameraCondition.FROZEN if self._frozen(time_s) else CameraCondition.GOOD
        top, left = max(round(face.y), 0), max(round(face.x), 0)
        bottom, right = round(face.y + face.height), round(face.x + face.width)
        pixels = grey[top : max(bottom, top + 1), left : max(right, left + 1)]
        saturated = np.count_nonzero(pixels >= _SATURATED)
        if not pixels.size or saturated > BURNT_OUT_ABOVE_SHARE * pixels.size:
            self._well_exposed_share = None
            return CameraCondition.OVEREXPOSED
        self._well_exposed_share = self._saturated_share
        return CameraCondition.FROZEN if self._frozen(time_s) else CameraCondition.GOOD

    def _frozen(self, time_s: float) -> bool:
        return time_s - self._unchanged_since_s > FROZEN_AFTER_S


def _sample(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return grey[::_SAMPLE_STEP, ::_SAMPLE_STEP].copy()
