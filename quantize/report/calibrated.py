"""The confidence of a model before and after its temperature."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_fer.models.card import ModelCard
from quantize.evaluation.confidence import fit_confidence, scale
from quantize.evaluation.scores import calibration_error


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """Temperature and threshold, where they come from, and the answers scaled with them.

    `scaled` is float64[n, 7], log-probabilities; the calibration errors are shares 0..1.
    """

    temperature: float
    threshold: float
    source: str
    scaled: NDArray[np.float64]
    error_before: float
    error_after: float


def calibrate(
    answers: NDArray[np.float64], labels: NDArray[np.int64], card: ModelCard | None
) -> Calibrated:
    """Scale `answers` (float64[n, 7]) as the card says, or as fits them best without a card.

    The error after a temperature that is fitted here is cross-fitted over two halves of the rows.
    """
    before = calibration_error(answers, labels)
    if card is not None:
        scaled = scale(answers, card.temperature)
        return Calibrated(
            card.temperature,
            card.uncertain_threshold,
            f"both from its card, where they were fitted on {card.accuracy.usage}",
            scaled,
            before,
            calibration_error(scaled, labels),
        )
    fitted = fit_confidence(answers, labels)
    return Calibrated(
        fitted.temperature,
        fitted.uncertain_threshold,
        "both fitted on these images; the error after it is cross-fitted over two halves of them",
        scale(answers, fitted.temperature),
        before,
        fitted.measured.calibration_error_scaled,
    )
