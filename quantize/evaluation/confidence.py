"""Makes a model's confidence mean something: temperature scaling and the risk-coverage curve."""

from collections.abc import Callable
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
    log_probabilities: NDArray[np.float64], labels: NDArray[np.int64]
) -> FittedConfidence:
    """Fit the temperature and the threshold on `log_probabilities` (float64[n, 7]), n at least 2.

    The calibration error after scaling is cross-fitted: each half of the images is scaled with the
    temperature of the other half, so that the figure is not one of the images it was fitted on.
    """
    temperature = fit_temperature(log_probabilities, labels)
    scaled = scale(log_probabilities, temperature)
    threshold, coverage, covered_accuracy = threshold_at_coverage(scaled, labels, COVERAGE)
    return FittedConfidence(
        temperature,
        threshold,
        Confidence(
            calibration_error(log_probabilities, labels),
            calibration_error(_cross_fitted(log_probabilities, labels), labels),
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


def _cross_fitted(
    log_probabilities: NDArray[np.float64], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    order = np.random.default_rng(_HALVES_SEED).permutation(len(labels))
    first, second = order[::2], order[1::2]
    scaled = np.empty_like(log_probabilities)
    for rows, others in ((first, second), (second, first)):
        scaled[rows] = scale(
            log_probabilities[rows], fit_temperature(log_probabilities[others], labels[others])
        )
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
