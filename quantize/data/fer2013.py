"""FER2013 in memory: the images, their labels and the part of the challenge each belongs to."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import LABELS
from edge_fer.errors import DataError, DataReason, UsageError, UsageReason
from edge_fer.face.crop import scale_face
from edge_fer.models.kind import FACE_PX

USAGES: tuple[str, ...] = ("Training", "PublicTest", "PrivateTest")
"""The three parts of the Kaggle challenge; a usage is stored as its index here."""
TEST = len(USAGES)
"""While rows are gathered: one of both tests, which one is decided by what else is there."""


class BadRowError(Exception):
    """A row or file that is not FER2013: `reason` is the kind, for counting, `detail` the case."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no truth value; compare digests
class Fer2013:
    """N rows of FER2013.

    `images` is uint8[N, side, side], 48 px unless folders were read for another size. `labels` is
    int64[N], an index into `classes` (without other ones `edge_fer.emotions.Emotion`), `usages`
    uint8[N], an index into USAGES. `skipped` counts, by reason, the bad rows that were left out,
    `passed_over` what the source holds and is not a row. `notes` are sentences on how it was read.
    `names` (str[N]) are the files' names, where rows are files.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    usages: NDArray[np.uint8]
    skipped: Mapping[str, int] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = LABELS
    names: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        rows = len(self.labels)
        square = (rows, *self.images.shape[1:2] * 2)
        if self.images.shape != square or self.usages.shape != (rows,):
            raise ValueError(
                f"images {self.images.shape}, labels {self.labels.shape} and usages "
                f"{self.usages.shape} do not belong together"
            )
        if rows and not 0 <= self.labels.min() <= self.labels.max() < len(self.classes):
            raise ValueError(f"labels are not in 0..{len(self.classes) - 1}")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def side_px(self) -> int:
        """The side of the images."""
        return int(self.images.shape[1])

    def at_side(self, side_px: int) -> "Fer2013":
        """Return the same rows with images of `side_px`, scaled as the daemon scales a face."""
        if side_px == self.side_px:
            return self
        images = np.empty((len(self), side_px, side_px), np.uint8)
        for place, image in enumerate(self.images):
            images[place] = scale_face(image, side_px)
        return replace(self, images=images)

    def select(self, usage: str) -> "Fer2013":
        """Return the rows of one usage, which may be none; UserError if there is no such usage."""
        if usage not in USAGES:
            raise UsageError(
                UsageReason.BAD_VALUE,
                f"usage {usage!r} is unknown: choose one of {', '.join(USAGES)}",
            )
        return self.rows(np.flatnonzero(self.usages == USAGES.index(usage)))

    def rows(self, index: NDArray[np.intp]) -> "Fer2013":
        """Return the rows that `index` names, in its order."""
        return Fer2013(
            self.images[index],
            self.labels[index],
            self.usages[index],
            classes=self.classes,
            names=None if self.names is None else self.names[index],
        )

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of rows of each usage and class; usages without a row are left out."""
        return {
            usage: dict(zip(self.classes, map(int, per_class), strict=True))
            for code, usage in enumerate(USAGES)
            if (
                per_class := np.bincount(
                    self.labels[self.usages == code], minlength=len(self.classes)
                )
            ).any()
        }

    def digest(self) -> str:
        """Return the sha256, in hex, of the images, labels and usages in their order."""
        digest = hashlib.sha256()
        digest.update(np.ascontiguousarray(self.images).tobytes())
        digest.update(self.labels.astype("<i8").tobytes())
        digest.update(self.usages.astype(np.uint8).tobytes())
        return digest.hexdigest()


class RowCollector:
    """Gathers good rows and counts bad ones; the readers of all layouts fill one."""

    def __init__(
        self, *, skip_bad: bool, classes: tuple[str, ...] = LABELS, side_px: int = FACE_PX
    ) -> None:
        self._skip_bad, self._classes, self._side_px = skip_bad, classes, side_px
        self._pixels: list[bytes] = []
        self._labels: list[int] = []
        self._usages: list[int] = []
        self._names: list[str] = []
        self._skipped: Counter[str] = Counter()
        self._passed_over: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, pixels: bytes, label: int, usage: int, name: str = "") -> None:
        """Take one row: the bytes of a square image."""
        self._pixels.append(pixels)
        self._labels.append(label)
        self._usages.append(usage)
        self._names.append(name)

    def reject(self, where: str, problem: BadRowError) -> None:
        """Count a bad row, or raise the UserError that names it where bad rows are not skipped."""
        if not self._skip_bad:
            raise DataError(
                DataReason.BAD_ROW,
                f"{where}: {problem} (mend it, or leave such rows out with --skip-bad)",
            )
        self._skipped[problem.reason] += 1

    def pass_over(self, reason: str, example: str) -> None:
        """Count what is not a row, and is no error; the first of a kind is named."""
        self._passed_over[reason] += 1
        self._examples.setdefault(reason, example)

    def dataset(self, source: str, notes: tuple[str, ...] = ()) -> Fer2013:
        """Return what was gathered; UserError if that is nothing."""
        passed_over = {
            f"{reason}, as {self._examples[reason]}": count
            for reason, count in sorted(self._passed_over.items())
        }
        if not self._labels:
            others = "".join(f"; {count} {reason}" for reason, count in passed_over.items())
            left_out = sum(self._skipped.values())
            raise DataError(
                DataReason.EMPTY,
                f"{source}: no usable row of FER2013 ({left_out} bad ones left out{others})",
            )
        images = np.frombuffer(b"".join(self._pixels), np.uint8)
        usages = np.array(self._usages, np.uint8)
        if TEST in usages:
            # Beside a validation part the test part is kept apart: it chooses no checkpoint.
            public, private = USAGES.index("PublicTest"), USAGES.index("PrivateTest")
            is_apart = public in usages
            usages[usages == TEST] = private if is_apart else public
            if is_apart:
                notes += ("validation is PublicTest; test is PrivateTest and chooses nothing",)
        return Fer2013(
            images.reshape(-1, self._side_px, self._side_px),
            np.array(self._labels, np.int64),
            usages,
            dict(sorted(self._skipped.items())),
            passed_over,
            notes,
            self._classes,
            np.array(self._names) if any(self._names) else None,
        )
