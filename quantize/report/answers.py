"""The report's part on right and wrong: figures by class and the confusion matrix."""

from pathlib import Path

import numpy as np

from edge_fer.emotions import LABELS
from firmware_bridge.plot_style import INK, SMALL_PT, in_style
from quantize.evaluation.scores import Scores
from quantize.plots.colour_maps import white_to_blue
from quantize.plots.figures import open_figure, save_figure
from quantize.report.markdown import paragraphs, picture, table


def answers_section(scores: Scores, folder: Path) -> str:
    """Draw the confusion matrix into `folder` and return it with the figures by class."""
    draw_confusion(scores, folder / "confusion.png")
    rows = zip(LABELS, scores.confusion, scores.recall, scores.f1, strict=True)
    return paragraphs(
        table(
            ("class", "images", "recall", "F1"),
            [
                (label, f"{sum(counts):,}", _share(recall), _share(f1))
                for label, counts, recall, f1 in rows
            ],
        ),
        picture("confusion.png", "confusion matrix"),
    )


@in_style
def draw_confusion(scores: Scores, path: Path) -> None:
    """Draw the confusion matrix, shaded by the share of each row, into a PNG file."""
    counts = np.array(scores.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = open_figure(6.0)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap=white_to_blue(), vmin=0, vmax=1)
    for truth, answer in np.ndindex(*counts.shape):
        axes.text(
            answer,
            truth,
            f"{counts[truth, answer]:,}\n{shares[truth, answer]:.0%}",
            ha="center",
            va="center",
            size=SMALL_PT,
            color="white" if shares[truth, answer] > 0.5 else INK,
        )
    axes.set_xticks(range(len(LABELS)), LABELS)
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.tick_params(length=0)
    axes.grid(False)
    axes.set_xlabel("answer")
    axes.set_ylabel("truth")
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, label="share of the class", shrink=0.8, format="{x:.0%}")
    save_figure(figure, path)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
