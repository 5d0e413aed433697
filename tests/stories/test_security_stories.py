"""Attacks on a running daemon: nobody is filmed against a no, and no model keeps the bus silent."""

import os
import random
import resource
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from edge_fer.driver_state.states import DriverState
from firmware_bridge.protocol.database import value_code
from firmware_bridge.protocol.messages import (
    HealthMessage,
)
from firmware_bridge.terminal.pty_wire import PtyWire
from tests.edge_fer.models.hostile import QUICK, SLOW, store_with
from tests.stories.controller import DRIVES, OFF, PARKED, Controller
from tests.stories.service import Service
from tests.stories.tracing import can_trace

pytestmark = pytest.mark.slow

ENDS = ("kill", "kill all", "stop", "stand still")
FIRST_FRAME_S = 10.0
QUIET_START_S = 1.0
MEMORY_BYTES = 600 << 20  # as MemoryMax= of the unit, of each process's own data


def end(service: Service, how: str) -> None:
    """End the daemon of `service`, or have its service manager end it."""
    with suppress(ProcessLookupError, PermissionError):
        if how == "kill all":
            pid = service.daemon.pid
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for child in children:
                os.kill(int(child), signal.SIGKILL)
        ends = {"stop": signal.SIGTERM, "stand still": signal.SIGSTOP}
        service.daemon.send_signal(ends.get(how, signal.SIGKILL))


def test_nobody_is_filmed_against_the_last_word_whatever_dies(tmp_path: Path) -> None:
    """Ended at random moments of each start, with a vehicle that sleeps: the camera stays shut.

    As by a person, the service manager, the watchdog, and the kernel where memory is short, which
    ends what is largest or all of a service. Each file that a process of it opens is looked at.
    """
    rng = random.Random(20)
    calls = tmp_path / "calls"
    # The tracer is a grandchild (-D), so that the daemon is the process that is started.
    trace = ("strace", "-D", "-f", "-qq", "-A", "-o", str(calls), "--seccomp-bpf")
    traced = can_trace()
    before = (*trace, "-e", "trace=open,openat,openat2") if traced else ()
    with PtyWire() as wire:
        controller = Controller(str(wire.end_b))
        with Service(tmp_path, f"slcan:{wire.end_a}", before=before, limits_starts=True) as service:
            controller.says = PARKED
            assert controller.until(lambda: controller.state() is DriverState.ATTENTIVE)
            controller.says = OFF
            assert controller.until(lambda: controller.state() is DriverState.NOT_AVAILABLE)
            assert controller.until(lambda: service.camera_pid() is None)
            controller.says = None
            opened_s = service.camera_opened_s()
            assert opened_s > 0.0
            camera = str(service.fault).encode()
            assert not traced or camera in calls.read_bytes()
            seen = calls.stat().st_size if traced else 0
            for how in rng.sample(ENDS * 3, len(ENDS) * 3):
                controller.until(lambda: False, rng.uniform(0.05, 2.5))
                starts = service.starts
                end(service, how)
                assert controller.until(lambda starts=starts: service.starts > starts)  # type: ignore[misc]
            assert not controller.until(lambda: service.camera_opened_s() != opened_s, 7.0)
            assert controller.until(lambda: controller.state() is DriverState.NOT_AVAILABLE)
            opened = calls.read_bytes()[seen:] if traced else b""
            assert camera not in opened
            assert not traced or b"last-word" in opened or b"last_word" in opened
            # A clear word opens it again.
            controller.says = PARKED
            assert controller.until(lambda: service.camera_opened_s() > opened_s)
            assert controller.until(lambda: controller.state() is DriverState.ATTENTIVE)
            assert not traced or camera in calls.read_bytes()[seen:]
        controller.close()
    if not traced:
        pytest.skip("its files were not looked at: strace is missing, or may not trace")


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
