"""Eyes of a drawn face: what cannot be seen is None, and the shipped network tells lid from eye."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.errors import UserError
from edge_fer.face.eyes import EyeReader, eye_patches, shows_an_eye
from edge_fer.models.card import load_model
from edge_fer.models.check import check_model
from edge_fer.models.kind import EYES
from edge_fer.observation import FaceBox, HeadPose, Landmarks
from edge_fer.paths import SHIPPED_EYES, SHIPPED_MODEL

AHEAD = HeadPose(0.0, 0.0, 0.0)
SKIN = 170
POINTS = Landmarks((120.0, 100.0), (180.0, 100.0), (150.0, 135.0), (125.0, 165.0), (175.0, 165.0))
FACE = FaceBox(90.0, 60.0, 120.0, 120.0, 1.0, POINTS)


def portrait(*, is_open: tuple[bool, bool] = (True, True)) -> NDArray[np.uint8]:
    """Draw a face whose eyes are open or closed, the driver's right one first."""
    grey = np.full((240, 300), SKIN, np.uint8)
    for (x, y), opened in zip((POINTS.right_eye, POINTS.left_eye), is_open, strict=True):
        centre = (round(x), round(y))
        cv2.ellipse(grey, (centre[0], centre[1] - 13), (15, 4), 0, 190, 350, 80, 3)  # the brow
        if opened:
            cv2.ellipse(grey, centre, (13, 7), 0, 0, 360, 225, -1)
            cv2.circle(grey, centre, 6, 70, -1)
            cv2.circle(grey, centre, 3, 20, -1)
            cv2.ellipse(grey, centre, (13, 7), 0, 180, 360, 60, 2)
        else:
            cv2.ellipse(grey, (centre[0], centre[1] - 2), (13, 6), 0, 15, 165, 60, 2)
    return cv2.GaussianBlur(grey, (0, 0), 1.2).astype(np.uint8)


@pytest.fixture(scope="module")
def reader() -> EyeReader:
    return EyeReader()


def test_open_and_closed_eyes_are_told_apart(reader: EyeReader) -> None:
    opened = reader.closed(portrait(), FACE, AHEAD)
    closed = reader.closed(portrait(is_open=(False, False)), FACE, AHEAD)
    assert opened is not None
    assert closed is not None
    assert opened < 0.4
    assert closed > 0.6


def test_a_wink_is_neither(reader: EyeReader) -> None:
    assert reader.closed(portrait(is_open=(True, False)), FACE, AHEAD) is None


def test_without_landmarks_or_pose_and_at_large_yaw_nothing_is_said(reader: EyeReader) -> None:
    grey = portrait()
    assert reader.closed(grey, replace(FACE, landmarks=None), AHEAD) is None
    assert reader.closed(grey, FACE, None) is None
    for yaw_deg in (-45.0, 45.0):
        assert reader.closed(grey, FACE, HeadPose(yaw_deg, 0.0, 0.0)) is None


@pytest.mark.parametrize("is_open", [True, False])
def test_one_eye_behind_glare_a_dark_lens_or_a_hand_is_unseen(
    reader: EyeReader, is_open: bool
) -> None:
    for grey_value, share in ((255, 0.35), (25, 1.5), (150, 1.5)):
        grey = portrait(is_open=(is_open, is_open))
        half = round(16 * share)
        grey[100 - half : 100 + half, 180 - half : 180 + half] = grey_value
        assert reader.closed(grey, FACE, AHEAD) is None, (grey_value, share)


@pytest.mark.parametrize("is_open", [True, False])
def test_out_of_focus_an_eye_is_unseen(reader: EyeReader, is_open: bool) -> None:
    sharp = portrait(is_open=(is_open, is_open))
    assert reader.closed(sharp, FACE, AHEAD) is not None
    blurred = cv2.GaussianBlur(sharp, (0, 0), 6.0).astype(np.uint8)
    assert reader.closed(blurred, FACE, AHEAD) is None


def test_in_the_dark_an_eye_is_still_an_eye_and_a_flat_patch_is_none() -> None:
    (right, _) = eye_patches(portrait(), POINTS)
    assert right is not None
    assert shows_an_eye(right, SKIN)
    assert shows_an_eye((right // 5).astype(np.uint8), SKIN / 5)
    assert not shows_an_eye(np.full((24, 24), 90, np.uint8), SKIN)
    assert not shows_an_eye((right // 5).astype(np.uint8), SKIN)  # as behind sunglasses


def moved(points: Landmarks, x: float, y: float, scale: float = 1.0) -> Landmarks:
    return Landmarks(
        *(
            (point_x * scale + x, point_y * scale + y)
            for point_x, point_y in (
                points.right_eye,
                points.left_eye,
                points.nose,
                points.right_mouth,
                points.left_mouth,
            )
        )
    )


def test_eyes_beyond_the_edge_and_tiny_ones_have_no_patch() -> None:
    grey = portrait()
    assert eye_patches(grey, moved(POINTS, -115, 0))[0] is None
    assert eye_patches(grey, moved(POINTS, 115, 0))[1] is None
    assert eye_patches(grey, moved(POINTS, 0, 0, 0.3)) == (None, None)


def test_a_tilted_head_s_patches_are_upright() -> None:
    grey = portrait()
    tilt = 25.0
    turn = cv2.getRotationMatrix2D((150.0, 120.0), tilt, 1.0)
    tilted = cv2.warpAffine(grey, turn, (300, 240), borderValue=SKIN).astype(np.uint8)

    def turned(point: tuple[float, float]) -> tuple[float, float]:
        x, y = turn @ (*point, 1.0)
        return float(x), float(y)

    points = Landmarks(
        turned(POINTS.right_eye),
        turned(POINTS.left_eye),
        turned(POINTS.nose),
        turned(POINTS.right_mouth),
        turned(POINTS.left_mouth),
    )
    for one, other in zip(eye_patches(grey, POINTS), eye_patches(tilted, points), strict=True):
        assert one is not None
        assert other is not None
        assert float(np.abs(one.astype(float) - other).mean()) < 6.0
    assert math.dist(points.right_eye, points.left_eye) == pytest.approx(60.0)


def test_the_shipped_network_is_small_accurate_and_computes_what_its_card_says() -> None:
    card, content = load_model(SHIPPED_EYES, EYES)
    assert card.accuracy.int8 >= 0.95
    assert card.parameters is not None
    assert card.parameters <= 50_000
    assert len(content) <= 100_000
    assert "split" in card.training
    assert card.training["settings"]["seed"] is not None
    result, _, _ = check_model(SHIPPED_EYES)
    assert result.passed, result.differences


def test_the_other_kind_of_network_is_refused() -> None:
    with pytest.raises(UserError, match="labels"):
        EyeReader(SHIPPED_MODEL)
    with pytest.raises(UserError, match="labels"):
        load_model(SHIPPED_EYES)
