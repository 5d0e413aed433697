"""The whole daemon at full speed for long: nothing grows, nothing is lost, all counters agree."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edge_fer.benchmark.processes import children, descriptors, rss_mb, threads
from edge_fer.daemon.status import Status
from edge_fer.daemon.status_server import ask
from edge_fer.errors import CameraError, CameraReason, DaemonError, DaemonReason, UserError
from edge_fer.isolated import python_module, stop
from firmware_bridge.reception.supervision import FrameStatus
from firmware_bridge.reception.watching import Watch
from firmware_bridge.terminal.pty_wire import PtyWire
from firmware_bridge.transports import Transport, open_transport

SAMPLE_S = 1.0
GROWTH = 0.05  # of the memory, from the least after the warm-up to the most at the end
BUDGET_MB = 200.0  # of the daemon and its camera process together
# Allocators and caches fill first: this share of the run, and at most this long.
WARM_SHARE, WARM_S = 0.3, 120.0
CAMERA_KILLS = 4
# The camera is stopped for so long that the daemon renews its status twice, and not so long that it
# takes the camera for hung.
REST_S = 1.6
PATIENCE_S = 240.0  # a bound against hanging, on a machine that is busy with other things
_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class SoakSample:
    """The daemon and its camera process at one moment. `descriptors` is None without the right."""

    seconds: float
    frames: int
    dropped: int
    camera_frames: int
    fps: float
    rss_daemon_mb: float
    rss_camera_mb: float
    descriptors: int | None
    threads: int


@dataclass(slots=True)
class Soak:
    """A run: samples of it, and what was counted at both ends when it was over.

    `at_rest` is frames, dropped and the camera's own count while the camera was stopped.
    """

    asked_frames: int
    samples: list[SoakSample] = field(default_factory=list)
    at_rest: tuple[int, int, int] = (0, 0, 0)
    descriptors_after_kills: int | None = None
    restarts: int = 0
    stalls: int = 0
    counters: dict[str, Any] = field(default_factory=dict)
    received: int = 0
    bad: int = 0
    exit_code: int | None = None
    interrupted: bool = False
    failure: str = ""  # why the run ended early

    def ends(self) -> tuple[list[SoakSample], list[SoakSample]]:
        """Return the first and the last third after the warm-up: what must be alike."""
        if not self.samples:
            return [], []
        warm_s = min(WARM_S, WARM_SHARE * self.samples[-1].seconds)
        warm = [sample for sample in self.samples if sample.seconds >= warm_s]
        third = max(1, len(warm) // 3)
        return warm[:third], warm[-third:]

    def to_json(self) -> dict[str, Any]:
        """Return all figures, and what is wrong with them."""
        return asdict(self) | {"problems": problems(self)}


def problems(soak: Soak) -> list[str]:
    """Return what is not as it should be, a line each; none where all is well."""
    if not soak.samples:
        return [soak.failure or "nothing was measured"]
    failure = [soak.failure] if soak.failure else []
    return [*failure, *_memory_problems(soak), *_growth_problems(soak), *_counter_problems(soak)]


def _memory_problems(soak: Soak) -> list[str]:
    found = []
    early, late = soak.ends()
    for name in ("rss_daemon_mb", "rss_camera_mb"):
        least = min(getattr(sample, name) for sample in early)
        most = max(getattr(sample, name) for sample in late)
        if most > (1 + GROWTH) * least:
            found.append(f"{name} grew from {least:.1f} to {most:.1f} by more than {GROWTH:.0%}")
    most = max(sample.rss_daemon_mb + sample.rss_camera_mb for sample in soak.samples)
    if most > BUDGET_MB:
        found.append(f"{most:.0f} MB are above the budget of {BUDGET_MB:.0f}")
    return found


def _growth_problems(soak: Soak) -> list[str]:
    found = []
    early, late = soak.ends()
    if late[-1].threads != early[0].threads:
        found.append(f"threads: {early[0].threads} at first, {late[-1].threads} in the end")
    before = early[0].descriptors
    if before is None:
        return found
    # One more while somebody asks for the status.
    most = max(sample.descriptors or 0 for sample in late)
    if most > before + 1:
        found.append(f"descriptors: {before} at first, {most} in the end")
    after = soak.descriptors_after_kills
    if after is None or after > before + 1:
        found.append(f"descriptors: {before} at first, {after} after restarts of the camera")
    return found


def _counter_problems(soak: Soak) -> list[str]:
    found = []
    for earlier, later in zip(soak.samples, soak.samples[1:], strict=False):
        if later.frames < earlier.frames or later.dropped < earlier.dropped:
            found.append(f"a counter fell {later.seconds:.0f} s after the start")
            break
    if any(item.frames + item.dropped > item.camera_frames for item in soak.samples):
        found.append("more frames processed and dropped than the camera gave")
    frames, dropped, given = soak.at_rest
    # One less: the camera may have been stopped between writing a frame and saying so.
    if not given - 1 <= frames + dropped <= given or frames == 0:
        found.append(f"{frames} processed and {dropped} dropped are not the camera's {given}")
    if frames < soak.asked_frames:
        found.append(f"{frames} frames of {soak.asked_frames}")
    for name, count in (("restarts", soak.restarts), ("stalls", soak.stalls)):
        if count < CAMERA_KILLS:
            found.append(f"{count} {name} counted after the camera was killed {CAMERA_KILLS} times")
    for name in ("connections_lost", "frames_dropped"):
        if soak.counters.get(name) != 0:
            found.append(f"link: {name} is {soak.counters.get(name)}")
    # What was sent up to the status has arrived, and more after it.
    if not soak.received >= soak.counters.get("frames_sent", 0) > 0:
        found.append(f"{soak.received} frames received of {soak.counters.get('frames_sent')}")
    if soak.bad:
        found.append(f"{soak.bad} frames arrived spoilt")
    if soak.exit_code != 0:
        found.append(f"the daemon ended with {soak.exit_code}")
    return found


class _Run:
    """The daemon, and the controller's end of its line, which is listened to all the time."""

    def __init__(self, folder: Path, wire: PtyWire) -> None:
        self.socket = folder / "status.socket"
        command = [
            *("run", "--config", os.devnull, "--camera", "demo:?speed=max&loop=1"),
            *("--link", f"slcan:{wire.end_a}"),
        ]
        self.bus: Transport = open_transport(f"slcan:{wire.end_b}")
        self.watch = Watch(time.monotonic())
        self.received = self.bad = 0
        self.daemon = subprocess.Popen(
            python_module("edge_fer", *command),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"RUNTIME_DIRECTORY": str(folder)},
        )

    def listen(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            for frame in self.bus.receive(0.05):
                self.received += 1
                judged = self.watch.take(frame)
                # One that a machine with other work sent too late is not spoilt.
                self.bad += not (judged.is_good or judged.status is FrameStatus.STALE)

    def status(self) -> Status:
        """Return a status with frames in it. UserError where there is none in time."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s and self.daemon.poll() is None:
            with suppress(UserError):
                answer = ask(self.socket)
                if answer is not None and answer.status.health.fps > 0:
                    return answer.status
            self.listen(0.2)
        raise DaemonError(DaemonReason.NO_ANSWER, "benchmark: the daemon does not say how it is")

    def camera_pid(self, *, other_than: int | None = None) -> int:
        """Return the camera's process. UserError where there is none in time."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            found = children(self.daemon.pid)
            if found and found[0] != other_than:
                return found[0]
            self.listen(0.1)
        raise CameraError(CameraReason.PROCESS_ENDED, "benchmark: the daemon has no camera process")

    def kill_camera(self) -> None:
        """Kill the camera's process, and wait for frames of the next one."""
        killed = self.camera_pid()
        os.kill(killed, signal.SIGKILL)
        self.camera_pid(other_than=killed)
        before = self.status().health.frames
        while self.status().health.frames <= before + 5:
            self.listen(0.2)

    def counts_at_rest(self) -> tuple[int, int, int]:
        """Stop the camera for a moment; return frames, dropped frames and the camera's own.

        It is tried again where a busy machine holds the daemon up meanwhile. UserError if always.
        """
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            camera = self.camera_pid()
            os.kill(camera, signal.SIGSTOP)
            try:
                counts = self._counts_that_stay()
            finally:
                with suppress(ProcessLookupError):  # it was taken for hung
                    os.kill(camera, signal.SIGCONT)
            if counts is not None:
                return counts
            self.listen(SAMPLE_S)
        raise DaemonError(DaemonReason.NO_ANSWER, "benchmark: the daemon never comes to rest")

    def _counts_that_stay(self) -> tuple[int, int, int] | None:
        """Return what two statuses from now on, one after the other, agree on; None in REST_S."""
        began_s = time.monotonic()
        before: tuple[float, tuple[int, int, int]] | None = None
        while time.monotonic() < began_s + REST_S:
            self.listen(0.1)
            try:
                answer = ask(self.socket)
            except DaemonError:
                continue
            if answer is None or time.monotonic() - answer.age_s < began_s:
                continue
            health = answer.status.health
            counts = health.frames, health.dropped, health.camera_frames
            made_s = answer.status.uptime_s
            if before is not None and before[0] != made_s and before[1] == counts:
                return counts
            before = made_s, counts
        return None

    def sample(self, start_s: float) -> SoakSample:
        pid, health = self.daemon.pid, self.status().health
        return SoakSample(
            seconds=time.monotonic() - start_s,
            frames=health.frames,
            dropped=health.dropped,
            camera_frames=health.camera_frames,
            fps=health.fps,
            rss_daemon_mb=rss_mb(pid),
            rss_camera_mb=rss_mb(self.camera_pid()),
            descriptors=descriptors(pid),
            threads=threads(pid),
        )

    def end(self) -> int:
        """Stop the daemon; return its exit code."""
        code = stop(self.daemon, _STOP_S)
        self.listen(0.5)
        self.bus.close()
        return code


def run_soak(
    frames: int,
    *,
    least_s: float = 0.0,
    told: Callable[[SoakSample], None] = lambda sample: None,
) -> Soak:
    """Run the daemon until it has processed `frames`, and for `least_s`; then trouble its camera.

    Each second `told` gets a sample. Ctrl-C ends the run early, with what was measured until then.
    UserError where the daemon does not start; where it does not stay, `failure` says so.
    """
    soak = Soak(asked_frames=frames)
    with PtyWire() as wire, tempfile.TemporaryDirectory() as folder:
        run = _Run(Path(folder), wire)
        try:
            run.status()
            start_s = time.monotonic()
            _watch(run, soak, start_s, least_s, told)
            if not soak.interrupted:
                _trouble(run, soak)
        except UserError as error:
            # What was measured until then is reported.
            if not soak.samples:
                raise
            soak.failure = str(error)
        finally:
            soak.exit_code = run.end()
        soak.received, soak.bad = run.received, run.bad
    return soak


def _watch(
    run: _Run, soak: Soak, start_s: float, least_s: float, told: Callable[[SoakSample], None]
) -> None:
    try:
        while True:
            run.listen(SAMPLE_S)
            sample = run.sample(start_s)
            soak.samples.append(sample)
            told(sample)
            if sample.frames >= soak.asked_frames and sample.seconds >= least_s:
                return
    except KeyboardInterrupt:
        soak.interrupted = True


def _trouble(run: _Run, soak: Soak) -> None:
    """Stop the camera for a moment, and then kill it some times; note what is counted."""
    soak.at_rest = run.counts_at_rest()
    for _ in range(CAMERA_KILLS):
        run.kill_camera()
    soak.descriptors_after_kills = descriptors(run.daemon.pid)
    status = run.status()
    soak.counters = asdict(status.counters)
    soak.restarts = status.health.camera_restarts_last_hour
    soak.stalls = status.health.stalls_last_hour
