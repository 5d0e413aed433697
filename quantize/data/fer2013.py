"""FER2013 in memory: the images, their labels and the part of the challenge each belongs to."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import LABELS
from edge_fer.errors import DataError, DataReason, UsageError, UsageReason
from edge_fer.models.kind import FACE_PX

USAGES: tuple[str, ...] = ("Training", "PublicTest", "PrivateTest")
"""The three parts of the Kaggle challenge; a usage is stored as its index here."""


class BadRowError(Exception):
    """A row or file that is not FER2013: `reason` is the kind, for counting, `detail` the case."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no truth value; compare digests
class Fer2013:
    """N rows of FER2013.

    `images` is uint8[N, 48, 48], `labels` int64[N] in 0..6 (`edge_fer.emotions.Emotion`), `usages`
    uint8[N], an index into USAGES. `skipped` counts, by reason, the bad rows that were left out.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    usages: NDArray[np.uint8]
    skipped: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = len(self.labels)
        if self.images.shape != (rows, FACE_PX, FACE_PX) or self.usages.shape != (rows,):
            raise ValueError(
                f"images {self.images.shape}, labels {self.labels.shape} and usages "
                f"{self.usages.shape} do not belong together"
            )

    def __len__(self) -> int:
        return len(self.labels)

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
        return Fer2013(self.images[index], self.labels[index], self.usages[index])

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of rows of each usage and class; usages without a row are left out."""
        return {
            usage: dict(zip(LABELS, map(int, per_class), strict=True))
            for code, usage in enumerate(USAGES)
            if (
                per_class := np.bincount(self.labels[self.usages == code], minlength=len(LABELS))
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
    """Gathers good rows and counts bad ones; the readers of both layouts fill one."""

    def __init__(self, *, skip_bad: bool) -> None:
        self._skip_bad = skip_bad
        self._pixels: list[bytes] = []
        self._labels: list[int] = []
        self._usages: list[int] = []
        self._skipped: Counter[str] = Counter()

    def add(self, pixels: bytes, label: int, usage: int) -> None:
        """Take one row of 2,304 bytes."""
        self._pixels.append(pixels)
        self._labels.append(label)
        self._usages.append(usage)

    def reject(self, where: str, problem: BadRowError) -> None:
        """Count a bad row, or raise the UserError that names it where bad rows are not skipped."""
        if not self._skip_bad:
            raise DataError(
                DataReason.BAD_ROW,
                f"{where}: {problem} (mend it, or leave such rows out with --skip-bad)",
            )
        self._skipped[problem.reason] += 1

    def dataset(self, source: str) -> Fer2013:
        """Return what was gathered; UserError if that is nothing."""
        if not self._labels:
            left_out = sum(self._skipped.values())
            raise DataError(
                DataReason.EMPTY,
                f"{source}: no usable row of FER2013 ({left_out} bad ones left out)",
            )
        images = np.frombuffer(b"".join(self._pixels), np.uint8)
        return Fer2013(
            images.reshape(-1, FACE_PX, FACE_PX),
            np.array(self._labels, np.int64),
            np.array(self._usages, np.uint8),
            dict(sorted(self._skipped.items())),
        )
