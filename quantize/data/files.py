"""The files of a data set, in a folder, a zip or a tar archive: where each lies and its bytes."""

import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edge_fer.errors import DataError, DataReason

# What file managers and archivers leave; not a row, not an error.
_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_ZIP, _GZIP, _BZIP2, _XZ = b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ"
# Archives that the standard library cannot read.
_FOREIGN = {b"Rar!": "rar", b"7z\xbc\xaf": "7z", b"\x28\xb5\x2f\xfd": "zstd"}
_EMPTY_ZIP = b"PK\x05\x06"
_MOST_BYTES = 64 << 20  # of one image; more is something else


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file: its path below the data set, `read` for its bytes, and its size and time.

    `problem` says why it cannot be a row, and is "" where it can. `read` raises OSError.
    """

    path: PurePosixPath
    read: Callable[[], bytes]
    state: str = ""
    problem: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.name


@contextmanager
def open_files(path: Path) -> Iterator[list[SourceFile]]:
    """Yield the files below a folder, or in an archive, sorted by path; they can be read inside.

    Links are followed. Hidden files, litter, broken links and folders that were read already have
    a `problem`. UserError for what cannot be read.
    """
    if path.is_dir():
        try:
            yield sorted(_walk(path, PurePosixPath(), set()), key=lambda file: file.path)
        except OSError as error:
            raise DataError(
                DataReason.UNREADABLE, f"{path}: cannot be read ({error.strerror or error})"
            ) from error
        return
    try:
        with path.open("rb") as raw:
            zipped = raw.read(len(_ZIP)) == _ZIP
        if zipped:
            with zipfile.ZipFile(path) as archive:
                yield sorted(_of_zip(archive), key=lambda file: file.path)
        else:
            with tarfile.open(path) as archive:
                yield list(_of_tar(archive))  # in its own order: a tar.gz is read from the front
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path}: a damaged archive ({error}): fetch it again"
        ) from error
    except RuntimeError as error:  # zipfile's, for a password
        raise DataError(
            DataReason.UNREADABLE, f"{path}: cannot be read ({error}): unpack it first"
        ) from error
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path}: cannot be read ({error.strerror or error})"
        ) from error


def is_archive(path: Path) -> bool:
    """Say whether a file is a zip or tar archive; UserError for one that has to be unpacked."""
    with path.open("rb") as raw:
        head = raw.read(8)
    for magic, name in _FOREIGN.items():
        if head.startswith(magic):
            raise DataError(
                DataReason.UNREADABLE, f"{path}: a {name} archive: unpack it, and give the folder"
            )
    if head.startswith(_EMPTY_ZIP):
        raise DataError(DataReason.EMPTY, f"{path}: an empty archive")
    if head.startswith(_ZIP):
        return True
    try:
        with tarfile.open(path) as archive:
            return archive.next() is not None
    except (tarfile.TarError, EOFError, OSError, zlib.error):
        return False


def _walk(folder: Path, below: PurePosixPath, above: set[str]) -> Iterator[SourceFile]:
    here = os.path.realpath(folder)
    if here in above:  # a link to a folder above it
        yield SourceFile(below, _unreadable, problem="link in a circle")
        return
    with os.scandir(folder) as listing:
        entries = list(listing)
    for entry in entries:
        path = below / entry.name
        if is_litter(entry.name):
            yield SourceFile(path, _unreadable, problem="hidden file")
        elif entry.is_dir():
            yield from _walk(Path(entry.path), path, above | {here})
        elif entry.is_file():
            status = entry.stat()
            state = f"{status.st_size} {status.st_mtime_ns}"
            yield SourceFile(path, Path(entry.path).read_bytes, state)
        else:
            yield SourceFile(
                path,
                _unreadable,
                problem="broken link" if entry.is_symlink() else "not a regular file",
            )


def is_litter(name: str) -> bool:
    """Say whether a file or folder is hidden, or left by a file manager."""
    return name.startswith(".") or name.lower() in _LITTER


def _of_zip(archive: zipfile.ZipFile) -> Iterator[SourceFile]:
    for info in archive.infolist():
        if not info.is_dir():

            def read(info: zipfile.ZipInfo = info) -> bytes:
                return archive.read(info)

            yield _of_archive(info.filename, info.file_size, read)


def _of_tar(archive: tarfile.TarFile) -> Iterator[SourceFile]:
    for member in archive.getmembers():
        if member.isdir():
            continue

        def read(member: tarfile.TarInfo = member) -> bytes:
            content = archive.extractfile(member)
            if content is None:
                raise OSError(0, "not a regular file")
            return content.read()

        yield _of_archive(member.name, member.size, read)


def _of_archive(name: str, size: int, read: Callable[[], bytes]) -> SourceFile:
    path = PurePosixPath(*(part for part in PurePosixPath(name).parts if part not in ("..", "/")))
    if any(map(is_litter, path.parts)):
        return SourceFile(path, _unreadable, problem="hidden file")
    if size > _MOST_BYTES and path.suffix.lower() not in (".csv", ".gz"):
        return SourceFile(path, _unreadable, problem=f"file of more than {_MOST_BYTES >> 20} MiB")
    return SourceFile(path, read, str(size))


def _unreadable() -> bytes:
    raise OSError(0, "not a file to read")
