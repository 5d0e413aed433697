"""From the command line's words on data to a data set, and what there is to say of it."""

from pathlib import Path

import numpy as np
from rich.console import Console

from edge_fer.models.kind import FACE_PX
from quantize.data.calibration_set import balanced_rows
from quantize.data.checks import notes_of
from quantize.data.classes import FER2013, Classes
from quantize.data.fer2013 import Fer2013
from quantize.data.load import Reading, load_fer2013


def reading_of(
    *,
    skip_bad: bool = False,
    classes: Classes = FER2013,
    face_crop: bool = False,
    yunet: Path | None = None,
    unsplit: str = "split",
    side_px: int = FACE_PX,
) -> Reading:
    """Return how data is read; `face_crop` cuts faces with YuNet's file `yunet` or the default."""
    cutter = None
    if face_crop:
        from quantize.data.face_crop import DaemonFaceCutter  # noqa: PLC0415  # opens a detector

        cutter = DaemonFaceCutter(yunet)
    return Reading(skip_bad, classes, cutter, unsplit, side_px)


def read_data(path: Path, reading: Reading, *, near: bool = False, rows: int = 0) -> Fer2013:
    """Read a data set with a bar; print on stderr what was left out and what is doubtful.

    `near` looks for test pictures that nearly are Training pictures, too. `rows` above 0 is how
    many of each usage are taken at most.
    """
    dataset = load_fer2013(path, progress=True, reading=reading)
    console = Console(stderr=True)
    for line in notes_of(dataset, near=near):
        console.print(f"{path}: {line}", markup=False, highlight=False, soft_wrap=True)
    return fewer_rows(dataset, rows) if rows else dataset


def fewer_rows(dataset: Fer2013, rows: int) -> Fer2013:
    """Return `rows` of each usage at most, as many of each class as there are, always the same."""
    kept = []
    for usage in np.unique(dataset.usages):
        of_usage = np.flatnonzero(dataset.usages == usage)
        count = min(rows, len(of_usage))
        kept.append(of_usage[balanced_rows(dataset.labels[of_usage], count=count, seed=1)])
    return dataset.rows(np.sort(np.concatenate(kept)))
