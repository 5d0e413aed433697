"""The input of the eye network: an upright square around one eye, with equalised light."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.face.cutting import cut_turned
from edge_fer.models.kind import EYES
from edge_fer.observation import Point

PATCH_REACH = 1.6  # side of a patch in widths of the eye
# An eye in shadow fills a tenth of the grey values. Each patch is brought to this mean and
# deviation, as far as the gain goes; more would show nothing but the sensor's noise.
_MEAN, _DEVIATION, _MOST_GAIN = 128.0, 52.0, 12.0
_STEPS = np.arange(256, dtype=np.float64)


def cut_eye(
    grey: NDArray[np.uint8], outer: Point, inner: Point, *, is_left: bool
) -> NDArray[np.uint8]:
    """Return the patch of an eye with these corners in `grey` (uint8[h,w]), as uint8[40,40].

    The corners are level in the patch. A left eye is mirrored: the network knows right eyes only.
    """
    first, last = (inner, outer) if is_left else (outer, inner)
    centre = (outer[0] + inner[0]) / 2, (outer[1] + inner[1]) / 2
    tilt = math.atan2(last[1] - first[1], last[0] - first[0])
    patch = cut_turned(grey, centre, PATCH_REACH * math.dist(outer, inner), tilt, EYES.side_px)
    return even_light(np.ascontiguousarray(patch[:, ::-1]) if is_left else patch)


def even_light(patch: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `patch` (uint8[n,n]) with the mean and standard deviation of the training data."""
    # A table of 256 values is faster than computing 1,600 values.
    mean, deviation = cv2.meanStdDev(patch)
    gain = min(_DEVIATION / max(float(deviation[0, 0]), 1e-3), _MOST_GAIN)
    table = np.rint((_STEPS - float(mean[0, 0])) * gain + _MEAN)
    table = np.minimum(np.maximum(table, 0), 255)
    return cv2.LUT(patch, table.astype(np.uint8)).astype(np.uint8, copy=False)
