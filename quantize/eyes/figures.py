"""How far the eye network is off on pictures of people that it was not trained on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.face.eye_patch import PATCH_REACH, even_light
from edge_fer.face.eyes import LEAST_GAZE_PX, VISIBLE
from edge_fer.models.kind import EYES
from quantize.eyes.patches import (
    CEW,
    ELSEWHERE,
    GAZE_FROM_OPENING,
    INFRARED,
    NATURAL,
    REACH,
    EyePatches,
)
from quantize.int8.measuring import Error, Measure

OPENING, INWARDS, UPWARDS, CLOSED, VISIBILITY = range(len(EYES.outputs))
ASIDE = 0.3  # half widths of the eye: a gaze that far from straight ahead
_WIDE = 0.30  # lid opening of eyes that are wide open


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no truth value
class Known:
    """What is known of pictures, float64[n] each, NaN where it is not."""

    opening: NDArray[np.float64]
    closed: NDArray[np.float64]
    visible: NDArray[np.float64]


def as_cut(patches: EyePatches) -> NDArray[np.uint8]:
    """Return the pictures as a device would cut them by true corners: uint8[n,40,40]."""
    return np.stack([plain_cut(image) for image in patches.images])


def plain_cut(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the inner part of a picture (uint8[s,s], REACH wide) as the network sees it."""
    side, out = image.shape[0], EYES.side_px
    scale = out / (side * PATCH_REACH / REACH)
    offset = (out - 1) / 2 - scale * (side - 1) / 2
    matrix = np.array([[scale, 0, offset], [0, scale, offset]])
    cut = cv2.warpAffine(
        image, matrix, (out, out), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return even_light(cut.astype(np.uint8, copy=False))


def known(patches: EyePatches) -> Known:
    """Return what labels and teacher say of each picture."""
    values = np.array([patches.known(row) for row in range(len(patches))])
    return Known(values[:, 0], values[:, 1], values[:, 2])


def measure_against(patches: EyePatches) -> Measure:
    """Return what measures a network's values for `as_cut(patches)`."""
    truth = known(patches)

    def measure(values: NDArray[np.float64]) -> Mapping[str, Error]:
        return _measured(values, patches, truth)

    return measure


def _measured(values: NDArray[np.float64], patches: EyePatches, truth: Known) -> dict[str, Error]:
    said_closed = values[:, CLOSED] >= 0.5
    found: dict[str, Error] = {}
    for name, source in (("CEW", CEW), ("infra-red", INFRARED), ("natural", NATURAL)):
        rows = (patches.source == source) & np.isfinite(truth.closed)
        if rows.any():
            wrong = said_closed[rows] != (truth.closed[rows] == 1)
            found[f"open and closed mistaken, {name}"] = _share(wrong)
    is_natural = patches.source == NATURAL
    seen = is_natural & (truth.visible == 1) & np.isfinite(truth.opening)
    wide = seen & (truth.opening > _WIDE) & (patches.doubt < 0.08)
    aside = wide & (np.hypot(patches.inwards, patches.upwards) > ASIDE)
    for name, rows in (("wide open called closed", wide), ("looking aside called closed", aside)):
        if rows.any():
            found[name] = _share(said_closed[rows])
    if seen.sum() > 2:
        error = np.abs(values[seen, OPENING] - truth.opening[seen]).mean()
        found["lid opening off by"] = Error(int(seen.sum()), float(error), "of the eye's width")
        found["lid opening correlates"] = _correlation(values[seen, OPENING], truth.opening[seen])
    found |= _gaze(values, patches, truth)
    clear = (truth.visible == 1) & (patches.source != ELSEWHERE)
    if clear.any():
        found["clear eyes refused"] = _share(values[clear, VISIBILITY] < VISIBLE)
    hidden = truth.visible == 0
    if hidden.any():
        found["hidden eyes accepted"] = _share(values[hidden, VISIBILITY] >= VISIBLE)
    return found


def _gaze(values: NDArray[np.float64], patches: EyePatches, truth: Known) -> dict[str, Error]:
    """Return how both eyes' gaze, averaged as on a device, goes with the teacher's."""
    usable = (
        (patches.source == NATURAL)
        & (truth.visible == 1)
        & (truth.opening > GAZE_FROM_OPENING)
        & (patches.eye_px >= LEAST_GAZE_PX)
    )
    pairs: dict[str, list[int]] = {}
    for row in np.flatnonzero(usable).tolist():
        pairs.setdefault(str(patches.face[row]), []).append(row)
    both = np.array([rows for rows in pairs.values() if len(rows) == 2], np.intp).reshape(-1, 2)
    if len(both) < 3:
        return {}
    sign = np.where(patches.left, -1.0, 1.0)
    found = {}
    for name, mine, teachers in (
        ("x", sign * values[:, INWARDS], sign * patches.inwards),
        ("y", values[:, UPWARDS], patches.upwards),
    ):
        one, other = mine[both].mean(axis=1), teachers[both].mean(axis=1)
        found[f"gaze {name} correlates"] = _correlation(one, other)
        error = float(np.abs(one - other).mean())
        found[f"gaze {name} off by"] = Error(len(both), error, "half widths of the eye")
    return found


def _share(wrong: NDArray[np.bool_]) -> Error:
    return Error(len(wrong), float(wrong.mean()))


def _correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> Error:
    value = float(np.corrcoef(one, other)[0, 1])
    return Error(len(one), value if math.isfinite(value) else 0.0, "(correlation)")
