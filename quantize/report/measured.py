"""What a report measures once and several of its parts show."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.data.fer2013 import Fer2013
from quantize.evaluation.equivalence import Agreement, compare_answers
from quantize.evaluation.evaluation import rows_of
from quantize.evaluation.robustness import Robustness, measure_robustness
from quantize.evaluation.scores import Scores, score
from quantize.progress import progress_bar
from quantize.report.calibrated import Calibrated, calibrate
from quantize.report.subject import ModelFile, Subject


@dataclass(frozen=True, slots=True, eq=False)
class AgainstFloat:
    """The float network on the same rows, and how alike both answer."""

    scores: Scores
    alike: Agreement


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A model's answers (float64[n, 7], log-probabilities) on the `rows` of `usage`.

    `against_float` is None for a float network and where none was given.
    """

    rows: Fer2013
    usage: str
    answers: NDArray[np.float64]
    scores: Scores
    calibrated: Calibrated
    against_float: AgainstFloat | None
    robustness: Robustness

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each answer is right, bool[n]."""
        return np.asarray(self.answers.argmax(axis=1) == self.rows.labels)


def measure(subject: Subject, dataset: Fer2013, usage: str, *, progress: bool = False) -> Measured:
    """Let the model answer for the rows of `usage`; UserError when there are none."""
    rows = rows_of(dataset, usage).at_side(subject.file.predictor.side_px)
    answers = _answers(subject.file, rows, progress=progress)
    against_float = None
    if subject.network is not None and not subject.is_network:
        exact = _answers(subject.network, rows, progress=progress)
        against_float = AgainstFloat(score(exact, rows.labels), compare_answers(exact, answers))
    scores = score(answers, rows.labels)
    calibrated = calibrate(answers, rows.labels, subject.card)
    return Measured(
        rows,
        usage,
        answers,
        scores,
        calibrated,
        against_float,
        measure_robustness(
            subject.file.predictor,
            rows,
            usage,
            scores.accuracy,
            temperature=calibrated.temperature,
            progress=progress,
        ),
    )


def _answers(file: ModelFile, rows: Fer2013, *, progress: bool) -> NDArray[np.float64]:
    with progress_bar(f"Measuring {file.path.name}", len(rows), show=progress) as advance:
        return file.predictor.log_probabilities(rows.images, advance)
