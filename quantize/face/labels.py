"""What the teacher sees in each picture: the labels of the face network, made once and kept.

The teacher reads a picture several times, from jittered squares and mirrored, and its answers are
averaged: one answer alone moves by some percent with the square.
"""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason
from quantize.face.canonical import CanonicalFace
from quantize.face.mouths import MouthTeacher, mouth_teacher_name, open_mouth_teacher
from quantize.teachers.mesh import POINTS, Mesh, MeshTeacher, square_of

SIDE_PX = 192  # of the largest picture
FER_GROUP = "FER2013"
_SETTLE = 2  # readings that only place the square
_READINGS = 2  # for the average, and as many mirrored
_SHIFT, _SCALE, _TILT = 0.04, 0.08, 0.10  # of the square's side, of its size, radians
_CANONICAL_FACES = 800
_LEAST_SCORE = 0.9  # of the teacher, to take part in the canonical face
_CHUNK = 64
_COLUMNS = ("file", "group", "source", "licence", "box_x", "box_y", "box_w", "box_h")
_YUNET_EYES = ("reye_x", "reye_y", "leye_x", "leye_y")


@dataclass(frozen=True, slots=True, eq=False)
class Square:
    """Where to begin to read: a square of the picture, `tilt` in radians."""

    centre: tuple[float, float]
    side: float
    tilt: float


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A grey picture with one face, and who took it."""

    grey: NDArray[np.uint8]
    start: Square
    group: str
    source: str
    licence: str


@dataclass(frozen=True, slots=True, eq=False)
class FaceLabels:
    """N pictures and what the teacher saw in them.

    `pixels`: uint8, the square pictures one behind the other; `sizes`: int64[N], their sides.
    `meshes`: float32[N, 468, 3] in pixels. `rotations`: float32[N, 3, 3] from the canonical face.
    `scores`: float32[N], the teacher's probability of a face. `spreads`: float32[N], the standard
    deviation of its answers as a share of the face's size. `mouths`: float32[N], how far the
    mouths are open, in widths of the mouth, as `mouth_teacher` reads them. `groups` and `sources`
    are names.
    """

    pixels: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    meshes: NDArray[np.float32]
    rotations: NDArray[np.float32]
    scores: NDArray[np.float32]
    spreads: NDArray[np.float32]
    mouths: NDArray[np.float32]
    groups: NDArray[np.str_]
    sources: NDArray[np.str_]
    canonical: CanonicalFace
    mouth_teacher: str

    def __len__(self) -> int:
        return len(self.sizes)

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Return a picture, uint8[size, size]."""
        size = int(self.sizes[row])
        start = int(np.square(self.sizes[:row]).sum())
        return self.pixels[start : start + size * size].reshape(size, size)

    def digest(self) -> str:
        """Return the sha256, in hex, of pictures and labels in their order."""
        digest = hashlib.sha256(self.pixels.tobytes())
        digest.update(self.meshes.astype("<f4").tobytes())
        digest.update(self.mouths.astype("<f4").tobytes())
        return digest.hexdigest()

    def save(self, path: Path) -> None:
        """Write all to an uncompressed `.npz` file."""
        np.savez(
            path,
            pixels=self.pixels,
            sizes=self.sizes,
            meshes=self.meshes,
            rotations=self.rotations,
            scores=self.scores,
            spreads=self.spreads,
            mouths=self.mouths,
            groups=self.groups,
            sources=self.sources,
            canonical_points=self.canonical.points,
            canonical_mirrored=self.canonical.mirrored,
            mouth_teacher=np.array(self.mouth_teacher),
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; UserError where it is missing or is another file."""
        try:
            with np.load(path, allow_pickle=False) as file:
                values = {name: file[name] for name in file.files}
            canonical = CanonicalFace(
                values.pop("canonical_points"), values.pop("canonical_mirrored")
            )
            mouth_teacher = str(values.pop("mouth_teacher"))
            return cls(**values, canonical=canonical, mouth_teacher=mouth_teacher)
        except OSError as error:
            raise DataError(
                DataReason.UNREADABLE, f"{path}: cannot be read ({error.strerror or error})"
            ) from error
        except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise DataError(
                DataReason.BAD_FORMAT,
                f"{path}: not a labels file of this version: `edge-fer face label` writes one",
            ) from error


def read_faces(folder: Path) -> Iterator[Picture]:
    """Yield the crops of `faces.zip` as `faces.csv` beside it lists them; UserError for others."""
    table, archive = folder / "faces.csv", folder / "faces.zip"
    try:
        rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
        pictures = zipfile.ZipFile(archive)
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{error.filename}: cannot be read ({error.strerror})"
        ) from error
    except zipfile.BadZipFile as error:
        raise DataError(DataReason.BAD_FORMAT, f"{archive}: not a zip file ({error})") from error
    if not rows or any(name not in rows[0] for name in (*_COLUMNS, *_YUNET_EYES)):
        raise DataError(
            DataReason.BAD_FORMAT,
            f"{table}: expected the columns {', '.join((*_COLUMNS, *_YUNET_EYES))}",
        )
    with pictures:
        for number, row in enumerate(rows, start=2):
            try:
                yield _face(row, pictures.read(row["file"]))
            except (KeyError, ValueError, cv2.error) as error:
                raise DataError(
                    DataReason.BAD_FORMAT, f"{table}, line {number}: {error}"
                ) from error


def _face(row: dict[str, str], content: bytes) -> Picture:
    grey = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None or max(grey.shape) > SIDE_PX or grey.shape[0] != grey.shape[1]:
        raise ValueError(f"{row['file']}: not a square picture of at most {SIDE_PX} px")
    x, y, width, height = (float(row[name]) for name in _COLUMNS[4:])
    right_x, right_y, left_x, left_y = (float(row[name]) for name in _YUNET_EYES)
    # YuNet's box is as high as brows to chin: the mesh wants half as much again.
    square = Square(
        (x + width / 2, y + height / 2),
        1.5 * max(width, height),
        float(np.arctan2(left_y - right_y, left_x - right_x)),
    )
    return Picture(grey.astype(np.uint8), square, row["group"], row["source"], row["licence"])


def fer_pictures(images: NDArray[np.uint8]) -> Iterator[Picture]:
    """Yield FER2013's faces (uint8[n, 48, 48]), which fill their pictures."""
    side = images.shape[1]
    for image in images:
        square = Square(((side - 1) / 2, 0.54 * side), 1.3 * side, 0.0)
        yield Picture(image, square, FER_GROUP, FER_GROUP, "research use")


def label(
    pictures: list[Picture], *, seed: int, workers: int, done: Callable[[int], None]
) -> FaceLabels:
    """Have the teacher read each picture; `done` is called with how many more are labelled."""
    chunks = [
        range(start, min(start + _CHUNK, len(pictures)))
        for start in range(0, len(pictures), _CHUNK)
    ]
    canonical = _canonical(pictures, seed)
    meshes = np.zeros((len(pictures), POINTS, 3), np.float32)
    scores, spreads, mouths = (np.zeros(len(pictures), np.float32) for _ in range(3))
    with ProcessPoolExecutor(workers) as pool:
        tasks = (
            ([pictures[row] for row in chunk], canonical, (seed, chunk.start)) for chunk in chunks
        )
        for chunk, found in zip(chunks, pool.map(_label_chunk, tasks), strict=True):
            rows = slice(chunk.start, chunk.stop)
            meshes[rows], scores[rows], spreads[rows], mouths[rows] = found
            done(len(chunk))
    return FaceLabels(
        np.concatenate([picture.grey.ravel() for picture in pictures]),
        np.array([len(picture.grey) for picture in pictures], np.int64),
        meshes,
        np.array([canonical.rotation(mesh) for mesh in meshes], np.float32),
        scores,
        spreads,
        mouths,
        np.array([picture.group for picture in pictures]),
        np.array([picture.source for picture in pictures]),
        canonical,
        mouth_teacher_name(),
    )


def _canonical(pictures: list[Picture], seed: int) -> CanonicalFace:
    """Return the canonical face of some of the larger pictures."""
    teacher = MeshTeacher()
    large = max(len(picture.grey) for picture in pictures)
    rows = [row for row, picture in enumerate(pictures) if 2 * len(picture.grey) > large]
    chosen = np.random.default_rng(seed).permutation(rows)[:_CANONICAL_FACES]
    found = [_settle(teacher, pictures[row]) for row in chosen]
    meshes = [mesh for mesh, score in found if score >= _LEAST_SCORE]
    if not meshes:
        raise DataError(DataReason.EMPTY, "the face mesh finds no face in these pictures")
    return CanonicalFace.of(np.array(meshes))


def _settle(teacher: MeshTeacher, picture: Picture) -> tuple[Mesh, float]:
    """Return a first reading, from a square that follows from the mesh before."""
    start = picture.start
    centre, side, tilt = start.centre, start.side, start.tilt
    mesh, score = teacher.read(picture.grey, centre, side, tilt)
    for _ in range(_SETTLE - 1):
        mesh, score = teacher.read(picture.grey, *square_of(mesh))
    return mesh, score


def _label_chunk(
    task: tuple[list[Picture], CanonicalFace, tuple[int, int]],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    pictures, canonical, seed = task
    teacher, rng = MeshTeacher(), np.random.default_rng(seed)
    mouth_teacher = open_mouth_teacher()
    meshes, scores, spreads, mouths = [], [], [], []
    for picture in pictures:
        mesh, _ = _settle(teacher, picture)
        readings, found = [], []
        for is_mirrored in (False, True):
            grey = np.ascontiguousarray(picture.grey[:, ::-1]) if is_mirrored else picture.grey
            seen = canonical.mirror(mesh, len(grey)) if is_mirrored else mesh
            for _ in range(_READINGS):
                reading, score = teacher.read(grey, *_jittered(square_of(seen), rng))
                if is_mirrored:
                    reading = canonical.mirror(reading, len(grey))
                reading[:, 2] -= reading[:, 2].mean()
                readings.append(reading)
                found.append(score)
        mean = np.mean(readings, axis=0)
        meshes.append(mean)
        scores.append(np.mean(found))
        size = float(np.ptp(mean[:, :2], axis=0).max())
        spreads.append(float(np.std(readings, axis=0)[:, :2].mean()) / max(size, 1.0))
        mouths.append(_mouth(mouth_teacher, picture.grey, mean.astype(np.float32), canonical))
    return (
        np.array(meshes, np.float32),
        np.array(scores, np.float32),
        np.array(spreads, np.float32),
        np.array(mouths, np.float32),
    )


def _mouth(
    teacher: MouthTeacher, grey: NDArray[np.uint8], mesh: Mesh, face: CanonicalFace
) -> float:
    """Return the mean of what the teacher reads in a picture and in its mirror."""
    mirrored = np.ascontiguousarray(grey[:, ::-1])
    there = face.mirror(mesh, len(grey)).astype(np.float32)
    return (teacher.read(grey, mesh) + teacher.read(mirrored, there)) / 2


def _jittered(
    square: tuple[tuple[float, float], float, float], rng: np.random.Generator
) -> tuple[tuple[float, float], float, float]:
    (x, y), side, tilt = square
    across, down = rng.uniform(-_SHIFT, _SHIFT, 2) * side
    scale = 1 + rng.uniform(-_SCALE, _SCALE)
    return (x + across, y + down), side * scale, tilt + rng.uniform(-_TILT, _TILT)
