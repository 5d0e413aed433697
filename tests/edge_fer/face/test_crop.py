"""From a face box to the model's input."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_fer.face.crop import crop_face
from edge_fer.models.kind import FACE_PX
from edge_fer.observation import FaceBox

RNG = np.random.default_rng(5)
FRAME = RNG.integers(0, 256, (240, 320)).astype(np.uint8)


def test_box_of_the_models_size_is_cut_out_as_it_is() -> None:
    face = crop_face(FRAME, FaceBox(100, 50, 48, 48, 1.0))
    np.testing.assert_array_equal(face, FRAME[50:98, 100:148])


def test_larger_box_is_averaged() -> None:
    face = crop_face(FRAME, FaceBox(64, 32, 96, 96, 1.0))
    blocks = FRAME[32:128, 64:160].reshape(48, 2, 48, 2).mean((1, 3))
    np.testing.assert_allclose(face, blocks, atol=1)


def test_smaller_box_is_interpolated() -> None:
    face = crop_face(FRAME, FaceBox(10, 10, 24, 24, 1.0))
    wanted = cv2.resize(FRAME[10:34, 10:34], (48, 48), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(face, wanted)


def test_long_box_becomes_a_square_about_its_centre() -> None:
    np.testing.assert_array_equal(
        crop_face(FRAME, FaceBox(100, 80, 20, 48, 1.0)),
        crop_face(FRAME, FaceBox(86, 80, 48, 48, 1.0)),
    )


def test_edge_is_repeated_outside_of_the_frame() -> None:
    face = crop_face(FRAME, FaceBox(-24, 50, 48, 48, 1.0))
    np.testing.assert_array_equal(face[:, 24:], FRAME[50:98, :24])
    assert (face[:, :24] == FRAME[50:98, :1]).all()


@settings(max_examples=100, deadline=None)
@given(
    x=st.floats(-2000, 2000),
    y=st.floats(-2000, 2000),
    width=st.floats(0, 700),
    height=st.floats(0, 700),
)
def test_any_box_gives_a_face_of_the_frames_values(
    x: float, y: float, width: float, height: float
) -> None:
    face = crop_face(FRAME, FaceBox(x, y, width, height, 1.0))
    assert face.shape == (FACE_PX, FACE_PX)
    assert face.dtype == np.uint8
    assert FRAME.min() <= face.min()
    assert face.max() <= FRAME.max()


def test_overlap_of_boxes() -> None:
    box = FaceBox(0, 0, 10, 10, 1.0)
    assert box.overlap(box) == 1.0
    assert box.overlap(FaceBox(5, 0, 10, 10, 1.0)) == pytest.approx(1 / 3)
    assert box.overlap(FaceBox(10, 10, 5, 5, 1.0)) == 0.0
    assert box.overlap(FaceBox(0, 0, 0, 0, 1.0)) == 0.0
    assert box.centre == (5.0, 5.0)
