"""Rotations of the head: three angles, their matrix, and the pose relative to the camera.

The angles of the `face` network are those of a head that is first turned about its own vertical
axis (yaw), then about the picture's horizontal axis (pitch), then in the picture (roll). A turn of
the picture changes only the roll, and yaw is steady up to a full profile.
"""

import math

import numpy as np
from numpy.typing import NDArray

from edge_fer.observation import HeadPose


def rotation_matrix(yaw_deg: float, pitch_deg: float, roll_deg: float) -> NDArray[np.float64]:
    """Return float64[3,3], which rotates a head that looks into the camera by these angles.

    Axes: right in the picture, down, away from the camera. Yaw is positive to the driver's left
    (right in the picture), pitch upwards, roll clockwise as seen.
    """
    yaw, pitch, roll = (math.radians(angle) for angle in (yaw_deg, pitch_deg, roll_deg))
    cos_y, sin_y = math.cos(yaw), math.sin(yaw)
    cos_p, sin_p = math.cos(pitch), math.sin(pitch)
    cos_r, sin_r = math.cos(roll), math.sin(roll)
    about_y = np.array([[cos_y, 0, -sin_y], [0, 1, 0], [sin_y, 0, cos_y]])
    about_x = np.array([[1, 0, 0], [0, cos_p, sin_p], [0, -sin_p, cos_p]])
    about_z = np.array([[cos_r, -sin_r, 0], [sin_r, cos_r, 0], [0, 0, 1]])
    product: NDArray[np.float64] = about_z @ about_x @ about_y
    return product


def angles_of(rotation: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return yaw, pitch and roll in degrees, the inverse of `rotation_matrix`."""
    down = rotation[:, 1]
    roll = math.atan2(-down[0], down[1])
    pitch = -math.asin(min(max(float(down[2]), -1.0), 1.0))
    yaw = math.atan2(rotation[2, 0], rotation[2, 2])
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


def pose_of_angles(yaw_deg: float, pitch_deg: float, roll_deg: float) -> HeadPose:
    """Return where a head turned by these angles points, relative to the camera's axis.

    This is the direction -z of `rotation_matrix` of the angles, computed in plain floats because it
    runs for each frame. Pitch is within ±90 degrees.
    """
    yaw, pitch, roll = math.radians(yaw_deg), math.radians(pitch_deg), math.radians(roll_deg)
    sin_y, cos_y = math.sin(yaw), math.cos(yaw)
    sin_p, cos_p = math.sin(pitch), math.cos(pitch)
    sin_r, cos_r = math.sin(roll), math.cos(roll)
    right = cos_r * sin_y + sin_r * sin_p * cos_y
    down = sin_r * sin_y - cos_r * sin_p * cos_y
    return HeadPose(
        yaw_deg=math.degrees(math.atan2(right, cos_p * cos_y)),
        pitch_deg=math.degrees(math.asin(min(max(-down, -1.0), 1.0))),
        roll_deg=math.degrees(math.atan2(sin_r * cos_p, cos_r * cos_p)),
    )
