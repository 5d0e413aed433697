"""Read a data set of images: `train/angry/*.jpg` and the like, in a folder or an archive.

`quantize.data.places` says which folders name what. An image of any size, colour and depth becomes
48 x 48 grey bytes: a square one is scaled, of another the middle square is; or, with a face
cutter, the face in it is cut out as the daemon does. For a network of one's own it becomes that
network's size instead, in one step from the pixels of the file.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason
from edge_fer.face.crop import scale_face
from edge_fer.models.kind import FACE_PX
from quantize.data.classes import FER2013, Classes
from quantize.data.fer2013 import BadRowError, Fer2013, RowCollector
from quantize.data.files import SourceFile
from quantize.data.places import place_files

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".pgm", ".ppm", ".pbm", ".tif", ".tiff"}
    | {".webp", ".gif", ".jp2", ".avif"}
)
_OTHER_SUFFIXES = frozenset(
    {".heic", ".heif", ".svg", ".psd", ".hdr", ".exr", ".dng", ".raw", ".cr2", ".nef", ".jxl"}
)
_PNG, _PNG_END = b"\x89PNG", b"IEND"
_HEIC = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc")
_LEAST_SIDE_PX = 16  # below that there is no expression left to see
_LARGE_PX = 160  # an image so large, not cut to a face, may show more than one
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".rar", ".7z")
_MOST_PIXELS = 1 << 27  # a larger image is not one of a face


class FaceCutter(Protocol):
    """Cuts the face out of a picture. `identity` names what it does, for the cache."""

    identity: str

    def cut(self, grey: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8] | None:
        """Return uint8[side_px, side_px] of the driver's face in uint8[h, w]; None without one."""
        ...


def read_folder(
    source: Path,
    files: list[SourceFile],
    *,
    skip_bad: bool,
    advance: Callable[[int], None],
    classes: Classes = FER2013,
    cutter: FaceCutter | None = None,
    unsplit: str = "split",
    side_px: int = FACE_PX,
) -> Fer2013:
    """Read the images among `files` of `source`; `advance` is called with how many were read since.

    `unsplit` is for folders that name no usage (`quantize.data.places`). UserError names the first
    file in a class's folder that is no image, and the first image that lies in no known usage or
    class; with `skip_bad`, such files are counted instead. What else there is, is counted too.
    """
    collector = RowCollector(skip_bad=skip_bad, classes=classes.labels, side_px=side_px)
    images = [file for file in files if not file.problem]
    placed = place_files([file.path for file in images], classes, unsplit=unsplit)
    if not any(place is None or not isinstance(place, BadRowError) for place in placed.places):
        raise _nothing_there(source, images)
    for file in files:
        if file.problem:
            collector.pass_over(file.problem, str(file.path))
    scaled = _Scaled(side_px)
    for file, place in zip(images, placed.places, strict=True):
        advance(1)
        if place is None:
            collector.pass_over("image of a class that was not asked for", str(file.path))
            continue
        is_image = file.path.suffix.lower() in IMAGE_SUFFIXES
        if isinstance(place, BadRowError) and not is_image:
            collector.pass_over("file that is not an image", str(file.path))
            continue
        try:
            if isinstance(place, BadRowError):
                raise place
            if not is_image:
                suffix = file.path.suffix
                detail = (
                    f"'{suffix}' is not read: save it as JPEG or PNG"
                    if suffix.lower() in _OTHER_SUFFIXES
                    else f"'{suffix}' is not the suffix of an image"
                )
                raise BadRowError("not an image", detail)
            grey = decode(file)
            face = cutter.cut(grey, side_px) if cutter else scaled.to_face(grey)
            if face is None:
                collector.pass_over("image without a face that was found", str(file.path))
                continue
            collector.add(face.tobytes(), place.label, place.usage, str(file.path))
        except BadRowError as problem:
            collector.reject(_where(source, file.path), problem)
    return collector.dataset(str(source), (*placed.notes, *scaled.notes()))


def decode(file: SourceFile) -> NDArray[np.uint8]:
    """Return an image file as grey bytes, uint8[h, w]; BadRowError where it is none."""
    try:
        data = np.frombuffer(file.read(), np.uint8)
    except OSError as error:
        raise BadRowError("not an image", f"it cannot be read ({error.strerror})") from error
    start = bytes(data[:64])
    if start.startswith(_PNG) and _PNG_END not in bytes(data[-64:]):
        raise BadRowError("not an image", "it is cut off: fetch it again")
    try:
        image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    except cv2.error:  # an empty file, or more pixels than OpenCV takes
        image = None
    if image is None or image.size > _MOST_PIXELS:
        raise BadRowError("not an image", _why_not(start))
    return image.astype(np.uint8, copy=False)


def _why_not(start: bytes) -> str:
    """Return what a file is that cannot be decoded, by its first bytes."""
    if not start:
        return "the file is empty"
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "it is a web page: fetch it again"
    if start[4:12] in _HEIC:
        return "it is HEIC: save it as JPEG or PNG"
    if start.startswith((b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")):
        return "it is damaged or cut off: fetch it again"
    return "it cannot be decoded"


class _Scaled:
    """Brings images to the network's size, and knows how many were of which size."""

    def __init__(self, side_px: int) -> None:
        self._side_px = side_px
        self._others, self._not_square, self._large = 0, 0, 0

    def to_face(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return uint8[side_px, side_px] of `grey` (uint8[h, w]); BadRowError if too small."""
        if grey.shape == (self._side_px, self._side_px):
            return grey
        height, width = grey.shape
        side = min(height, width)
        if side < _LEAST_SIDE_PX:
            raise BadRowError(
                "wrong image size", f"{width}x{height}: {_LEAST_SIDE_PX} px are the least"
            )
        self._others += 1
        self._not_square += height != width
        self._large += side >= _LARGE_PX
        top, left = (height - side) // 2, (width - side) // 2
        square = np.ascontiguousarray(grey[top : top + side, left : left + side])
        return scale_face(square, self._side_px)

    def notes(self) -> tuple[str, ...]:
        """Return what a user has to know of it."""
        if not self._others:
            return ()
        note = f"{self._others:,} images are not {self._side_px}x{self._side_px} and were scaled"
        if self._not_square:
            note += f"; of {self._not_square:,} that are not square the middle was taken"
        if self._large:
            note += f"; {self._large:,} are {_LARGE_PX} px or more: where they show more than a "
            note += "face, add --face-crop"
        return (note,)


def _nothing_there(source: Path, files: list[SourceFile]) -> DataError:
    if not files:
        return DataError(
            DataReason.EMPTY,
            f"{source}: the folder is empty: expected train/angry/*.jpg and the like",
        )
    names = {file.name for file in files}
    if "[Content_Types].xml" in names:
        return DataError(DataReason.BAD_FORMAT, f"{source}: a workbook: save it as CSV")
    folders = sorted({file.path.parts[0] for file in files if len(file.path.parts) > 1})
    inner = sorted(name for name in names if name.lower().endswith(_ARCHIVES))
    tables = sorted(name for name in names if name.lower().endswith((".csv", ".csv.gz", ".tsv")))
    there = f" (there is {', '.join(folders[:8] or sorted(names)[:8])})"
    if inner:
        there += f"; unpack {inner[0]} and give its folder"
    elif tables:
        there += f"; of several tables, give one: {', '.join(tables[:8])}"
    return DataError(
        DataReason.EMPTY,
        f"{source}: no FER2013 in it: expected fer2013.csv, or folders as train/angry/*.jpg"
        f"{there}; other classes: name them with --labels",
    )


def _where(source: Path, path: PurePosixPath) -> str:
    return str(source / path) if source.is_dir() else f"{source}: {path}"


def files_fingerprint(files: list[SourceFile]) -> str:
    """Return what identifies the state of `files`."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.path} {file.state} {file.problem}\n".encode(errors="replace"))
    return digest.hexdigest()
