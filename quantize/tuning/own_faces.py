"""The faces of one's own clips as a data set: labelled by folders, or by the network itself."""

import csv
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import LABELS
from edge_fer.errors import DataError, DataReason
from edge_fer.models.card import ModelCard
from quantize.data.face_export import TABLE
from quantize.data.fer2013 import USAGES, Fer2013
from quantize.data.load import Reading, load_fer2013
from quantize.evaluation.confidence import scale
from quantize.evaluation.predictors import Predictor
from quantize.progress import progress_bar

_NEIGHBOURS = 2  # faces before and after in the same clip that a face's label is averaged over
_HELD_OUT = 5  # the last one in so many of each clip's faces
_CHOOSING = 5  # the last one in so many of each class's other faces
FEWEST = 20


def labelled_by_folder(faces: Path) -> Fer2013 | None:
    """Return the faces of a folder of `edge-fer faces`, or None where no folder names a class."""
    try:
        return load_fer2013(faces, reading=Reading(skip_bad=True))
    except DataError as error:
        if error.reason is DataReason.EMPTY:
            return None
        raise


def labelled_by_network(faces: Path, predictor: Predictor, card: ModelCard) -> Fer2013:
    """Return the faces that the network is sure of, with its own answers as labels.

    An answer is the mean of the probabilities of a face and its neighbours in the clip: one frame
    in which the network errs counts less. It is sure above its card's threshold. The last fifth of
    each clip is PublicTest. UserError where too few remain.
    """
    sources, images = _read(faces)
    with progress_bar("Labelling faces", len(images)) as advance:
        answers = predictor.log_probabilities(images, advance)
    probabilities = np.exp(scale(answers, card.temperature))
    labels = np.zeros(len(images), np.int64)
    usages = np.zeros(len(images), np.uint8)
    sure = np.zeros(len(images), np.bool_)
    for rows in sources.values():
        for place, row in enumerate(rows):
            near = rows[max(place - _NEIGHBOURS, 0) : place + _NEIGHBOURS + 1]
            mean = probabilities[near].mean(axis=0)
            labels[row] = mean.argmax()
            sure[row] = mean.max() >= card.uncertain_threshold
            is_held = place >= len(rows) - len(rows) // _HELD_OUT
            usages[row] = USAGES.index("PublicTest" if is_held else "Training")
    kept = np.flatnonzero(sure)
    if len(kept) < FEWEST:
        raise DataError(
            DataReason.EMPTY,
            f"{faces}: the network is sure of {len(kept)} of {len(images)} faces, {FEWEST} are the "
            "least: label clips by folders, as happy/clip.mp4",
        )
    note = f"the network labelled {len(kept):,} of {len(images):,} faces, of which it is sure"
    return Fer2013(images[kept], labels[kept], usages[kept], notes=(note,))


def _read(faces: Path) -> tuple[dict[str, list[int]], NDArray[np.uint8]]:
    """Return the rows of each source in the order of their times, and the images."""
    sources: dict[str, list[int]] = defaultdict(list)
    images: list[NDArray[np.uint8]] = []
    with (faces / TABLE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            image = cv2.imread(str(faces / row["file"]), cv2.IMREAD_GRAYSCALE)
            if image is not None:
                sources[row["source"]].append(len(images))
                images.append(image.astype(np.uint8))
    if not images:
        raise DataError(DataReason.EMPTY, f"{faces}: no face was found in the clips")
    return sources, np.stack(images)


def mixed(own: Fer2013, fer2013: Fer2013, *, rows: int, seed: int) -> Fer2013:
    """Return own faces among faces of FER2013, so that what the network knew is not forgotten.

    Training has `rows` of FER2013 (0: all) and own faces repeated until they are as many, ten times
    at most. PublicTest, which chooses the checkpoint, has the last fifth of each class of the own
    Training faces and as many of FER2013, at least 50 a class. The own PublicTest faces are in
    neither: the files are compared on them, and such a comparison is worth something only on faces
    that chose nothing.
    """
    rng = np.random.default_rng(seed)
    learned, choosing = _part_that_chooses(own.select("Training"))
    theirs = fer2013.select("Training")
    order = rng.permutation(len(theirs))
    theirs = theirs.rows(order[: rows or len(order)])
    times = int(np.clip(len(theirs) // max(len(learned), 1), 1, 10))
    public = fer2013.select("PublicTest")
    order = rng.permutation(len(public))
    parts = [learned] * times + [theirs, choosing]
    parts.append(public.rows(order[: max(len(choosing), 50 * len(LABELS))]))
    return Fer2013(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.usages for part in parts]),
    )


def _part_that_chooses(training: Fer2013) -> tuple[Fer2013, Fer2013]:
    """Return the faces to learn from, and the last fifth of each class as PublicTest.

    Whole stretches of the clips, because neighbouring frames are nearly the same picture.
    """
    chooses = np.zeros(len(training), np.bool_)
    for label in np.unique(training.labels):
        rows = np.flatnonzero(training.labels == label)
        chooses[rows[len(rows) - len(rows) // _CHOOSING :]] = True
    learned, choosing = (
        training.rows(np.flatnonzero(~chooses)),
        training.rows(np.flatnonzero(chooses)),
    )
    public = np.full(len(choosing), USAGES.index("PublicTest"), np.uint8)
    return learned, replace(choosing, usages=public)
