"""The report's saliency maps: what of a face an answer rests on, found by hiding it.

By occlusion (Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks",
section 4.2): a grey square moves over the face, and where the answer's probability falls most, its
evidence was. It asks nothing of a model but answers, so it is the int8 file that is looked at.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import LABELS
from firmware_bridge.plot_style import BLUE, INK, ORANGE, in_style
from quantize.report.filters import portrait_face
from quantize.report.markdown import paragraphs, picture
from quantize.report.measured import Measured
from quantize.report.subject import Subject
from quantize.report.tiles import FEWEST_FACES, Tile, draw_tiles

SEED = 2
_HIDDEN, _STEP = 4, 16  # of the side, one in so many: a mouth or an eye with its brow
_TILE_IN = 0.8

_HOW = (
    "What of a face the answer rests on. A grey square of "
    "a quarter of its side hides one part of the face after the other "
    "(occlusion sensitivity, Zeiler and Fergus 2014, "
    "[arXiv:1311.2901](https://arxiv.org/abs/1311.2901)): orange is where the answer's "
    "probability falls, blue where it rises, and the stronger the more, each face on a scale "
    "of its own."
)

Answers = Callable[[NDArray[np.uint8]], NDArray[np.float64]]


def saliency_section(
    subject: Subject, measured: Measured, folder: Path, *, with_faces: bool
) -> str:
    """Draw saliency maps into `folder` and return what the page says of them.

    `with_faces` those of some faces of the data, else that of the portrait which may be shown.
    """

    def answers(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        return subject.file.predictor.log_probabilities(images, lambda done: None)

    if not with_faces:
        face = portrait_face(subject.file.predictor.side_px)
        draw_portrait_saliency(face, answers, folder / "saliency-of-the-portrait.png")
        return paragraphs(
            f"{_HOW} The face is the portrait of the feature maps below.",
            picture("saliency-of-the-portrait.png", "saliency of the portrait"),
        )
    right, wrong = (choose(measured, right=wanted, seed=SEED) for wanted in (True, False))
    chosen = [row for row in (*right, *wrong) if row is not None]
    if len(chosen) < FEWEST_FACES:
        return "There are too few answers of both kinds for a contact sheet of their saliency."
    draw_saliency(measured, answers, right, wrong, folder / "saliency.png")
    return paragraphs(
        f"{_HOW} For each label one right and one wrong answer, drawn by lot (seed {SEED}).",
        picture("saliency.png", "saliency of right and wrong answers"),
    )


def choose(measured: Measured, *, right: bool, seed: int) -> list[int | None]:
    """Return a random row of each label whose answer is right, or wrong; None without one."""
    rng = np.random.default_rng(seed)
    chosen: list[int | None] = []
    for label in range(len(LABELS)):
        fitting = np.flatnonzero((measured.rows.labels == label) & (measured.right == right))
        chosen.append(int(rng.choice(fitting)) if len(fitting) else None)
    return chosen


def _occlusion(face: NDArray[np.uint8], answers: Answers) -> NDArray[np.float64]:
    side_px = len(face)
    return occlusion(face, answers, hidden_px=side_px // _HIDDEN, step_px=side_px // _STEP)


def occlusion(
    face: NDArray[np.uint8], answers: Answers, *, hidden_px: int, step_px: int
) -> NDArray[np.float64]:
    """Return how much each pixel of `face` (uint8[s, s]) brings to the top answer's probability.

    float64[s, s] in -1..1: the mean fall of that probability over the squares that hide the
    pixel. A square has the face's mean grey.
    """
    side_px = len(face)
    starts = range(0, side_px - hidden_px + 1, step_px)
    squares = [
        np.s_[top : top + hidden_px, left : left + hidden_px] for top in starts for left in starts
    ]
    faces = np.repeat(face[np.newaxis], 1 + len(squares), axis=0)
    for hidden, square in zip(faces[1:], squares, strict=True):
        hidden[square] = round(float(face.mean()))
    probabilities = np.exp(answers(faces))
    top = int(probabilities[0].argmax())
    falls = probabilities[0, top] - probabilities[1:, top]
    total, covers = np.zeros(face.shape), np.zeros(face.shape)
    for fall, square in zip(falls, squares, strict=True):
        total[square] += fall
        covers[square] += 1
    return total / np.maximum(covers, 1)


@in_style
def draw_saliency(
    measured: Measured,
    answers: Answers,
    right: list[int | None],
    wrong: list[int | None],
    path: Path,
) -> None:
    """Draw faces and their maps, a column for each label, into a PNG file."""
    rows: list[list[Tile | None]] = []
    for chosen in (right, wrong):
        faces: list[Tile | None] = []
        maps: list[Tile | None] = []
        for row in chosen:
            if row is None:
                faces.append(None)
                maps.append(None)
                continue
            face, answer = measured.rows.images[row], int(measured.answers[row].argmax())
            truth = LABELS[measured.rows.labels[row]]
            values = _occlusion(face, answers)
            faces.append(Tile(face))
            confidence = float(np.exp(measured.calibrated.scaled[row, answer]))
            said = f"{LABELS[answer]} {confidence:.0%}"
            maps.append(Tile(overlay(face, values), ((said, ORANGE), (f"label {truth}", INK))))
        rows += [faces, maps]
    draw_tiles(rows, path, tile_in=_TILE_IN, names=["right", "", "wrong", ""])


@in_style
def draw_portrait_saliency(face: NDArray[np.uint8], answers: Answers, path: Path) -> None:
    """Draw a portrait beside its map into a PNG file."""
    log_probabilities = answers(face[np.newaxis])[0]
    answer = int(log_probabilities.argmax())
    values = _occlusion(face, answers)
    said = f"{LABELS[answer]} {float(np.exp(log_probabilities[answer])):.0%}"
    tiles = [Tile(face), Tile(overlay(face, values), ((said, ORANGE),))]
    draw_tiles([tiles], path, tile_in=2 * _TILE_IN)


def overlay(face: NDArray[np.uint8], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lay signed `values` ([48, 48]) in colour over a face: float64[48, 48, 3] in 0..1."""
    grey = np.repeat(face[..., np.newaxis] / 255, 3, axis=2)
    share = values / (float(np.abs(values).max()) or 1.0)
    orange, blue = (np.array(_rgb(colour)) for colour in (ORANGE, BLUE))
    colour = np.where(share[..., np.newaxis] > 0, orange, blue)
    opacity = 0.8 * np.abs(share)[..., np.newaxis]
    return np.asarray(grey * (1 - opacity) + colour * opacity)


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(value / 255 for value in bytes.fromhex(colour.removeprefix("#")))
