"""Scores against values worked out by hand."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantize.evaluation.scores import calibration_error, log_softmax, score

# Four images: three angry (two right, one taken for happy), one happy (right).
LABELS = np.array([0, 0, 0, 3])
PROBABILITIES = np.array(
    [
        [0.94, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01],
        [0.46, 0.04, 0.04, 0.34, 0.04, 0.04, 0.04],
        [0.24, 0.02, 0.02, 0.66, 0.02, 0.02, 0.02],
        [0.02, 0.02, 0.02, 0.88, 0.02, 0.02, 0.02],
    ]
)


def test_hand_worked_scores() -> None:
    scores = score(np.log(PROBABILITIES), LABELS)
    assert (scores.n, scores.accuracy) == (4, 0.75)
    assert scores.loss == pytest.approx(-(log(0.94) + log(0.46) + log(0.24) + log(0.88)) / 4)
    assert scores.recall[0] == pytest.approx(2 / 3)
    assert scores.recall[1:] == (None, None, 1.0, None, None, None)
    # Angry: precision 1, recall 2/3. Happy: precision 1/2, recall 1.
    assert scores.f1[0] == pytest.approx(0.8)
    assert scores.f1[3] == pytest.approx(2 / 3)
    assert [value is None for value in scores.f1] == [False, True, True, False, True, True, True]
    assert scores.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert scores.confusion[0] == (2, 0, 0, 1, 0, 0, 0)
    assert scores.confusion[3] == (0, 0, 0, 1, 0, 0, 0)
    assert sum(map(sum, scores.confusion)) == 4


def test_hand_worked_calibration_error() -> None:
    # Bins of width 1/15: each confidence alone in its bin (14, 6, 9, 13).
    gaps = [abs(1 - 0.94), abs(1 - 0.46), abs(0 - 0.66), abs(1 - 0.88)]
    assert calibration_error(np.log(PROBABILITIES), LABELS) == pytest.approx(sum(gaps) / 4)


def test_gaps_of_one_bin_cancel() -> None:
    certain = np.log(np.array([[0.5, 0.49, 0.002, 0.002, 0.002, 0.002, 0.002]] * 2))
    assert calibration_error(certain, np.array([0, 1])) == pytest.approx(0, abs=1e-12)


def test_full_confidence_falls_into_the_last_bin() -> None:
    certain = log_softmax(np.eye(7)[:2] * 1000)
    assert calibration_error(certain, np.array([0, 1])) == pytest.approx(0)
    assert calibration_error(certain, np.array([1, 0])) == pytest.approx(1)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60))
@settings(deadline=None, max_examples=60)
def test_scores_stay_in_range_and_agree(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    log_probabilities = log_softmax(rng.normal(0, 3, (n, 7)))
    labels = rng.integers(0, 7, n)
    scores = score(log_probabilities, labels)
    right = sum(scores.confusion[label][label] for label in range(7))
    assert scores.accuracy == right / n
    assert [sum(row) for row in scores.confusion] == np.bincount(labels, minlength=7).tolist()
    assert 0 <= scores.calibration_error <= 1
    assert 0 <= scores.macro_f1 <= 1
    assert scores.loss >= 0


def test_log_softmax_of_large_logits() -> None:
    assert log_softmax(np.array([[1e4, 0, 0, 0, 0, 0, 0.0]]))[0].tolist() == [0] + [-1e4] * 6
