"""Pictures of eyes with their labels, cut alike, from four collections and a file of them all.

Each picture is of a right eye: a left one is mirrored. It is a square of REACH x the eye's width
around the middle between the corners, with the corners level.
"""

import csv
import hashlib
import io
import math
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import DataError, DataReason
from edge_fer.face.cutting import cut_turned
from quantize.data.calibration_set import balanced_rows, spread_rows
from quantize.eyes.labels import label_eye
from quantize.teachers.iris import SQUARE, IrisTeacher

SIDE_PX = 72
REACH = SQUARE  # as the pictures of `eye_patches` are cut: room for shift, scale and turn
HELD_OUT = 6  # one person or group in so many is held out
UNKNOWN = math.nan

SOURCES = ("natural", "infrared", "cew", "elsewhere")
"""`eye_patches`, `eyes_ir`, Closed Eyes in the Wild, and places of faces where no eye is."""
NATURAL, INFRARED, CEW, ELSEWHERE = range(len(SOURCES))

# Repositories that the project's test clips come from: their people are never trained on.
TEST_SOURCES = (
    "incluit/",
    "auduno/",
    "AlaaAElshafei/",
    "AryanBhushan/",
    "HelloVision/HelloMeme",
    "tanshuai0219/EDTalk",
    "OpenTalker/",
    "bytedance/LatentSync",
    "Zejun-Yang/AniPortrait",
    "antgroup/echomimic",
)
_TEST = "test:"  # begins the group of such a picture

SPLIT = (
    "natural-resolution patches by their group (one person, roughly) and all of the repositories "
    "that test clips come from, infra-red ones by person, "
    "those of Closed Eyes in the Wild by the person that open ones are named after, closed ones, "
    "which name no person, by the number of their picture"
)

# Straight ahead, the middle of the iris is so far outside of and above the middle between the
# corners, in half widths: medians of eye_patches. The inner corner lies farther from the iris.
STRAIGHT_INWARDS, STRAIGHT_UPWARDS = -0.088, 0.138
# The teacher's lid opening below and above which its eyes count as closed and as open: by eye,
# those in between are narrow, lowered or both.
_CLOSED_BELOW, _OPEN_ABOVE = 0.165, 0.24
GAZE_FROM_OPENING = 0.2  # lid opening from which an eye has a gaze
# The spread of the teacher's gaze, in half widths, from which an open eye counts as not seen (by
# eye: mostly behind a dark lens or a reflection), and up to which it counts as seen.
_HIDDEN_FROM, _SEEN_TO = 0.18, 0.10
# Width of the eye as a share of a picture's side, by eye, where no corners are known.
_INFRARED_EYE, _CEW_EYE = 0.62, 0.78
_ELSEWHERE_A_FACE = 3  # pictures without an eye that are cut from one face
_LEAST_APART_PX = 16  # distance of the eyes in a face from which they are cut


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no truth value; compare digests
class EyePatches:
    """N pictures of right eyes, left ones mirrored, with what is known of them; NaN: not known.

    `images` uint8[N, 72, 72]. float32[N] each: `opening` (height over width of the lids' contour),
    `inwards` and `upwards` (where the iris looks, in half widths of the eye, 0 straight ahead),
    `closed` and `visible` (0 or 1, where a label says so), `doubt` (the spread of the teacher's
    gaze), `eye_px` (width of the eye in the original), `yaw_deg`. `source` uint8[N] is an index
    into SOURCES, `left` is bool[N]. `group` names the person or group, and `face` the picture that
    both eyes of a face share.
    """

    images: NDArray[np.uint8]
    opening: NDArray[np.float32]
    inwards: NDArray[np.float32]
    upwards: NDArray[np.float32]
    closed: NDArray[np.float32]
    visible: NDArray[np.float32]
    doubt: NDArray[np.float32]
    eye_px: NDArray[np.float32]
    yaw_deg: NDArray[np.float32]
    source: NDArray[np.uint8]
    left: NDArray[np.bool_]
    group: NDArray[np.str_]
    face: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.images)

    def rows(self, index: NDArray[Any]) -> "EyePatches":
        """Return the pictures that `index` names, in its order."""
        return EyePatches(*(getattr(self, part.name)[index] for part in fields(self)))

    def fewer(self, count: int) -> "EyePatches":
        """Return `count` of the pictures, as many of each source as there are; all where 0."""
        if not count:
            return self
        return self.rows(np.sort(balanced_rows(self.source.astype(np.int64), count=count, seed=1)))

    def known(self, row: int) -> tuple[float, float, float]:
        """Return lid opening, closed and visible (0 or 1) of a picture; NaN where not known."""
        opening, closed = float(self.opening[row]), float(self.closed[row])
        visible, doubt = float(self.visible[row]), float(self.doubt[row])
        if int(self.source[row]) != NATURAL or visible == 0.0:
            return opening, closed, visible
        closed = 1.0 if opening < _CLOSED_BELOW else 0.0 if opening > _OPEN_ABOVE else math.nan
        if doubt > _HIDDEN_FROM and opening > _OPEN_ABOVE:
            return math.nan, math.nan, 0.0
        # Closed lids hide the iris: there the teacher may guess, and the eye is seen all the same.
        return opening, closed, 1.0 if doubt < _SEEN_TO or closed == 1.0 else math.nan

    def digest(self) -> str:
        """Return the sha256, in hex, of all arrays in their order."""
        digest = hashlib.sha256()
        for part in fields(self):
            digest.update(np.ascontiguousarray(getattr(self, part.name)).tobytes())
        return digest.hexdigest()

    def split(self, seed: int) -> "tuple[EyePatches, EyePatches]":
        """Return the pictures to train on and those held out: one group in HELD_OUT, by `seed`."""
        held = {group: _is_held_out(group, seed) for group in set(self.group.tolist())}
        is_held = np.array([held[group] for group in self.group.tolist()], np.bool_)
        return self.rows(np.flatnonzero(~is_held)), self.rows(np.flatnonzero(is_held))


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture to label and cut: its corners are at first those of a guess."""

    grey: NDArray[np.uint8]
    share: float  # width of the eye in sides of the picture, about
    source: int
    group: str
    face: str
    is_left: bool
    closed: float = UNKNOWN
    eye_px: float = UNKNOWN
    yaw_deg: float = UNKNOWN


@dataclass(frozen=True, slots=True)
class _Row:
    image: NDArray[np.uint8]
    opening: float
    inwards: float
    upwards: float
    closed: float
    visible: float
    doubt: float
    eye_px: float
    yaw_deg: float
    source: int
    left: bool
    group: str
    face: str


def _is_held_out(group: str, seed: int) -> bool:
    # By a hash and not by a shuffled list: more data leaves each group on its side.
    drawn = hashlib.sha256(f"{seed} {group}".encode()).digest()[0] % HELD_OUT == 0
    return drawn or group.startswith(_TEST)


def _natural_group(row: dict[str, str]) -> str:
    is_test = row["source"].startswith(TEST_SOURCES)
    return f"{_TEST if is_test else ''}natural:{row['group']}"


def with_common_height(patches: EyePatches) -> EyePatches:
    """Return `patches` with the mean `upwards` of both eyes where a face shows both.

    Eyes move up and down together, so that the mean has less of the teacher's noise.
    """
    upwards = patches.upwards.copy()
    rows_of: dict[str, list[int]] = {}
    for row in np.flatnonzero(patches.source == NATURAL).tolist():
        opening, _, visible = patches.known(row)
        if visible == 1.0 and opening > GAZE_FROM_OPENING:
            rows_of.setdefault(str(patches.face[row]), []).append(row)
    for rows in rows_of.values():
        upwards[rows] = patches.upwards[rows].mean()
    return replace(patches, upwards=upwards)


def load_patches(path: Path) -> EyePatches:
    """Read what `save_patches` wrote; UserError where that is missing or something else."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            patches = EyePatches(*(arrays[part.name] for part in fields(EyePatches)))
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path}: cannot be read ({error.strerror or error})"
        ) from error
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            DataReason.BAD_FORMAT,
            f"{path}: not a file of eye pictures: `edge-fer eyes prepare` writes one",
        ) from error
    return patches


def save_patches(patches: EyePatches, path: Path) -> None:
    """Write all arrays into one compressed `.npz` file."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, **{part.name: getattr(patches, part.name) for part in fields(patches)}
    )
    write_atomically(path, buffer.getvalue())


def prepare_patches(
    eyes: Path, faces: Path, advance: Callable[[float], None], workers: int, rows: int = 0
) -> EyePatches:
    """Label and cut all pictures below the folders `eyes` and `faces`.

    `rows` above 0 is how many of each collection are taken, spread over it.
    `advance` is called with 1 for each picture. UserError where a file is missing or unreadable.
    """
    teachers = [IrisTeacher() for _ in range(workers)]
    free = list(teachers)

    def label(numbered: tuple[int, _Picture]) -> _Row:
        number, picture = numbered
        teacher = free.pop()
        try:
            return _labelled(teacher, picture, np.random.default_rng(number))
        finally:
            free.append(teacher)
            advance(1)

    with ThreadPoolExecutor(workers) as pool:
        labelled = list(pool.map(label, enumerate(_pictures(eyes, rows))))
    labelled += list(_elsewhere(faces, advance, rows))
    columns: dict[str, Any] = {}
    for part in fields(EyePatches):
        name = "image" if part.name == "images" else part.name
        values = [getattr(row, name) for row in labelled]
        if part.name in ("images", "left", "group", "face"):
            columns[part.name] = np.stack(values) if part.name == "images" else np.array(values)
        else:
            kind = np.uint8 if part.name == "source" else np.float32
            columns[part.name] = np.array(values, kind)
    return EyePatches(**columns)


def _pictures(folder: Path, rows: int = 0) -> Iterator[_Picture]:
    yield from _natural(folder, rows)
    yield from _infrared(folder, rows)
    yield from _closed_in_the_wild(folder / "dataset_B_Eye_Images.zip", rows)


def _natural(folder: Path, rows: int) -> Iterator[_Picture]:
    with _archive(folder / "eye_patches.zip") as archive:
        for row in _rows_of(folder, "eye_patches.csv", rows):
            yield _Picture(
                _image(archive, row["file"]),
                1 / SQUARE,
                NATURAL,
                _natural_group(row),
                row["file"],
                row["side"] == "left",
                eye_px=float(row["eye_px"]),
                yaw_deg=float(row["yaw_deg"] or UNKNOWN),
            )


def _infrared(folder: Path, rows: int) -> Iterator[_Picture]:
    with _archive(folder / "eyes_ir.zip") as archive:
        for row in _rows_of(folder, "eyes_ir.csv", rows):
            yield _Picture(
                _square(_image(archive, row["file"])),
                _INFRARED_EYE,
                INFRARED,
                f"infrared:{row['person']}",
                row["file"],
                False,  # not known
                closed=float(row["label"] == "closed"),
                eye_px=_INFRARED_EYE * float(row["w"]),
            )


def _closed_in_the_wild(path: Path, rows: int) -> Iterator[_Picture]:
    """Yield the patches of 24 px; the folders' left and right are those of the picture."""
    with _archive(path) as archive:
        entries = [entry for entry in sorted(archive.namelist()) if _kind_in_the_wild(entry)]
        for place in spread_rows(len(entries), count=rows):
            entry = entries[place]
            name, kind = entry.rpartition("/")[2], _kind_in_the_wild(entry)
            is_closed = kind.startswith("closed")
            stem = name.split(".")[0] if is_closed else name.rpartition("_")[0][:-5]
            yield _Picture(
                _image(archive, entry),
                _CEW_EYE,
                CEW,
                f"cew:{stem.lower()}",
                entry,
                "right" in kind,
                closed=float(is_closed),
                eye_px=_CEW_EYE * 24,
            )


def _kind_in_the_wild(entry: str) -> str:
    """Return the folder that says what a picture shows, or "" for a file that is none of them."""
    kind = PurePosixPath(entry).parent.name.lower()
    is_known = kind in ("closedlefteyes", "closedrighteyes", "openlefteyes", "openrighteyes")
    return kind if is_known and entry.lower().endswith(".jpg") else ""


def _labelled(teacher: IrisTeacher, picture: _Picture, rng: np.random.Generator) -> _Row:
    if picture.source == NATURAL:
        return _of_natural(teacher, picture, rng)
    # No teacher: it wants more of a face around an eye than the other collections show.
    is_left = picture.is_left
    grey = _mirrored(picture.grey, is_left)
    return _row(picture, _cut(grey, *_guess(picture)), left=is_left, visible=1.0)


def _of_natural(teacher: IrisTeacher, picture: _Picture, rng: np.random.Generator) -> _Row:
    is_left = picture.is_left
    grey = _mirrored(picture.grey, is_left)
    corners = _guess(picture)  # these are the mesh's: the pictures were cut along them
    found = label_eye(teacher, grey, *corners, rng)
    inwards, upwards = found.gaze
    return _row(
        picture,
        _cut(grey, *corners),
        left=is_left,
        visible=UNKNOWN,
        opening=round(found.opening, 4),
        inwards=round(inwards - STRAIGHT_INWARDS, 4),
        upwards=round(upwards - STRAIGHT_UPWARDS, 4),
        doubt=max(found.spread[1:3]),
    )


def _row(
    picture: _Picture,
    image: NDArray[np.uint8],
    *,
    left: bool,
    visible: float,
    opening: float = UNKNOWN,
    inwards: float = UNKNOWN,
    upwards: float = UNKNOWN,
    doubt: float = UNKNOWN,
) -> _Row:
    is_natural = picture.source == NATURAL
    return _Row(
        image,
        opening,
        inwards,
        upwards,
        picture.closed,
        visible,
        doubt,
        picture.eye_px,
        picture.yaw_deg,
        picture.source,
        left,
        picture.group,
        picture.face.rpartition("_")[0] if is_natural else picture.face,
    )


def _guess(picture: _Picture) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return outer and inner corner of an eye in the middle of its picture."""
    side = picture.grey.shape[0]
    middle, half = (side - 1) / 2, picture.share * side / 2
    return (middle - half, middle), (middle + half, middle)


def _cut(
    grey: NDArray[np.uint8], outer: tuple[float, float], inner: tuple[float, float]
) -> NDArray[np.uint8]:
    x, y = (np.add(outer, inner) / 2).tolist()
    tilt = math.atan2(inner[1] - outer[1], inner[0] - outer[0])
    return cut_turned(grey, (x, y), REACH * math.dist(outer, inner), tilt, SIDE_PX)


def _elsewhere(folder: Path, advance: Callable[[float], None], rows: int) -> Iterator[_Row]:
    """Yield squares of faces without an eye in their middle: brows, cheeks, noses, mouths, ears."""
    with _archive(folder / "faces.zip") as archive:
        for number, row in enumerate(_rows_of(folder, "faces.csv", rows)):
            advance(1)
            places = list(places_elsewhere(row, number))
            grey = _image(archive, row["file"]) if places else np.zeros((1, 1), np.uint8)
            for (x, y), width, tilt in places:
                yield _Row(
                    cut_turned(grey, (x, y), REACH * width, tilt, SIDE_PX),
                    *(UNKNOWN,) * 4,
                    0.0,
                    UNKNOWN,
                    width,
                    UNKNOWN,
                    ELSEWHERE,
                    False,
                    _natural_group(row),
                    row["file"],
                )


def places_elsewhere(
    row: dict[str, str], number: int
) -> Iterator[tuple[tuple[float, float], float, float]]:
    """Yield middle, width and tilt of eyes that a face, row `number` of its table, has not.

    Some lie anywhere in and around the face, some where landmarks go astray: on a brow, the nose,
    the mouth and its corners.
    """
    reye, leye, nose, rmouth, lmouth = (
        np.array([float(row[f"{name}_{axis}"] or 0) for axis in "xy"])
        for name in ("reye", "leye", "nose", "rmouth", "lmouth")
    )
    apart = math.dist(reye, leye)
    if apart < _LEAST_APART_PX:
        return
    middle = (reye + leye) / 2
    rng = np.random.default_rng((number, 2))
    above = 0.45 * (middle - (rmouth + lmouth) / 2)
    landmarks = (nose, (rmouth + lmouth) / 2, rmouth, lmouth, reye + above, leye + above)
    for place in range(_ELSEWHERE_A_FACE):
        for _ in range(10):
            if place % 2:
                around = landmarks[int(rng.integers(len(landmarks)))]
                x, y = (around + rng.normal(0, 0.12, 2) * apart).tolist()
            else:
                reach = 1.3 if place % 4 == 0 else 1.9
                x, y = (middle + (0, 0.5 * apart) + rng.uniform(-reach, reach, 2) * apart).tolist()
            width = apart * rng.uniform(0.3, 0.6)
            tilt = rng.uniform(-0.3, 0.3)
            near = 0.55 * width + 0.12 * apart
            if min(math.dist((x, y), reye), math.dist((x, y), leye)) >= near:
                yield (x, y), width, tilt
                break


def _mirrored(grey: NDArray[np.uint8], is_left: bool) -> NDArray[np.uint8]:
    return np.ascontiguousarray(grey[:, ::-1]) if is_left else grey


def _square(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    side = max(grey.shape)
    return np.asarray(cv2.resize(grey, (side, side)), np.uint8)


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path}: cannot be read ({error.strerror})"
        ) from error
    except zipfile.BadZipFile as error:
        raise DataError(DataReason.BAD_FORMAT, f"{path}: not a zip file ({error})") from error


def _rows_of(folder: Path, name: str, count: int) -> list[dict[str, str]]:
    """Return `count` rows of a table, spread over it; all where it is 0."""
    try:
        with (folder / name).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [rows[place] for place in spread_rows(len(rows), count=count)]
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{folder / name}: cannot be read ({error.strerror})"
        ) from error


def _image(archive: zipfile.ZipFile, name: str) -> NDArray[np.uint8]:
    try:
        content = archive.read(name)
    except KeyError:
        raise DataError(DataReason.NOT_FOUND, f"{archive.filename}: {name} is not in it") from None
    image = (
        cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE) if content else None
    )
    if image is None:
        raise DataError(DataReason.BAD_FORMAT, f"{archive.filename}: {name} is not an image")
    return np.asarray(image, np.uint8)
