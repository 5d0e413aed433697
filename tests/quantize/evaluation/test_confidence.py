"""Temperature scaling and the threshold for *uncertain*."""

import numpy as np
import pytest

from quantize.evaluation.confidence import (
    fit_confidence,
    fit_temperature,
    honest_temperature,
    mean_confidence,
    scale,
    threshold_at_coverage,
)
from quantize.evaluation.scores import calibration_error, log_softmax


def answers(
    n: int, temperature: float, seed: int = 0
) -> tuple[
    np.ndarray[tuple[int, int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.int64]]
]:
    """Return log-probabilities that are too sure by `temperature`, and labels drawn from them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 7))
    honest = np.exp(log_softmax(logits))
    labels = np.array([rng.choice(7, p=row / row.sum()) for row in honest])
    return log_softmax(logits * temperature), labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_temperature_is_found_again(temperature: float) -> None:
    assert fit_temperature(*answers(20_000, temperature)) == pytest.approx(temperature, rel=0.05)


def test_scaling_makes_confidence_honest() -> None:
    log_probabilities, labels = answers(8_000, 3.0)
    fitted = fit_confidence(log_probabilities, labels)
    assert fitted.measured.calibration_error > 0.2
    assert fitted.measured.calibration_error_scaled < 0.03
    assert fitted.temperature == pytest.approx(3.0, rel=0.08)


def test_cross_fitting_uses_the_temperature_of_the_other_half() -> None:
    # With 40 images, fitting on the images themselves flatters; cross-fitting does not equal it.
    log_probabilities, labels = answers(40, 3.0)
    fitted = fit_confidence(log_probabilities, labels)
    own = calibration_error(scale(log_probabilities, fitted.temperature), labels)
    assert fitted.measured.calibration_error_scaled != pytest.approx(own, abs=1e-6)


def test_scaling_keeps_the_answer() -> None:
    log_probabilities, _ = answers(200, 2.0)
    scaled = scale(log_probabilities, 1.7)
    np.testing.assert_array_equal(scaled.argmax(axis=1), log_probabilities.argmax(axis=1))
    np.testing.assert_allclose(np.exp(scaled).sum(axis=1), 1)


def test_threshold_covers_the_surest_and_they_are_better() -> None:
    log_probabilities, labels = answers(5_000, 1.0)
    threshold, coverage, covered_accuracy = threshold_at_coverage(log_probabilities, labels, 0.8)
    confidence = np.exp(log_probabilities.max(axis=1))
    assert coverage == np.mean(confidence >= threshold) == pytest.approx(0.8, abs=0.001)
    assert covered_accuracy > np.mean(log_probabilities.argmax(axis=1) == labels) + 0.05


def test_equal_confidences_fall_on_one_side() -> None:
    same = log_softmax(np.tile([1.0, 0, 0, 0, 0, 0, 0], (10, 1)))
    _, coverage, covered_accuracy = threshold_at_coverage(same, np.arange(10) % 7, 0.8)
    assert (coverage, covered_accuracy) == (1.0, 0.2)


def test_a_temperature_is_honest_where_confidence_equals_accuracy() -> None:
    log_probabilities, labels = answers(8_000, 3.0)
    temperature = honest_temperature(log_probabilities, labels)
    accuracy = float(np.mean(log_probabilities.argmax(axis=1) == labels))
    assert mean_confidence(scale(log_probabilities, temperature)) <= accuracy
    assert mean_confidence(scale(log_probabilities, temperature * 0.99)) > accuracy


def test_the_extremes_have_the_bounds_as_their_temperature() -> None:
    surely_wrong = log_softmax(np.tile([5.0, 0, 0, 0, 0, 0, 0], (10, 1)))
    assert honest_temperature(surely_wrong, np.full(10, 3)) == 20.0
    assert honest_temperature(surely_wrong, np.zeros(10, np.int64)) == 0.05


def test_confidence_is_not_above_accuracy_under_any_shift() -> None:
    clean, labels = answers(4_000, 1.0)
    rng = np.random.default_rng(5)
    worse = [log_softmax(clean + rng.normal(0, noise, clean.shape)) for noise in (1.0, 2.0)]
    on_clean, honest = fit_confidence(clean, labels), fit_confidence(clean, labels, worse)
    assert honest.temperature > 1.2 * on_clean.temperature
    for shifted in worse:
        accuracy = float(np.mean(shifted.argmax(axis=1) == labels))
        assert mean_confidence(scale(shifted, on_clean.temperature)) > accuracy
        assert mean_confidence(scale(shifted, honest.temperature)) <= accuracy
    assert honest.measured.calibration_error_scaled > on_clean.measured.calibration_error_scaled
    # The same images are answered for: the threshold moves with the temperature.
    assert honest.measured.coverage == pytest.approx(on_clean.measured.coverage, abs=0.01)
