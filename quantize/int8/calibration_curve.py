"""How large the representative set has to be: int8 accuracy over its size, several seeds each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import keras
import numpy as np

from edge_fer.models.kind import EMOTIONS, ModelKind
from quantize.data.calibration_set import choose_calibration_set
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.equivalence import compare_answers
from quantize.evaluation.evaluation import rows_of
from quantize.evaluation.predictors import KerasPredictor, TflitePredictor
from quantize.evaluation.scores import score
from quantize.int8.convert import convert
from quantize.networks.folding import fold_batch_norms

SIZES = (10, 20, 50, 100, 200, 500, 1000)
SEEDS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One conversion: the size and seed of its set, and what the int8 file does (shares 0..1)."""

    count: int
    seed: int
    accuracy: float
    agreement: float
    mean_difference: float


@dataclass(frozen=True, slots=True)
class CalibrationCurve:
    """All conversions of one network, measured on the same `n` images of `usage`."""

    network: str
    usage: str
    n: int
    float32_accuracy: float
    points: tuple[CurvePoint, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes that were measured, in rising order."""
        return tuple(sorted({point.count for point in self.points}))

    def of_size(self, count: int) -> tuple[CurvePoint, ...]:
        """Return the conversions with sets of `count` images."""
        return tuple(point for point in self.points if point.count == count)


@dataclass(frozen=True, slots=True)
class SizeSummary:
    """What one size gives over its seeds. Accuracy and agreement are shares 0..1."""

    count: int
    seeds: int
    accuracy: float
    lowest_accuracy: float
    highest_accuracy: float
    agreement: float
    mean_difference: float


def summarise(curve: CalibrationCurve) -> list[SizeSummary]:
    """Return mean and range over the seeds for each size, in rising order."""
    summaries = []
    for count in curve.sizes:
        points = curve.of_size(count)
        accuracies = [point.accuracy for point in points]
        summaries.append(
            SizeSummary(
                count,
                len(points),
                float(np.mean(accuracies)),
                min(accuracies),
                max(accuracies),
                float(np.mean([point.agreement for point in points])),
                float(np.mean([point.mean_difference for point in points])),
            )
        )
    return summaries


def measure_curve(
    model: keras.Model,
    dataset: Fer2013,
    usage: str,
    *,
    sizes: Iterable[int] = SIZES,
    seeds: Iterable[int] = SEEDS,
    kind: ModelKind = EMOTIONS,
    done: Callable[[float], None] = lambda amount: None,
) -> CalibrationCurve:
    """Convert `model` with a set of each size and seed, and measure each on the rows of `usage`.

    `done` is called with 1 after each conversion. UserError when the data lacks rows for a size.
    """
    rows, seeds = rows_of(dataset, usage).at_side(kind.side_px), tuple(seeds)
    exact = KerasPredictor(model).log_probabilities(rows.images, _ignore)
    folded = fold_batch_norms(model)
    points = []
    for count in sizes:
        for seed in seeds:
            calibration = choose_calibration_set(
                dataset, count=count, seed=seed, side_px=kind.side_px
            )
            content = convert(folded, calibration, kind).content
            predictor = TflitePredictor(content, model.name, kind=kind)
            answers = predictor.log_probabilities(rows.images, _ignore)
            alike = compare_answers(exact, answers)
            points.append(
                CurvePoint(
                    count,
                    seed,
                    score(answers, rows.labels).accuracy,
                    alike.agreement,
                    alike.mean_difference,
                )
            )
            done(1)
    accuracy = score(exact, rows.labels).accuracy
    return CalibrationCurve(model.name, usage, len(rows), accuracy, tuple(points))


def _ignore(amount: float) -> None:
    """Drop the progress within one measurement: it is not shown."""
