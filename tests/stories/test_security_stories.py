"""Attacks on a running daemon: nobody is filmed against a no, and no model keeps the bus silent."""

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from edge_fer.driver_state.states import DriverState
from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.protocol.database import definition, value_code
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverStateMessage,
    HealthMessage,
    Message,
    encode,
)
from firmware_bridge.reception.watching import Watch
from firmware_bridge.terminal.pty_wire import PtyWire
from firmware_bridge.transports import open_transport
from tests.edge_fer.models.hostile import QUICK, SLOW, store_with
from tests.stories.service import PATIENCE_S, Service

pytestmark = pytest.mark.slow

DRIVES = ControllerStatusMessage(enable=1, ignition=1, speed_km_h=80.0)
PARKED = ControllerStatusMessage(enable=1, ignition=1, speed_km_h=0.0)
OFF = ControllerStatusMessage(enable=0, ignition=1, speed_km_h=0.0)
KILLS = 12
FIRST_FRAME_S = 10.0
QUIET_START_S = 1.0
MEMORY_BYTES = 600 << 20  # as MemoryMax= of the unit, of each process's own data


class Controller:
    """The vehicle's end of the line: says `says` each 100 ms, and remembers what it is told."""

    def __init__(self, port: str) -> None:
        self._bus = open_transport(f"slcan:{port}")
        self._known = definition(ControllerStatusMessage.NAME)
        self._sender = Profile22Sender(self._known.data_ids)
        self._next_s = 0.0
        self.says: ControllerStatusMessage | None = None
        self.watch = Watch(time.monotonic())

    def send(self, message: ControllerStatusMessage) -> None:
        data = self._sender.protect(encode(message))
        self._bus.send(CanFrame(self._known.can_id, data, time.monotonic()))

    def until(self, condition: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
        deadline_s = time.monotonic() + within_s
        while not condition() and time.monotonic() < deadline_s:
            now_s = time.monotonic()
            if now_s >= self._next_s:
                self._next_s = now_s + 0.1
                if self.says is not None:
                    self.send(self.says)
            for frame in self._bus.receive(0.01):
                self.watch.take(frame)
        return condition()

    def latest(self, kind: type[Message]) -> Message | None:
        found = self.watch.latest(kind)
        return None if found is None else found[0]

    def state(self) -> DriverState | None:
        latest = self.latest(DriverStateMessage)
        return DriverState(latest.state) if isinstance(latest, DriverStateMessage) else None

    def close(self) -> None:
        self._bus.close()


def test_nobody_is_filmed_against_the_last_word_whatever_dies(tmp_path: Path) -> None:
    """Kills at random moments of each start, with a vehicle that sleeps: the camera stays shut."""
    rng = random.Random(20)
    with PtyWire() as wire:
        controller = Controller(str(wire.end_b))
        with Service(tmp_path, f"slcan:{wire.end_a}") as service:
            controller.says = PARKED
            assert controller.until(lambda: controller.state() is DriverState.ATTENTIVE)
            controller.says = OFF
            assert controller.until(lambda: controller.state() is DriverState.NOT_AVAILABLE)
            assert controller.until(lambda: service.camera_pid() is None)
            controller.says = None
            opened_s = service.camera_opened_s()
            assert opened_s > 0.0
            for kill in range(KILLS):
                controller.until(lambda: False, rng.uniform(0.05, 3.0))
                how = signal.SIGTERM if kill % 4 == 3 else signal.SIGKILL
                with suppress(ProcessLookupError):
                    service.daemon.send_signal(how)
                starts = service.starts
                assert controller.until(lambda starts=starts: service.starts > starts)  # type: ignore[misc]
            assert not controller.until(lambda: service.camera_opened_s() != opened_s, 7.0)
            assert controller.until(lambda: controller.state() is DriverState.NOT_AVAILABLE)
            # A clear word opens it again.
            controller.says = PARKED
            assert controller.until(lambda: service.camera_opened_s() > opened_s)
            assert controller.until(lambda: controller.state() is DriverState.ATTENTIVE)
        controller.close()


def test_a_forged_frame_a_second_leaves_the_monitoring_on(tmp_path: Path) -> None:
    """The audit's attack: with public Data IDs and the next counter, once a second for 20 s."""
    with PtyWire() as wire:
        controller = Controller(str(wire.end_b))
        with Service(tmp_path, f"slcan:{wire.end_a}") as service:
            controller.says = DRIVES
            assert controller.until(lambda: controller.state() is DriverState.ATTENTIVE)
            opened_s, states = service.camera_opened_s(), set()
            for _ in range(20):
                controller.send(OFF)
                controller.until(lambda: bool(states.add(controller.state())), 1.0)  # type: ignore[func-returns-value]
            assert DriverState.NOT_AVAILABLE not in states
            assert service.camera_opened_s() == opened_s
        controller.close()


def test_a_daemon_without_descriptors_lives_says_so_and_recovers(tmp_path: Path) -> None:
    """No descriptor is left when the camera's process dies: it cannot be started again."""
    with PtyWire() as wire:
        controller = Controller(str(wire.end_b))
        with Service(tmp_path, f"slcan:{wire.end_a}", records=True) as service:
            assert controller.until(lambda: controller.state() is DriverState.ATTENTIVE)
            pid = service.daemon.pid
            limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            used = max(int(item.name) for item in Path(f"/proc/{pid}/fd").iterdir()) + 1
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, limits[1]))
            camera, recorder = service.camera_pid(), service.recorder_pid()
            assert used > 3
            for child in (camera, recorder):
                if child is not None:
                    os.kill(child, signal.SIGKILL)
            degraded = DriverState.CAMERA_DEGRADED
            assert controller.until(lambda: controller.state() is degraded)
            assert not controller.until(lambda: service.daemon.pid != pid, 8.0)
            assert controller.state() is degraded
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
            assert controller.until(lambda: controller.state() is DriverState.ATTENTIVE)
            assert (service.daemon.pid, service.starts) == (pid, 1)
        controller.close()


def can_trace() -> bool:
    """Whether strace is there and may trace a process."""
    if shutil.which("strace") is None:
        return False
    command = ["strace", "-e", "trace=none", "true"]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    "refused",
    [
        "memfd_create:error=ENOMEM",
        "memfd_create:error=EMFILE",
        "vfork:error=EAGAIN",
        "vfork:error=ENOMEM",
        "pipe2:error=ENFILE",
    ],
)
def test_a_system_call_that_is_refused_ends_nothing(tmp_path: Path, refused: str) -> None:
    """Of those that start the camera's process again, each in turn is refused twice."""
    if not can_trace():
        pytest.skip("strace is missing, or may not trace: apt install strace")
    with PtyWire() as wire:
        controller = Controller(str(wire.end_b))
        with Service(tmp_path, f"slcan:{wire.end_a}") as service:
            assert controller.until(lambda: controller.state() is DriverState.ATTENTIVE)
            pid, camera = service.daemon.pid, service.camera_pid()
            assert camera is not None
            call, log = refused.partition(":")[0], tmp_path / "refused"
            inject = ("-e", f"trace={call}", "-e", f"inject={refused}:when=1..2")
            tracer = subprocess.Popen(
                ["strace", "-qq", "-o", str(log), *inject, "-p", str(pid)],
                stderr=subprocess.DEVNULL,
            )
            try:
                status = Path(f"/proc/{pid}/status")
                attached = f"TracerPid:\t{tracer.pid}\n"
                if not controller.until(lambda: attached in status.read_text()):
                    pytest.skip("strace may not attach to a running process")
                os.kill(camera, signal.SIGKILL)
                assert controller.until(lambda: service.camera_pid() not in (None, camera))
                assert controller.until(lambda: controller.state() is DriverState.ATTENTIVE)
                assert "(INJECTED)" in log.read_text()  # after a vfork Python tries a fork
            finally:
                tracer.terminate()
                tracer.wait()
            assert (service.daemon.pid, service.starts) == (pid, 1)
        controller.close()


@pytest.fixture(scope="module")
def plain_start_s(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Return how long this machine takes from a start to the first frame, with no model to try."""
    folder = tmp_path_factory.mktemp("plain")
    with PtyWire() as wire:
        controller = Controller(str(wire.end_b))
        started_s = time.monotonic()
        with Service(folder, f"slcan:{wire.end_a}"):
            assert controller.until(lambda: controller.state() is not None)
        controller.close()
    return time.monotonic() - started_s


@pytest.mark.parametrize("attack", [*SLOW, "a card of 5 GB", "the model is a pipe", "deep JSON"])
def test_no_model_keeps_the_bus_silent(tmp_path: Path, attack: str, plain_start_s: float) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is missing: apt install util-linux")
    store = store_with(tmp_path / "store", (QUICK | SLOW)[attack])
    limit = ("prlimit", f"--data={MEMORY_BYTES}")
    with PtyWire() as wire:
        controller = Controller(str(wire.end_b))
        started_s = time.monotonic()
        extra = {"EDGE_FER__MODEL__STORE": str(store)}
        with Service(tmp_path, f"slcan:{wire.end_a}", before=limit, extra=extra) as service:
            assert controller.until(lambda: controller.state() is not None)
            # A busy machine takes longer for each of the three processes that this needs.
            busy_s = 3 * max(0.0, plain_start_s - QUIET_START_S)
            assert time.monotonic() - started_s < FIRST_FRAME_S + busy_s
            assert controller.until(lambda: controller.latest(HealthMessage) is not None)
            health = controller.latest(HealthMessage)
            assert isinstance(health, HealthMessage)
            assert health.model == value_code("Health", "Model", "fallback")
            assert service.starts == 1
        controller.close()
