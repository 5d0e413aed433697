"""Reads eye patches of Closed Eyes in the Wild (Song et al. 2014) and splits them by source."""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason
from edge_fer.models.kind import EYES

HELD_OUT = 5  # one source in so many is held out
SPLIT = (
    "open patches by the person that their names begin with; closed ones, which name no person, by "
    "the number of their picture, left and right eye together: a person of several pictures may be "
    "on both sides. Open and closed ones may come from two collections"
)
_FOLDERS = {
    "openlefteyes": ("open", False),
    "openrighteyes": ("open", False),
    "closedlefteyes": ("closed", True),
    "closedrighteyes": ("closed", True),
}
_PERSON = re.compile(r"(.+)_\d{4}_[LR]\.jpg", re.IGNORECASE)  # Aaron_Guiel_0001_L.jpg
_PICTURE = re.compile(r"(closed_eye_\d{4})\..+_[LR]\.jpg", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no truth value; compare digests
class EyePatches:
    """N patches: `images` uint8[N, 24, 24], `labels` int64[N], an index into `EYES.labels`.

    `sources` names the person or the picture that each comes from.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, index: NDArray[np.intp]) -> "EyePatches":
        """Return the patches that `index` names, in its order."""
        sources = tuple(self.sources[row] for row in index)
        return EyePatches(self.images[index], self.labels[index], sources)

    def digest(self) -> str:
        """Return the sha256, in hex, of images and labels in their order."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).tobytes())
        digest.update(self.labels.astype("<i8").tobytes())
        return digest.hexdigest()

    def split(self, seed: int) -> "tuple[EyePatches, EyePatches]":
        """Return the patches to train on and those held out: one source in HELD_OUT, by `seed`."""
        held: set[str] = set()
        for label in range(len(EYES.labels)):
            rows = np.flatnonzero(self.labels == label)
            names = np.array(sorted({self.sources[row] for row in rows}))
            np.random.default_rng((seed, label)).shuffle(names)
            held.update(names[: len(names) // HELD_OUT].tolist())
        is_held = np.array([source in held for source in self.sources], np.bool_)
        return self.rows(np.flatnonzero(~is_held)), self.rows(np.flatnonzero(is_held))


def load_patches(path: Path) -> EyePatches:
    """Read `dataset_B_Eye_Images`, as its zip file or as a folder, sorted by name.

    UserError where the path is missing, a file has an unknown name or is no 24x24 image, or where
    no patch of one of the labels is there.
    """
    images, labels, sources = [], [], []
    for name, content in sorted(_files(path)):
        label, source = _meaning(path, name)
        images.append(_image(path, name, content))
        labels.append(EYES.labels.index(label))
        sources.append(source)
    for number, label in enumerate(EYES.labels):
        if number not in labels:
            raise DataError(
                DataReason.EMPTY,
                f"{path}: no patch of {label} eyes: expected {label}LeftEyes/*.jpg",
            )
    return EyePatches(np.stack(images), np.array(labels, np.int64), tuple(sources))


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield "folder/name" and content of each file in one of the four folders."""
    try:
        if path.is_dir():
            for file in path.rglob("*.*"):
                if file.parent.name.lower() in _FOLDERS:
                    yield f"{file.parent.name}/{file.name}", file.read_bytes()
            return
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            for entry in archive.namelist():
                folder, _, name = entry.rpartition("/")
                if name and folder.rpartition("/")[2].lower() in _FOLDERS:
                    yield f"{folder.rpartition('/')[2]}/{name}", archive.read(entry)
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path}: cannot be read ({error.strerror})"
        ) from error
    except zipfile.BadZipFile as error:
        raise DataError(
            DataReason.BAD_FORMAT, f"{path}: neither a folder nor a zip file ({error})"
        ) from error


def _meaning(path: Path, name: str) -> tuple[str, str]:
    """Return label and source of a file; the same person or picture is one for both eyes."""
    folder, _, file = name.partition("/")
    label, is_numbered = _FOLDERS[folder.lower()]
    found = (_PICTURE if is_numbered else _PERSON).fullmatch(file)
    if found is None:
        wanted = "closed_eye_0001.jpg_face_1_L.jpg" if is_numbered else "Some_Name_0001_L.jpg"
        raise DataError(
            DataReason.BAD_FORMAT,
            f"{path}: {name}: its name is not like {wanted}: it cannot be split",
        )
    return label, found[1].lower()


def _image(path: Path, name: str, content: bytes) -> NDArray[np.uint8]:
    image = None
    if content:  # OpenCV raises for no bytes at all
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    side = EYES.side_px
    if image is None or image.shape != (side, side):
        found = "no image" if image is None else f"{image.shape[1]}x{image.shape[0]}"
        raise DataError(DataReason.BAD_FORMAT, f"{path}: {name}: {found} and not {side}x{side}")
    return image.astype(np.uint8)
