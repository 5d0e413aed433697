"""Views of faces: the mirror image, and crops of a few pixels."""

import numpy as np
import pytest

from quantize.data.views import VIEWS, mean_over_views, views

FACES = np.random.default_rng(1).integers(0, 256, (3, 48, 48)).astype(np.uint8)


def test_one_view_is_the_face_and_two_are_with_its_mirror_image() -> None:
    (alone,) = views(FACES, 1)
    np.testing.assert_array_equal(alone, FACES)
    face, mirrored = views(FACES, 2)
    np.testing.assert_array_equal(face, FACES)
    np.testing.assert_array_equal(mirrored, FACES[:, :, ::-1])


def test_ten_views_are_five_crops_of_44_px_and_their_mirror_images() -> None:
    # A ramp from left to right: a crop from x on begins with the value there.
    ramp = np.tile(np.arange(48, dtype=np.uint8) * 5, (1, 48, 1))
    ten = list(views(ramp, 10))
    assert [view.shape for view in ten] == [(1, 48, 48)] * 10
    assert [int(view[0, 0, 0]) for view in ten[::2]] == [10, 0, 20, 0, 20]
    assert [int(view[0, 0, -1]) for view in ten[::2]] == [225, 215, 235, 215, 235]
    for view, mirrored in zip(ten[::2], ten[1::2], strict=True):
        np.testing.assert_array_equal(mirrored, view[:, :, ::-1])
    down = np.swapaxes(ramp, 1, 2).copy()
    assert [int(view[0, 0, 0]) for view in list(views(down, 10))[::2]] == [10, 0, 0, 20, 20]


@pytest.mark.parametrize("count", VIEWS)
def test_the_mean_is_over_all_views(count: int) -> None:
    asked: list[int] = []

    def answer(images: np.ndarray) -> np.ndarray:
        asked.append(len(images))
        return np.full((len(images), 7), len(asked), np.float64)

    answers = mean_over_views(answer, FACES, count)
    assert asked == [3] * count
    np.testing.assert_allclose(answers, np.full((3, 7), (1 + count) / 2))


@pytest.mark.parametrize("count", [0, 3, 5])
def test_other_counts_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="not one of 1, 2, 10"):
        list(views(FACES, count))
