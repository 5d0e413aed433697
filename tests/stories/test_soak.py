"""The whole daemon at full speed for a while: nothing grows, nothing is lost, all counters agree.

A minute of it by default; `EDGE_FER_SOAK_FRAMES=1000000` makes it a million frames (an hour or so).
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from edge_fer.errors import UserError
from edge_fer.status_server import ask
from firmware_bridge.pty_wire import PtyWire
from firmware_bridge.transports import Transport, open_transport
from firmware_bridge.watching import Watch

FRAMES = int(os.environ.get("EDGE_FER_SOAK_FRAMES", "0"))
LEAST_S, LEAST_FRAMES = 50.0, 300  # of the short one, also on a machine that is busy
SAMPLE_S = 1.0
WARM_SHARE = 0.3  # of the run: allocators and caches fill
GROWTH = 0.05
CAMERA_KILLS = 4
PATIENCE_S = 60.0  # a bound against hanging
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Sample:
    """The daemon and its camera process at one moment."""

    frames: int
    rss_bytes: int
    camera_rss_bytes: int
    descriptors: int | None
    threads: int


@dataclass
class Soak:
    """A run: samples of it, and what was counted at both ends when it was over."""

    samples: list[Sample] = field(default_factory=list)
    descriptors_after_kills: int | None = None
    restarts: int = 0
    status: dict[str, Any] = field(default_factory=dict)
    received: int = 0
    bad: int = 0
    exit_code: int | None = None


class Run:
    """The daemon, and the controller's end of its line, which is listened to all the time."""

    def __init__(self, folder: Path, wire: PtyWire) -> None:
        self.socket = folder / "status.socket"
        command = ["run", "--camera", "demo:?speed=max&loop=1", "--link", f"slcan:{wire.end_a}"]
        self.bus: Transport = open_transport(f"slcan:{wire.end_b}")
        self.watch = Watch(time.monotonic())
        self.received = self.bad = 0
        self.daemon = subprocess.Popen(
            [sys.executable, "-m", "edge_fer.cli", *command],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"RUNTIME_DIRECTORY": str(folder)},
        )

    def listen(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            for frame in self.bus.receive(0.05):
                self.received += 1
                self.bad += not self.watch.take(frame).is_good

    def status(self) -> dict[str, Any]:
        """Return a status that has frames in it."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            try:
                answer: dict[str, Any] = ask(self.socket)
            except UserError:
                answer = {}
            if answer and answer["health"]["fps"] > 0:
                return answer
            self.listen(0.2)
        raise AssertionError("the daemon does not say how it is")

    def camera_pid(self) -> int:
        until_s = time.monotonic() + PATIENCE_S
        path = Path(f"/proc/{self.daemon.pid}/task/{self.daemon.pid}/children")
        while not (children := path.read_text().split()):
            assert time.monotonic() < until_s
            self.listen(0.1)
        return int(children[0])

    def kill_camera(self) -> None:
        """Kill the camera's process, and wait for frames of the next one."""
        killed = self.camera_pid()
        os.kill(killed, signal.SIGKILL)
        while self.camera_pid() == killed:
            self.listen(0.1)
        before = self.status()["health"]["frames"]
        while self.status()["health"]["frames"] <= before + 5:
            self.listen(0.2)

    def sample(self) -> Sample:
        pid, camera = self.daemon.pid, self.camera_pid()
        return Sample(
            frames=self.status()["health"]["frames"],
            rss_bytes=rss_bytes(pid),
            camera_rss_bytes=rss_bytes(camera),
            descriptors=descriptors(pid),
            threads=len(list(Path(f"/proc/{pid}/task").iterdir())),
        )


def enough(frames: int, start_s: float) -> bool:
    if FRAMES:
        return frames >= FRAMES
    return frames >= LEAST_FRAMES and time.monotonic() - start_s >= LEAST_S


def rss_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def descriptors(pid: int) -> int | None:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except PermissionError:
        return None  # the daemon forbids dumps, and with them this, to all but root


@pytest.fixture(scope="module")
def soak(tmp_path_factory: pytest.TempPathFactory) -> Soak:
    done = Soak()
    with PtyWire() as wire:
        run = Run(tmp_path_factory.mktemp("soak"), wire)
        try:
            run.status()
            start_s = time.monotonic()
            while not (done.samples and enough(done.samples[-1].frames, start_s)):
                run.listen(SAMPLE_S)
                done.samples.append(run.sample())
            for _ in range(CAMERA_KILLS):
                run.kill_camera()
            done.descriptors_after_kills = descriptors(run.daemon.pid)
            done.status = run.status()
            done.restarts = done.status["health"]["camera_restarts_last_hour"]
        finally:
            run.daemon.terminate()
            done.exit_code = run.daemon.wait(10)
            run.listen(0.5)
            run.bus.close()
        done.received, done.bad = run.received, run.bad
    return done


def warm(soak: Soak) -> tuple[list[Sample], list[Sample]]:
    """Return the first and the last third after the warm-up: both ends of what must be flat."""
    samples = soak.samples[round(WARM_SHARE * len(soak.samples)) :]
    third = max(1, len(samples) // 3)
    return samples[:third], samples[-third:]


def test_memory_is_flat(soak: Soak) -> None:
    early, late = warm(soak)
    for rss in (lambda item: item.rss_bytes, lambda item: item.camera_rss_bytes):
        least, most = min(map(rss, early)), max(map(rss, late))
        assert most <= (1 + GROWTH) * least, (least, most)


def test_memory_is_within_its_budget(soak: Soak) -> None:
    assert max(item.rss_bytes + item.camera_rss_bytes for item in soak.samples) <= 200e6


def test_descriptors_and_threads_do_not_grow(soak: Soak) -> None:
    early, late = warm(soak)
    assert late[-1].threads == early[0].threads
    if early[0].descriptors is None:
        pytest.skip("only root may count the descriptors of a daemon that forbids dumps")
    # One more or less while somebody asks for the status.
    assert max(item.descriptors or 0 for item in late) <= early[0].descriptors + 1
    assert soak.descriptors_after_kills is not None
    assert soak.descriptors_after_kills <= early[0].descriptors + 1


def test_the_counters_agree(soak: Soak) -> None:
    health, counters = soak.status["health"], soak.status["counters"]
    frames = [item.frames for item in soak.samples]
    assert frames == sorted(frames)
    assert health["frames"] >= max(FRAMES, LEAST_FRAMES)
    assert soak.restarts >= CAMERA_KILLS
    assert health["stalls_last_hour"] >= CAMERA_KILLS
    assert counters["connected"]
    assert (counters["connections_lost"], counters["frames_dropped"]) == (0, 0)
    # What was sent up to the status arrived, and more after it, and nothing arrived spoilt.
    assert soak.received >= counters["frames_sent"] > 0
    assert soak.bad == 0
    assert soak.exit_code == 0
