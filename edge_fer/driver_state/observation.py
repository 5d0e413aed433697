"""What one moment of the camera tells of the driver."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.condition import CameraCondition
from edge_fer.driver_state.vehicle import UNKNOWN_VEHICLE, Vehicle
from edge_fer.emotions import Emotion
from edge_fer.face.base import FaceBox

# Dequantized int8 probabilities are within 7/256 of a sum of 1; more is not a distribution.
SUM_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Where the head points, in degrees against the camera's axis.

    `yaw_deg` is positive to the driver's left, `pitch_deg` positive upwards, `roll_deg` positive
    towards the driver's left shoulder.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One frame, or its absence (LOST, STARTING), as the stages before the policy saw it.

    `time_s` is monotonic: when the frame was captured, or when its absence was noticed. `face` is
    None where no face was found. `probabilities` (float32[7], calibrated, sum 1, FER2013 order) is
    None where the frame gave no usable face.

    `eyes_closed` is how probably both eyes are closed (0..1), None where that cannot be seen
    (glare, a turned head, no eyes found): never a guess. `head` is None where it was not measured.
    `vehicle` is what the vehicle controller says at this moment.
    """

    time_s: float
    camera: CameraCondition
    face: FaceBox | None
    probabilities: NDArray[np.float32] | None
    eyes_closed: float | None = None
    head: HeadPose | None = None
    vehicle: Vehicle = UNKNOWN_VEHICLE

    @property
    def usable_face(self) -> bool:
        """Whether a face was found in a frame that can be trusted."""
        return self.camera is CameraCondition.GOOD and self.face is not None

    def usable_probabilities(self) -> tuple[float, ...] | None:
        """Return the seven probabilities, or None where they say nothing.

        They say nothing without a usable face, and where they are no distribution: a wrong number
        must count as unknown, because once in a filter it would stay (NaN for ever).
        """
        if self.probabilities is None or not self.usable_face:
            return None
        if self.probabilities.shape != (len(Emotion),):
            return None
        values: tuple[float, ...] = tuple(self.probabilities.tolist())
        # Written so that a NaN, which is less than nothing, fails both.
        if not all(value >= 0.0 for value in values):
            return None
        return values if abs(sum(values) - 1.0) <= SUM_TOLERANCE else None

    def usable_eyes(self) -> float | None:
        """Return how probably the eyes are closed, or None where that is not known."""
        if self.eyes_closed is None or not self.usable_face:
            return None
        return self.eyes_closed if 0.0 <= self.eyes_closed <= 1.0 else None

    def usable_head(self) -> HeadPose | None:
        """Return the head's pose, or None where it is not known."""
        if self.head is None or not self.usable_face:
            return None
        angles_deg = (self.head.yaw_deg, self.head.pitch_deg, self.head.roll_deg)
        return self.head if all(math.isfinite(angle) for angle in angles_deg) else None
