"""The face that rotations are measured against, and the fit of a mesh to it.

MediaPipe publishes a canonical face, but the teacher's package does not carry it. Here it is the
mean of many meshes, each turned and scaled onto the others (generalised Procrustes analysis, Gower
1975), made symmetric, and turned so that the mean head looks into the camera.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

# Lips, chin and lids move by themselves: the fit leaves them out.
_JAW_AND_LIPS = (
    0, 11, 12, 13, 14, 15, 16, 17, 18, 32, 37, 38, 39, 40, 41, 42, 57, 58, 61, 62, 72, 73, 74, 76,
    77, 78, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 95, 96, 106, 135, 136, 138, 140, 146,
    148, 149, 150, 152, 169, 170, 171, 172, 175, 176, 178, 179, 180, 181, 182, 183, 184, 185, 191,
    192, 194, 199, 200, 201, 202, 204, 208, 210, 211, 212, 214, 262, 267, 268, 269, 270, 271, 272,
    287, 288, 291, 292, 302, 303, 304, 306, 307, 308, 310, 311, 312, 313, 314, 315, 316, 317, 318,
    319, 320, 321, 324, 325, 335, 364, 365, 367, 369, 375, 377, 378, 379, 394, 395, 396, 397, 400,
    402, 403, 404, 405, 406, 407, 408, 409, 415, 416, 418, 421, 422, 424, 428, 430, 431, 432, 434,
)  # fmt: skip
_LIDS = (
    7, 33, 133, 144, 145, 153, 154, 155, 157, 158, 159, 160, 161, 163, 173, 246,
    249, 263, 362, 373, 374, 380, 381, 382, 384, 385, 386, 387, 388, 390, 398, 466,
)  # fmt: skip
_CORNERS = (33, 133, 263, 362)
# Mirrored pairs of the contours of eyes, brows and lips: points lie so close there that their
# places alone do not show.
_PAIRS = (
    (33, 263), (7, 249), (163, 390), (144, 373), (145, 374), (153, 380), (154, 381), (155, 382),
    (133, 362), (246, 466), (161, 388), (160, 387), (159, 386), (158, 385), (157, 384), (173, 398),
    (130, 359), (25, 255), (110, 339), (24, 254), (23, 253), (22, 252), (26, 256), (112, 341),
    (243, 463), (190, 414), (56, 286), (28, 258), (27, 257), (29, 259), (30, 260), (247, 467),
    (70, 300), (63, 293), (105, 334), (66, 296), (107, 336), (46, 276), (53, 283), (52, 282),
    (65, 295), (55, 285), (61, 291), (146, 375), (91, 321), (181, 405), (84, 314), (185, 409),
    (40, 270), (39, 269), (37, 267), (78, 308), (95, 324), (88, 318), (178, 402), (87, 317),
    (191, 415), (80, 310), (81, 311), (82, 312), (57, 287), (43, 273), (76, 306), (62, 292),
    (96, 325), (89, 319), (179, 403), (86, 316), (184, 408), (74, 304), (73, 303), (72, 302),
    (183, 407), (42, 272), (41, 271), (38, 268), (77, 307), (90, 320), (180, 404), (85, 315),
)  # fmt: skip
_ROUNDS = 6


@dataclass(frozen=True, slots=True, eq=False)
class CanonicalFace:
    """`points` float64[468, 3], at distance 1 from their middle on average; `mirrored` intp[468].

    Each point's mirror image is the one that `mirrored` names.
    """

    points: NDArray[np.float64]
    mirrored: NDArray[np.intp]

    @classmethod
    def of(cls, meshes: NDArray[np.float32]) -> Self:
        """Return the canonical face of `meshes`, float32[n, 468, 3]."""
        rigid = rigid_points()
        shapes = meshes.astype(np.float64)
        mean = _normalised(shapes[0])
        for _ in range(_ROUNDS):
            turned = [_aligned(shape, mean, rigid) for shape in shapes]
            mean = _normalised(np.median(turned, axis=0))
        # The mean head looks into the camera: the mean of the rotations onto the mean is undone.
        total = sum(fit(shape, mean, rigid)[0] for shape in shapes)
        left, _, right = np.linalg.svd(np.asarray(total))
        mean = mean @ (left @ right).T
        mirrored = _mirror_of(mean)
        other = mean[mirrored] * (-1, 1, 1)
        mean = _normalised((mean + _aligned(other, mean, rigid)) / 2)
        mean = _symmetric(mean, mirrored)
        return cls(mean, mirrored)

    def rotation(self, mesh: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return float64[3, 3], from the canonical face to `mesh`: a rotation, no mirroring."""
        return fit(mesh.astype(np.float64), self.points, rigid_points())[0]

    def mirror(self, mesh: NDArray[np.float32], width: int) -> NDArray[np.float32]:
        """Return the mesh of the mirrored picture of `width` pixels."""
        found = mesh[self.mirrored].copy()
        found[:, 0] = width - 1 - found[:, 0]
        return found


def rigid_points() -> NDArray[np.intp]:
    """Return the points that a skull moves and no muscle."""
    moving = (set(_JAW_AND_LIPS) | set(_LIDS)) - set(_CORNERS)
    return np.array([point for point in range(468) if point not in moving], np.intp)


def fit(
    shape: NDArray[np.float64], onto: NDArray[np.float64], rows: NDArray[np.intp]
) -> tuple[NDArray[np.float64], float]:
    """Return rotation and scale from `onto` to `shape` by least squares (Umeyama 1991)."""
    wanted = shape[rows] - shape[rows].mean(axis=0)
    given = onto[rows] - onto[rows].mean(axis=0)
    left, values, right = np.linalg.svd(wanted.T @ given)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = (left * signs) @ right
    return rotation, float((values * signs).sum() / np.square(given).sum())


def _aligned(
    shape: NDArray[np.float64], onto: NDArray[np.float64], rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return `shape` turned, scaled and moved onto `onto`."""
    rotation, scale = fit(shape, onto, rows)
    moved: NDArray[np.float64] = (shape - shape[rows].mean(axis=0)) @ rotation / scale
    return np.asarray(moved + onto[rows].mean(axis=0))


def _normalised(shape: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = shape - shape.mean(axis=0)
    normalised: NDArray[np.float64] = centred / np.linalg.norm(centred, axis=1).mean()
    return normalised


def _mirror_of(shape: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return for each point the one that a mirror puts in its place; of two, each is the other's.

    The nearest pair is taken first: along lids and lips several points are about as near.
    """
    mirrored = shape * (-1, 1, 1)
    distances = np.linalg.norm(shape[:, np.newaxis] - mirrored[np.newaxis], axis=2)
    both = np.maximum(distances, distances.T)
    found = np.full(len(shape), -1, np.intp)
    for one, other in _PAIRS:
        found[one], found[other] = other, one
    for pair in np.argsort(both, axis=None, kind="stable"):
        one, other = divmod(int(pair), len(shape))
        if found[one] < 0 and found[other] < 0:
            found[one], found[other] = other, one
    return found


def _symmetric(shape: NDArray[np.float64], mirrored: NDArray[np.intp]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = (shape + shape[mirrored] * (-1, 1, 1)) / 2
    return np.asarray(result - result.mean(axis=0) * (1, 0, 0))
