"""The whole daemon at a camera's rate: a real process, a real terminal device, and its cost."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_fer.benchmark.processes import children, cpu_s, rss_mb
from edge_fer.camera.uri import absolute_uri
from edge_fer.daemon.status_server import ask
from edge_fer.errors import DaemonError, DaemonReason
from edge_fer.isolated import python_module, stop
from firmware_bridge.monitor.run import watch_bus
from firmware_bridge.monitor.sources import LivePort
from firmware_bridge.protocol.messages import DriverStateMessage
from firmware_bridge.reception.supervision import JudgedFrame
from firmware_bridge.reception.watching import Line, Summary, Watch
from firmware_bridge.terminal.pty_wire import PtyWire

_SETTLE_S = 1.5  # from the first frame on: it still warms up
_PATIENCE_S = 30.0  # for a first frame, on a slow and busy device
_STOP_S = 2.0


@dataclass(frozen=True, slots=True)
class DaemonFigures:
    """One run of the daemon. Shares are of one core; ages and latencies in milliseconds.

    `ready_s` is from the process's start to its first frame on the port. `source_age_ms` is
    glass to wire: the age of the camera frame behind a DriverState when it was sent, in steps of
    10 ms. `dropped` are frames that the camera gave and nobody looked at, `late` DriverStates whose
    frame was older than two of the camera's intervals: a decision at least was not there in time.
    Both are None where they were not asked for: an unpaced camera has no deadline.
    """

    camera: str
    seconds: float
    ready_s: float
    fps: float
    latency_ms: float | None  # capture to decision, averaged
    source_age_p50_ms: float | None
    source_age_p99_ms: float | None
    cpu_daemon: float
    cpu_camera: float
    rss_daemon_mb: float
    rss_camera_mb: float
    frames_on_port: int
    bad_frames_on_port: int
    frames: int
    dropped: int | None = None
    late: int | None = None


class _Listener:
    """The monitor's view that keeps what the figures need."""

    def __init__(self) -> None:
        self.first_s: float | None = None
        self.measuring = False
        self.ages_ms: list[float] = []
        self.frames = self.bad = 0

    def begin(self) -> None:
        """Keep what comes from here on, and only that."""
        self.measuring = True
        self.ages_ms, self.frames, self.bad = [], 0, 0

    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        del watch
        self.first_s = judged.frame.time_s if self.first_s is None else self.first_s
        if not self.measuring:
            return
        self.frames += 1
        self.bad += not judged.is_good
        if (
            isinstance(judged.message, DriverStateMessage)
            and judged.message.source_age_ms is not None
        ):
            self.ages_ms.append(judged.message.source_age_ms)

    def refresh(self, watch: Watch, line: Line, now_s: float) -> None:
        """Draw nothing."""

    def end(self, summary: Summary) -> None:
        """Print nothing."""


class _Cost:
    """Processor time and memory of a process and its children, between `begin` and `end`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._pids: list[int] = []
        self._began: tuple[float, list[float]] | None = None
        self.seconds = 0.0
        self.cores: list[float] = []  # shares of one, the process first
        self.resident_mb: list[float] = []

    def begin(self) -> None:
        """Start to measure."""
        self._pids = [self._pid, *children(self._pid)]
        self._began = time.monotonic(), [cpu_s(pid) for pid in self._pids]

    def end(self) -> None:
        """Note what it came to."""
        began_s, before_s = self._began or (time.monotonic(), [])
        self.seconds = max(time.monotonic() - began_s, 1e-9)
        after_s = [cpu_s(pid) for pid in self._pids[: len(before_s)]]
        self.cores = [
            (after - before) / self.seconds for before, after in zip(before_s, after_s, strict=True)
        ]
        self.resident_mb = [rss_mb(pid) for pid in self._pids]


@dataclass(frozen=True, slots=True)
class _Count:
    """What the daemon said of itself, at a moment of its own time."""

    at_s: float = 0.0
    frames: int = 0
    dropped: int = 0
    latency_ms: float | None = None


class _Windows:
    """Cuts the run of a daemon into equal stretches of time and sums up each."""

    def __init__(
        self, pid: int, folder: Path, camera: str, seconds: float, interval_ms: float | None
    ) -> None:
        self.listener = _Listener()
        self.done: list[DaemonFigures] = []
        self._cost = _Cost(pid)
        self._folder = folder
        self._camera, self._seconds, self._interval_ms = camera, seconds, interval_ms
        self._end_s: float | None = None
        self._counted = _Count()
        self._started_s = time.monotonic()

    def look(self, now_s: float) -> None:
        """Begin and end stretches as their time comes."""
        first_s = self.listener.first_s
        if first_s is None or now_s < first_s + _SETTLE_S:
            return
        if self._end_s is not None:
            if now_s < self._end_s:
                return
            self._end(first_s)
        self._end_s = now_s + self._seconds
        self._counted = self._ask()
        self.listener.begin()
        self._cost.begin()

    def _end(self, first_s: float) -> None:
        self._cost.end()
        listener, cost = self.listener, self._cost
        before, now = self._counted, self._ask()
        frames = now.frames - before.frames
        ages = np.asarray(listener.ages_ms)
        late = None if self._interval_ms is None else int((ages > 2 * self._interval_ms).sum())
        self.done.append(
            DaemonFigures(
                camera=self._camera,
                seconds=cost.seconds,
                ready_s=first_s - self._started_s,
                # By the daemon's own time: it counts on twice a second.
                fps=frames / max(now.at_s - before.at_s, 1e-9) if frames else 0.0,
                latency_ms=now.latency_ms,
                source_age_p50_ms=float(np.percentile(ages, 50)) if ages.size else None,
                source_age_p99_ms=float(np.percentile(ages, 99)) if ages.size else None,
                cpu_daemon=cost.cores[0],
                cpu_camera=sum(cost.cores[1:]),
                rss_daemon_mb=cost.resident_mb[0],
                rss_camera_mb=sum(cost.resident_mb[1:]),
                frames_on_port=listener.frames,
                bad_frames_on_port=listener.bad,
                frames=frames,
                dropped=None if self._interval_ms is None else now.dropped - before.dropped,
                late=late,
            )
        )

    def _ask(self) -> _Count:
        answer = ask(self._folder / "status.socket")
        if answer is None:
            return _Count()
        health = answer.status.health
        return _Count(answer.status.uptime_s, health.frames, health.dropped, health.latency_ms)


def measure_daemon(
    camera: str,
    model: Path,
    seconds: float,
    *,
    interval_ms: float | None = None,
    windows: int = 1,
    each: Callable[[DaemonFigures], None] = lambda figures: None,
) -> tuple[DaemonFigures, ...]:
    """Run the daemon on `camera` and measure it for `seconds`, `windows` times one after another.

    `interval_ms` is between two frames of a camera that keeps its rate; `each` is told of each
    window as it ends. UserError where the daemon ends early.
    """
    with (
        PtyWire() as wire,
        tempfile.TemporaryFile() as log,
        tempfile.TemporaryDirectory() as folder,
    ):
        started_s = time.monotonic()
        daemon = subprocess.Popen(
            python_module(
                *("edge_fer", "run", "--config", os.devnull),
                *("--link", f"slcan:{wire.end_a}", "--model", str(model.absolute())),
            ),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ
            | {
                "RUNTIME_DIRECTORY": folder,  # a status socket of its own
                "EDGE_FER__CAMERA__URI": absolute_uri(camera),  # which may hold a password
            },
        )
        run = _Windows(daemon.pid, Path(folder), camera, seconds, interval_ms)

        def done() -> bool:
            now_s = time.monotonic()
            if daemon.poll() is not None:
                return True
            if run.listener.first_s is None:
                return now_s > started_s + _PATIENCE_S
            before = len(run.done)
            run.look(now_s)
            for figures in run.done[before:]:
                each(figures)
            return len(run.done) >= windows

        try:
            watch_bus(LivePort(f"slcan:{wire.end_b}"), run.listener, until=done)
        finally:
            stop(daemon, _STOP_S)
        if len(run.done) < windows:
            log.seek(0)
            said = log.read().decode(errors="replace").strip().splitlines() or ["no message"]
            raise DaemonError(
                DaemonReason.ENDED,
                f"benchmark: the daemon did not run for {seconds:g} s: {said[-1]}",
            )
    return tuple(run.done)
