"""`candump -L can0 | edge-fer monitor -`: the frames of a stream of candump's lines.

The lines contain the kernel's time-stamps, which are more exact than the times of arrival through a
pipe. A complete log in a pipe keeps its own times.
"""

import os
import select
import time
from dataclasses import replace

from firmware_bridge.errors import EndOfStream, LogError, LogReason
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.recording.candump import holds_screen_line
from firmware_bridge.recording.lines import LineFormat, LineParser
from firmware_bridge.recording.steady_time import SteadyTime
from firmware_bridge.transports.base import TransportCounters

_CHUNK_BYTES = 4096  # about 90 lines: a log that is piped in leaves room for a redraw


class CandumpPipe:
    """A source and its transport in one object, because a stream can be opened only once.

    BridgeError if candump was called without -L: its lines then have no times, or inexact ones.
    """

    uri = "-"

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._parser = LineParser(LineFormat.CANDUMP)
        self._latest_s = time.monotonic()
        self._latest_came_s = self._latest_s
        self._told_s = self._latest_s
        self._times: SteadyTime | None = None  # from the first frame on
        self._wall_offset_s = time.time() - self._latest_s
        self._ended = False

    def open(self, uri: str) -> "CandumpPipe":
        """Return the stream."""
        return self

    def now_s(self) -> float:
        """Return the time of the latest frame plus the time since its arrival, until the end.

        The clock stands while more can be read: frames that wait in the pipe are not late.
        """
        stands = self._ended or self._is_readable(0.0)
        passed_s = 0.0 if stands else time.monotonic() - self._latest_came_s
        # A frame that was long in the pipe sets back its clock, but not the one that is shown.
        self._told_s = max(self._told_s, self._latest_s + passed_s)
        return self._told_s

    def wall_s(self, time_s: float) -> float:
        """Return the time of the lines; before the first line, the time of this machine."""
        original_s = None if self._times is None else self._times.original(time_s)
        return time_s + self._wall_offset_s if original_s is None else original_s

    def pause(self, paused: bool) -> None:
        """Do nothing: the bus continues."""

    @property
    def counters(self) -> TransportCounters:
        """Return the counters of the lines."""
        return self._parser.counters

    @property
    def trouble(self) -> str | None:
        """Return None: a pipe has no bus."""
        return None

    @property
    def backlog_s(self) -> float:
        """Return 0: nothing waits here."""
        return 0.0

    def fileno(self) -> int | None:
        """Return the descriptor of the stream."""
        return self._descriptor

    def send(self, frame: CanFrame) -> None:
        """Refuse: a pipe has one direction."""
        raise ValueError("a stream of candump's lines takes no frames")

    def receive(self, timeout_s: float) -> list[CanFrame]:
        """Return the received frames; EndOfStream if there will be no more."""
        if self._ended:
            raise EndOfStream("monitor: the stream on standard input has ended")
        if not self._is_readable(max(0.0, timeout_s)):
            return []
        came_s = time.monotonic()
        data = os.read(self._descriptor, _CHUNK_BYTES)
        frames = self._parser.feed(data) if data else self._parser.end()
        if not self._parser.counters.frames_received and holds_screen_line(data):
            raise LogError(
                LogReason.BAD_FORMAT,
                "monitor: standard input has what candump prints without -L;"
                " use: candump -L can0 | edge-fer monitor -",
            )
        self._ended = not data
        return self._steady(frames, came_s)

    def close(self) -> None:
        """Do nothing: the stream belongs to the caller."""

    def _steady(self, frames: list[CanFrame], came_s: float) -> list[CanFrame]:
        """Return the frames with times on the scale of `now_s`; the first one comes now."""
        if not frames:
            return []
        if self._times is None:
            passed_s = came_s - self._latest_came_s
            self._times = SteadyTime(max(self._told_s, self._latest_s + passed_s))
        steady = [replace(frame, time_s=self._times.take(frame.time_s)) for frame in frames]
        self._latest_s, self._latest_came_s = steady[-1].time_s, came_s
        return steady

    def _is_readable(self, within_s: float) -> bool:
        return bool(select.select([self._descriptor], [], [], within_s)[0])
