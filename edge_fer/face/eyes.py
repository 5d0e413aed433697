"""From a face with landmarks to the probability that its eyes are closed, or None: unseen."""

import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.face.cutting import cut_square, cut_turned
from edge_fer.models.card import load_model
from edge_fer.models.classifier import calibrated
from edge_fer.models.kind import EYES
from edge_fer.models.runtime import open_model
from edge_fer.observation import FaceBox, HeadPose, Landmarks, Point
from edge_fer.paths import SHIPPED_EYES

# A patch shows so much of the distance between the eyes: an iris of 11.7 mm is a third of a patch
# of the training set, and eyes are 63 mm apart (Dodgson 2004).
PATCH_SHARE = 0.55
LEAST_PATCH_PX = 12  # in the frame; a smaller patch would be enlarged more than twice

# Beyond it the far eye goes behind the nose. Angles from landmarks come out too small: this is a
# turn of some 30 degrees. At 32, open eyes of the clips were misjudged now and then.
MOST_YAW_DEG = 25.0

SATURATED = 250  # grey value of a pixel that says no more than "bright"
MOST_SATURATED = 0.06  # of a patch; more is glare on glasses or a lost exposure
LEAST_CONTRAST = 4.0  # standard deviation in grey values; less is a hand, a dark lens, a dark frame
# What a Gaussian of one pixel takes away (standard deviation), as a share of the mean. Out of focus
# an open eye is a dark smear like a closed one: in two clips of small faces, blurred by 1 % of the
# frame, nearly all open eyes were called closed. Of the sharp clips' patches 98 % have 0.024 and
# more, of those blurred so 98 % have 0.019 and less.
LEAST_DETAIL = 0.021
# Of the median of the face about the nose; a darker patch is behind a dark lens. In the clips eyes
# have 0.69 and more, in deep shadow 0.45; behind drawn lenses that pass 25 %, 0.37 and less.
LEAST_BRIGHTNESS = 0.45

AGREE = 0.5  # how far the two eyes' probabilities may be apart; else one of them is hidden


class EyeReader:
    """The eye network. UserError where its file or card is missing or of another kind."""

    def __init__(self, model_path: Path = SHIPPED_EYES) -> None:
        card, content = load_model(model_path, EYES)
        self._temperature = card.temperature
        self._model = open_model(content, str(model_path), kind=EYES)

    def closed(self, grey: NDArray[np.uint8], face: FaceBox, head: HeadPose | None) -> float | None:
        """Return how probably both eyes in `grey` (uint8[h,w]) are closed, 0..1.

        None where that cannot be seen: no landmarks, a small or far turned face, an eye beyond the
        frame's edge, behind glare, a dark lens or a hand, or eyes that differ.
        """
        points = face.landmarks
        if points is None or head is None or abs(head.yaw_deg) > MOST_YAW_DEG:
            return None
        skin = _skin(grey, points)
        found = []
        for patch in eye_patches(grey, points):
            if patch is None or not shows_an_eye(patch, skin):
                return None
            stored = self._model.run(patch)
            found.append(float(calibrated(stored, self._temperature)[EYES.labels.index("closed")]))
        return sum(found) / 2 if abs(found[0] - found[1]) <= AGREE else None


def eye_patches(
    grey: NDArray[np.uint8], points: Landmarks
) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None]:
    """Return the driver's right and left eye upright, uint8[24,24]; None: too small or cut off."""
    across = math.dist(points.right_eye, points.left_eye)
    down = math.dist(_middle(points.right_eye, points.left_eye), _mouth(points))
    side = PATCH_SHARE * max(across, down)  # a turned head's eyes seem nearer to each other
    tilt = points.tilt
    return _patch(grey, points.right_eye, side, tilt), _patch(grey, points.left_eye, side, tilt)


def shows_an_eye(patch: NDArray[np.uint8], skin: float) -> bool:
    """Whether there is something to see in a patch, by the grey value of the face around it."""
    if (patch >= SATURATED).mean() > MOST_SATURATED or patch.std() < LEAST_CONTRAST:
        return False
    values = patch.astype(np.float32)
    if (values - cv2.GaussianBlur(values, (0, 0), 1.0)).std() < LEAST_DETAIL * values.mean():
        return False
    return bool(np.median(patch) >= LEAST_BRIGHTNESS * skin)


def _patch(
    grey: NDArray[np.uint8], eye: Point, side: float, tilt: float
) -> NDArray[np.uint8] | None:
    height, width = grey.shape
    x, y = eye
    half = side / 2
    inside = half <= x <= width - half and half <= y <= height - half
    if side < LEAST_PATCH_PX or not inside:
        return None
    return cut_turned(grey, eye, side, tilt, EYES.side_px)


def _skin(grey: NDArray[np.uint8], points: Landmarks) -> float:
    """Return the median grey value about the nose: cheeks, in any light."""
    side = max(round(math.dist(points.right_eye, points.left_eye)), 1)
    left, top = round(points.nose[0] - side / 2), round(points.nose[1] - side / 2)
    return float(np.median(cut_square(grey, left, top, side)[::4, ::4]))


def _middle(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _mouth(points: Landmarks) -> Point:
    return _middle(points.right_mouth, points.left_mouth)
