"""Read FER2013 from folders of images: `train/angry/*.jpg`, as two data sets on Kaggle have it.

The first level names the usage, in any case:

    train, training                                          Training
    publictest, public_test, test, validation, valid, val    PublicTest
    privatetest, private_test                                PrivateTest

The second level names the class: angry, disgust, fear, happy, sad, surprise, neutral. A file name
that begins with `Training_`, `PublicTest_` or `PrivateTest_` overrules its folder, for in one of
those data sets the `test` folder holds both tests, told apart by nothing else.
"""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edge_fer.emotions import LABELS
from edge_fer.errors import DataError, DataReason
from edge_fer.models.kind import FACE_PX
from quantize.data.fer2013 import USAGES, BadRowError, Fer2013, RowCollector

USAGE_FOLDERS: dict[str, str] = {
    "train": "Training",
    "training": "Training",
    "publictest": "PublicTest",
    "public_test": "PublicTest",
    "test": "PublicTest",
    "validation": "PublicTest",
    "valid": "PublicTest",
    "val": "PublicTest",
    "privatetest": "PrivateTest",
    "private_test": "PrivateTest",
}
_IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".pgm", ".tif", ".tiff"})
_LITTER = frozenset(
    {"thumbs.db", "desktop.ini"}
)  # what file managers leave; not a row, not an error


def list_files(folder: Path) -> list[Path]:
    """Return the files under `folder` that should be rows, sorted by path; UserError if none is.

    Hidden files and what file managers leave behind are passed over.
    """
    try:
        files = sorted(
            Path(parent, name)
            for parent, _, names in os.walk(folder, onerror=_raise)
            for name in names
            if not name.startswith(".") and name.lower() not in _LITTER
        )
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{folder}: cannot be read ({error.strerror or error})"
        ) from error
    if not files:
        raise DataError(
            DataReason.EMPTY,
            f"{folder}: the folder is empty: expected train/angry/*.jpg and the like",
        )
    if not any(entry.name.lower() in USAGE_FOLDERS for entry in folder.iterdir()):
        raise DataError(
            DataReason.EMPTY,
            f"{folder}: no FER2013 in it: expected fer2013.csv, or folders as train/angry/*.jpg",
        )
    return files


def read_folder(
    folder: Path, files: list[Path], *, skip_bad: bool, advance: Callable[[int], None]
) -> Fer2013:
    """Read the images `files` under `folder`; `advance` is told how many were read since.

    UserError names the first file that is no 48 x 48 image or lies in no known usage and class;
    with `skip_bad`, such files are counted instead.
    """
    collector = RowCollector(skip_bad=skip_bad)
    for path in files:
        try:
            usage, label = _place(path.relative_to(folder))
            collector.add(_read_image(path), label, usage)
        except BadRowError as problem:
            collector.reject(str(path), problem)
        advance(1)
    return collector.dataset(str(folder))


def _place(path: Path) -> tuple[int, int]:
    """Return usage and label of a file from its path below the data set's folder."""
    if len(path.parts) != 3:
        raise BadRowError("wrong place", "a file belongs at usage/class/name, as train/angry/1.jpg")
    usage_folder, label_folder, name = path.parts
    usage = USAGE_FOLDERS.get(usage_folder.lower())
    if usage is None:
        raise BadRowError("unknown usage", f"the folder '{usage_folder}' is none of {_names()}")
    if label_folder.lower() not in LABELS:
        raise BadRowError(
            "unknown label", f"the folder '{label_folder}' is none of {', '.join(LABELS)}"
        )
    prefix = name.partition("_")[0]
    return USAGES.index(prefix if prefix in USAGES else usage), LABELS.index(label_folder.lower())


def _read_image(path: Path) -> bytes:
    if path.suffix.lower() not in _IMAGE_SUFFIXES:
        raise BadRowError("not an image", f"'{path.suffix}' is no suffix of an image")
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise BadRowError("not an image", f"it cannot be read ({error.strerror})") from error
    try:
        image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    except cv2.error:  # an empty file
        image = None
    if image is None:
        raise BadRowError("not an image", "it cannot be decoded")
    if image.shape != (FACE_PX, FACE_PX):
        height, width = image.shape[:2]
        raise BadRowError("wrong image size", f"{width}x{height} instead of {FACE_PX}x{FACE_PX}")
    return image.astype(np.uint8).tobytes()


def _names() -> str:
    return ", ".join(USAGE_FOLDERS)


def _raise(error: OSError) -> None:
    raise error
