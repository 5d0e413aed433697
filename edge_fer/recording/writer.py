"""Writes finished clips in a thread of its own: a disk may take seconds for one."""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from edge_fer.errors import UserError
from edge_fer.recording.clip import Clip
from edge_fer.recording.clip_file import write_clip
from edge_fer.recording.ring import Ring, RingError
from edge_fer.recording.sealing import Lock

# Beside the clip that is being gathered, one is being written and one may wait.
WAITING = 1
TRY_AGAIN_S = 5.0  # after a folder that was not there
PRUNE_S = 3600.0
_NICE = 10


@dataclass(frozen=True, slots=True)
class Stored:
    """What the ring holds, and what became of the clips since the start."""

    clips: int = 0
    size: int = 0
    kept: int = 0
    lost: int = 0
    error: str | None = None


class ClipWriter:
    """Takes clips and never waits, never raises."""

    def __init__(self, ring: Ring, lock: Callable[[], Lock]) -> None:
        self._ring, self._lock = ring, lock
        self._queue: queue.Queue[Clip | None] = queue.Queue(WAITING)
        self._kept = self._lost = 0
        self._folder_error: str | None = None
        self._clip_error: str | None = None  # why the last clip was lost
        self.stored = Stored()
        self._thread = threading.Thread(target=self._run, name="clips", daemon=True)
        self._thread.start()

    def take(self, clip: Clip) -> None:
        """Have a clip written; it is lost where the disk is two clips behind."""
        try:
            self._queue.put_nowait(clip)
        except queue.Full:
            self._lost += 1
            self._clip_error = "the disk is too slow: a clip was lost"
            self._tell()

    def stop(self, timeout_s: float) -> None:
        """Write what waits, for so long at most."""
        deadline_s = time.monotonic() + timeout_s
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=timeout_s)
        self._thread.join(max(0.0, deadline_s - time.monotonic()))

    def _run(self) -> None:
        # Of this thread alone. A clip is a second of encryption, and nobody waits for it.
        with contextlib.suppress(OSError):
            os.nice(_NICE)
        self._look_after_the_ring()
        while True:
            try:
                clip = self._queue.get(timeout=TRY_AGAIN_S if self._folder_error else PRUNE_S)
            except queue.Empty:
                self._look_after_the_ring()
                continue
            if clip is None:
                return
            self._write(clip)

    def _write(self, clip: Clip) -> None:
        try:
            self._ring.keep(partial(write_clip, clip=clip, lock=self._lock()))
            self._kept += 1
            self._clip_error = None
        except (RingError, UserError) as error:
            self._lost += 1
            self._clip_error = str(error)
            self._ring.close()  # whatever is wrong with the folder: begin from nothing
        self._look_after_the_ring()

    def _look_after_the_ring(self) -> None:
        try:
            self._ring.open()
            self._ring.prune()
            clips = self._ring.clips()
        except RingError as error:
            self._folder_error = str(error)
            self._ring.close()
            self._tell()
            return
        self._folder_error = None
        self._tell(len(clips), sum(clip.size for clip in clips))

    def _tell(self, clips: int | None = None, size: int | None = None) -> None:
        old = self.stored
        self.stored = Stored(
            old.clips if clips is None else clips,
            old.size if size is None else size,
            self._kept,
            self._lost,
            self._folder_error or self._clip_error,
        )
