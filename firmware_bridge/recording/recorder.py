"""Records while it is watched: switched on and off, flushed each second, and never in the way."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.errors import BridgeError, LogError, LogReason
from firmware_bridge.reception.supervision import JudgedFrame
from firmware_bridge.recording.jsonl import recording_header
from firmware_bridge.recording.kinds import RecordingKind, written_kind
from firmware_bridge.recording.wall_clock import clock_is_synchronised
from firmware_bridge.recording.writers import (
    CandumpWriter,
    CanFileWriter,
    FrameWriter,
    JsonWriter,
)

FLUSH_S = 0.9  # asked for each 50 ms: what a kill may cost stays below a second


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """The recording of this watch, the last one if there were several."""

    path: Path
    frames: int
    running: bool
    trouble: str | None = None  # why it ended by itself


class Recorder:
    """Writes each received frame to a file while it is switched on.

    `wall_of` turns the time of a frame into Unix time. A disk that is full ends the recording and
    not the watch; `status` says so.
    """

    def __init__(
        self,
        port: str,
        wall_of: Callable[[float], float],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._wall_of = wall_of
        self._clock = clock
        self._writer: FrameWriter | None = None
        self._flush_due_s = 0.0
        self.status: RecordingStatus | None = None

    def start(self, path: Path, now_s: float) -> None:
        """Record into a new file from `now_s` on; BridgeError where it cannot be."""
        self.stop()
        kind = written_kind(path)
        try:
            self._writer = self._open(path, kind, now_s)
        except FileExistsError:
            raise LogError(
                LogReason.EXISTS,
                f"recording: {path} is there already; remove it or choose another name",
            ) from None
        except OSError as error:
            raise LogError(
                LogReason.NOT_WRITABLE, f"recording: {path}: cannot be written ({error.strerror})"
            ) from error
        self._flush_due_s = self._clock() + FLUSH_S
        self.status = RecordingStatus(path, 0, running=True)

    def toggle(self, now_s: float) -> None:
        """Stop, or start a candump log here, named after the time; never raises."""
        if self._writer is not None:
            self.stop()
            return
        stamp = time.strftime("%Y-%m-%d_%H%M%S", time.localtime(self._wall_of(now_s)))
        path = Path(f"edge-fer-{stamp}.log")
        try:
            self.start(path, now_s)
        except BridgeError as error:
            self.status = RecordingStatus(path, 0, running=False, trouble=str(error))

    def take(self, judged: JudgedFrame) -> None:
        """Record a frame, if switched on."""
        status = self.status
        if self._writer is None or status is None:
            return
        try:
            self._writer.write(judged, self._wall_of(judged.frame.time_s))
        except OSError as error:
            self._fail(error)
            return
        self.status = RecordingStatus(status.path, status.frames + 1, running=True)

    def tick(self) -> None:
        """Flush if it is time to; called several times a second."""
        if self._writer is None or self._clock() < self._flush_due_s:
            return
        self._flush_due_s = self._clock() + FLUSH_S
        try:
            self._writer.flush()
        except OSError as error:
            self._fail(error)

    def stop(self) -> None:
        """Complete the file, if there is one; never raises."""
        writer, status = self._writer, self.status
        if writer is None or status is None:
            return
        self._writer = None
        trouble = None
        try:
            writer.close()
        except OSError as error:
            trouble = _trouble(status.path, error)
        self.status = RecordingStatus(status.path, status.frames, running=False, trouble=trouble)

    def _open(self, path: Path, kind: RecordingKind, now_s: float) -> FrameWriter:
        if kind is RecordingKind.CANDUMP:
            return CandumpWriter(path, _interface(self._port))
        if kind is RecordingKind.JSONL:
            header = recording_header(
                self._port, self._wall_of(now_s), clock_synchronised=clock_is_synchronised()
            )
            return JsonWriter(path, header, now_s)
        return CanFileWriter(path, kind)

    def _fail(self, error: OSError) -> None:
        self.stop()
        if self.status is not None:
            self.status = RecordingStatus(
                self.status.path,
                self.status.frames,
                running=False,
                trouble=_trouble(self.status.path, error),
            )


def _interface(port: str) -> str:
    """Return the name that a candump log gives the port: canplayer plays it onto that interface."""
    scheme, _, address = port.partition(":")
    return address if scheme == "socketcan" else "can0"


def _trouble(path: Path, error: OSError) -> str:
    return f"recording: {path} ended: {error.strerror}"
