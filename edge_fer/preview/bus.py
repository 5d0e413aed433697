"""The daemon's frames as they go out, and the states of the last ten minutes."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware_bridge.errors import TransportError
from firmware_bridge.monitor.colours import state_colour
from firmware_bridge.monitor.daemon_socket import open_daemon
from firmware_bridge.protocol.messages import DriverStateMessage
from firmware_bridge.reception.supervision import JudgedFrame
from firmware_bridge.reception.watching import Watch, course_name, frame_as_json

HISTORY_S = 600.0
WAIT_S = 0.2
TRY_EVERY_S = 1.0
_GAP_S = 2.0  # without a frame: nothing is known of the time between


@dataclass
class StateSpan:
    """One state on the wire, from `start_s` to `end_s` (monotonic seconds)."""

    label: str
    start_s: float
    end_s: float


class StateHistory:
    """The states of the last ten minutes. Pure."""

    def __init__(self) -> None:
        self._spans: deque[StateSpan] = deque()

    def add(self, label: str, time_s: float) -> None:
        """Add what a frame said at `time_s`."""
        last = self._spans[-1] if self._spans else None
        if last is not None and time_s - last.end_s <= _GAP_S:
            last.end_s = time_s
            if last.label == label:
                return
        self._spans.append(StateSpan(label, time_s, time_s))
        while self._spans[0].end_s < time_s - HISTORY_S:
            self._spans.popleft()

    def spans(self, now_s: float) -> list[StateSpan]:
        """Return what lies within the last ten minutes, the oldest first."""
        start_s = now_s - HISTORY_S
        return [
            StateSpan(span.label, max(span.start_s, start_s), span.end_s)
            for span in self._spans
            if span.end_s >= start_s
        ]


class BusWatch:
    """Reads the daemon's frames in a thread of its own; `find` returns its socket, or None."""

    def __init__(self, find: Callable[[], Path | None]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._latest: dict[int, tuple[JudgedFrame, int]] = {}
        self._history = StateHistory()
        self._start_s = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(2 * WAIT_S)

    def frames(self) -> list[dict[str, Any]]:
        """Return the newest frame of each id, decoded, with how many of it came."""
        with self._lock:
            latest = sorted(self._latest.items())
        return [
            frame_as_json(judged, self._start_s) | {"count": count} for _, (judged, count) in latest
        ]

    def history(self, now_s: float) -> list[dict[str, Any]]:
        """Return the states of the last ten minutes with their colours, in seconds before now."""
        with self._lock:
            spans = self._history.spans(now_s)
        return [
            {
                "state": span.label,
                "colour": state_colour(span.label),
                "from_s": round(now_s - span.start_s, 2),
                "to_s": round(now_s - span.end_s, 2),
            }
            for span in spans
        ]

    def _run(self) -> None:
        while not self._stopping.is_set():
            path = self._find()
            try:
                if path is not None:
                    self._read(path)
            except TransportError:  # no daemon, or it ended
                pass
            self._stopping.wait(TRY_EVERY_S)

    def _read(self, path: Path) -> None:
        transport = open_daemon(str(path))
        try:
            watch = Watch(time.monotonic())
            while not self._stopping.is_set():
                for frame in transport.receive(WAIT_S):
                    self._take(watch.take(frame))
        finally:
            transport.close()

    def _take(self, judged: JudgedFrame) -> None:
        frame = judged.frame
        with self._lock:
            _, count = self._latest.get(frame.can_id, (judged, 0))
            self._latest[frame.can_id] = judged, count + 1
            if judged.usable and isinstance(judged.message, DriverStateMessage):
                self._history.add(course_name(judged.message.state), frame.time_s)
