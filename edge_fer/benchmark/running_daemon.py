"""The whole daemon at a camera's rate: a real process, a real terminal device, and its cost."""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_fer.benchmark.processes import children, cpu_s, rss_mb
from edge_fer.errors import UserError
from firmware_bridge.messages import DriverStateMessage, HealthMessage
from firmware_bridge.monitor import watch_bus
from firmware_bridge.pty_wire import PtyWire
from firmware_bridge.sources import LivePort
from firmware_bridge.supervision import JudgedFrame
from firmware_bridge.watching import Line, Summary, Watch

_SETTLE_S = 1.5  # from the first frame on: it still warms up
_PATIENCE_S = 30.0  # for a first frame, on a slow and busy device
_STOP_S = 2.0


@dataclass(frozen=True, slots=True)
class DaemonFigures:
    """One run of the daemon. Shares are of one core; ages and latencies in milliseconds.

    `ready_s` is from the process's start to its first frame on the port. `source_age_ms` is
    glass to wire: the age of the camera frame behind a DriverState when it was sent, in steps of
    10 ms.
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


class _Listener:
    """The monitor's view that keeps what the figures need."""

    def __init__(self) -> None:
        self.first_s: float | None = None
        self.measuring = False
        self.ages_ms: list[float] = []
        self.health: list[HealthMessage] = []
        self.frames = self.bad = 0

    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        del watch
        self.first_s = judged.frame.time_s if self.first_s is None else self.first_s
        if not self.measuring:
            return
        self.frames += 1
        self.bad += not judged.usable
        if (
            isinstance(judged.message, DriverStateMessage)
            and judged.message.source_age_ms is not None
        ):
            self.ages_ms.append(judged.message.source_age_ms)
        if isinstance(judged.message, HealthMessage):
            self.health.append(judged.message)

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


def measure_daemon(camera: str, model: Path, seconds: float) -> DaemonFigures:
    """Run the daemon on `camera` and measure it for `seconds`; UserError where it ends early."""
    with PtyWire() as wire, tempfile.TemporaryFile() as log:
        started_s = time.monotonic()
        daemon = subprocess.Popen(
            [
                *(sys.executable, "-m", "edge_fer.cli", "run", "--camera", camera),
                *("--link", f"slcan:{wire.end_a}", "--model", str(model)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        listener, cost = _Listener(), _Cost(daemon.pid)

        def done() -> bool:
            now_s, first_s = time.monotonic(), listener.first_s
            if daemon.poll() is not None:
                return True
            if first_s is None:
                return now_s > started_s + _PATIENCE_S
            if now_s >= first_s + _SETTLE_S and not listener.measuring:
                listener.measuring = True
                cost.begin()
            return now_s >= first_s + _SETTLE_S + seconds

        try:
            watch_bus(LivePort(f"slcan:{wire.end_b}"), listener, until=done)
            cost.end()
            alive = daemon.poll() is None
        finally:
            daemon.terminate()
            try:
                daemon.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        if not alive or listener.first_s is None or not listener.health:
            log.seek(0)
            said = log.read().decode(errors="replace").strip().splitlines() or ["no message"]
            raise UserError(f"benchmark: the daemon did not run for {seconds:g} s: {said[-1]}")
    latencies = [seen.latency_ms for seen in listener.health if seen.latency_ms is not None]
    ages = np.percentile(listener.ages_ms, [50, 99]) if listener.ages_ms else None
    return DaemonFigures(
        camera=camera,
        seconds=cost.seconds,
        ready_s=listener.first_s - started_s,
        fps=float(np.mean([seen.fps or 0.0 for seen in listener.health])),
        latency_ms=float(np.mean(latencies)) if latencies else None,
        source_age_p50_ms=None if ages is None else float(ages[0]),
        source_age_p99_ms=None if ages is None else float(ages[1]),
        cpu_daemon=cost.cores[0],
        cpu_camera=sum(cost.cores[1:]),
        rss_daemon_mb=cost.resident_mb[0],
        rss_camera_mb=sum(cost.resident_mb[1:]),
        frames_on_port=listener.frames,
        bad_frames_on_port=listener.bad,
    )
