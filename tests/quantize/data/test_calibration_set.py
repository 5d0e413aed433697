"""The representative set."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_fer.errors import UserError
from quantize.data.calibration_set import (
    CalibrationSet,
    choose_calibration_set,
    representative_set,
    spread_rows,
)
from quantize.data.fer2013 import Fer2013


def uneven(per_class: list[int]) -> Fer2013:
    """Return Training rows whose first pixel is their label."""
    labels = np.repeat(np.arange(7), per_class).astype(np.int64)
    images = np.zeros((len(labels), 48, 48), np.uint8)
    images[:, 0, 0] = labels
    images[:, 1, 1] = np.arange(len(labels)) % 256
    return Fer2013(images, labels, np.zeros(len(labels), np.uint8))


@given(
    per_class=st.lists(st.integers(1, 40), min_size=7, max_size=7),
    share=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=60)
def test_classes_share_as_evenly_as_they_can(per_class: list[int], share: float, seed: int) -> None:
    count = 7 + round(share * (sum(per_class) - 7))
    chosen = choose_calibration_set(uneven(per_class), count=count, seed=seed)
    taken = np.bincount(chosen.images[:, 0, 0], minlength=7)
    assert taken.sum() == chosen.count == count
    assert (taken >= 1).all()
    not_used_up = taken < np.array(per_class)
    if not_used_up.any():
        assert taken.max() - taken[not_used_up].min() <= 1


def test_seed_decides(small_fer2013: Fer2013) -> None:
    first, again, other = (
        choose_calibration_set(small_fer2013, count=50, seed=seed) for seed in (1, 1, 2)
    )
    assert first.sha256 == again.sha256 != other.sha256
    np.testing.assert_array_equal(first.images, again.images)


def test_no_row_is_taken_twice(small_fer2013: Fer2013) -> None:
    everything = choose_calibration_set(small_fer2013, count=210, seed=1)
    assert len(np.unique(everything.images, axis=0)) == 210


def test_only_training_rows(small_fer2013: Fer2013) -> None:
    poisoned = small_fer2013.images.copy()
    poisoned[small_fer2013.usages != 0] = 255
    dataset = Fer2013(poisoned, small_fer2013.labels, small_fer2013.usages)
    chosen = choose_calibration_set(dataset, count=210, seed=1)
    assert not (chosen.images == 255).all(axis=(1, 2)).any()


@pytest.mark.parametrize("count", [0, 6, 211])
def test_count_out_of_range(small_fer2013: Fer2013, count: int) -> None:
    with pytest.raises(UserError, match=rf"{count} images are not in 7\.\.210"):
        choose_calibration_set(small_fer2013, count=count, seed=1)


def test_missing_classes_are_named(small_fer2013: Fer2013) -> None:
    kept = small_fer2013.rows(np.flatnonzero(~np.isin(small_fer2013.labels, [1, 4])))
    with pytest.raises(UserError, match="no Training rows of disgust, sad"):
        choose_calibration_set(kept, count=70, seed=1)


def test_batches_span_the_input_range_exactly() -> None:
    grey = np.full((3, 48, 48), 128, np.uint8)
    batches = [batch for (batch,) in CalibrationSet(grey, 1, "").batches()]
    assert [batch.shape for batch in batches] == [(1, 48, 48, 1)] * 3
    assert {batch.dtype for batch in batches} == {np.dtype(np.float32)}
    assert min(batch.min() for batch in batches) == 0.0
    assert max(batch.max() for batch in batches) == 1.0
    assert (grey == 128).all()
    assert sum(np.count_nonzero(batch != batches[1][0, 5, 5, 0]) for batch in batches) == 2


def test_batches_leave_images_alone_that_span_the_range() -> None:
    images = np.full((2, 48, 48), 128, np.uint8)
    images[1, 7, 7:9] = 0, 255
    first, second = (batch for (batch,) in CalibrationSet(images, 1, "").batches())
    assert (first == np.float32(128) / np.float32(255)).all()
    assert (second[0, 7, 7, 0], second[0, 7, 8, 0]) == (0.0, 1.0)


def test_training_rows_that_are_test_images_too_are_not_taken(small_fer2013: Fer2013) -> None:
    images = small_fer2013.images.copy()
    images[0] = images[-1]  # a Training row with the image of a PublicTest row
    dataset = Fer2013(images, small_fer2013.labels, small_fer2013.usages)
    chosen = choose_calibration_set(dataset, count=209, seed=1)
    assert not (chosen.images == images[-1]).all(axis=(1, 2)).any()
    with pytest.raises(UserError, match=r"210 images are not in 7\.\.209"):
        choose_calibration_set(dataset, count=210, seed=1)
    with pytest.raises(UserError, match="image of row 0 is one of PublicTest too"):
        representative_set(dataset.select("Training"), dataset, seed=1)


@pytest.mark.parametrize(("code", "usage"), [(1, "PublicTest"), (2, "PrivateTest")])
def test_test_rows_are_refused(small_fer2013: Fer2013, code: int, usage: str) -> None:
    usages = small_fer2013.usages.copy()
    usages[5] = code
    rows = Fer2013(small_fer2013.images, small_fer2013.labels, usages)
    with pytest.raises(UserError, match=f"row 5 is of {usage}: take Training rows only"):
        representative_set(rows.rows(np.arange(210)), small_fer2013, seed=1)


def test_a_set_that_misses_a_class_is_refused(small_fer2013: Fer2013) -> None:
    training = small_fer2013.select("Training")
    rows = training.rows(np.flatnonzero(training.labels != 1))
    with pytest.raises(UserError, match="it has no image of disgust"):
        representative_set(rows, small_fer2013, seed=1)


def test_a_set_that_is_fit(small_fer2013: Fer2013) -> None:
    rows = small_fer2013.select("Training")
    made = representative_set(rows, small_fer2013, seed=4)
    assert (made.count, made.seed, made.sha256) == (210, 4, rows.digest())


@pytest.mark.parametrize("count", [1, 3, 7, 10])
def test_rows_are_spread_evenly(count: int) -> None:
    rows = spread_rows(10, count=count)
    assert len(set(rows.tolist())) == count
    assert np.diff(rows).max(initial=0) <= -(-10 // count)


@pytest.mark.parametrize("count", [0, 11])
def test_no_count_or_a_larger_one_takes_all_rows(count: int) -> None:
    assert spread_rows(10, count=count).tolist() == list(range(10))
