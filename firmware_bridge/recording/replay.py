"""Plays a recording at its own pace: a source for the monitor, with the recording's clock."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from firmware_bridge.errors import EndOfStream, InputError, InputReason, LogError, LogReason
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.recording.reader import RecordingReader
from firmware_bridge.recording.steady_time import SteadyTime
from firmware_bridge.transports.address import split_options
from firmware_bridge.transports.base import TransportCounters

LOWEST_SPEED, HIGHEST_SPEED = 0.01, 1000.0
_MAX_FRAMES_AT_ONCE = 256  # at high speed, too, the view has its turn


def split_replay(uri: str) -> tuple[Path, float, str | None]:
    """Return file, speed and channel of `replay:FILE?speed=2&channel=can1`; BridgeError for others.

    A recording of several buses is played whole unless one is chosen.
    """
    address = uri.removeprefix("replay:")
    place, options = split_options("replay", address, ("speed", "channel"))
    text = options.get("speed", "1")
    if not place:
        raise LogError(LogReason.BAD_NAME, f"monitor: {uri!r} names no file; use replay:drive.log")
    return Path(place), parse_speed(text, uri), options.get("channel")


def parse_speed(text: str, where: str) -> float:
    """Return a speed, 1 being the recording's own; BridgeError naming `where` if it is none."""
    if re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,6})?|\.[0-9]{1,6}", text, re.ASCII):
        speed = float(text)
        if LOWEST_SPEED <= speed <= HIGHEST_SPEED:
            return speed
    raise InputError(
        InputReason.BAD_VALUE,
        f"{where}: speed {text!r} is not in {LOWEST_SPEED:g}..{HIGHEST_SPEED:g}",
    )


class Replay:
    """A source and its transport in one. `speed` None: as fast as it can be read.

    The clock is the recording's: at any speed rates, ages and overdue messages are as they were.
    EndOfStream behind the last frame names the damage of a file that ends too early.
    """

    def __init__(
        self,
        uri: str,
        path: Path,
        *,
        speed: float | None,
        channel: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.uri = uri
        self._reader = RecordingReader(path, channel)
        self._frames: Iterator[CanFrame] = iter(self._reader)
        self._speed = speed
        self._clock = clock
        self._sleep = sleep
        self._times = SteadyTime(0.0)
        self._next = self._take()  # here already: a file that is no recording is said at once
        self._at_s = 0.0  # on the recording's clock, at `_at_clock_s` on the machine's
        self._at_clock_s = clock()
        self._paused = True  # until it is opened

    def open(self, uri: str) -> "Replay":
        """Begin to play."""
        self.pause(False)
        return self

    def now_s(self) -> float:
        """Return the time since the first frame, in the recording."""
        if self._speed is None or self._paused:
            return self._at_s
        if self._next is None:
            return self._at_s  # what does not come any more is not overdue
        passed_s = self._at_s + (self._clock() - self._at_clock_s) * self._speed
        # Nor is a frame that is read too late: a slice of the caller's is long at high speed.
        return max(self._at_s, min(passed_s, self._next.time_s))

    def wall_s(self, time_s: float) -> float:
        """Return the time as the recording has it."""
        original_s = self._times.original(time_s)
        return time_s if original_s is None else original_s

    def pause(self, paused: bool) -> None:
        """Stop the recording's clock, or let it go on."""
        if paused == self._paused:
            return
        self._at_s = self.now_s()
        self._at_clock_s = self._clock()
        self._paused = paused

    @property
    def counters(self) -> TransportCounters:
        """Return what was read and thrown away."""
        return self._reader.counters

    @property
    def trouble(self) -> str | None:
        """Return None: what is wrong with a recording ends it."""
        return None

    @property
    def backlog_s(self) -> float:
        """Return 0: nothing waits here."""
        return 0.0

    def fileno(self) -> int | None:
        """Return None: a file is always readable."""
        return None

    def send(self, frame: CanFrame) -> None:
        """Refuse: a recording is read."""
        raise ValueError("a recording takes no frames")

    def receive(self, timeout_s: float) -> list[CanFrame]:
        """Return the frames that are due, waiting for the first; EndOfStream behind the last."""
        if self._next is None:
            raise EndOfStream(f"monitor: {self.uri} has ended", damage=self._reader.trouble)
        if self._paused:
            self._sleep(timeout_s)
            return []
        if self._speed is not None:
            early_s = (self._next.time_s - self.now_s()) / self._speed
            if early_s > 0:
                self._sleep(min(early_s, timeout_s))
        frames: list[CanFrame] = []
        while self._next is not None and len(frames) < _MAX_FRAMES_AT_ONCE:
            if self._speed is not None and self._next.time_s > self.now_s():
                break
            frames.append(self._next)
            self._next = self._take()
        if frames and (self._speed is None or self._next is None):
            self._at_s, self._at_clock_s = frames[-1].time_s, self._clock()
        return frames

    def close(self) -> None:
        """Stay: what was read is still to be counted."""

    def _take(self) -> CanFrame | None:
        frame = next(self._frames, None)
        if frame is None:
            return None
        return replace(frame, time_s=self._times.take(frame.time_s))
