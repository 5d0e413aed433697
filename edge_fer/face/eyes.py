"""Reads the eyes of a face with landmarks: lid opening, gaze and visibility."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.face.eye_patch import PATCH_REACH, cut_eye
from edge_fer.face.network import FaceReading, halfway
from edge_fer.models.card import network_card_of
from edge_fer.models.files import ModelFiles, read_model_files
from edge_fer.models.kind import EYES
from edge_fer.models.runtime import open_model
from edge_fer.observation import EyeReading, EyesReading, HeadPose, Landmarks, Point
from edge_fer.paths import SHIPPED_EYES

LEAST_WIDTH_PX = 7.0  # of an eye in the frame; a smaller one is a few dark pixels
# Gaze is learned from eyes of 24 px and more. Below, the teacher's own answers are guesses.
LEAST_GAZE_PX = 24.0
VISIBLE = 0.5  # an eye that is less visible is not judged
AGREE = 0.5  # largest difference of the two eyes' probabilities; beyond it one of them is misjudged
# An eye whose width is a smaller share of the other's lies behind the nose, or half of it does.
LEAST_SHARE = 0.45
# Beyond it, too: of profiles of 60 to 70 degrees in a clip yaw came out at 26 to 46, and the far
# eye, seen along the lids, looked closed.
MOST_YAW_DEG = 26.0

# An eye's width, corner to corner, over the larger of the distance between the eyes and that from
# eyes to mouth: the median of 9,518 eyes, whose corners the face mesh gave and whose middles YuNet.
_WIDTH_SHARE = 0.465
# Each eye looks outwards by so much on the curve of the face: turned by 30 degrees, the far eye is
# two thirds as wide as the near one (1,219 of those eyes at 20 to 40 degrees).
_CURVE_DEG = 20.0
# Yaw from five landmarks comes out too small by a third to a half.
_MOST_YAW_OF_FIVE_DEG = 25.0

Eye = tuple[Point, Point]
"""Outer and inner corner of an eye, in frame pixels."""


@dataclass(frozen=True, slots=True)
class EyeCorners:
    """The corners of the driver's own right and left eye; None for one that is turned away."""

    right: Eye | None
    left: Eye | None


class EyeReader:
    """The eye network. UserError where its file or card is missing or of another kind."""

    def __init__(self, model: ModelFiles | Path = SHIPPED_EYES) -> None:
        files = read_eye_network(model) if isinstance(model, Path) else model
        network_card_of(files, EYES)  # its sha256 vouches for bytes that go into a native runtime
        self._model = open_model(files.model, str(files.path), kind=EYES)

    def read(
        self, grey: NDArray[np.uint8], points: EyeCorners | Landmarks, head: HeadPose | None
    ) -> EyesReading:
        """Return the readings of both eyes in `grey` (uint8[h,w]).

        With five landmarks only, the corners are estimated. An eye that is turned away, cut off by
        the frame's edge or smaller than LEAST_WIDTH_PX is None.
        """
        corners = points if isinstance(points, EyeCorners) else corners_of(points, head)
        right, left = _near_ones(corners, head)
        return EyesReading(
            self._read_one(grey, right, is_left=False), self._read_one(grey, left, is_left=True)
        )

    def _read_one(
        self, grey: NDArray[np.uint8], eye: Eye | None, *, is_left: bool
    ) -> EyeReading | None:
        if eye is None or not _is_inside(eye, grey.shape):
            return None
        outer, inner = eye
        width = math.dist(outer, inner)
        found = EYES.measured(self._model.run(cut_eye(grey, outer, inner, is_left=is_left)))
        # Closed lids hide the gaze, and in few pixels it cannot be measured.
        has_gaze = width >= LEAST_GAZE_PX and found["closed"] < 0.5
        inwards, upwards = found["gaze_inwards"], found["gaze_upwards"]
        return EyeReading(
            lid_opening=found["lid_opening"],
            closed=found["closed"],
            gaze_x=(-inwards if is_left else inwards) if has_gaze else None,
            gaze_y=upwards if has_gaze else None,
            visible=found["visible"],
            width_px=width,
        )


def read_eye_network(path: Path) -> ModelFiles:
    """Read an eye network's files; UserError where they are missing or of another kind."""
    files = read_model_files(path)
    network_card_of(files, EYES)
    return files


def eyes_closed(reading: EyesReading) -> float | None:
    """Return the probability (0..1) that the eyes are closed, from those that are visible.

    None if no eye is visible. None also if both are visible and differ: then one of them is
    misjudged or winks.
    """
    seen = [
        eye.closed
        for eye in (reading.right, reading.left)
        if eye is not None and eye.visible >= VISIBLE
    ]
    if not seen or max(seen) - min(seen) > AGREE:
        return None
    return sum(seen) / len(seen)


def eye_corners(reading: FaceReading) -> EyeCorners:
    """Return the corners of both eyes among the landmarks of the face network.

    Of a profile the far eye is None, as its landmarks are guesses.
    """
    right, left = (
        (reading.point(f"{side} eye outer corner"), reading.point(f"{side} eye inner corner"))
        for side in ("right", "left")
    )
    if reading.profile:
        return EyeCorners(right, None) if reading.head.yaw_deg > 0 else EyeCorners(None, left)
    return EyeCorners(right, left)


def corners_of(points: Landmarks, head: HeadPose | None) -> EyeCorners:
    """Return about where the corners of both eyes are, by the face's five landmarks."""
    across = math.dist(points.right_eye, points.left_eye)
    down = math.dist(
        halfway(points.right_eye, points.left_eye), halfway(points.right_mouth, points.left_mouth)
    )
    whole = _WIDTH_SHARE * max(across, down)  # a turned head's eyes are nearer to each other
    yaw_deg = 0.0 if head is None else head.yaw_deg
    tilt = points.tilt

    def corners(eye: Point, towards_nose: int) -> Eye | None:
        # Positive yaw turns the left eye away, whose nose lies in the other direction.
        turned_deg = yaw_deg * -towards_nose + _CURVE_DEG
        if turned_deg > _MOST_YAW_OF_FIVE_DEG + _CURVE_DEG:
            return None
        share = math.cos(math.radians(turned_deg)) / math.cos(math.radians(_CURVE_DEG))
        half = max(whole * share, 0.0) / 2 * towards_nose
        x, y = half * math.cos(tilt), half * math.sin(tilt)
        return (eye[0] - x, eye[1] - y), (eye[0] + x, eye[1] + y)

    return EyeCorners(corners(points.right_eye, 1), corners(points.left_eye, -1))


def _near_ones(corners: EyeCorners, head: HeadPose | None) -> tuple[Eye | None, Eye | None]:
    """Return both eyes, None for the one that a turned head hides."""
    right, left = corners.right, corners.left
    if right is None or left is None:
        return right, left
    right_width, left_width = math.dist(*right), math.dist(*left)
    yaw_deg = 0.0 if head is None else head.yaw_deg
    if yaw_deg > MOST_YAW_DEG or left_width < LEAST_SHARE * right_width:
        left = None
    if yaw_deg < -MOST_YAW_DEG or right_width < LEAST_SHARE * left_width:
        right = None
    return right, left


def _is_inside(eye: Eye, shape: tuple[int, ...]) -> bool:
    """Whether an eye is large enough and all of it lies in a frame of `shape`; a NaN is not."""
    (outer_x, outer_y), (inner_x, inner_y) = eye
    width = math.dist(*eye)
    across, down = (outer_x + inner_x) / 2, (outer_y + inner_y) / 2
    # The lids and a rim of skin; what lies beyond may be cut off.
    half = 0.4 * PATCH_REACH * width
    inside = half <= across <= shape[1] - half and half <= down <= shape[0] - half
    return bool(LEAST_WIDTH_PX <= width <= max(shape) and inside)
