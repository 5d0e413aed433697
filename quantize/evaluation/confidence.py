"""Makes a model's confidence mean something: temperature scaling and the risk-coverage curve."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from edge_fer.models.card import Confidence
from quantize.evaluation.scores import calibration_error, cross_entropy, log_softmax

COVERAGE = 0.8  # the share of faces that the model is to answer for; the others are uncertain
_TEMPERATURES = (0.05, 20.0)
_HALVES_SEED = 0


@dataclass(frozen=True, slots=True)
class FittedConfidence:
    """What goes into the card: temperature, threshold for *uncertain*, and what they bring."""

    temperature: float
    uncertain_threshold: float
    measured: Confidence


def fit_confidence(
    log_probabilities: NDArray[np.float64],
    labels: NDArray[np.int64],
    shifted: Sequence[NDArray[np.float64]] = (),
) -> FittedConfidence:
    """Fit the temperature and the threshold on `log_probabilities` (float64[n, 7]), n at least 2.

    `shifted` are the answers for the same images under corruptions, one array each: the temperature
    is at least `honest_temperature` of each. A temperature that was fitted on clean images is too
    low for others (Ovadia et al. 2019, arXiv:1906.02530).

    The calibration error after scaling is cross-fitted: each half of the images is scaled with the
    temperature of the other half, so that the figure is not one of the images it was fitted on.
    """
    temperature = _temperature(log_probabilities, labels, shifted)
    scaled = scale(log_probabilities, temperature)
    threshold, coverage, covered_accuracy = threshold_at_coverage(scaled, labels, COVERAGE)
    return FittedConfidence(
        temperature,
        threshold,
        Confidence(
            calibration_error(log_probabilities, labels),
            calibration_error(_cross_fitted(log_probabilities, labels, shifted), labels),
            coverage,
            covered_accuracy,
        ),
    )


def scale(log_probabilities: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return softmax(log p / temperature) as log-probabilities; the top answer stays the same."""
    return log_softmax(log_probabilities / temperature)


def fit_temperature(log_probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the temperature with the least cross-entropy (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        return cross_entropy(scale(log_probabilities, exp(log_temperature)), labels)

    return exp(_least(loss, log(_TEMPERATURES[0]), log(_TEMPERATURES[1])))


def honest_temperature(log_probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the least temperature at which the mean confidence is not above the accuracy.

    It lies in 0.05..20, and is the highest of these where none is enough.
    """
    accuracy = float((log_probabilities.argmax(axis=1) == labels).mean())

    def is_above(temperature: float) -> bool:
        return mean_confidence(scale(log_probabilities, temperature)) > accuracy

    low, high = _TEMPERATURES
    if not is_above(low):
        return low
    if is_above(high):
        return high
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if is_above(middle) else (low, middle)
    return high


def mean_confidence(log_probabilities: NDArray[np.float64]) -> float:
    """Return the mean probability of the top answers of float64[n, 7]."""
    return float(np.exp(log_probabilities.max(axis=1)).mean())


def threshold_at_coverage(
    log_probabilities: NDArray[np.float64], labels: NDArray[np.int64], coverage: float
) -> tuple[float, float, float]:
    """Return the confidence that about `coverage` of the images reach, and what it brings.

    The last two are the share of images that reach it, and the accuracy on them: the point of the
    risk-coverage curve. Images of the same confidence fall on the same side.
    """
    confidence = np.exp(log_probabilities.max(axis=1))
    threshold = float(np.quantile(confidence, 1 - coverage, method="lower"))
    covered = confidence >= threshold
    right = log_probabilities.argmax(axis=1) == labels
    return threshold, float(covered.mean()), float(right[covered].mean())


def _temperature(
    log_probabilities: NDArray[np.float64],
    labels: NDArray[np.int64],
    shifted: Sequence[NDArray[np.float64]],
) -> float:
    return max(
        fit_temperature(log_probabilities, labels),
        *(honest_temperature(answers, labels) for answers in shifted),
        _TEMPERATURES[0],
    )


def _cross_fitted(
    log_probabilities: NDArray[np.float64],
    labels: NDArray[np.int64],
    shifted: Sequence[NDArray[np.float64]],
) -> NDArray[np.float64]:
    order = np.random.default_rng(_HALVES_SEED).permutation(len(labels))
    first, second = order[::2], order[1::2]
    scaled = np.empty_like(log_probabilities)
    for rows, others in ((first, second), (second, first)):
        temperature = _temperature(
            log_probabilities[others], labels[others], [answers[others] for answers in shifted]
        )
        scaled[rows] = scale(log_probabilities[rows], temperature)
    return scaled


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function with one minimum has it, by golden-section search."""
    ratio = (sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > 1e-6:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return (low + high) / 2
