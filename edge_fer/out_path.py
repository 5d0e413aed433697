"""Prepares the places that a verb writes to, before its work: all verbs do it the same way.

Missing folders are made. What cannot be written is refused at once, and not after the work.
"""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from edge_fer.errors import Extra, MissingPackageError, OutputError, OutputReason

PICTURES = (".png", ".svg", ".pdf")


def prepare_file(path: Path, option: str, endings: Sequence[str] = ()) -> Path:
    """Return `path` when a file can be written there, with one of `endings` if there are any.

    `option` is what the user named it with. UserError otherwise.
    """
    if endings and path.suffix.lower() not in endings:
        raise OutputError(
            OutputReason.BAD_NAME, f"{option} {path}: end the name in {' or '.join(endings)}"
        )
    if path.is_dir():
        raise OutputError(OutputReason.BAD_NAME, f"{option} {path}: is a folder: name a file in it")
    prepare_folder(path.parent, option)
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputError(
            OutputReason.NOT_WRITABLE, f"{option} {path}: cannot be written (Permission denied)"
        )
    return path


def prepare_folder(folder: Path, option: str) -> Path:
    """Return `folder`, which is made where it is missing; UserError where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError(
            OutputReason.BAD_NAME, f"{option} {folder}: is a file: name a folder"
        ) from None
    except OSError as error:
        raise OutputError(
            OutputReason.NO_FOLDER, f"{option} {folder}: cannot be made ({error.strerror})"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            OutputReason.NOT_WRITABLE,
            f"{option} {folder}: cannot be written to (Permission denied)",
        )
    return folder


def prepare_plot(path: Path, option: str = "--plot") -> Path:
    """Return `path` when a plot can be drawn there; UserError otherwise, or without matplotlib."""
    prepare_file(path, option, PICTURES)
    if find_spec("matplotlib") is None:
        raise MissingPackageError(
            Extra.PLOT, f"{option} needs matplotlib: pip install 'edge-fer[plot]'"
        )
    return path
