"""The representative set: the images that show the converter the range of each activation."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason, UsageError, UsageReason
from edge_fer.models.kind import FACE_PX
from quantize.data.fer2013 import USAGES, Fer2013

DEFAULT_COUNT = 100
_TRAINING = USAGES.index("Training")


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no truth value; compare sha256
class CalibrationSet:
    """`count` images uint8[count, side, side]; `sha256` identifies the rows that they are."""

    images: NDArray[np.uint8]
    seed: int
    sha256: str

    @property
    def count(self) -> int:
        """Number of images."""
        return len(self.images)

    def batches(self) -> Iterator[list[NDArray[np.float32]]]:
        """Yield one image after the other as the converter wants it: [float32[1, h, w, 1]].

        Together they span 0..1 exactly, because the converter takes the input scale from what it
        sees and the device counts on 1/255: where no image holds a black or a white pixel, two
        corner pixels of the first one are made so, which moves no activation to speak of.
        """
        images = self.images.copy()
        if images.min() > 0:
            images[0, 0, 0] = 0
        if images.max() < 255:
            images[0, 0, -1] = 255
        for image in images:
            yield [to_float_input(image[np.newaxis])]


def choose_calibration_set(
    dataset: Fer2013, *, count: int, seed: int, side_px: int = FACE_PX
) -> CalibrationSet:
    """Choose `count` Training rows, as many of each class as there are, at most one row apart.

    Their images come back with the `side_px` of the network.

    Equal shares and not FER2013's own, in which 1.5 % of the rows are disgust: the set is there to
    show the range of activations, and a class with one image shows little. Training rows whose
    image is a test row's too, of which FER2013 has some, are not taken. UserError when a class has
    no Training rows or `count` is below one a class or above the number of rows.
    """
    training = usable_rows(dataset)
    if missing := _missing_classes(training):
        raise DataError(
            DataReason.EMPTY,
            f"the data has no Training rows of {missing}: a representative set needs all",
        )
    classes = len(dataset.classes)
    if not classes <= count <= len(training):
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"representative set: {count} images are not in {classes}..{len(training)}: "
            "change --calibration-images",
        )
    chosen = training.rows(balanced_rows(training.labels, count=count, seed=seed))
    found = representative_set(chosen, dataset, seed=seed)
    return replace(found, images=chosen.at_side(side_px).images)


def usable_rows(dataset: Fer2013) -> Fer2013:
    """Return the Training rows whose image is not a test row's, too."""
    training, of_test = dataset.select("Training"), _test_images(dataset)
    own = np.array([image.tobytes() not in of_test for image in training.images], np.bool_)
    return training.rows(np.flatnonzero(own))


def balanced_rows(labels: NDArray[np.int64], *, count: int, seed: int) -> NDArray[np.intp]:
    """Draw `count` rows by `seed`, as many of each label as there are, at most one apart."""
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    drawn = labels[shuffled]
    turn = np.empty(len(drawn), np.int64)  # the how-manieth of its class each row is
    for label in np.unique(drawn):
        of_class = drawn == label
        turn[of_class] = np.arange(np.count_nonzero(of_class))
    return shuffled[np.lexsort((drawn, turn))[:count]]


def spread_rows(total: int, *, count: int) -> NDArray[np.intp]:
    """Return `count` of `total` rows, spread evenly over them; all where `count` is 0 or more."""
    if not count or count >= total:
        return np.arange(total)
    return np.arange(count) * total // count


def representative_set(rows: Fer2013, dataset: Fer2013, *, seed: int) -> CalibrationSet:
    """Return `rows` as the representative set; UserError unless they are fit to be one.

    They have to be Training rows, none with the image of a test row of `dataset`: or the accuracy
    that the card states would be one on images that the conversion has seen. Each class is needed.
    """
    if len(foreign := np.flatnonzero(rows.usages != _TRAINING)):
        usage = USAGES[rows.usages[foreign[0]]]
        raise DataError(
            DataReason.MISMATCH,
            f"representative set: row {foreign[0]} is of {usage}: take Training rows only",
        )
    of_test = _test_images(dataset)
    for place, image in enumerate(rows.images):
        if (usage_of := of_test.get(image.tobytes())) is not None:
            raise DataError(
                DataReason.MISMATCH,
                f"representative set: the image of row {place} is one of {USAGES[usage_of]} too: "
                "leave it out",
            )
    if missing := _missing_classes(rows):
        raise DataError(
            DataReason.EMPTY,
            f"representative set: it has no image of {missing}: it needs all classes",
        )
    return CalibrationSet(rows.images, seed, rows.digest())


def _test_images(dataset: Fer2013) -> dict[bytes, int]:
    """Return the usage of each image that is not a Training row, by its bytes."""
    test = dataset.rows(np.flatnonzero(dataset.usages != _TRAINING))
    return {
        image.tobytes(): int(usage) for image, usage in zip(test.images, test.usages, strict=True)
    }


def _missing_classes(rows: Fer2013) -> str:
    there = np.bincount(rows.labels, minlength=len(rows.classes)) > 0
    return ", ".join(
        label for label, is_there in zip(rows.classes, there, strict=True) if not is_there
    )


def to_float_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return bytes [n, 48, 48] as the networks take them: float32[n, 48, 48, 1] in 0..1."""
    return (images.astype(np.float32) / np.float32(255))[..., np.newaxis]
