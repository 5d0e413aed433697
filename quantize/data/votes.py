"""FER+: what ten taggers saw in each FER2013 image, as soft targets for a second head.

Barsoum, Zhang, Canton Ferrer and Zhang 2016, "Training Deep Networks for Facial Expression
Recognition with Crowd-Sourced Label Distribution". The votes help the features to learn what is
to be seen where FER2013's own label is wrong; the network that ships has no trace of the head.
"""

import csv
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import LABELS
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

_HEADER = ("Usage", *VOTE_CLASSES)
_HEADER_WITH_NAMES = ("Usage", "Image name", *VOTE_CLASSES)
# The vote that says what a label of FER2013 says.
_VOTE_OF: dict[int, int] = {
    LABELS.index(label): VOTE_CLASSES.index(vote)
    for label, vote in zip(
        LABELS,
        ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
        strict=True,
    )
}
# In the right order it is 65 % of FER2013's rows, by chance 20 %.
_LEAST_AGREEMENT = 0.4
_FEWEST_TO_JUDGE = 200


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the file. `name` is "" where Microsoft gives none: the image is not a face."""

    line: int
    usage: str
    name: str
    counts: tuple[int, ...]


def load_votes(path: Path, dataset: Fer2013) -> NDArray[np.float32]:
    """Return the share of each answer, float32[len(dataset), 10], rows as in `dataset`.

    The file is FER+'s CSV: `Usage`, then a count for each of VOTE_CLASSES, a row for each row of
    FER2013; or as Microsoft publishes it, `fer2013new.csv`, with `Image name` behind the usage.
    Its rows are matched by name where the data's rows are files of these names
    (`fer0000000.png`). Else they go in order, usage by usage: all of them, or, where the data has
    as many rows as there are named ones, those. UserError if it cannot be read or belongs to
    other rows, and which.
    """
    rows = _read(path)
    by_name = {row.name: row for row in rows if row.name}
    if by_name and dataset.names is not None:
        chosen = _by_name(path, dataset, by_name)
    else:
        chosen = _in_order(path, dataset, rows)
    counts = np.array([row.counts for row in chosen], np.float32)
    _refuse_out_of_step(path, counts, dataset)
    totals = counts.sum(axis=1, keepdims=True)
    if not totals.all():
        raise DataError(
            DataReason.MISMATCH,
            f"--votes: {path} line {chosen[int(totals.argmin())].line} has no vote",
        )
    return np.asarray(counts / totals, np.float32)


def votes_as_labels(votes: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the votes for FER2013's classes, float32[n, 7] of sum 1, and for which rows: bool[n].

    `votes` are float32[n, 10], as `load_votes` gives them. *Contempt*, *unknown* and *not a face*
    are no class of FER2013: the others share what is left, and a row without any has zeros.
    """
    ours = votes[:, [_VOTE_OF[index] for index in range(len(LABELS))]]
    totals = ours.sum(axis=1, keepdims=True)
    there = totals[:, 0] > 0
    return np.asarray(ours / np.where(totals > 0, totals, 1), np.float32), there


def unclear_share(votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the share of taggers, float32[n], who saw no face or no emotion that they know.

    `votes` are float32[n, 10], as `load_votes` gives them.
    """
    unclear = [VOTE_CLASSES.index(name) for name in ("unknown", "NF")]
    return np.asarray(votes[:, unclear].sum(axis=1), np.float32)


def _read(path: Path) -> list[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            DataReason.UNREADABLE, f"--votes: {path} cannot be read ({error})"
        ) from error
    header = tuple(name.strip() for name in lines[0]) if lines else ()
    if header not in (_HEADER, _HEADER_WITH_NAMES):
        raise DataError(
            DataReason.BAD_FORMAT,
            f"--votes: {path} has no FER+ header {','.join(_HEADER)} or "
            f"{','.join(_HEADER_WITH_NAMES[:3])},...",
        )
    rows = []
    for line, fields in enumerate(lines[1:], start=2):
        if not any(fields):
            continue
        usage, *votes = (field.strip() for field in fields)
        name = votes.pop(0) if header == _HEADER_WITH_NAMES and votes else ""
        if len(votes) != len(VOTE_CLASSES) or not all(
            vote.isascii() and vote.isdigit() for vote in votes
        ):
            raise DataError(
                DataReason.BAD_ROW, f"--votes: {path} line {line} is not {len(VOTE_CLASSES)} counts"
            )
        if usage not in USAGES:
            raise DataError(
                DataReason.BAD_ROW, f"--votes: {path} line {line} is {usage!r}: no usage of FER2013"
            )
        # Without names each row is an image: those that are none are marked by their votes alone.
        rows.append(_Row(line, usage, name, tuple(map(int, votes))))
    return rows


def _refuse_out_of_step(path: Path, counts: NDArray[np.float32], dataset: Fer2013) -> None:
    """UserError where the votes contradict most labels: rows in another order look so."""
    judged = np.flatnonzero(np.isin(dataset.labels, list(_VOTE_OF)))
    if len(judged) < _FEWEST_TO_JUDGE or dataset.classes != LABELS:
        return
    answers = counts[judged].argmax(axis=1)
    labels = np.array([_VOTE_OF[label] for label in dataset.labels[judged].tolist()])
    agreement = float((answers == labels).mean())
    if agreement < _LEAST_AGREEMENT:
        raise DataError(
            DataReason.MISMATCH,
            f"--votes: {path}: the most frequent vote is the data's label in {agreement:.0%} of "
            "the rows: their order is not that of the data",
        )


def _by_name(path: Path, dataset: Fer2013, known: dict[str, _Row]) -> list[_Row]:
    assert dataset.names is not None  # load_votes has seen that it is not
    names = [PurePosixPath(name).name for name in dataset.names.tolist()]
    if missing := [name for name in names if name not in known]:
        raise DataError(
            DataReason.MISMATCH,
            f"--votes: {path} has no row for {len(missing)} of {len(names)} images, as "
            f"{missing[0]}: they are matched by name, as fer0000000.png",
        )
    for name, usage in zip(names, dataset.usages, strict=True):
        if known[name].usage != USAGES[usage]:
            raise DataError(
                DataReason.MISMATCH,
                f"--votes: {path} line {known[name].line}: {name} is of {known[name].usage}, "
                f"in the data of {USAGES[usage]}",
            )
    return [known[name] for name in names]


def _in_order(path: Path, dataset: Fer2013, rows: list[_Row]) -> list[_Row]:
    """Return a row of votes for each of the data's, in the order of each usage."""
    of_usage: dict[int, list[_Row]] = {}
    for code, usage in enumerate(USAGES):
        wanted = int(np.count_nonzero(dataset.usages == code))
        there = [row for row in rows if row.usage == usage]
        named = [row for row in there if row.name]
        if wanted == 0:
            continue  # rows for a part that the data has not
        if len(there) == wanted:
            of_usage[code] = there
        elif len(named) == wanted:
            of_usage[code] = named
        else:
            but = f" ({len(named)} with an image name)" if named else ""
            raise DataError(
                DataReason.MISMATCH,
                f"--votes: {path} has {len(there)} rows{but} of {usage}, the data {wanted}: "
                "they have to go row for row",
            )
    places = dict.fromkeys(of_usage, 0)
    chosen = []
    for code in dataset.usages.tolist():
        chosen.append(of_usage[code][places[code]])
        places[code] += 1
    return chosen
