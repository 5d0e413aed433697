"""The clips of a folder, by their names."""

import re
import stat
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".efclip"
# Without a bound, one more than the number of a hostile clip may be no name of a file.
_NAME = re.compile(rf"clip-(\d{{8,12}}){re.escape(SUFFIX)}")
MOST_NUMBER = 10**12 - 1
TIME_UNKNOWN_S = 0.0  # a clip with this time was made while nobody knew the time of day


@dataclass(frozen=True, slots=True)
class StoredClip:
    """One clip of a folder. `made_s` is the wall time of its making; None: not known."""

    number: int
    path: Path
    size: int
    made_s: float | None


def list_clips(folder: Path) -> list[StoredClip]:
    """Return the clips of a folder, the oldest first; OSError where it cannot be read."""
    found = []
    for path in folder.iterdir():
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue  # deleted meanwhile
        if not stat.S_ISREG(status.st_mode):
            continue  # a link, a folder or a pipe: of nobody here
        made_s = None if status.st_mtime == TIME_UNKNOWN_S else status.st_mtime
        found.append(StoredClip(int(match[1]), path, status.st_size, made_s))
    return sorted(found, key=lambda clip: clip.number)
