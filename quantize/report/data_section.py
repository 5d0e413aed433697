"""The report's part on the data: class distribution, and a sheet of faces by class."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import LABELS
from quantize.data.fer2013 import Fer2013
from quantize.plots.figures import draw_distribution
from quantize.report.markdown import paragraphs, picture
from quantize.report.tiles import FEWEST_FACES, Tile, draw_tiles

SEED = 1
_PER_CLASS = 7
_TILE_IN = 0.8


def data_section(dataset: Fer2013, folder: Path, *, with_faces: bool) -> str:
    """Draw the figures of the data into `folder` and return what the page says of them.

    The sheet of faces is for `with_faces` only.
    """
    draw_distribution(dataset, folder / "distribution.png")
    chosen = choose_by_class(dataset.labels, _PER_CLASS, SEED)
    parts = [picture("distribution.png", "images by usage and class")]
    if with_faces and sum(map(len, chosen)) >= FEWEST_FACES:
        draw_by_class(dataset, chosen, folder / "faces.png")
        parts += [
            f"Up to {_PER_CLASS} images of each class, drawn by lot from all usages (seed {SEED}):",
            picture("faces.png", "faces by class"),
        ]
    return paragraphs(*parts)


def choose_by_class(
    labels: NDArray[np.int64], per_class: int, seed: int
) -> list[NDArray[np.int64]]:
    """Return `per_class` random rows of each class, or all where there are fewer."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(labels == label)) for label in range(len(LABELS))]
    return [of_class[:per_class] for of_class in rows]


def draw_by_class(dataset: Fer2013, chosen: list[NDArray[np.int64]], path: Path) -> None:
    """Draw the chosen rows of each class, a line a class, into a PNG file."""
    rows = [[Tile(dataset.images[row]) for row in of_class] for of_class in chosen]
    draw_tiles(rows, path, tile_in=_TILE_IN, names=LABELS)
