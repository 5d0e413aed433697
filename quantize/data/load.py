"""Load FER2013 from whichever of its layouts is there, through the cache."""

from pathlib import Path

from edge_fer.errors import DataError, DataReason
from quantize.data import cache as dataset_cache
from quantize.data.csv import read_csv
from quantize.data.fer2013 import USAGES, Fer2013
from quantize.data.folder import list_files, read_folder
from quantize.progress import progress_bar

__all__ = ["USAGES", "Fer2013", "load_fer2013"]

_CSV_NAMES = ("fer2013.csv", "fer2013.csv.gz", "icml_face_data.csv", "icml_face_data.csv.gz")


def load_fer2013(path: Path, *, skip_bad: bool = False, progress: bool = False) -> Fer2013:
    """Load FER2013 from a CSV file, from a folder that holds one, or from folders of images.

    `progress` draws a bar on stderr while parsing. UserError if the path is missing, holds no
    FER2013 or has a bad row, which it names; with `skip_bad`, bad rows are left out and counted
    in `skipped`.
    """
    try:
        source = _find_source(path)
        files = list_files(source) if source.is_dir() else [source]
        identity = dataset_cache.fingerprint(source, files)
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path}: cannot be read ({error.strerror})"
        ) from error
    cached = dataset_cache.load(source, identity)
    # An entry with rows left out was read with skip_bad: a strict reader has to see the error.
    if cached is not None and (skip_bad or not cached.skipped):
        return cached
    total = len(files) if source.is_dir() else source.stat().st_size
    with progress_bar(f"Reading {source.name}", total, show=progress) as advance:
        if source.is_dir():
            dataset = read_folder(source, files, skip_bad=skip_bad, advance=advance)
        else:
            dataset = read_csv(source, skip_bad=skip_bad, advance=advance)
    dataset_cache.store(source, identity, dataset)
    return dataset


def _find_source(path: Path) -> Path:
    """Return the CSV file or the folder of images that `path` means."""
    if not path.exists():
        raise DataError(
            DataReason.NOT_FOUND,
            f"{path}: no such file or folder: give FER2013 as CSV or as folders",
        )
    if path.is_dir():
        return next((path / name for name in _CSV_NAMES if (path / name).is_file()), path)
    return path
