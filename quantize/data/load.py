"""Load FER2013, or data like it, from whichever of its layouts is there, through the cache."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_fer.errors import DataError, DataReason
from edge_fer.models.kind import FACE_PX
from quantize.data import cache as dataset_cache
from quantize.data.classes import FER2013, Classes
from quantize.data.csv import all_of_usage, read_csv, read_stream
from quantize.data.fer2013 import USAGES, Fer2013
from quantize.data.files import SourceFile, is_archive, open_files
from quantize.data.folder import IMAGE_SUFFIXES, FaceCutter, files_fingerprint, read_folder
from quantize.progress import progress_bar

__all__ = ["USAGES", "Fer2013", "Reading", "load_fer2013"]

_CSV_NAMES = ("fer2013.csv", "fer2013.csv.gz", "icml_face_data.csv", "icml_face_data.csv.gz")
_CSV_DEPTH = 6  # parts of the path of a CSV file, in a folder or an archive
_CSV_SUFFIXES = (".csv", ".csv.gz", ".tsv")


@dataclass(frozen=True, slots=True)
class Reading:
    """How data is read.

    `skip_bad` leaves bad rows out and counts them. `classes` are the names that rows may have.
    `cutter` finds the face in each picture; None: pictures are faces. `unsplit` is the usage of
    all rows where neither folders nor a column name one; "split": one group of files, or one row of
    each class, in five is PublicTest. `side_px` is the size to which images of folders are brought;
    the rows of a CSV file have 48 px.
    """

    skip_bad: bool = False
    classes: Classes = FER2013
    cutter: FaceCutter | None = None
    unsplit: str = "split"
    side_px: int = FACE_PX

    def identity(self, *, of_images: bool) -> str:
        """Return what of it changes the rows of images, or of a CSV file, for the cache."""
        if not of_images:
            return f"{self.classes}"
        cutter = self.cutter.identity if self.cutter else None
        return f"{self.classes} {cutter} {self.unsplit} {self.side_px}"


def load_fer2013(
    path: Path,
    *,
    skip_bad: bool = False,
    progress: bool = False,
    reading: Reading | None = None,
) -> Fer2013:
    """Load a CSV file, folders of images, or a zip or tar archive that holds either.

    `reading` says how, and `skip_bad` is short for the reading with that alone. `progress` draws a
    bar on stderr while parsing. UserError if the path is missing, holds no FER2013 or has a bad
    row, which it names; with `skip_bad`, bad rows are left out and counted in `skipped`.
    """
    reading = reading or Reading(skip_bad=skip_bad)
    try:
        if not path.exists():
            raise DataError(
                DataReason.NOT_FOUND,
                f"{path}: no such file or folder: give FER2013 as CSV or as folders",
            )
        if path.is_dir() or is_archive(path):
            with open_files(path) as files:
                return _load_files(path, files, reading, progress)
        status = path.stat()
        state, size = f"{status.st_size} {status.st_mtime_ns}", status.st_size
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path}: cannot be read ({error.strerror})"
        ) from error

    def parse(advance: Callable[[int], None]) -> Fer2013:
        return read_csv(path, skip_bad=reading.skip_bad, advance=advance, classes=reading.classes)

    return _of_csv(_cached(path, state, reading, size, parse, progress), reading)


def _load_files(source: Path, files: list[SourceFile], reading: Reading, progress: bool) -> Fer2013:
    csv = _find_csv(files)
    if csv is None:
        return _cached(
            source,
            files_fingerprint(files),
            reading,
            len(files),
            lambda advance: read_folder(
                source,
                files,
                skip_bad=reading.skip_bad,
                advance=advance,
                classes=reading.classes,
                cutter=reading.cutter,
                unsplit=reading.unsplit,
                side_px=reading.side_px,
            ),
            progress,
            of_images=True,
        )
    if source.is_dir():
        return load_fer2013(source / csv.path, progress=progress, reading=reading)

    def parse(advance: Callable[[int], None]) -> Fer2013:
        from io import BytesIO  # noqa: PLC0415  # a member of an archive has no other file object

        return read_stream(
            BytesIO(csv.read()),
            f"{source}: {csv.path}",
            skip_bad=reading.skip_bad,
            advance=advance,
            classes=reading.classes,
        )

    dataset = _cached(source, files_fingerprint(files), reading, int(csv.state), parse, progress)
    return _of_csv(dataset, reading)


def _of_csv(dataset: Fer2013, reading: Reading) -> Fer2013:
    """Return the rows of a CSV file by `unsplit`, after the cache, which holds them split."""
    return dataset if reading.unsplit == "split" else all_of_usage(dataset, reading.unsplit)


def _cached(
    source: Path,
    state: str,
    reading: Reading,
    total: int,
    parse: Callable[[Callable[[int], None]], Fer2013],
    progress: bool,
    *,
    of_images: bool = False,
) -> Fer2013:
    options = reading.identity(of_images=of_images)
    identity = dataset_cache.fingerprint(source, state, options)
    cached = dataset_cache.load(source, identity)
    # An entry with rows left out was read with skip_bad: a strict reader has to see the error.
    if cached is not None and (reading.skip_bad or not cached.skipped):
        return cached
    with progress_bar(f"Reading {source.name}", total, show=progress) as advance:
        dataset = parse(advance)
    if dataset_cache.store(source, identity, dataset) and progress:
        print(
            f"Cached in {dataset_cache.cache_folder()} (`edge-fer cache` shows and clears it).",
            file=sys.stderr,
        )
    return dataset


def _find_csv(files: list[SourceFile]) -> SourceFile | None:
    """Return FER2013's CSV file among `files`, the one with the fewest folders above it.

    Where there is none, and no image either, it is the only CSV file, whatever its name.
    """
    near = [file for file in files if not file.problem and len(file.path.parts) <= _CSV_DEPTH]
    found = [file for file in near if file.name in _CSV_NAMES]
    if found:
        return min(found, key=lambda file: (len(file.path.parts), _CSV_NAMES.index(file.name)))
    others = [file for file in near if file.name.lower().endswith(_CSV_SUFFIXES)]
    has_images = any(file.path.suffix.lower() in IMAGE_SUFFIXES for file in files)
    return others[0] if len(others) == 1 and not has_images else None
