"""Converts a network to any of the formats and says what each would bring."""

from dataclasses import asdict, dataclass
from typing import Any

import keras
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edge_fer.models.kind import EMOTIONS, ModelKind
from quantize.data.calibration_set import CalibrationSet
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.equivalence import compare_answers
from quantize.evaluation.predictors import KerasPredictor, TflitePredictor
from quantize.evaluation.scores import score
from quantize.int8.convert import convert_as
from quantize.progress import progress_bar


@dataclass(frozen=True, slots=True)
class FormatResult:
    """A converted file against the network it came from, on the same `n` images.

    Accuracies and `agreement` are shares 0..1, the differences are of probabilities.
    """

    format: str
    size_bytes: int
    usage: str
    n: int
    accuracy_before: float
    accuracy_after: float
    agreement: float
    largest_difference: float
    mean_difference: float

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def convert_and_compare(
    model: keras.Model,
    file_format: str,
    calibration: CalibrationSet,
    rows: Fer2013,
    usage: str,
    *,
    kind: ModelKind = EMOTIONS,
    progress: bool = False,
) -> tuple[bytes, FormatResult]:
    """Convert `model`, of `kind`, to `file_format` (of FORMATS) and compare both on `rows`.

    `rows` are those of `usage`, with images of the size that `kind` has.

    UserError when the network has no such form.
    """
    content = convert_as(model, file_format, calibration, kind)
    predictors = (
        ("float32", KerasPredictor(model)),
        (file_format, TflitePredictor(content, "it", kind=kind)),
    )
    answers = []
    for name, predictor in predictors:
        with progress_bar(f"Measuring {name}", len(rows), show=progress) as advance:
            answers.append(predictor.log_probabilities(rows.images, advance))
    before, after = answers
    alike = compare_answers(before, after)
    return content, FormatResult(
        file_format,
        len(content),
        usage,
        len(rows),
        score(before, rows.labels).accuracy,
        score(after, rows.labels).accuracy,
        alike.agreement,
        alike.largest_difference,
        alike.mean_difference,
    )


def render_format(result: FormatResult) -> RenderableType:
    """Return the figures as a table."""
    change = (result.accuracy_after - result.accuracy_before) * 100
    table = Table.grid(padding=(0, 2))
    for name, value in (
        ("format", f"{result.format}, to compare with: a device runs int8"),
        ("size", f"{result.size_bytes:,} bytes"),
        ("measured on", f"{result.n:,} images of {result.usage}"),
        ("accuracy before", f"{result.accuracy_before:.2%}"),
        ("accuracy after", f"{result.accuracy_after:.2%} ({change:+.2f} points)"),
        ("same answer", f"{result.agreement:.2%}"),
        (
            "probabilities off by",
            f"{result.largest_difference:.4f} at most, {result.mean_difference:.4f} on average",
        ),
    ):
        table.add_row(Text(name, "dim"), Text(value))
    return table
