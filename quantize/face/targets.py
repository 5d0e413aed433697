"""From the teacher's mesh to what the network should answer."""

import numpy as np
from numpy.typing import NDArray

from edge_fer.face.landmarks import NAMES
from edge_fer.face.rotation import angles_of
from quantize.teachers.mesh import INNER_LIPS, MOUTH_CORNERS, Mesh

# The mesh's points for `edge_fer.face.landmarks.NAMES`, in that order.
MESH_POINTS = np.array(
    (33, 133, 362, 263, 159, 145, 386, 374, 70, 105, 107, 336, 334, 300, 168, 1, 129, 358, 2,
     61, 291, 0, 13, 14, 17, 152),
    np.intp,
)  # fmt: skip
assert len(MESH_POINTS) == len(NAMES)
_RIGHT_EYE, _LEFT_EYE = (33, 133), (263, 362)

# What the teacher reads (medians) of 500 heads that `quantize.face.turned` drew at a known yaw, in
# degrees: from 35 on it falls behind. Its labels are stretched by this.
_READ_DEG = (0.0, 30.0, 35.3, 38.5, 41.3, 44.0, 48.5, 54.0)
_TRUE_DEG = (0.0, 30.5, 37.5, 42.5, 47.5, 52.5, 58.0, 68.0)


def stretched_yaw(yaw_deg: float) -> float:
    """Return the yaw of a head of which the teacher reads `yaw_deg`."""
    size = float(np.interp(abs(yaw_deg), _READ_DEG, _TRUE_DEG))
    return size if yaw_deg >= 0 else -size


def points_of(mesh: Mesh) -> NDArray[np.float64]:
    """Return the landmarks of a mesh, float64[26, 2]."""
    return mesh[MESH_POINTS, :2].astype(np.float64)


def eye_distance(mesh: Mesh) -> float:
    """Return the distance of the eyes' middles in 3-D: a turned head has the same, in pixels."""
    right, left = mesh[list(_RIGHT_EYE)].mean(axis=0), mesh[list(_LEFT_EYE)].mean(axis=0)
    return float(np.linalg.norm(right - left))


def mouth_opening(mesh: Mesh) -> float:
    """Return the gap between the inner lips over the mouth's width, both in 3-D."""
    upper, lower = mesh[list(INNER_LIPS)]
    right, left = mesh[list(MOUTH_CORNERS)]
    return float(np.linalg.norm(upper - lower)) / max(float(np.linalg.norm(right - left)), 1e-3)


def angles(rotation: NDArray[np.floating]) -> tuple[float, float, float]:
    """Return yaw (stretched), pitch and roll in degrees of a rotation that the teacher read."""
    yaw, pitch, roll = angles_of(rotation.astype(np.float64))
    return stretched_yaw(yaw), pitch, roll
