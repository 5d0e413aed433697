"""Which faces are trained on, and the turned heads that are drawn of them."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason
from edge_fer.face.rotation import rotation_matrix
from quantize.data.calibration_set import spread_rows
from quantize.face.labels import FER_GROUP, FaceLabels
from quantize.face.targets import angles
from quantize.face.turned import SIDE_PX, HeadTurner

HELD_OUT = 6  # one group in so many is held out
# Repositories that the project's test clips come from.
TEST_SOURCES = ("incluit/", "auduno/", "AlaaAElshafei/", "AryanBhushan/")
SPLIT = (
    "faces by their group (a person, roughly): one group in six is held out; FER2013, which names "
    "no persons, by its own parts: Training is trained on"
)
_LEAST_SCORE, _MOST_SPREAD = 0.95, 0.03
_TURNED_SCORE = 0.99
_MOST_YAW_DEG, _MOST_PITCH_DEG = 42.0, 22.0


def rows_of(labels: FaceLabels, index: NDArray[np.intp]) -> FaceLabels:
    """Return the pictures that `index` names, in its order."""
    offsets = np.concatenate([[0], np.cumsum(np.square(labels.sizes))])
    pixels = [labels.pixels[offsets[row] : offsets[row + 1]] for row in index]
    return FaceLabels(
        np.concatenate(pixels) if pixels else np.zeros(0, np.uint8),
        labels.sizes[index],
        labels.meshes[index],
        labels.rotations[index],
        labels.scores[index],
        labels.spreads[index],
        labels.mouths[index],
        labels.groups[index],
        labels.sources[index],
        labels.canonical,
        labels.mouth_teacher,
    )


def fewer(labels: FaceLabels, count: int) -> FaceLabels:
    """Return `count` of the pictures, spread over all groups; all where it is 0."""
    return rows_of(labels, spread_rows(len(labels), count=count)) if count else labels


def split(labels: FaceLabels, seed: int) -> tuple[FaceLabels, FaceLabels, FaceLabels]:
    """Return faces to train on, FER2013's faces, and the faces held out, by `seed`.

    Left out are pictures in which the teacher sees no face or answers differently each time.
    """
    good = (labels.scores >= _LEAST_SCORE) & (labels.spreads <= _MOST_SPREAD)
    is_fer = labels.groups == FER_GROUP
    names = np.array(sorted(set(labels.groups[~is_fer].tolist())))
    np.random.default_rng(seed).shuffle(names)
    held = set(names[: len(names) // HELD_OUT].tolist())
    is_held = np.array([group in held for group in labels.groups])
    from_clips = np.array([source.startswith(TEST_SOURCES) for source in labels.sources.tolist()])
    return (
        rows_of(labels, np.flatnonzero(good & ~is_fer & ~is_held & ~from_clips)),
        rows_of(labels, np.flatnonzero(good & is_fer)),
        rows_of(labels, np.flatnonzero(good & ~is_fer & is_held & ~from_clips)),
    )


def turned_heads(labels: FaceLabels, *, seed: int, count: int, behind: float = 0.5) -> FaceLabels:
    """Return `count` drawings of turned heads from the pictures of `labels`.

    A share (0..1) of `behind` has another whole picture behind the head, with its face.
    """
    rng = np.random.default_rng((seed, 3))
    seen = np.array([angles(rotation) for rotation in labels.rotations])
    fits = (np.abs(seen[:, 0]) < _MOST_YAW_DEG) & (np.abs(seen[:, 1]) < _MOST_PITCH_DEG)
    rows = np.flatnonzero(fits & (labels.scores >= _TURNED_SCORE))
    if not len(rows):
        raise DataError(
            DataReason.EMPTY,
            f"none of {len(labels)} faces looks ahead and is plain enough to draw turned heads of: "
            "take more --rows, or label more faces",
        )
    offsets = np.concatenate([[0], np.cumsum(np.square(labels.sizes))])
    turner = HeadTurner(labels.canonical)
    images, meshes, chosen = [], [], []
    for _ in range(count):
        row, back = (int(value) for value in rng.choice(rows, 2))
        size, other = int(labels.sizes[row]), int(labels.sizes[back])
        picture = labels.pixels[offsets[row] : offsets[row + 1]].reshape(size, size)
        scenery = labels.pixels[offsets[back] : offsets[back + 1]].reshape(other, other)
        target = _target(float(seen[row, 0]), float(seen[row, 1]), rng)
        image, mesh = turner.turn(
            picture, labels.meshes[row], target, _background(scenery, rng, behind)
        )
        images.append(image.ravel())
        meshes.append(mesh)
        chosen.append(row)
    kept = rows_of(labels, np.array(chosen[:0], np.intp))
    index = np.array(chosen, np.intp)
    return replace(
        kept,
        pixels=np.concatenate(images),
        sizes=np.full(count, SIDE_PX, np.int64),
        meshes=np.array(meshes),
        rotations=np.array([labels.canonical.rotation(mesh) for mesh in meshes], np.float32),
        scores=labels.scores[index],
        spreads=labels.spreads[index],
        mouths=labels.mouths[index],
        groups=labels.groups[index],
        sources=labels.sources[index],
    )


def _target(yaw: float, pitch: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a rotation that goes on from where the head is turned already."""
    if rng.random() < 0.65:
        side = np.sign(yaw) if abs(yaw) > 8 else rng.choice([-1, 1])
        far = side * rng.uniform(max(abs(yaw) + 8, 28), 82)
        return rotation_matrix(float(far), float(pitch * 0.7 + rng.normal(0, 10)), 0.0)
    up = rng.choice([-1, 1])
    return rotation_matrix(
        float(yaw * 0.7 + rng.normal(0, 12)), float(up * rng.uniform(18, 45)), 0.0
    )


def _background(
    scenery: NDArray[np.uint8], rng: np.random.Generator, behind: float
) -> NDArray[np.uint8]:
    """Return another picture, mirrored or its edge stretched, sharp or blurred, uint8[192,192]."""
    if rng.random() < behind:
        # The face of it lies behind the drawn head.
        large = cv2.resize(scenery, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR)
        turned = large[:, ::-1] if rng.random() < 0.5 else large
        return np.ascontiguousarray(turned, np.uint8)
    part = max(scenery.shape[0] // 4, 2)
    left = 0 if rng.random() < 0.5 else scenery.shape[1] - part
    top = int(rng.integers(0, scenery.shape[0] - part))
    strip = np.ascontiguousarray(scenery[top : top + part, left : left + part])
    large = cv2.resize(strip, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR)
    return cv2.GaussianBlur(large, (0, 0), float(rng.uniform(1, 8))).astype(np.uint8)
