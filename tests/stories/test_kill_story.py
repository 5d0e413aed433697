"""Kill -9 of each process at random, and a pipeline that is stopped: the state comes back.

A minute of it by default; `EDGE_FER_KILL_SECONDS=600` makes it ten, and `EDGE_FER_KILL_LOAD=4` has
four other processes that want all of a core each. What is seen is what a vehicle
sees: frames on a line, and how old each says that its picture is.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from edge_fer.camera.supervisor import HEALTHY_AFTER_S, LONGEST_RESTART_GAP_S
from edge_fer.driver_state.states import DriverState
from firmware_bridge.link.schedule import STALE_S
from firmware_bridge.protocol.messages import DriverStateMessage
from firmware_bridge.reception.watching import Watch
from firmware_bridge.terminal.pty_wire import PtyWire
from firmware_bridge.transports import open_transport
from tests.stories.service import START_S, WATCHDOG_S, Service, priority_in_unit

SECONDS = float(os.environ.get("EDGE_FER_KILL_SECONDS", "45"))
SEED = int(os.environ.get("EDGE_FER_KILL_SEED", "1"))
RESTORED_S = 2.0  # so soon the vehicle has the driver's state again
# On a busy machine all takes longer by what a start takes longer than on a quiet one.
QUIET_START_S = 0.7
PATIENCE_S = 240.0  # a bound against hanging: a busy machine takes a minute for what takes a second
# A frame may wait so long on its way to us before we look at it; and ages come in steps of 10 ms.
ON_ITS_WAY_S = 0.3
LONGEST_PAUSE_S = 4.0
SILENCE_S = 1.0  # longer than ten cycles
SAID_AGAIN_S = 5.0  # after a stop, before it was ready or later
STOPPED_WITHIN_S = 0.6  # of a start, most of which is over before it is ready
SHORT_STOP_S = 1.5  # longer than a state stays fresh, shorter than the watchdog waits
# Without a picture of the driver behind them these say nothing of one.
WITHOUT_PICTURE = {
    DriverState.NOT_READY,
    DriverState.NOT_AVAILABLE,
    DriverState.CAMERA_DEGRADED,
    DriverState.NO_DRIVER,
}
FAULTS = (
    *("kill camera", "kill daemon", "kill recorder"),
    *("kill camera", "kill daemon", "stop", "stop at start", "pause"),
)
# As it is under full load: so many other processes each want all of a core.
LOAD = int(os.environ.get("EDGE_FER_KILL_LOAD", "0"))

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Fault:
    what: str
    restored_s: float  # but for what other programs took from daemon and camera
    said_s: float | None  # until the vehicle is told anything again; None: it was all the time
    in_a_row: bool  # a camera that was killed before, a moment ago: restarts have growing gaps


@dataclass
class Story:
    faults: list[Fault] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    oldest_s: float = 0.0  # picture behind a state of the driver, as the frame says
    frames: int = 0
    starts: int = 0
    watchdog_kills: int = 0
    start_kills: int = 0
    stopped_starts: int = 0  # those that were not ready yet
    slowest_start_s: float = 0.0  # until a daemon was ready
    recorder_is_back: bool = False
    ends_well: bool = False

    @property
    def busy(self) -> float:
        """How much longer things take on this machine than on a quiet one, at the worst."""
        return max(1.0, self.slowest_start_s / QUIET_START_S)

    def restored_s(self, *kinds: str) -> list[float]:
        return [f.restored_s for f in self.faults if f.what in kinds and not f.in_a_row]


class Vehicle:
    """Listens all the time, and knows between which moments no camera was there."""

    def __init__(self, port: str, service: Service, story: Story) -> None:
        self._bus = open_transport(port)
        self._watch = Watch(time.monotonic())
        self._service, self._story = service, story
        self.killed_s: float | None = None  # the camera, which is not yet open again
        self.state: DriverState | None = None
        self.said_s = self.told_again_s = 0.0  # the newest frame, and the first after a silence
        self.state_s = 0.0  # when the picture behind it was taken, as the frame says

    def listen(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while True:
            for frame in self._bus.receive(0.01):
                judged = self._watch.take(frame)
                if isinstance(judged.message, DriverStateMessage):
                    self._look_at(judged.message, frame.time_s, usable=judged.usable)
            if time.monotonic() >= until_s:
                return

    def _look_at(self, message: DriverStateMessage, now_s: float, *, usable: bool) -> None:
        self._story.frames += 1
        if now_s - self.said_s > SILENCE_S:
            self.told_again_s = now_s
        self.said_s = now_s
        state = DriverState(message.state)
        if message.source_age_ms is None:
            if state not in WITHOUT_PICTURE:
                self._story.stale.append(f"{state.label} of no picture")
            return
        taken_s = now_s - message.source_age_ms / 1e3
        if state not in WITHOUT_PICTURE:
            self._story.oldest_s = max(self._story.oldest_s, message.source_age_ms / 1e3)
        if self.killed_s is not None:
            opened_s = self._service.camera_opened_s()
            if opened_s > self.killed_s:
                self.killed_s = None
            elif taken_s > self.killed_s + ON_ITS_WAY_S:
                late_s = taken_s - self.killed_s
                self._story.stale.append(f"{state.label} of {late_s:.2f} s after the camera's end")
        if usable:
            self.state, self.state_s = state, taken_s

    def until_attentive(self, since_s: float) -> float:
        """Return how long after `since_s` a state of a later picture is there."""
        while not (self.state is DriverState.ATTENTIVE and self.state_s > since_s):
            assert time.monotonic() < since_s + PATIENCE_S, (self.state, self._service.log)
            self.listen(0.0)
        return time.monotonic() - since_s

    def until_recorder(self) -> int:
        """Return the recorder's process, once it is there: it is not what a start waits for."""
        since_s = time.monotonic()
        while (pid := self._service.recorder_pid()) is None:
            assert time.monotonic() < since_s + PATIENCE_S, self._service.log
            self.listen(0.05)
        return pid

    def close(self) -> None:
        self._bus.close()


def stop_next(service: Service, vehicle: Vehicle, starts: int, after_s: float) -> float:
    """Stop the daemon of the start after `starts`; return when that was."""
    while service.starts == starts:
        vehicle.listen(0.01)
    vehicle.listen(after_s)
    stopped_s = time.monotonic()
    service.daemon.send_signal(signal.SIGSTOP)
    return stopped_s


@contextmanager
def other_processes(count: int) -> Iterator[None]:
    """Have others want all the time of a core each."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def tell(service: Service, vehicle: Vehicle, story: Story) -> None:
    rng = random.Random(SEED)
    begin_s = time.monotonic()
    vehicle.until_attentive(begin_s)
    camera_killed_s = -HEALTHY_AFTER_S
    due: list[str] = []
    while time.monotonic() - begin_s < SECONDS or len(story.faults) < len(FAULTS):
        vehicle.listen(rng.uniform(0.0, LONGEST_PAUSE_S))
        if not due:  # each kind comes, in an order of its own
            due = rng.sample(FAULTS, len(FAULTS))
        what = due.pop()
        in_a_row = False
        before = service.held_up_s()
        vehicle.killed_s = since_s = time.monotonic()
        if what == "kill camera":
            camera = service.camera_pid()
            assert camera is not None
            os.kill(camera, signal.SIGKILL)
            in_a_row = since_s - camera_killed_s < HEALTHY_AFTER_S + 2 * RESTORED_S
            camera_killed_s = since_s
        elif what == "kill recorder":
            vehicle.killed_s = None  # the camera goes on, and so does all that the vehicle hears
            recorder = vehicle.until_recorder()
            since_s = time.monotonic()
            os.kill(recorder, signal.SIGKILL)
        elif what in ("kill daemon", "stop at start"):
            starts = service.starts
            service.daemon.kill()
            camera_killed_s = -HEALTHY_AFTER_S
            if what == "stop at start":
                since_s = stop_next(service, vehicle, starts, rng.uniform(0.0, STOPPED_WITHIN_S))
                story.stopped_starts += not service.is_ready
        else:
            vehicle.killed_s = None  # the camera goes on
            service.daemon.send_signal(signal.SIGSTOP)
            if what == "pause":
                vehicle.listen(SHORT_STOP_S)
                service.daemon.send_signal(signal.SIGCONT)
                since_s = time.monotonic()
            else:
                camera_killed_s = -HEALTHY_AFTER_S
        took_s = vehicle.until_attentive(since_s)
        restored_s = max(0.0, took_s - service.held_up_since(before))
        said_s = vehicle.told_again_s - since_s if vehicle.told_again_s > since_s else None
        story.faults.append(Fault(what, restored_s, said_s, in_a_row))
        print(
            f"{since_s - begin_s:6.1f} s  {what:13} restored after {restored_s:.2f} s"
            + (f", the vehicle is told something after {said_s:.2f} s" if said_s else ""),
            flush=True,
        )
    story.slowest_start_s = max(service.ready_after_s)
    story.starts, story.watchdog_kills = service.starts, service.watchdog_kills
    story.start_kills = service.start_kills
    story.recorder_is_back = vehicle.until_recorder() > 0
    story.ends_well = service.daemon.poll() is None


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    told = Story()
    with (
        PtyWire() as wire,
        Service(
            tmp_path_factory.mktemp("kills"),
            f"slcan:{wire.end_a}",
            records=True,
            before=priority_in_unit(),
            limits_starts=True,
        ) as service,
        other_processes(LOAD),
    ):
        vehicle = Vehicle(f"slcan:{wire.end_b}", service, told)
        try:
            tell(service, vehicle, told)
        finally:
            vehicle.close()
    for kind in sorted(set(FAULTS)):
        times_s = sorted(told.restored_s(kind))
        if times_s:
            print(
                f"{kind:13} {len(times_s)} times, restored after {times_s[len(times_s) // 2]:.2f} s"
                f" in the middle, {times_s[-1]:.2f} s at worst"
            )
    print(
        f"{told.frames} frames of DriverState, {len(told.stale)} stale; {told.starts} starts,"
        f" the slowest ready after {told.slowest_start_s:.2f} s"
    )
    return told


def test_nothing_stale_is_said_as_fresh(story: Story) -> None:
    assert story.stale == []
    assert story.oldest_s <= STALE_S * story.busy
    assert story.frames > 5 * SECONDS


def test_the_state_is_back_in_time(story: Story) -> None:
    kinds = ("kill camera", "kill daemon", "kill recorder", "pause")
    assert max(story.restored_s(*kinds)) <= RESTORED_S * story.busy
    stopped = story.restored_s("stop", "stop at start")
    assert max(stopped) <= max(WATCHDOG_S, START_S) + RESTORED_S * story.busy
    told = [fault.said_s for fault in story.faults if fault.said_s is not None]
    assert max(told) <= SAID_AGAIN_S * story.busy
    # The rate of restarts of a camera is capped.
    in_a_row = [fault.restored_s for fault in story.faults if fault.in_a_row]
    assert max(in_a_row, default=0.0) <= LONGEST_RESTART_GAP_S + RESTORED_S * story.busy


def test_each_fault_came_and_the_watchdog_bit(story: Story) -> None:
    assert {fault.what for fault in story.faults} == set(FAULTS)
    assert story.watchdog_kills >= 1
    kills = sum(fault.what in ("kill daemon", "stop at start") for fault in story.faults)
    assert story.starts == 1 + kills + story.watchdog_kills + story.start_kills
    assert story.start_kills >= story.stopped_starts
    assert story.recorder_is_back
    assert story.ends_well
