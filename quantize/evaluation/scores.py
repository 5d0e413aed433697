"""What a model's answers are worth: pure functions of log-probabilities and labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CALIBRATION_BINS = 15  # equal-width bins of the calibration error, as Guo et al. 2017


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores over `n` images. All but `loss` are shares 0..1.

    `loss` is the mean cross-entropy (natural logarithm). `recall` and `f1` have a value a class,
    None for a class without images; `macro_f1` is the mean of the others. `confusion[t][p]` counts
    the images of class t that were taken for class p.
    """

    n: int
    accuracy: float
    loss: float
    macro_f1: float
    calibration_error: float
    recall: tuple[float | None, ...]
    f1: tuple[float | None, ...]
    confusion: tuple[tuple[int, ...], ...]


def score(log_probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> Scores:
    """Score `log_probabilities` (float64[n, 7]) against `labels` (int64[n]), n at least 1."""
    classes = log_probabilities.shape[1]
    confusion = confusion_matrix(labels, log_probabilities.argmax(axis=1), classes)
    of_class, taken_for, right = confusion.sum(axis=1), confusion.sum(axis=0), confusion.diagonal()
    recall = tuple(
        float(hits / rows) if rows else None for hits, rows in zip(right, of_class, strict=True)
    )
    f1 = tuple(
        float(2 * hits / (rows + answers)) if rows else None
        for hits, rows, answers in zip(right, of_class, taken_for, strict=True)
    )
    return Scores(
        n=len(labels),
        accuracy=float(right.sum() / len(labels)),
        loss=cross_entropy(log_probabilities, labels),
        macro_f1=float(np.mean([value for value in f1 if value is not None])),
        calibration_error=calibration_error(log_probabilities, labels),
        recall=recall,
        f1=f1,
        confusion=tuple(tuple(map(int, row)) for row in confusion),
    )


def confusion_matrix(
    labels: NDArray[np.int64], answers: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Return int64[classes, classes]: rows are the truth, columns the answers."""
    pairs = np.bincount(labels * classes + answers, minlength=classes**2)
    return pairs.reshape(classes, classes).astype(np.int64)


def cross_entropy(log_probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the mean negative log-probability of the truth (natural logarithm)."""
    return float(-log_probabilities[np.arange(len(labels)), labels].mean())


def calibration_error(log_probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the expected calibration error (0..1) of the top answer over equal-width bins."""
    confidence = np.exp(log_probabilities.max(axis=1))
    right = log_probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    # |sum of right - sum of confidence| a bin, over n, is the gap weighted by the bin's share.
    gaps = np.bincount(bins, weights=right - confidence, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log-probabilities float64[n, 7] of logits, or of probabilities not yet normalised."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
