"""An exported recording: two cameras and the frames of the bus, on the clock of its first event.

`edge-fer recording export` writes the folder, `edge-fer monitor --record` the log.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import ClipError, ClipReason, UsageError, UsageReason
from edge_fer.observation import Vehicle
from edge_fer.recording.clip import CAMERAS, ClipHeader
from edge_fer.recording.clip_file import is_possible
from edge_fer.vehicle.incoming import decode_vehicle
from firmware_bridge.errors import EndOfStream
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverStateMessage,
    state_name,
)
from firmware_bridge.reception.supervision import JudgedFrame
from firmware_bridge.reception.watching import Watch, course_name
from firmware_bridge.recording.replay import Replay

ABOUT = "clip.json"
# The change of state goes out at once, and a picture is judged within a fraction of a second.
_SAME_EVENT_S = 1.0


@dataclass(frozen=True, slots=True)
class Exported:
    """A folder of `edge-fer recording export`. `forward` is None where there was one camera."""

    header: ClipHeader
    cabin: Path
    forward: Path | None


def is_exported(folder: Path) -> bool:
    """Whether `edge-fer recording export` wrote this folder."""
    return (folder / ABOUT).is_file()


def open_exported(folder: Path) -> Exported:
    """Return what lies in `folder`. ClipError where it is damaged or has no video of the cabin."""
    try:
        header = ClipHeader.from_json(json.loads((folder / ABOUT).read_text(encoding="utf-8")))
        possible = is_possible(header)
    except OSError as error:
        raise ClipError(
            ClipReason.UNREADABLE, f"annotate: {folder / ABOUT}: {error.strerror}"
        ) from error
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        possible = False
    if not possible:
        raise ClipError(
            ClipReason.DAMAGED, f"annotate: {folder / ABOUT}: damaged: export the clip again"
        )
    cabin, forward = (folder / f"{camera}.avi" for camera in CAMERAS)
    if not cabin.is_file():
        raise ClipError(
            ClipReason.DAMAGED, f"annotate: {folder}: there is no {cabin.name}: export it again"
        )
    return Exported(header, cabin, forward if forward.is_file() else None)


class ForwardPictures:
    """The forward camera's video, picture by picture beside the cabin's."""

    def __init__(self, path: Path) -> None:
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        self.picture: NDArray[np.uint8] | None = None

    def advance(self) -> None:
        """Go on to the next picture; the last one stays."""
        ok, picture = self._capture.read()
        if ok:
            self.picture = picture.astype(np.uint8, copy=False)

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


@dataclass(frozen=True, slots=True)
class Heard:
    """The latest frame of a message, and how old it is."""

    judged: JudgedFrame
    age_s: float


class BusLog:
    """A recording of the bus, judged as a receiver does. Its times are seconds of the clip.

    `shift_s` is by how much its clock was put back: not 0 where the change of state did not fit.
    """

    def __init__(self, frames: list[CanFrame], shift_s: float) -> None:
        self._frames: Iterator[CanFrame] = iter(frames)
        self._next: CanFrame | None = next(self._frames, None)
        start_s = frames[0].time_s if frames else 0.0
        self._watch = Watch(start_s)
        self._latest: dict[str, JudgedFrame] = {}
        self._now_s = start_s
        self.shift_s = shift_s

    def advance(self, time_s: float) -> None:
        """Take what came up to `time_s` of the clip."""
        while self._next is not None and self._next.time_s <= time_s:
            judged = self._watch.take(self._next)
            if judged.name:
                self._latest[judged.name] = judged
            self._next = next(self._frames, None)
        self._now_s = time_s
        self._watch.check_overdue(time_s)

    @property
    def heard(self) -> tuple[Heard, ...]:
        """The latest frame of each message, in the order of their ids."""
        by_id = sorted(self._latest.values(), key=lambda judged: judged.frame.can_id)
        return tuple(Heard(judged, self._now_s - judged.frame.time_s) for judged in by_id)

    @property
    def state(self) -> str:
        """The driver state that the vehicle had at this moment; "unknown" where it had none."""
        found = self._watch.latest(DriverStateMessage)
        return course_name(None if found is None else found[0].state)

    @property
    def vehicle(self) -> Vehicle:
        """What the vehicle said of itself."""
        found = self._watch.latest(ControllerStatusMessage)
        return decode_vehicle(None if found is None else found[0])


def read_bus_log(path: Path, header: ClipHeader, offset_s: float | None) -> BusLog:
    """Return the frames of `path` on the clock of the clip.

    `offset_s` is by how much the log's clock was ahead of the clip's. None: not at all, or by what
    brings the change to the event's state together. UsageError where none of its frames falls into
    the clip. BridgeError where the log cannot be read.
    """
    frames = _read(path)
    times_s = [frame.time_s for frame in frames]
    from_s, to_s = header.event_s + header.from_s, header.event_s + header.to_s
    shift_s = offset_s
    if shift_s is None:
        shift_s = _shift_of(frames, header)
    if not any(from_s <= time_s - shift_s <= to_s for time_s in times_s):
        between = f"{min(times_s):.0f} to {max(times_s):.0f}" if times_s else "no frames at all"
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"annotate: {path}: has {between}, and the clip {from_s:.0f} to {to_s:.0f} s of 1970:"
            " name its log, or by how much its clock was ahead, --log-offset SECONDS",
        )
    origin_s = header.event_s + shift_s
    moved = [
        CanFrame(frame.can_id, frame.data, frame.time_s - origin_s, frame.channel)
        for frame in frames
    ]
    return BusLog(moved, shift_s)


def _read(path: Path) -> list[CanFrame]:
    """Return all frames with their Unix times."""
    replay = Replay(f"replay:{path}", path, speed=None).open("")
    frames: list[CanFrame] = []
    try:
        while True:
            frames += [
                CanFrame(frame.can_id, frame.data, replay.wall_s(frame.time_s), frame.channel)
                for frame in replay.receive(0.0)
            ]
    except EndOfStream:
        return frames


def _shift_of(frames: list[CanFrame], header: ClipHeader) -> float:
    """Return 0 where the bus changed to the event's state when the clip did, else the shift.

    Of several changes to that state it is the nearest.
    """
    changes_s = _changes_to(frames, header.events[0].state)
    shifts_s = [time_s - header.event_s for time_s in changes_s]
    nearest_s = min(shifts_s, key=abs, default=0.0)
    return 0.0 if abs(nearest_s) <= _SAME_EVENT_S else nearest_s


def _changes_to(frames: list[CanFrame], state: str) -> list[float]:
    if not frames:
        return []
    watch = Watch(frames[0].time_s)
    for frame in frames:
        watch.take(frame)
    return [
        change.time_s
        for change in watch.history
        if change.state is not None and state_name(change.state) == state
    ]
