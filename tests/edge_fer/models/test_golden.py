"""Golden images: the same bytes everywhere, and a device that computes otherwise is found."""

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.errors import UserError
from edge_fer.models.golden import (
    COUNT,
    choose_golden,
    compare_golden,
    golden_images,
    golden_outputs,
)


def by_mean(image: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Answer with the means of seven parts of the image."""
    return np.array([part.mean() // 2 for part in np.array_split(image.ravel(), 7)]).astype(np.int8)


def off_by(amount: int) -> Callable[[NDArray[np.uint8]], NDArray[np.int8]]:
    def run(image: NDArray[np.uint8]) -> NDArray[np.int8]:
        answer = by_mean(image)
        answer[3] += np.int8(amount)
        return answer

    return run


def test_images_are_the_same_bytes_everywhere() -> None:
    drawn = b"".join(image.tobytes() for image in golden_images().values())
    assert hashlib.sha256(drawn).hexdigest() == (
        "d4f705f0eab97116e753cfe93320e85af9c4f17e8e544d84fe8afc9f9b40e978"
    )


def test_images_are_faces_in_size_and_all_different() -> None:
    images = golden_images()
    assert {(image.shape, image.dtype.name) for image in images.values()} == {((48, 48), "uint8")}
    assert len({image.tobytes() for image in images.values()}) == len(images) >= COUNT
    assert min(image.min() for image in images.values()) == 0
    assert max(image.max() for image in images.values()) == 255


def test_the_same_kernels_pass() -> None:
    golden = choose_golden(by_mean, by_mean).outputs
    assert len(golden) == COUNT
    result = compare_golden(golden, by_mean)
    assert result.passed
    assert set(result.differences.values()) == {0}


@pytest.mark.parametrize(("amount", "passed"), [(1, True), (-1, True), (2, False), (-5, False)])
def test_one_unit_is_allowed_and_no_more(amount: int, passed: bool) -> None:
    result = compare_golden(choose_golden(by_mean, by_mean).outputs, off_by(amount))
    assert result.passed is passed
    assert result.worst[1] == abs(amount)


def test_kernels_two_apart_both_pass() -> None:
    golden = choose_golden(by_mean, off_by(2)).outputs
    assert compare_golden(golden, by_mean).passed
    assert compare_golden(golden, off_by(2)).passed
    assert not compare_golden(golden, off_by(3)).passed


def test_patterns_on_which_kernels_differ_are_left_out() -> None:
    unsteady = golden_images()["weave"]

    def run(image: NDArray[np.uint8]) -> NDArray[np.int8]:
        return off_by(9 if np.array_equal(image, unsteady) else 0)(image)

    golden = choose_golden(by_mean, run).outputs
    assert "weave" not in golden
    assert len(golden) == COUNT


@pytest.mark.parametrize(("apart", "tolerance"), [(0, 1), (2, 1), (3, 2), (9, 5), (16, 8)])
def test_the_card_allows_what_kernels_differ_by(apart: int, tolerance: int) -> None:
    golden = choose_golden(by_mean, off_by(apart))
    assert golden.tolerance == tolerance
    for amount, passed in ((0, True), (apart, True), (apart + 2 * tolerance, False)):
        result = compare_golden(golden.outputs, off_by(amount), tolerance=golden.tolerance)
        assert result.passed is passed


def test_kernels_that_never_agree_are_refused() -> None:
    with pytest.raises(UserError, match="17 units apart on golden image"):
        choose_golden(by_mean, off_by(17))


def test_card_without_patterns_or_with_unknown_ones() -> None:
    with pytest.raises(UserError, match="outputs of 0 golden images, this version wants 12"):
        compare_golden({}, by_mean)
    unknown = {f"pattern{number}": (0,) * 7 for number in range(COUNT)}
    with pytest.raises(UserError, match="cannot draw 'pattern0'"):
        compare_golden(unknown, by_mean)
    few = dict(list(golden_outputs(by_mean).items())[:3])
    with pytest.raises(UserError, match="of 3 golden images"):
        compare_golden(few, by_mean)
