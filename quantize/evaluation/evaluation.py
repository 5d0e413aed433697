"""Measures a model file on one usage of FER2013."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_fer.emotions import LABELS
from edge_fer.errors import DataError, DataReason
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.predictors import Predictor, open_predictor
from quantize.evaluation.scores import Scores, score
from quantize.progress import progress_bar


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of one model file on one usage. `format` is "keras" or "tflite".

    `labels` name the classes.
    """

    model: str
    format: str
    usage: str
    scores: Scores
    labels: tuple[str, ...] = LABELS

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON, with the classes by name."""
        scores = self.scores
        return {
            "model": self.model,
            "format": self.format,
            "usage": self.usage,
            "n": scores.n,
            "accuracy": scores.accuracy,
            "loss": scores.loss,
            "macro_f1": scores.macro_f1,
            "calibration_error": scores.calibration_error,
            "recall": dict(zip(self.labels, scores.recall, strict=True)),
            "f1": dict(zip(self.labels, scores.f1, strict=True)),
            "labels": list(self.labels),
            "confusion": [list(row) for row in scores.confusion],
        }


def evaluate(
    model_path: Path, dataset: Fer2013, usage: str, *, progress: bool = False
) -> Evaluation:
    """Measure a `.keras` or `.tflite` file on the rows of `usage`; `progress` draws a bar.

    Probabilities are the model's own, without the temperature of its card. UserError when the file
    is missing, is no such model or has other shapes, and when the usage is unknown or has no rows.
    """
    rows = rows_of(dataset, usage)
    predictor = open_predictor(model_path)
    return evaluate_predictor(predictor, str(model_path), rows, usage, progress=progress)


def evaluate_predictor(
    predictor: Predictor,
    name: str,
    rows: Fer2013,
    usage: str,
    *,
    labels: tuple[str, ...] = LABELS,
    progress: bool = False,
) -> Evaluation:
    """Measure an opened model of `labels` on `rows`, which are those of `usage`.

    Their images are brought to the size that the model takes.
    """
    images = rows.at_side(predictor.side_px).images
    with progress_bar(f"Evaluating {name}", len(rows), show=progress) as advance:
        answers = predictor.log_probabilities(images, advance)
    return Evaluation(name, predictor.format, usage, score(answers, rows.labels), labels)


def rows_of(dataset: Fer2013, usage: str, remedy: str = "choose another --usage") -> Fer2013:
    """Return the rows of `usage`; UserError, which ends in `remedy`, when there are none."""
    rows = dataset.select(usage)
    if not len(rows):
        there = ", ".join(dataset.counts())
        raise DataError(DataReason.EMPTY, f"the data has no {usage} rows, only {there}: {remedy}")
    return rows
