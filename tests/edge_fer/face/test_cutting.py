"""Squares out of a frame, over its edge as well."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_fer.face.cutting import cut_square, shrink

RNG = np.random.default_rng(3)


@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    left=st.integers(-70, 70),
    top=st.integers(-70, 70),
    side=st.integers(1, 60),
)
def test_every_pixel_is_the_nearest_of_the_frame(
    height: int, width: int, left: int, top: int, side: int
) -> None:
    grey = RNG.integers(0, 256, (height, width)).astype(np.uint8)
    rows = np.arange(top, top + side).clip(0, height - 1)
    columns = np.arange(left, left + side).clip(0, width - 1)
    np.testing.assert_array_equal(cut_square(grey, left, top, side), grey[rows[:, None], columns])


def test_inside_nothing_is_copied() -> None:
    grey = np.zeros((20, 20), np.uint8)
    assert np.shares_memory(cut_square(grey, 3, 4, 5), grey)


def test_shrinking_keeps_means_in_place() -> None:
    ramp = np.tile(np.linspace(0, 255, 1000), (1000, 1)).astype(np.uint8)
    small = shrink(ramp, 20, 20)
    assert small.shape == (20, 20)
    np.testing.assert_allclose(small[0], np.linspace(0, 255, 41)[1::2], atol=4)  # of 12.75 a pixel
