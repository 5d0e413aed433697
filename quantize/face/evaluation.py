"""Measures a face network on groups that it was not trained on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_fer.face.outputs import MOUTH, PITCH, POINTS, PRESENCE, PROFILE, ROLL, YAW
from edge_fer.models.kind import FACE
from quantize.face.labels import FaceLabels
from quantize.face.samples import (
    NEGATIVE_KINDS,
    WIDE_MOUTH,
    FaceSource,
    Grey,
    SampleSettings,
    Target,
    empty_sample,
    face_sample,
)
from quantize.face.splits import turned_heads
from quantize.int8.measuring import Error

# A tracker's squares are off by what a face moves between two frames, in its own light.
TRACKED = SampleSettings(
    shift=0.06,
    scale=0.08,
    tilt_deg=10.0,
    wide_probability=0.0,
    cover_probability=0.0,
    weather=False,
)
# And as trained: far off, in any light, behind things.
HARD = SampleSettings(cover_probability=0.0)
TURNED = 600  # drawn heads of held-out faces
EMPTY = 3000  # squares without a face
LEVEL_DEG = 40.0  # beyond it a head counts as far turned
KEPT = 0.97  # of the faces, at which presence is compared


@dataclass(frozen=True, slots=True, eq=False)
class FaceImages:
    """N squares, uint8[N, 64, 64], and for each its target; `parts` are rows by name."""

    images: NDArray[np.uint8]
    targets: tuple[Target, ...]
    parts: Mapping[str, NDArray[np.intp]]


def held_out_images(
    held: FaceLabels, *, seed: int, turned: int = TURNED, empty: int = EMPTY
) -> FaceImages:
    """Return squares of the faces `held`: tracked, hard and turned ones, and without a face.

    `turned` and `empty` are the numbers of drawn heads, of each kind, and of squares without a
    face, at least one of each of NEGATIVE_KINDS.
    """
    rng = np.random.default_rng((seed, 11))
    natural = FaceSource(held)
    alone, crowded = (
        FaceSource(turned_heads(held, seed=seed + more, count=turned, behind=behind), exact=True)
        for more, behind in ((1, 0.0), (2, 1.0))
    )
    images: list[Grey] = []
    targets: list[Target] = []
    parts: dict[str, list[int]] = {}
    side = FACE.side_px
    other = np.zeros((side, side), np.uint8)
    for name, source, settings in (
        ("tracked", natural, TRACKED),
        ("hard", natural, HARD),
        ("turned", alone, TRACKED),
        ("crowded", crowded, TRACKED),
    ):
        for row in range(len(source)):
            other, target = face_sample(source, row, side, settings, rng, other)
            parts.setdefault(name, []).append(len(images))
            images.append(other)
            targets.append(target)
    for number in range(empty):
        kind = NEGATIVE_KINDS[number % len(NEGATIVE_KINDS)]
        row = int(rng.integers(len(natural)))
        other = empty_sample(natural, row, side, rng, other, kind, weather=number % 2 == 0)
        parts.setdefault(kind, []).append(len(images))
        images.append(other)
        targets.append(Target(np.zeros((POINTS.stop // 2, 2)), 0, 0, 0, 0, 0, 0))
    return FaceImages(
        np.stack(images),
        tuple(targets),
        {name: np.array(rows, np.intp) for name, rows in parts.items()},
    )


def presence_threshold(values: NDArray[np.float64], images: FaceImages) -> float:
    """Return the presence (0..1) that KEPT of the faces, tracked and hard ones, reach."""
    rows = np.concatenate([images.parts["tracked"], images.parts["hard"]])
    return float(np.quantile(values[rows, PRESENCE], 1 - KEPT))


def measure(values: NDArray[np.float64], images: FaceImages) -> dict[str, Error]:
    """Return the errors of `values` (float64[n, 58], as `ModelKind.values` gives) by name.

    What no image shows is left out.
    """
    found: dict[str, Error] = {}
    for name in ("tracked", "hard"):
        rows = images.parts[name]
        found[f"landmarks, {name}"] = _landmarks(values, images, rows)
    rows = images.parts["tracked"]
    yaws = np.array([abs(images.targets[row].yaw_deg) for row in rows])
    level, far = rows[yaws <= LEVEL_DEG], images.parts["turned"]
    far_yaws = np.array([abs(images.targets[row].yaw_deg) for row in far])
    for place, name, field in (
        (YAW, "yaw", "yaw_deg"),
        (PITCH, "pitch", "pitch_deg"),
        (ROLL, "roll", "roll_deg"),
    ):
        found[f"{name}, within 40 degrees"] = _angle(values, images, level, place, field)
        found[f"{name}, beyond 40 degrees, drawn"] = _angle(
            values, images, far[far_yaws > LEVEL_DEG], place, field
        )
    crowd = images.parts["crowded"]
    asides = np.array([abs(images.targets[row].yaw_deg) > LEVEL_DEG for row in crowd])
    found["yaw, beyond 40 degrees, drawn before another face"] = _angle(
        values, images, crowd[asides], YAW, "yaw_deg"
    )
    seen = rows[yaws > LEVEL_DEG]
    found["yaw, beyond 40 degrees, seen"] = _angle(values, images, seen, YAW, "yaw_deg")
    wanted = np.array([images.targets[row].mouth_opening for row in rows])
    off = np.abs(values[rows, MOUTH] - wanted)
    found["mouth opening"] = Error(len(rows), _mean(off), "widths of the mouth")
    wide = wanted >= WIDE_MOUTH
    found["mouth opening, wide"] = Error(int(wide.sum()), _mean(off[wide]), "widths of the mouth")
    threshold = presence_threshold(values, images)
    accepted = {kind: values[images.parts[kind], PRESENCE] >= threshold for kind in NEGATIVE_KINDS}
    for kind, taken in accepted.items():
        found[f"accepted, {kind}"] = Error(len(taken), float(taken.mean()))
    everything = np.concatenate(list(accepted.values()))
    found[f"accepted of all without a face, {KEPT:.0%} of faces kept"] = Error(
        len(everything), float(everything.mean())
    )
    sure = [row for row in (*rows, *far) if images.targets[row].profile_weight]
    profiles = np.array([images.targets[row].profile > 0.5 for row in sure])
    called = values[sure, PROFILE] > 0.5
    found["profiles missed"] = Error(int(profiles.sum()), _mean(~called[profiles]))
    found["others called profile"] = Error(int((~profiles).sum()), _mean(called[~profiles]))
    return {name: error for name, error in found.items() if error.n}


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else 0.0


def _landmarks(values: NDArray[np.float64], images: FaceImages, rows: NDArray[np.intp]) -> Error:
    """Return the mean distance of the landmarks from the teacher's, of that of the eyes."""
    points = values[rows][:, POINTS].reshape(len(rows), -1, 2)
    wanted = np.stack([images.targets[row].points for row in rows])
    eyes = np.array([images.targets[row].eye_distance for row in rows])
    distances = np.linalg.norm(points - wanted, axis=2).mean(axis=1)
    return Error(len(rows), float((distances / eyes).mean()), "of the distance of the eyes")


def _angle(
    values: NDArray[np.float64],
    images: FaceImages,
    rows: NDArray[np.intp],
    place: int,
    field: str,
) -> Error:
    wanted = np.array([getattr(images.targets[row], field) for row in rows])
    return Error(len(rows), _mean(np.abs(values[rows, place] - wanted)), "degrees")
