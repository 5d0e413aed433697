"""Angles from landmarks, on a head that is drawn by projection."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.face.head_pose import head_pose
from edge_fer.observation import Landmarks

SHAPE = (480, 640)
# Another head than the fit's: to the picture's right, down, away from the camera, in millimetres.
HEAD_MM = np.array([[-32, -30, -12], [32, -30, -12], [0, 4, -54], [-26, 37, -20], [26, 37, -20]])


def turned(yaw_deg: float, pitch_deg: float, roll_deg: float) -> NDArray[np.float64]:
    """Return the rotation of a head: yaw to its left, pitch up, roll to its left shoulder."""
    yaw, pitch, roll = np.radians((yaw_deg, pitch_deg, roll_deg))
    about_up = np.array(
        [[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]]
    )
    about_right = np.array(
        [[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]]
    )
    about_nose = np.array(
        [[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]]
    )
    return np.asarray(about_up @ about_right @ about_nose, np.float64)


def landmarks(
    rotation: NDArray[np.float64],
    *,
    centre: tuple[float, float] = (320.0, 240.0),
    scale: float = 1.5,
) -> Landmarks:
    points = (HEAD_MM @ rotation.T)[:, :2] * scale + np.array(centre)
    return Landmarks(*((x, y) for x, y in points.tolist()))


@pytest.mark.parametrize(
    "angles_deg",
    [(0, 0, 0), (30, 0, 0), (-30, 0, 0), (0, 20, 0), (0, -20, 0), (0, 0, 15), (0, 0, -15)],
)
def test_each_angle_has_the_sign_of_the_docstring(angles_deg: tuple[int, int, int]) -> None:
    pose = head_pose(landmarks(turned(*angles_deg)), SHAPE)
    assert pose is not None
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx(angles_deg, abs=5)


def test_the_driver_s_left_is_the_right_of_the_picture() -> None:
    """Said in picture terms, so that a mistake in `turned` cannot hide one in the code."""
    level = landmarks(np.eye(3))
    nose_right = Landmarks(
        level.right_eye, level.left_eye, (level.nose[0] + 20, level.nose[1]), *mouth(level)
    )
    nose_up = Landmarks(
        level.right_eye, level.left_eye, (level.nose[0], level.nose[1] - 15), *mouth(level)
    )
    left, up = head_pose(nose_right, SHAPE), head_pose(nose_up, SHAPE)
    assert left is not None
    assert up is not None
    assert left.yaw_deg > 10
    assert up.pitch_deg > 8


def mouth(points: Landmarks) -> tuple[tuple[float, float], tuple[float, float]]:
    return points.right_mouth, points.left_mouth


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("centre", [(320.0, 240.0), (60.0, 60.0), (620.0, 470.0)])
def test_size_and_place_change_little(centre: tuple[float, float], scale: float) -> None:
    pose = head_pose(landmarks(turned(-25, -10, 5), centre=centre, scale=scale), SHAPE)
    assert pose is not None
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((-25, -10, 5), abs=5)


@pytest.mark.parametrize("value", [0.0, math.nan, 1e9])
def test_points_that_are_no_face_have_no_pose(value: float) -> None:
    far = (value, value)
    assert head_pose(Landmarks((0.0, 0.0), far, far, far, far), SHAPE) is None
