"""Eyes of a drawn face: lids, gaze and visibility, and which eyes are read at all."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edge_fer.errors import UserError
from edge_fer.face.eye_patch import cut_eye, even_light
from edge_fer.face.eyes import (
    LEAST_GAZE_PX,
    VISIBLE,
    EyeCorners,
    EyeReader,
    corners_of,
    eyes_closed,
)
from edge_fer.models.card import load_measuring, load_model
from edge_fer.models.check import check_files
from edge_fer.models.files import read_model_files
from edge_fer.models.kind import EYES
from edge_fer.models.runtime import open_model
from edge_fer.observation import EyeReading, EyesReading, HeadPose, Landmarks
from edge_fer.paths import SHIPPED_EYES, SHIPPED_MODEL

AHEAD = HeadPose(0.0, 0.0, 0.0)
SKIN = 170
POINTS = Landmarks((160.0, 150.0), (280.0, 150.0), (220.0, 220.0), (170.0, 280.0), (270.0, 280.0))
CORNERS = EyeCorners(
    right=((132.0, 150.0), (188.0, 150.0)),
    left=((308.0, 150.0), (252.0, 150.0)),
)


def portrait(*, is_open: bool = True, look: float = 0.0) -> NDArray[np.uint8]:
    """Draw a face; `look` is how far the irises are to the driver's left, in half eye widths."""
    grey = np.full((360, 440), SKIN, np.uint8)
    for x, y in (POINTS.right_eye, POINTS.left_eye):
        centre = (round(x), round(y))
        cv2.ellipse(grey, (centre[0], centre[1] - 30), (32, 9), 0, 190, 350, 80, 6)  # the brow
        if is_open:
            lids = np.zeros_like(grey)
            cv2.ellipse(lids, centre, (27, 11), 0, 0, 360, 1, -1)
            eye = np.full_like(grey, 225)
            iris = (round(x + 28 * look), centre[1])
            cv2.circle(eye, iris, 11, 70, -1)
            cv2.circle(eye, iris, 5, 20, -1)
            grey = np.where(lids == 1, eye, grey)
            cv2.ellipse(grey, centre, (27, 11), 0, 180, 360, 60, 3)
        else:
            cv2.ellipse(grey, (centre[0], centre[1] - 4), (27, 9), 0, 15, 165, 60, 3)
    return cv2.GaussianBlur(grey, (0, 0), 1.5).astype(np.uint8)


@pytest.fixture(scope="module")
def reader() -> EyeReader:
    return EyeReader()


def read(reader: EyeReader, grey: NDArray[np.uint8]) -> tuple[EyeReading, EyeReading]:
    reading = reader.read(grey, CORNERS, AHEAD)
    assert reading.right is not None
    assert reading.left is not None
    return reading.right, reading.left


def test_open_and_closed_lids_are_told_apart(reader: EyeReader) -> None:
    for opened, shut in zip(
        read(reader, portrait()), read(reader, portrait(is_open=False)), strict=True
    ):
        assert opened.closed < 0.4
        assert shut.closed > 0.6
        assert opened.lid_opening > shut.lid_opening + 0.08
        assert opened.width_px == pytest.approx(56.0)
        assert min(opened.visible, shut.visible) > VISIBLE


def test_gaze_is_positive_to_the_drivers_left_in_both_eyes(reader: EyeReader) -> None:
    for right_look, left_look in zip(
        read(reader, portrait(look=-0.45)), read(reader, portrait(look=0.45)), strict=True
    ):
        assert right_look.gaze_x is not None
        assert left_look.gaze_x is not None
        assert left_look.gaze_x > right_look.gaze_x + 0.2


def test_small_eyes_and_closed_ones_have_no_gaze(reader: EyeReader) -> None:
    share = (LEAST_GAZE_PX - 2) / 56.0
    small = cv2.resize(portrait(), None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    assert CORNERS.right is not None
    corners = EyeCorners(
        right=tuple((x * share, y * share) for x, y in CORNERS.right),  # type: ignore[arg-type]
        left=None,
    )
    reading = reader.read(small.astype(np.uint8), corners, AHEAD)
    assert reading.left is None
    assert reading.right is not None
    assert (reading.right.gaze_x, reading.right.gaze_y) == (None, None)
    for eye in read(reader, portrait(is_open=False)):
        assert (eye.gaze_x, eye.gaze_y) == (None, None)


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize(("grey_value", "across"), [(255, 60), (22, 80), (150, 80)])
def test_glare_a_dark_lens_and_a_hand_hide_an_eye(
    reader: EyeReader, is_open: bool, grey_value: int, across: int
) -> None:
    grey = portrait(is_open=is_open)
    half = across // 2
    grey[150 - half : 150 + half, 280 - half : 280 + half] = grey_value
    right, left = read(reader, grey)
    assert right.visible > VISIBLE
    assert left.visible < VISIBLE


@pytest.mark.parametrize("is_open", [True, False])
def test_far_out_of_focus_an_eye_is_not_visible(reader: EyeReader, is_open: bool) -> None:
    blurred = cv2.GaussianBlur(portrait(is_open=is_open), (0, 0), 22.0).astype(np.uint8)
    for eye in read(reader, blurred):
        assert eye.visible < VISIBLE


def test_in_a_tenth_of_the_light_an_eye_is_still_read(reader: EyeReader) -> None:
    for is_open in (True, False):
        dark = (portrait(is_open=is_open) // 10).astype(np.uint8)
        for eye in read(reader, dark):
            assert eye.visible > VISIBLE
            assert (eye.closed < 0.5) == is_open


def test_a_turned_heads_far_eye_is_none_and_the_near_one_is_read(reader: EyeReader) -> None:
    grey = portrait()
    left_away = reader.read(grey, CORNERS, HeadPose(55.0, 0.0, 0.0))
    assert left_away.left is None
    assert left_away.right is not None
    right_away = reader.read(grey, CORNERS, HeadPose(-55.0, 0.0, 0.0))
    assert right_away.right is None
    assert right_away.left is not None
    narrow = replace(CORNERS, left=((290.0, 150.0), (270.0, 150.0)))
    assert reader.read(grey, narrow, None).left is None


def test_eyes_beyond_the_edge_and_tiny_ones_are_none(reader: EyeReader) -> None:
    grey = portrait()
    for corners in (
        EyeCorners(right=((-30.0, 150.0), (26.0, 150.0)), left=None),
        EyeCorners(right=((132.0, 5.0), (188.0, 5.0)), left=None),
        EyeCorners(right=((132.0, 150.0), (136.0, 150.0)), left=None),
        EyeCorners(right=((math.nan, 150.0), (188.0, 150.0)), left=None),
    ):
        assert reader.read(grey, corners, AHEAD) == EyesReading(None, None)


def test_five_points_give_about_the_corners() -> None:
    corners = corners_of(POINTS, AHEAD)
    for found, wanted in ((corners.right, CORNERS.right), (corners.left, CORNERS.left)):
        assert found is not None
        assert wanted is not None
        for point, other in zip(found, wanted, strict=True):
            assert math.dist(point, other) < 6.0
    turned = corners_of(POINTS, HeadPose(20.0, 0.0, 0.0))  # to the driver's left
    assert turned.right is not None
    assert turned.left is not None
    assert math.dist(*turned.left) < 0.9 * math.dist(*turned.right)
    assert corners_of(POINTS, HeadPose(40.0, 0.0, 0.0)).left is None
    assert corners_of(POINTS, HeadPose(-40.0, 0.0, 0.0)).right is None


def test_a_tilted_heads_patches_are_upright() -> None:
    grey = portrait()
    turn = cv2.getRotationMatrix2D((220.0, 180.0), 25.0, 1.0)
    tilted = cv2.warpAffine(grey, turn, (440, 360), borderValue=SKIN).astype(np.uint8)
    for eye, is_left in ((CORNERS.right, False), (CORNERS.left, True)):
        assert eye is not None
        outer, inner = ((float(x), float(y)) for x, y in (turn @ (*point, 1.0) for point in eye))
        straight = cut_eye(grey, *eye, is_left=is_left)
        turned = cut_eye(tilted, outer, inner, is_left=is_left)
        assert float(np.abs(straight.astype(float) - turned).mean()) < 8.0


def test_a_left_eye_is_shown_mirrored() -> None:
    grey = portrait(look=0.3)
    mirrored = np.ascontiguousarray(grey[:, ::-1])
    assert CORNERS.left is not None
    outer, inner = ((439.0 - x, y) for x, y in CORNERS.left)
    as_left = cut_eye(grey, *CORNERS.left, is_left=True)
    as_right = cut_eye(mirrored, outer, inner, is_left=False)
    assert float(np.abs(as_left.astype(float) - as_right).mean()) < 2.0


def test_light_is_evened_out_and_a_flat_patch_stays_flat() -> None:
    patch = cut_eye(portrait(), *CORNERS.right, is_left=False)  # type: ignore[misc]
    darker = even_light((patch // 4 + 3).astype(np.uint8))
    assert float(np.abs(darker.astype(float) - patch).mean()) < 8.0
    assert np.ptp(even_light(np.full((40, 40), 90, np.uint8))) == 0


def eye(closed: float, visible: float = 0.9) -> EyeReading:
    return EyeReading(0.3, closed, None, None, visible, 30.0)


@pytest.mark.parametrize(
    ("reading", "wanted"),
    [
        (EyesReading(eye(0.8), eye(0.6)), 0.7),
        (EyesReading(eye(0.9), eye(0.1)), None),  # a wink
        (EyesReading(eye(0.9), None), 0.9),
        (EyesReading(None, eye(0.2)), 0.2),
        (EyesReading(eye(0.9), eye(0.1, visible=0.2)), 0.9),
        (EyesReading(eye(0.9, visible=0.3), None), None),
        (EyesReading(None, None), None),
    ],
)
def test_the_verdict_of_both_eyes(reading: EyesReading, wanted: float | None) -> None:
    found = eyes_closed(reading)
    assert found == (None if wanted is None else pytest.approx(wanted))


@given(arrays(np.uint8, (48, 64)))
def test_any_bytes_give_finite_values_in_range(grey: NDArray[np.uint8]) -> None:
    corners = EyeCorners(right=((8.0, 24.0), (28.0, 22.0)), left=((56.0, 24.0), (36.0, 25.0)))
    reading = _READER.read(grey, corners, AHEAD)
    for found in (reading.right, reading.left):
        assert found is not None
        assert 0.0 <= found.lid_opening <= 0.64
        assert 0.0 <= found.closed <= 1.0
        assert 0.0 <= found.visible <= 1.0


@given(arrays(np.uint8, (48, 64)), arrays(np.float64, (4, 2)), st.floats())
def test_any_corners_give_finite_values_or_no_eye(
    grey: NDArray[np.uint8], points: NDArray[np.float64], yaw_deg: float
) -> None:
    # NaN, infinities and places beyond the frame among them.
    corners = [(float(x), float(y)) for x, y in points]
    eyes = EyeCorners((corners[0], corners[1]), (corners[2], corners[3]))
    reading = _READER.read(grey, eyes, HeadPose(yaw_deg, 0.0, 0.0))
    for found in (reading.right, reading.left):
        if found is not None:
            values = (found.lid_opening, found.closed, found.visible, found.width_px)
            assert all(math.isfinite(value) for value in values)
            assert found.gaze_x is None or math.isfinite(found.gaze_x)


@given(arrays(np.uint8, (40, 40)), st.booleans())
def test_kernels_give_the_same_bytes(patch: NDArray[np.uint8], evened: bool) -> None:
    shown = even_light(patch) if evened else patch
    np.testing.assert_array_equal(_FAST.run(shown), _PLAIN.run(shown))


_READER = EyeReader()
_FAST, _PLAIN = (
    open_model(SHIPPED_EYES.read_bytes(), "eyes", kind=EYES, xnnpack=xnnpack)
    for xnnpack in (True, False)
)


def test_the_shipped_network_is_small_accurate_and_computes_what_its_card_says() -> None:
    card, content = load_measuring(SHIPPED_EYES, EYES)
    assert card.parameters is not None
    assert card.parameters <= 60_000
    assert len(content) <= 120_000
    assert card.errors["open and closed mistaken, CEW"].int8 <= 0.05
    assert card.errors["open and closed mistaken, infra-red"].int8 <= 0.05
    assert card.errors["wide open called closed"].int8 <= 0.02
    assert card.errors["looking aside called closed"].int8 <= 0.05
    assert card.errors["gaze x correlates"].int8 >= 0.75
    assert card.errors["gaze y correlates"].int8 >= 0.65
    assert card.errors["hidden eyes accepted"].int8 <= 0.05
    assert card.errors["clear eyes refused"].int8 <= 0.02
    for name, error in card.errors.items():
        assert error.int8 == pytest.approx(error.float32, abs=0.02), name
    assert "split" in card.training
    assert card.training["settings"]["seed"] is not None
    assert len(card.training["loss"]) == card.training["epochs"]
    result, _, _ = check_files(read_model_files(SHIPPED_EYES))
    assert result.passed, result.differences


def test_the_other_kind_of_network_is_refused_by_name() -> None:
    with pytest.raises(UserError, match=r"kind 'emotions', not 'eyes': name it in model\.path"):
        EyeReader(SHIPPED_MODEL)
    with pytest.raises(UserError, match=r"kind 'eyes', not 'emotions': .* model\.eyes_path"):
        load_model(SHIPPED_EYES)
