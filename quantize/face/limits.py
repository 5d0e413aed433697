"""Measures the limits that the tracker puts on presence and yaw, on groups not trained on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_fer.face.following import FOUND_PRESENCE
from edge_fer.face.landmarks import Square
from edge_fer.face.levels import levelled
from edge_fer.face.network import reading_of
from edge_fer.face.outputs import PRESENCE, PROFILE, YAW
from edge_fer.models.kind import FACE
from quantize.face.evaluation import EMPTY, HARD, KEPT, TRACKED, TURNED
from quantize.face.labels import FaceLabels
from quantize.face.samples import (
    NEGATIVE_KINDS,
    NO_PROFILE_DEG,
    PROFILE_DEG,
    FaceSource,
    cut,
    empty_sample,
    face_sample,
    jittered,
)
from quantize.face.sights import SIGHTS, Sight
from quantize.face.splits import turned_heads

Grey = NDArray[np.uint8]
Read = Callable[[Grey], NDArray[np.float64]]
"""From squares, uint8[n,64,64], to the network's values, float64[n,58]."""

PROFILE_LIMITS_DEG = (30, 32, 34, 35, 36, 37, 38, 40, 45)
_ROUNDS = 3  # a tracker's square has settled by then


@dataclass(frozen=True, slots=True)
class PresenceInSight:
    """Shares (0..1) of tracked faces, and of squares without a face, in one sight.

    `threshold` is the presence that KEPT of the faces reach, and `accepted` the share without a
    face that reaches it. `found` and `false` are the shares that reach FOUND_PRESENCE.
    """

    sight: Sight
    threshold: float
    accepted: float
    found: float
    false: float


@dataclass(frozen=True, slots=True)
class ProfileLimit:
    """Shares (0..1) of heads, where a yaw from `limit_deg` on counts as profile too.

    `missed` are profiles that are not called one, drawn before another face; `false` are others
    that are, among those and among heads as they were filmed.
    """

    limit_deg: float
    missed: float
    false_drawn: float
    false_seen: float


def presence_in_sights(
    read: Read, held: FaceLabels, *, seed: int, empty: int = EMPTY
) -> list[PresenceInSight]:
    """Return how presence tells faces from `empty` squares without one, in each of SIGHTS."""
    source, side = FaceSource(held), FACE.side_px
    found = []
    for sight in SIGHTS:
        rng = np.random.default_rng((seed, 17))
        other = np.zeros((side, side), np.uint8)
        faces, squares = [], []
        for row in range(len(source)):
            other, _ = face_sample(source, row, side, TRACKED, rng, other, sight)
            faces.append(other)
        for number in range(empty):
            kind = NEGATIVE_KINDS[number % len(NEGATIVE_KINDS)]
            row = int(rng.integers(len(source)))
            other = empty_sample(
                source, row, side, rng, other, kind, weather=number % 2 == 0, sight=sight
            )
            squares.append(other)
        seen = read(np.stack(faces))[:, PRESENCE]
        unseen = read(np.stack(squares))[:, PRESENCE]
        threshold = float(np.quantile(seen, 1 - KEPT))
        found.append(
            PresenceInSight(
                sight,
                threshold,
                float((unseen >= threshold).mean()),
                float((seen >= FOUND_PRESENCE).mean()),
                float((unseen >= FOUND_PRESENCE).mean()),
            )
        )
    return found


def profile_limits(
    read: Read, held: FaceLabels, *, seed: int, turned: int = 6 * TURNED
) -> list[ProfileLimit]:
    """Return what each of PROFILE_LIMITS_DEG misses and calls a profile wrongly.

    Each head is read as a tracker does: first in a loose square, then in its own ones. A profile is
    turned by more than PROFILE_DEG, another head by less than NO_PROFILE_DEG.
    """
    drawn = FaceSource(turned_heads(held, seed=seed + 2, count=turned, behind=1.0), exact=True)
    yaws, found = _settled(read, drawn, seed)
    seen_yaws, seen = _settled(read, FaceSource(held), seed)
    profiles, others = yaws > PROFILE_DEG, yaws < NO_PROFILE_DEG
    rows = []
    for limit_deg in PROFILE_LIMITS_DEG:
        called = (np.abs(found[:, YAW]) >= limit_deg) | (found[:, PROFILE] > 0.5)
        called_seen = (np.abs(seen[:, YAW]) >= limit_deg) | (seen[:, PROFILE] > 0.5)
        rows.append(
            ProfileLimit(
                limit_deg,
                _share(~called[profiles]),
                _share(called[others]),
                _share(called_seen[seen_yaws < NO_PROFILE_DEG]),
            )
        )
    return rows


def _settled(
    read: Read, source: FaceSource, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the yaws (degrees, 0 and more) of all faces, and the values of their last squares.

    Faces without presence are left out: a tracker would not follow them.
    """
    rng = np.random.default_rng((seed, 23))
    squares: list[Square] = [jittered(square, HARD, rng) for square in source.squares]
    for left in reversed(range(_ROUNDS)):
        crops = [
            levelled(cut(source.picture(row), square, FACE.side_px))
            for row, square in enumerate(squares)
        ]
        values = read(np.stack(crops))
        if left:
            pairs = zip(values, squares, strict=True)
            squares = [reading_of(one, square).square for one, square in pairs]
    yaws = np.array([abs(yaw_deg) for yaw_deg, _, _ in source.angles])
    is_face = values[:, PRESENCE] > 0.5
    return yaws[is_face], values[is_face]


def _share(which: NDArray[np.bool_]) -> float:
    return float(which.mean()) if len(which) else 0.0
