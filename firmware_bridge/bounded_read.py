"""Reads files that somebody else may have put there: only regular ones, and of a known size."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Return the content of a regular file of at most `most_bytes`.

    OSError when it cannot be read, is larger, or is a pipe, a device or a folder: opening a pipe
    would wait for a writer, and a device has no end.
    """
    file = _open_regular(path)
    try:
        parts, left = [], most_bytes + 1
        # Not by the size that the file claims: it may grow meanwhile, and files of /proc claim 0.
        while left and (part := os.read(file, min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
        if not left:
            raise OSError(errno.EFBIG, f"more than {most_bytes} bytes", str(path))
        return b"".join(parts)
    finally:
        os.close(file)


def open_bounded(path: Path, most_bytes: int) -> BinaryIO:
    """Return a regular file of at most `most_bytes` now, open; OSError as `read_bounded`.

    For what is read in parts: it may grow while it is.
    """
    file = os.fdopen(_open_regular(path), "rb")
    if os.fstat(file.fileno()).st_size > most_bytes:
        file.close()
        raise OSError(errno.EFBIG, f"more than {most_bytes} bytes", str(path))
    return file


def _open_regular(path: Path) -> int:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    status = os.fstat(file)
    if stat.S_ISREG(status.st_mode):
        return file
    os.close(file)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    raise OSError(errno.EINVAL, "not a regular file", str(path))
