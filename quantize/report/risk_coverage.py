"""The report's risk-coverage curve: what asking the driver instead of guessing buys."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.plot_style import BLUE, GREY, ORANGE, in_style, legend_below
from quantize.plots.figures import open_figure, save_figure
from quantize.report.markdown import paragraphs, picture
from quantize.report.measured import Measured


def risk_coverage_section(measured: Measured, folder: Path) -> str:
    """Draw the curve into `folder` and return what the page says of it."""
    draw_risk_coverage(measured, folder / "risk-coverage.png")
    covered, risk = at_threshold(measured)
    coverage, risks = risk_coverage(measured.calibrated.scaled, measured.rows.labels)
    return paragraphs(
        "Below the threshold an answer counts as *uncertain* and the driver is asked. With "
        f"{measured.calibrated.threshold:.3f} the model answers for {covered:.1%} of the images "
        f"and is wrong on {risk:.1%} of those, against {risks[-1]:.1%} if it answered for all; "
        f"the area under the curve is {area(coverage, risks):.4f}. The lower line is that of a "
        "model that knows its mistakes (El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017, "
        "[arXiv:1705.08500](https://arxiv.org/abs/1705.08500)).",
        picture("risk-coverage.png", "risk-coverage curve with the threshold"),
    )


def risk_coverage(
    answers: NDArray[np.float64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coverage (0..1, rising to 1) and the share of wrong answers among those covered.

    `answers` are log-probabilities, float64[n, 7]. Images of the same confidence are covered
    together, so the curve may have fewer points than images: int8 has few confidences.
    """
    confidence = answers.max(axis=1)
    wrong = answers.argmax(axis=1) != labels
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    covered = ends + 1
    return covered / len(labels), np.cumsum(wrong[order])[ends] / covered


def area(coverage: NDArray[np.float64], risk: NDArray[np.float64]) -> float:
    """Return the area under the curve, each image weighing the same; smaller is better."""
    return float((np.diff(coverage, prepend=0.0) * risk).sum())


def at_threshold(measured: Measured) -> tuple[float, float]:
    """Return the share of images that reach the threshold, and of those the share that is wrong."""
    confidence = np.exp(measured.calibrated.scaled.max(axis=1))
    covered = confidence >= measured.calibrated.threshold
    if not covered.any():
        return 0.0, 0.0
    return float(covered.mean()), float((~measured.right[covered]).mean())


@in_style
def draw_risk_coverage(measured: Measured, path: Path) -> None:
    """Draw the curve, the ideal one and the threshold into a PNG file."""
    figure = open_figure(4.2)
    axes = figure.subplots()
    coverage, risk = risk_coverage(measured.calibrated.scaled, measured.rows.labels)
    axes.plot(100 * coverage, 100 * risk, color=BLUE, label="the model")
    shares = np.linspace(0.01, 1, 200)
    ideal = np.maximum(0.0, 1 - measured.scores.accuracy / shares)
    axes.plot(100 * shares, 100 * ideal, color=GREY, linestyle="--", label="knows its mistakes")
    covered, wrong = at_threshold(measured)
    axes.plot(
        [100 * covered],
        [100 * wrong],
        "o",
        color=ORANGE,
        label=f"threshold {measured.calibrated.threshold:.3f}: "
        f"answers {covered:.0%}, {wrong:.0%} of them wrong",
    )
    axes.set_xlim(0, 101)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("coverage: answered (%)")
    axes.set_ylabel("risk: wrong among the answered (%)")
    legend_below(figure, 2)
    save_figure(figure, path)
