"""Three frames in memory that a camera process and its parent share; the newest wins.

One frame is the newest, one may be in use by the reader, and one is free for the writer. A frame is
read in place and not copied.

The memory has no name (memfd), so nothing remains whichever process dies first. The lock is the
kernel's (POSIX record lock): it orders memory on every architecture, and is released when its
holder dies.
"""

import fcntl
import mmap
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from edge_fer import frame_memory
from edge_fer.camera.base import Frame

# The slot that is in front, frames written so far, captured_s; the writer's.
_HEADER = struct.Struct("<qqd")
_HELD = struct.Struct("<q")  # the slot that the reader is using; the reader's
_HELD_AT = _HEADER.size
_MOST_FPS = struct.Struct("<d")  # frames a second that the reader wants at the most; 0: all
_MOST_FPS_AT = _HELD_AT + _HELD.size
_SLOTS = 3
_FRAMES_AT = 64  # offset of the first frame: the header has a cache line for itself

# The other side holds the lock for some header fields, microseconds; if it takes this long, it was
# stopped while holding it, and waiting on would stop us as well.
_LOCK_PATIENCE_S = 0.02
_LOCK_RETRY_S = 0.0002


def create_memory() -> int:
    """Return the descriptor of new, empty, nameless memory."""
    return frame_memory.create("edge-fer-camera")


class SlotWriter:
    """The camera's side; gives the memory its size."""

    def __init__(self, memory: int, shape: tuple[int, int]) -> None:
        frame_memory.seal(memory, _memory_size(shape))
        self._memory = memory
        self._map, self._slots = _attach(memory, shape)
        self._front = 0
        self._written = 0
        self._skipped = 0
        self._most_fps: float | None = None

    @property
    def written(self) -> int:
        """Number of frames written so far, including skipped ones before them."""
        return self._written

    @property
    def most_fps(self) -> float | None:
        """The reader's limit of the frame rate, as of the last write; None: no limit."""
        return self._most_fps

    def skip(self) -> None:
        """Count one skipped frame of the camera; the next one shows the gap."""
        self._skipped += 1

    def write(self, grey: NDArray[np.uint8], captured_s: float) -> None:
        """Publish `grey` (uint8[h,w]) as the newest frame; ValueError for another shape."""
        if grey.shape != self._slots.shape[1:]:
            raise ValueError(f"a frame of {grey.shape} among frames of {self._slots.shape[1:]}")
        with self._locked():
            (held,) = _HELD.unpack_from(self._map, _HELD_AT)
            (most_fps,) = _MOST_FPS.unpack_from(self._map, _MOST_FPS_AT)
        self._most_fps = most_fps or None
        # The reader may come to hold the front slot meanwhile, but no other: this one can be filled
        # without the lock.
        back = next(slot for slot in range(_SLOTS) if slot not in (self._front, held))
        np.copyto(self._slots[back], grey)
        with self._locked():
            self._written += 1 + self._skipped
            _HEADER.pack_into(self._map, 0, back, self._written, captured_s)
        self._front, self._skipped = back, 0

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.lockf(self._memory, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._memory, fcntl.LOCK_UN)


class SlotReader:
    """The parent's side, for one thread."""

    def __init__(self, memory: int, shape: tuple[int, int]) -> None:
        self._memory = memory
        self._map, self._slots = _attach(memory, shape)
        self._slots.flags.writeable = False
        self._seen = 0
        self._most_fps: float | None = None

    @property
    def written(self) -> int:
        """Number of frames that the camera has written; without the lock, so up to one behind."""
        written: int = _HEADER.unpack_from(self._map, 0)[1]
        return written

    def ask_for(self, most_fps: float | None) -> None:
        """Limit the frame rate to this value; None: no limit. May be repeated at no cost."""
        if most_fps == self._most_fps:
            return
        with self._locked() as locked:
            if locked:
                _MOST_FPS.pack_into(self._map, _MOST_FPS_AT, most_fps or 0.0)
                self._most_fps = most_fps

    def read(self) -> Frame | None:
        """Return the newest frame; None if it was read before or is not accessible.

        It lies in the shared memory, and does not change until the next one is returned.
        """
        with self._locked() as locked:
            if not locked:
                return None
            front, written, captured_s = _HEADER.unpack_from(self._map, 0)
            if written == self._seen:
                return None
            _HELD.pack_into(self._map, _HELD_AT, front)
        self._seen = written
        return Frame(self._slots[front], captured_s, written - 1)

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        deadline_s = time.monotonic() + _LOCK_PATIENCE_S
        while True:
            try:
                fcntl.lockf(self._memory, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > deadline_s:
                    yield False
                    return
                time.sleep(_LOCK_RETRY_S)
            else:
                break
        try:
            yield True
        finally:
            fcntl.lockf(self._memory, fcntl.LOCK_UN)


def _memory_size(shape: tuple[int, int]) -> int:
    return _FRAMES_AT + _SLOTS * shape[0] * shape[1]


def _attach(memory: int, shape: tuple[int, int]) -> tuple[mmap.mmap, NDArray[np.uint8]]:
    """Return the mapping and its frames, uint8[_SLOTS,h,w]."""
    size = _memory_size(shape)
    mapped = frame_memory.attach(memory, size, writes=True)
    frames = np.frombuffer(mapped, np.uint8, size - _FRAMES_AT, _FRAMES_AT)
    return mapped, frames.reshape(_SLOTS, *shape)
