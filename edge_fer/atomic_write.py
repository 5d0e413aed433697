"""Writes files that a reader, or a power cut, sees whole or not at all."""

import os
import tempfile
from pathlib import Path

from edge_fer.errors import OutputError, OutputReason


def write_atomically(
    path: Path, content: bytes, *, mode: int = 0o644, owner: tuple[int, int] | None = None
) -> None:
    """Write a file so that a reader, or a power cut, sees the old content or all of the new.

    `owner` is the user and group that it belongs to; None: to who writes it. UserError when the
    folder cannot be written to, or a file cannot be given to its owner.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                if owner is not None and owner != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), *owner)
            temporary.chmod(mode)  # mkstemp gives 0600, which the daemon's user could not read
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise OutputError(
            OutputReason.NOT_WRITABLE, f"{path}: cannot be written ({error.strerror})"
        ) from error


def sync_folder(folder: Path) -> None:
    """Bring the names in `folder` to the disk: without it a power cut may undo a rename."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
