"""The vocabulary that the stages pass on: from a picture to what the policy observes.

Producers (camera, face, eyes, vehicle) and the policy import it; it imports none of them.
"""

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import Emotion

# Dequantized int8 probabilities are within 7/256 of a sum of 1; more is not a distribution.
SUM_TOLERANCE = 0.05


Point = tuple[float, float]
"""x and y in frame pixels."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Five points of a face. Left and right are the driver's own, so left is right in a picture."""

    right_eye: Point
    left_eye: Point
    nose: Point
    right_mouth: Point
    left_mouth: Point

    @property
    def tilt(self) -> float:
        """How far the face is turned in the picture, in radians, clockwise as seen there.

        Both the line of the eyes and that from eyes to mouth count, by their lengths: of a head
        that looks aside the first is short, and says little.
        """
        across_x = self.left_eye[0] - self.right_eye[0]
        across_y = self.left_eye[1] - self.right_eye[1]
        down_x = (
            self.right_mouth[0] + self.left_mouth[0] - self.right_eye[0] - self.left_eye[0]
        ) / 2
        down_y = (
            self.right_mouth[1] + self.left_mouth[1] - self.right_eye[1] - self.left_eye[1]
        ) / 2
        return math.atan2(across_y - down_x, across_x + down_y)


@dataclass(frozen=True, slots=True)
class FaceBox:
    """An upright box in frame pixels; it may reach outside of the frame.

    `x`, `y` is the top left corner. `score` says how sure its maker is, and compares only with
    scores of the same maker: the detector counts neighbours, the tracker has a correlation (-1..1).
    `landmarks` are None where the detector has none, or did not look in this frame.
    """

    x: float
    y: float
    width: float
    height: float
    score: float
    landmarks: Landmarks | None = None

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> float:
        """Square pixels; 0 for an empty box."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    def overlap(self, other: "FaceBox") -> float:
        """Return intersection over union with `other`, 0..1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


class CameraCondition(IntEnum):
    """What can be said of the camera; the values are the codes on the wire.

    LOST and STARTING cannot be seen in a frame: whoever waits for frames says them.
    """

    GOOD = 0
    BLOCKED = 1
    DARK = 2
    OVEREXPOSED = 3
    FROZEN = 4
    LOST = 5
    STARTING = 6


class Answer(IntEnum):
    """The driver's answer to a request; the values are the codes on the wire."""

    NONE = 0
    ALL_RIGHT = 1
    NOT_ALL_RIGHT = 2
    DID_NOT_ANSWER = 3


@dataclass(frozen=True, slots=True)
class Vehicle:
    """The vehicle controller's latest trusted word; None: not known, which is never "no".

    `answer` belongs to the request with the id `answered_id`. `enabled` is the controller's
    switch for the whole driver state.
    """

    speed_km_h: float | None = None
    ignition_on: bool | None = None
    enabled: bool | None = None
    answered_id: int | None = None
    answer: Answer | None = None


UNKNOWN_VEHICLE = Vehicle()


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Where the head points, in degrees against the camera's axis.

    `yaw_deg` is positive to the driver's left, `pitch_deg` positive upwards, `roll_deg` positive
    towards the driver's left shoulder.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True, slots=True)
class EyeReading:
    """What the eye network measures in one eye.

    `lid_opening` is the height over the width of the eye's contour: 0.34 to 0.41 is usual for open
    eyes, 0.13 to 0.18 for closed ones. `closed` is the probability (0..1) that the lids are shut.
    `gaze_x` (positive to the driver's left) and `gaze_y` (positive upwards) are how far the iris is
    from the eye's middle, in the eye's own frame; None where the eye is too small for it. `visible`
    (0..1) is how well the eye can be judged, `width_px` its width in the frame.
    """

    lid_opening: float
    closed: float
    gaze_x: float | None
    gaze_y: float | None
    visible: float
    width_px: float


@dataclass(frozen=True, slots=True)
class EyesReading:
    """The driver's own right and left eye; None for one that is turned away or cut off."""

    right: EyeReading | None
    left: EyeReading | None


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One frame, or its absence (LOST, STARTING), as the stages before the policy saw it.

    `time_s` is monotonic: when the frame was captured, or when its absence was noticed. `face` is
    None where no face was found. `probabilities` (float32[7], calibrated, sum 1, FER2013 order) is
    None where the frame gave no usable face.

    `eyes_closed` is how probably both eyes are closed (0..1), None where that cannot be seen
    (glare, a turned head, no eyes found): never a guess. `head` is None where it was not measured.
    `eyes` is what each eye showed. `mouth_opening` is the gap between the inner lips over the width
    of the mouth. `profile` says that the head is turned beyond the range in which yaw is measured.
    `seat_empty` says, where no face was found, whether the place where one was looks as if nobody
    sat there; None where that is not known. `cut` says that another scene begins with this frame,
    as in a film. `vehicle` is what the vehicle controller says now.
    """

    time_s: float
    camera: CameraCondition
    face: FaceBox | None
    probabilities: NDArray[np.float32] | None
    eyes_closed: float | None = None
    head: HeadPose | None = None
    eyes: EyesReading | None = None
    mouth_opening: float | None = None
    profile: bool = False
    seat_empty: bool | None = None
    cut: bool = False
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
