"""The report's contact sheet of what the model was surest of and got wrong."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import LABELS
from firmware_bridge.plot_style import INK, ORANGE, in_style
from quantize.report.markdown import paragraphs, picture, table
from quantize.report.measured import Measured
from quantize.report.tiles import FEWEST_FACES, Tile, draw_tiles, in_rows

_SHOWN = 40
_A_ROW = 9
_CONFUSIONS = 10
_TILE_IN = 0.8


def mistakes_section(measured: Measured, folder: Path, *, with_faces: bool) -> str:
    """Draw the surest mistakes into `folder` and return what the page says of them.

    Without `with_faces` no face is drawn, and the page says how often which classes are confused.
    """
    mistakes = surest_mistakes(measured.calibrated.scaled, measured.rows.labels, _SHOWN)
    wrong = int((~measured.right).sum())
    if not with_faces:
        return paragraphs(
            f"{wrong:,} answers are wrong. The classes that are confused most:",
            table(
                ("label", "answer", "images", "mean confidence"),
                [
                    (label, answer, f"{count:,}", f"{confidence:.0%}")
                    for label, answer, count, confidence in confusions(measured)[:_CONFUSIONS]
                ],
            ),
        )
    if len(mistakes) < FEWEST_FACES:
        return (
            f"{wrong} answers are wrong: too few for a contact sheet, and one by one the faces of "
            "FER2013 are not shown."
        )
    draw_mistakes(measured, mistakes, folder / "mistakes.png")
    return paragraphs(
        f"The {len(mistakes)} of {wrong:,} wrong answers that the model was surest of, after its "
        "temperature. Above, in orange, its answer; below, the label. Some labels of FER2013 are "
        "wrong, and some faces would pass for either.",
        picture("mistakes.png", "the surest mistakes"),
    )


def confusions(measured: Measured) -> list[tuple[str, str, int, float]]:
    """Return label, wrong answer, count and mean confidence (0..1), the most frequent first."""
    scaled, labels = measured.calibrated.scaled, measured.rows.labels
    answers, surest = scaled.argmax(axis=1), np.exp(scaled.max(axis=1))
    found = []
    for label, name in enumerate(LABELS):
        for answer, wrong_name in enumerate(LABELS):
            rows = (labels == label) & (answers == answer)
            if label != answer and rows.any():
                found.append((name, wrong_name, int(rows.sum()), float(surest[rows].mean())))
    return sorted(found, key=lambda row: -row[2])


def surest_mistakes(
    answers: NDArray[np.float64], labels: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Return up to `count` rows with a wrong answer, the surest first.

    `answers` are log-probabilities, float64[n, 7].
    """
    wrong = np.flatnonzero(answers.argmax(axis=1) != labels)
    order = np.argsort(-answers[wrong].max(axis=1), kind="stable")
    return wrong[order][:count]


@in_style
def draw_mistakes(measured: Measured, mistakes: NDArray[np.int64], path: Path) -> None:
    """Draw the rows `mistakes` with answer, confidence and label into a PNG file."""
    probabilities = np.exp(measured.calibrated.scaled)
    tiles = []
    for row in mistakes:
        answer = int(probabilities[row].argmax())
        said = f"{LABELS[answer]} {probabilities[row, answer]:.0%}"
        truth = LABELS[measured.rows.labels[row]]
        tiles.append(Tile(measured.rows.images[row], ((said, ORANGE), (f"label {truth}", INK))))
    draw_tiles(in_rows(tiles, _A_ROW), path, tile_in=_TILE_IN)
