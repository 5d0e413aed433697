"""The report's reliability diagram: how often the model is right where it says how sure it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.plot_style import BLUE, GREY, ORANGE, in_style
from quantize.evaluation.scores import CALIBRATION_BINS
from quantize.plots.figures import open_figure, save_figure
from quantize.report.markdown import paragraphs, picture
from quantize.report.measured import Measured

_FEWEST_ANSWERS = 10  # of a bin that is drawn as one to go by


@dataclass(frozen=True, slots=True)
class Bin:
    """The `n` answers whose confidence lies in one bin: its mean, and the share that is right."""

    n: int
    confidence: float
    accuracy: float


def reliability_section(measured: Measured, folder: Path) -> str:
    """Draw the diagram into `folder` and return what the page says of it."""
    calibrated = measured.calibrated
    draw_reliability(measured, folder / "reliability.png")
    return paragraphs(
        f"Temperature {calibrated.temperature:.3f} and threshold {calibrated.threshold:.3f}, "
        f"{calibrated.source}. Calibration error (expected calibration error over "
        f"{CALIBRATION_BINS} bins, Guo et al. 2017, "
        f"[arXiv:1706.04599](https://arxiv.org/abs/1706.04599)): {calibrated.error_before:.2%} "
        f"before, {calibrated.error_after:.2%} after.",
        picture("reliability.png", "reliability before and after temperature scaling"),
        "A dot is a bin of confidence, above the line if the model is right more often than it "
        "says; the bars below say how many answers a bin has. Hollow dots stand for fewer than "
        f"{_FEWEST_ANSWERS} answers, which say little.",
    )


def reliability_bins(answers: NDArray[np.float64], labels: NDArray[np.int64]) -> list[Bin]:
    """Return the bins that have answers, by confidence; `answers` are log-probabilities [n, 7]."""
    confidence = np.exp(answers.max(axis=1))
    right = answers.argmax(axis=1) == labels
    places = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    return [
        Bin(
            int(inside.sum()),
            float(confidence[inside].mean()),
            float(right[inside].mean()),
        )
        for place in range(CALIBRATION_BINS)
        if (inside := places == place).any()
    ]


@in_style
def draw_reliability(measured: Measured, path: Path) -> None:
    """Draw accuracy over confidence before and after the temperature into a PNG file."""
    figure = open_figure(4.8)
    panels = figure.subplots(2, 2, sharex=True, height_ratios=[3, 1])
    calibrated = measured.calibrated
    for column, (answers, title, colour) in enumerate(
        (
            (measured.answers, f"as it is: error {calibrated.error_before:.2%}", ORANGE),
            (calibrated.scaled, f"with its temperature: error {calibrated.error_after:.2%}", BLUE),
        )
    ):
        bins = reliability_bins(answers, measured.rows.labels)
        _draw_bins(panels[0][column], panels[1][column], bins, colour)
        panels[0][column].set_title(title)
    panels[0][0].set_ylabel("right (%)")
    panels[1][0].set_ylabel("answers")
    save_figure(figure, path)


def _draw_bins(upper: Any, lower: Any, bins: list[Bin], colour: str) -> None:
    upper.plot([0, 100], [0, 100], color=GREY, linestyle="--", linewidth=1)
    for found in bins:
        confidence, accuracy = 100 * found.confidence, 100 * found.accuracy
        inside = colour if found.n >= _FEWEST_ANSWERS else "white"
        upper.vlines(confidence, confidence, accuracy, color=colour, alpha=0.4)
        upper.plot(confidence, accuracy, "o", color=colour, markerfacecolor=inside, zorder=3)
        lower.bar(confidence, found.n, width=5, color=colour, alpha=0.6)
    solid = [found for found in bins if found.n >= _FEWEST_ANSWERS]
    upper.plot(
        [100 * found.confidence for found in solid],
        [100 * found.accuracy for found in solid],
        color=colour,
    )
    upper.set(xlim=(0, 100), ylim=(0, 100))
    lower.set_xlabel("confidence (%)")
