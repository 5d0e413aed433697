"""Strong turns of the head, drawn from nearly frontal pictures, with the exact rotation.

The teacher ends near 45 degrees, and faces turned further are rare in the data. Here the mesh is
turned in 3-D with the picture as its texture, after Zhu et al. 2016, "Face Alignment Across Large
Poses: A 3D Solution" (arXiv:1511.07212). Two rings around the face carry hair, ears and neck along.
"""

from typing import Any

import cv2
import numpy as np
from matplotlib.tri import Triangulation
from numpy.typing import NDArray

from quantize.face.canonical import CanonicalFace
from quantize.teachers.mesh import POINTS, Mesh

SIDE_PX = 192
_FACE_SHARE = 0.5  # of the longer side of the turned mesh in the picture
_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
# How far a ring lies out, and how far back, in mean radii of the face: hair and ears, then the
# back of the head.
_RINGS = ((1.22, 0.35), (1.5, 1.0))
_SUBPIXEL_BITS = 4


class HeadTurner:
    """Turns heads whose meshes have the points of `canonical`."""

    def __init__(self, canonical: CanonicalFace) -> None:
        self._canonical = canonical
        frontal = np.vstack([canonical.points, _rings(canonical.points)])
        self._triangles = Triangulation(frontal[:, 0], frontal[:, 1]).triangles.astype(np.intp)

    def turn(
        self,
        picture: NDArray[np.uint8],
        mesh: Mesh,
        target: NDArray[np.float64],
        background: NDArray[np.uint8],
    ) -> tuple[NDArray[np.uint8], Mesh]:
        """Return uint8[192,192] with the face of `picture` turned to `target`, and its mesh there.

        `target` is float64[3,3] from the canonical face; `background` (uint8[192,192]) shows where
        nothing of the head is.
        """
        points = np.vstack([mesh, _rings(mesh)]).astype(np.float64)
        now = self._canonical.rotation(mesh)
        middle = points[:POINTS].mean(axis=0)
        turned = (points - middle) @ (target @ now.T).T
        low, high = turned[:POINTS, :2].min(axis=0), turned[:POINTS, :2].max(axis=0)
        turned *= _FACE_SHARE * SIDE_PX / float((high - low).max())
        low, high = turned[:POINTS, :2].min(axis=0), turned[:POINTS, :2].max(axis=0)
        turned[:, :2] += (SIDE_PX - 1) / 2 - (low + high) / 2
        image = _drawn(picture, points[:, :2], turned, self._triangles, background)
        return image, turned[:POINTS].astype(np.float32)


def _rings(mesh: NDArray[Any]) -> NDArray[np.float64]:
    """Return the points of both rings, float64[2 * 36, 3], in pixels of the picture."""
    oval = mesh[list(_OVAL)].astype(np.float64)
    middle = oval.mean(axis=0)
    # The plane of the oval, and the direction out of the head's back.
    _, _, axes = np.linalg.svd(oval - middle)
    back = axes[2] * np.sign(axes[2][2])
    radius = float(np.linalg.norm(oval - middle, axis=1).mean())
    return np.vstack(
        [middle + out * (oval - middle) + behind * radius * back for out, behind in _RINGS]
    )


def _drawn(
    picture: NDArray[np.uint8],
    texture: NDArray[np.float64],
    turned: NDArray[np.float64],
    triangles: NDArray[np.intp],
    background: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    corners = turned[triangles]
    order = np.argsort(-corners[:, :, 2].mean(axis=1))  # the farthest first
    shown = np.zeros((SIDE_PX, SIDE_PX), np.int32)
    places = np.round(corners[:, :, :2] * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    for number in order:
        cv2.fillConvexPoly(shown, places[number], int(number) + 1, cv2.LINE_8, _SUBPIXEL_BITS)
    rows, columns = np.nonzero(shown)
    which = shown[rows, columns] - 1
    # Each triangle has an affine map from its turned place to that in the picture.
    there = np.concatenate([corners[:, :, :2], np.ones((len(triangles), 3, 1))], axis=2)
    flat = np.abs(np.linalg.det(there)) < 1e-6
    there[flat] = np.eye(3)
    maps = np.linalg.solve(there, texture[triangles])
    at = np.stack([columns, rows, np.ones(len(rows))], axis=1)
    from_x = np.full(shown.shape, -1, np.float32)
    from_y = from_x.copy()
    places_in = np.einsum("ni,nij->nj", at, maps[which])
    from_x[rows, columns], from_y[rows, columns] = places_in[:, 0], places_in[:, 1]
    warped = cv2.remap(picture, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.GaussianBlur((shown > 0).astype(np.float32), (0, 0), 0.8)
    mixed = cover * warped + (1 - cover) * background
    mixed[shown == 0] = background[shown == 0]
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)
