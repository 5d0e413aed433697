import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_fer.face.rotation import angles_of, pose_of_angles, rotation_matrix
from edge_fer.observation import HeadPose

ANGLES = st.tuples(st.floats(-85, 85), st.floats(-80, 80), st.floats(-175, 175))


def pose_of(rotation: NDArray[np.float64]) -> HeadPose:
    """Return where a head of this rotation points, against the camera's axis, step by step."""
    ahead = -rotation[:, 2]
    return HeadPose(
        yaw_deg=math.degrees(math.atan2(ahead[0], -ahead[2])),
        pitch_deg=math.degrees(math.asin(min(max(float(-ahead[1]), -1.0), 1.0))),
        roll_deg=math.degrees(math.atan2(-rotation[0, 1], rotation[1, 1])),
    )


@given(ANGLES)
def test_angles_come_back(angles: tuple[float, float, float]) -> None:
    rotation = rotation_matrix(*angles)
    assert np.allclose(rotation @ rotation.T, np.eye(3))
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    assert angles_of(rotation) == pytest.approx(angles, abs=1e-6)


def test_signs() -> None:
    left = pose_of(rotation_matrix(30.0, 0.0, 0.0))
    assert left.yaw_deg == pytest.approx(30.0)
    up = pose_of(rotation_matrix(0.0, 20.0, 0.0))
    assert up.pitch_deg == pytest.approx(20.0)
    to_the_left_shoulder = pose_of(rotation_matrix(0.0, 0.0, 10.0))
    assert to_the_left_shoulder.roll_deg == pytest.approx(10.0)


@given(ANGLES, st.floats(-60, 60))
def test_a_turn_of_the_picture_changes_only_the_roll(
    angles: tuple[float, float, float], turn_deg: float
) -> None:
    yaw, pitch, _ = angles_of(rotation_matrix(0.0, 0.0, turn_deg) @ rotation_matrix(*angles))
    assert (yaw, pitch) == pytest.approx(angles[:2], abs=1e-6)


@given(st.floats(-180, 180), st.floats(-89, 89), st.floats(-180, 180))
def test_the_short_way_to_the_pose_is_the_same(yaw: float, pitch: float, roll: float) -> None:
    wanted, found = pose_of(rotation_matrix(yaw, pitch, roll)), pose_of_angles(yaw, pitch, roll)
    for name in ("yaw_deg", "pitch_deg", "roll_deg"):
        turn = getattr(wanted, name) - getattr(found, name)
        assert math.remainder(turn, 360.0) == pytest.approx(0.0, abs=1e-5)
