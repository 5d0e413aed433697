"""FER+: what ten taggers saw in each FER2013 image, as soft targets for a second head.

Barsoum, Zhang, Canton Ferrer and Zhang 2016, "Training Deep Networks for Facial Expression
Recognition with Crowd-Sourced Label Distribution". The votes help the features to learn what is
to be seen where FER2013's own label is wrong; the network that ships has no trace of the head.
"""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason
from quantize.data.fer2013 import USAGES, Fer2013

VOTE_CLASSES: tuple[str, ...] = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "NF",
)
"""The answers that a tagger could give, in the order of the FER+ file; NF: not a face."""


def load_votes(path: Path, dataset: Fer2013) -> NDArray[np.float32]:
    """Return the share of each answer, float32[len(dataset), 10], rows as in `dataset`.

    The file is FER+'s CSV: `Usage`, then a count for each of VOTE_CLASSES, a row for each row of
    FER2013. UserError if it cannot be read or belongs to other rows.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            DataReason.UNREADABLE, f"--votes: {path} cannot be read ({error})"
        ) from error
    if not rows or tuple(rows[0]) != ("Usage", *VOTE_CLASSES):
        raise DataError(
            DataReason.BAD_FORMAT,
            f"--votes: {path} has no FER+ header Usage,{','.join(VOTE_CLASSES)}",
        )
    if len(rows) - 1 != len(dataset):
        raise DataError(
            DataReason.MISMATCH,
            f"--votes: {path} has {len(rows) - 1} rows, the data {len(dataset)}: "
            "they have to go row for row",
        )
    counts = np.zeros((len(dataset), len(VOTE_CLASSES)), np.float32)
    for index, (usage, *votes) in enumerate(rows[1:]):
        line = index + 2
        if usage != USAGES[dataset.usages[index]]:
            raise DataError(
                DataReason.MISMATCH,
                f"--votes: {path} line {line} is {usage!r}, the data's row is "
                f"{USAGES[dataset.usages[index]]}: they have to go row for row",
            )
        if len(votes) != len(VOTE_CLASSES) or not all(vote.isdecimal() for vote in votes):
            raise DataError(
                DataReason.BAD_ROW, f"--votes: {path} line {line} is not {len(VOTE_CLASSES)} counts"
            )
        counts[index] = [int(vote) for vote in votes]
    totals = counts.sum(axis=1, keepdims=True)
    if not totals.all():
        raise DataError(
            DataReason.BAD_ROW, f"--votes: {path} line {int(totals.argmin()) + 2} has no vote"
        )
    return np.asarray(counts / totals, np.float32)
