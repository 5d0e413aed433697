"""What is doubtful in a data set though each of its rows can be read: repeats, empty pictures."""

from collections import defaultdict
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from quantize.data.fer2013 import USAGES, Fer2013

# Pictures are compared at this side: what JPEG, scaling and light change is gone by then.
_SIDE_PX = 16
# Correlation (-1..1) from which two pictures count as one. Of FER2013's PublicTest rows 2.6 % reach
# it with a Training row that is not the same bytes: other cuts and copies of the same photograph.
NEAR = 0.98
_BLOCK = 512  # rows compared at once: 512 x 28,558 float32 are 58 MB
_FLAT_RANGE = 8  # grey values between the darkest and the brightest pixel of one shade


@dataclass(frozen=True, slots=True)
class Doubts:
    """Counts of rows.

    `duplicates` and `near_duplicates` are those rows of other usages whose picture is a Training
    row's too, byte for byte or nearly (None: not compared). `repeated` are the rows beyond the
    first with the same bytes within a usage, `contradicting` the rows whose bytes have another
    label elsewhere, and `blank` the pictures of one shade.
    """

    duplicates: int
    near_duplicates: int | None
    repeated: int
    contradicting: int
    blank: int

    def warnings(self) -> list[str]:
        """Return a sentence for each doubt that there is."""
        found = [
            (
                self.duplicates,
                "test picture is a Training picture too, byte for byte",
                "test pictures are Training pictures too, byte for byte",
            ),
            (
                self.near_duplicates or 0,
                "more test picture is nearly a Training picture",
                "more test pictures are nearly Training pictures",
            ),
            (
                self.repeated,
                "picture is repeated within its usage",
                "pictures are repeated within their usage",
            ),
            (
                self.contradicting,
                "picture has different labels in different rows",
                "pictures have different labels in different rows",
            ),
            (
                self.blank,
                "picture is of one shade, as a black one",
                "pictures are of one shade, as black ones",
            ),
        ]
        lines = [f"{count:,} {one if count == 1 else many}" for count, one, many in found if count]
        if self.duplicates or self.near_duplicates:
            lines.append("accuracy on pictures that were trained on is too high: remove them")
        return lines


def find_doubts(dataset: Fer2013, *, near: bool = True) -> Doubts:
    """Look for doubtful rows. `near` compares each test row with each Training row: a second."""
    training = USAGES.index("Training")
    usages_of: dict[bytes, list[int]] = defaultdict(list)
    labels_of: dict[bytes, set[int]] = defaultdict(set)
    keys = [image.tobytes() for image in dataset.images]
    for key, label, usage in zip(keys, dataset.labels, dataset.usages, strict=True):
        usages_of[key].append(int(usage))
        labels_of[key].add(int(label))
    same = np.array(
        [
            usage != training and training in usages_of[key]
            for key, usage in zip(keys, dataset.usages, strict=True)
        ],
        np.bool_,
    )
    darkest, brightest = dataset.images.min(axis=(1, 2)), dataset.images.max(axis=(1, 2))
    blank = brightest - darkest < _FLAT_RANGE
    near_duplicates = None
    if near:
        others = dataset.images[(dataset.usages != training) & ~same & ~blank]
        learned = dataset.images[(dataset.usages == training) & ~blank]
        near_duplicates = int(np.count_nonzero(_best_correlation(others, learned) >= NEAR))
    return Doubts(
        duplicates=int(same.sum()),
        near_duplicates=near_duplicates,
        repeated=sum(len(usages) - len(set(usages)) for usages in usages_of.values()),
        contradicting=sum(len(labels_of[key]) > 1 for key in keys),
        blank=int(blank.sum()),
    )


def notes_of(dataset: Fer2013, *, near: bool) -> list[str]:
    """Return what there is to say of a data set: how it was read, what is left out, doubts."""
    return [
        *dataset.notes,
        *(f"not taken ({count:,}): {reason}" for reason, count in dataset.passed_over.items()),
        *(f"left out: {count:,} with {reason}" for reason, count in dataset.skipped.items()),
        *(f"warning: {text}" for text in find_doubts(dataset, near=near).warnings()),
    ]


def _best_correlation(images: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return for each of `images` its highest correlation with one of `known`: float32[n]."""
    if not len(images) or not len(known):
        return np.full(len(images), -1, np.float32)
    wanted, vectors = _vectors(images), _vectors(known)
    blocks = [
        (wanted[start : start + _BLOCK] @ vectors.T).max(axis=1)
        for start in range(0, len(wanted), _BLOCK)
    ]
    return np.concatenate(blocks)


def _vectors(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return pictures at _SIDE_PX with mean 0 and length 1: float32[n, _SIDE_PX ** 2]."""
    size = (_SIDE_PX, _SIDE_PX)
    small = [cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images]
    flat = np.stack(small).reshape(len(images), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(lengths, 1e-6), np.float32)
