"""The ring: the clips of one folder, capped by size and age. It never raises but RingError.

Clips are numbered, and the number is their order: a wall clock that jumps makes no clip older. A
clip is written under another name, synced and renamed, and only then the oldest make room for it:
what fails costs the new clip at most.
"""

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge_fer.atomic_write import sync_folder
from edge_fer.recording.chain import ClipChain, Place
from edge_fer.recording.stored import MOST_NUMBER, SUFFIX, TIME_UNKNOWN_S, StoredClip, list_clips
from edge_fer.wall_clock import is_synchronised

_PART = re.compile(rf"\.clip-\d{{8,12}}{re.escape(SUFFIX)}\.part")
_LOCK = ".lock"
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
# A clip from further in the future was made by a clock that was wrong.
_FUTURE_S = 3600.0


class RingError(Exception):
    """What of the disk or the folder does not work, in one line."""


@dataclass(frozen=True, slots=True)
class WallClock:
    """The time of day in seconds since 1970, and whether it is known to be right."""

    time_s: float
    synchronised: bool


def wall_clock() -> WallClock:
    """Return the system's."""
    return WallClock(time.time(), is_synchronised())


class Ring:
    """Keeps clips in a folder for one process; another that tries gets a RingError."""

    def __init__(
        self,
        folder: Path,
        *,
        most_bytes: int,
        most_age_s: float,
        clock: Callable[[], WallClock] = wall_clock,
        chain: ClipChain | None = None,
    ) -> None:
        self._folder, self._chain = folder, chain
        self._most_bytes, self._most_age_s = most_bytes, most_age_s
        self._clock = clock
        self._lock = -1

    def open(self) -> None:
        """Make the folder if need be, take it, and clear away what a power cut left half written.

        RingError where it cannot be written to, or another process has it. May be repeated.
        """
        if self._lock >= 0:
            return
        try:
            self._folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            lock = os.open(
                self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE
            )
        except OSError as error:
            raise self._error(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in self._folder.iterdir():
                if _PART.fullmatch(path.name) and not path.is_dir():
                    path.unlink()
        except OSError as error:
            os.close(lock)
            if isinstance(error, BlockingIOError):
                text = f"{self._folder}: another recorder writes here: choose another folder"
                raise RingError(text) from error
            raise self._error(error) from error
        self._lock = lock
        self.prune()

    def close(self) -> None:
        """Let others have the folder."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def clips(self) -> list[StoredClip]:
        """Return what is there, the oldest first; RingError where the folder cannot be read."""
        try:
            return list_clips(self._folder)
        except OSError as error:
            raise self._error(error) from error

    def keep(self, write: Callable[[BinaryIO], object]) -> StoredClip:
        """Let `write` write a new clip; `prune` is to come after it.

        RingError where that fails: then it is as if there had been no new clip.
        """
        self.open()
        clips = self.clips()
        if sum(clip.size for clip in clips) > self._most_bytes:
            self.prune()  # it failed the last time: the ring does not grow for that
        newest = clips[-1] if clips else None
        try:
            before = self._chain.last(newest) if self._chain else None
        except OSError as error:
            raise self._error(error) from error
        number = 1 + max(newest.number if newest else 0, before.number if before else 0)
        if number > MOST_NUMBER:
            raise RingError(f"{self._folder}: its clips have the highest number: move them away")
        path, part = self._names(number)
        while os.path.lexists(path) or os.path.lexists(part):  # what is no clip has that name
            number += 1
            path, part = self._names(number)
        try:
            size, place = self._write(part, write, number, before)
            part.rename(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise self._error(error) from error
        # It is kept from here on: if its name does not reach the disk, a power cut undoes it.
        with contextlib.suppress(OSError):
            sync_folder(self._folder)
        if self._chain is not None and place is not None:
            self._chain.note(place)
        return StoredClip(number, path, size, None)

    def prune(self) -> None:
        """Delete the oldest clips until what is left is not too much, and what is too old."""
        now = self._clock()
        try:
            clips = list_clips(self._folder)
            total = sum(clip.size for clip in clips)
            # The newest stays in any case: it fits, or it had not been written.
            for clip in clips[:-1]:
                if total <= self._most_bytes:
                    break
                clip.path.unlink(missing_ok=True)
                total -= clip.size
            if now.synchronised:
                for clip in list_clips(self._folder):
                    self._age(clip, now.time_s)
        except OSError as error:
            raise self._error(error) from error

    def _age(self, clip: StoredClip, now_s: float) -> None:
        """Delete a clip that is too old; one whose age nobody knows begins to age now."""
        if clip.made_s is None or clip.made_s > now_s + _FUTURE_S:
            os.utime(clip.path, (now_s, now_s))
        elif now_s - clip.made_s > self._most_age_s:
            clip.path.unlink(missing_ok=True)

    def _names(self, number: int) -> tuple[Path, Path]:
        """Return the path of a clip, and where it is while it is written."""
        path = self._folder / f"clip-{number:08}{SUFFIX}"
        return path, path.with_name(f".{path.name}.part")

    def _write(
        self, part: Path, write: Callable[[BinaryIO], object], number: int, before: Place | None
    ) -> tuple[int, Place | None]:
        """Write a whole file and bring it to the disk; return its size and place in the chain."""
        place = None
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(part, flags, _PRIVATE_FILE), "w+b") as file:
            write(file)
            if self._chain is not None and before is not None:
                place = self._chain.sign(file, number, before)
            file.flush()
            size = os.fstat(file.fileno()).st_size
            if size > self._most_bytes:
                raise OSError(0, f"a clip of {size} bytes is larger than the whole ring")
            now = self._clock()
            made_s = now.time_s if now.synchronised else TIME_UNKNOWN_S
            os.utime(file.fileno(), (made_s, made_s))
            os.fsync(file.fileno())
        return size, place

    def _error(self, error: OSError) -> RingError:
        return RingError(f"{self._folder}: {error.strerror}")
