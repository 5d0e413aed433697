"""Each fault of a camera, in a running daemon: said on the bus in time, and recovered from."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge_fer.camera.torn import is_torn
from edge_fer.driver_state.states import DriverState
from edge_fer.observation import CameraCondition
from firmware_bridge.protocol.messages import DriverStateMessage, HealthMessage
from firmware_bridge.reception.watching import Watch
from firmware_bridge.terminal.pty_wire import PtyWire
from firmware_bridge.transports import Transport, open_transport
from tests.own_seconds import OwnSeconds, held_up_s

FAULTY = Path(__file__).with_name("faulty")
SAID_S = 2.0  # so soon the controller knows
BUSY_S = 1.5  # what a busy machine may add
PATIENCE_S = 60.0
RECOVERED_S = 120.0  # a bound against hanging: restarts have growing gaps


class Bus:
    """The controller's end, and the switch for faults at the other."""

    def __init__(
        self, transport: Transport, fault: Path, daemon: "subprocess.Popen[bytes]"
    ) -> None:
        self._transport, self._fault, self.daemon = transport, fault, daemon
        self._watch = Watch(time.monotonic())

    def inject(self, fault: str) -> None:
        # Renamed into place: the camera must not read half a name.
        new = self._fault.with_suffix(".new")
        new.write_text(fault)
        new.replace(self._fault)

    def state(self) -> DriverState | None:
        latest = self._watch.latest(DriverStateMessage)
        message = None if latest is None else latest[0]
        return DriverState(message.state) if isinstance(message, DriverStateMessage) else None

    def camera(self) -> CameraCondition | None:
        latest = self._watch.latest(HealthMessage)
        message = None if latest is None else latest[0]
        if not isinstance(message, HealthMessage) or message.camera is None:
            return None
        return CameraCondition(message.camera)

    def seconds_until(self, condition: Callable[[], bool], within_s: float) -> float:
        """Wait, and return how long, but for what other programs took from the two sides of it."""
        here, there_s = OwnSeconds(), held_up_s(self.daemon.pid)

        def passed_s() -> float:
            return here.passed - (held_up_s(self.daemon.pid) - there_s)

        while not condition():
            assert passed_s() < within_s, (self.state(), self.camera())
            for frame in self._transport.receive(0.02):
                self._watch.take(frame)
        return passed_s()


@contextmanager
def running_with(fault: Path) -> Iterator[Bus]:
    """Run a daemon whose camera has the fault whose name is in that file."""
    path = os.pathsep.join([str(FAULTY), *filter(None, sys.path)])
    with PtyWire() as wire:
        command = ["run", "--camera", f"faulty:{fault}", "--link", f"slcan:{wire.end_a}"]
        daemon = subprocess.Popen(
            [sys.executable, "-m", "edge_fer", *command],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": path},
        )
        transport = open_transport(f"slcan:{wire.end_b}")
        try:
            yield Bus(transport, fault, daemon)
        finally:
            fault.write_text("")
            daemon.terminate()
            daemon.wait(PATIENCE_S)
            transport.close()


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    fault = tmp_path_factory.mktemp("faults") / "fault"
    fault.write_text("")
    with running_with(fault) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("black", CameraCondition.DARK),
        ("overexposed", CameraCondition.OVEREXPOSED),
        ("covered", CameraCondition.BLOCKED),
        ("frozen", CameraCondition.FROZEN),
        ("hangs", CameraCondition.LOST),
        ("hangs while it opens", CameraCondition.LOST),
        ("stopped", CameraCondition.LOST),
        ("killed", CameraCondition.LOST),
        ("raises", CameraCondition.LOST),
        ("unplugged", CameraCondition.LOST),
        ("out of memory", CameraCondition.LOST),
        ("another size", CameraCondition.LOST),
        ("half-written", CameraCondition.LOST),
        ("rate drops", CameraCondition.LOST),
        ("time runs backwards", CameraCondition.LOST),
    ],
)
def test_a_fault_is_said_in_time_and_recovered_from(
    bus: Bus, fault: str, reason: CameraCondition
) -> None:
    bus.seconds_until(lambda: bus.state() is DriverState.ATTENTIVE, RECOVERED_S)
    bus.inject(fault)
    try:
        bus.seconds_until(
            lambda: bus.state() is DriverState.CAMERA_DEGRADED and bus.camera() is reason,
            SAID_S + BUSY_S,
        )
    finally:
        bus.inject("")
    bus.seconds_until(lambda: bus.state() is DriverState.ATTENTIVE, RECOVERED_S)
    assert bus.daemon.poll() is None  # without a restart of the service


@pytest.mark.slow
def test_a_camera_that_hangs_at_its_very_first_opening_is_said_in_time_too(tmp_path: Path) -> None:
    fault = tmp_path / "fault"
    fault.write_text("hangs while it opens")
    with running_with(fault) as bus:
        # The link speaks from the moment at which the camera is told to open.
        bus.seconds_until(lambda: bus.state() is not None, RECOVERED_S)
        assert bus.state() is DriverState.NOT_READY
        degraded = DriverState.CAMERA_DEGRADED
        said_s = bus.seconds_until(lambda: bus.state() is degraded, RECOVERED_S)
        assert said_s < SAID_S + BUSY_S
        bus.inject("")
        bus.seconds_until(lambda: bus.state() is DriverState.ATTENTIVE, RECOVERED_S)
        assert bus.daemon.poll() is None


class TestTorn:
    picture = np.random.default_rng(2).integers(40, 200, (120, 160), np.uint8)

    @pytest.mark.parametrize("value", [1, 79, 128, 254])
    @pytest.mark.parametrize("row", [1, 60, 110])
    def test_filling_below_a_picture(self, value: int, row: int) -> None:
        frame = self.picture.copy()
        frame[row:] = value
        assert is_torn(frame)

    def test_whole_pictures(self) -> None:
        assert not is_torn(self.picture)
        for value in (0, 128, 255):
            assert not is_torn(np.full((120, 160), value, np.uint8))

    @pytest.mark.parametrize("value", [0, 255])
    def test_black_bars_and_clipped_light(self, value: int) -> None:
        frame = self.picture.copy()
        frame[60:] = value
        assert not is_torn(frame)

    def test_one_even_row_is_no_proof(self) -> None:
        frame = self.picture.copy()
        frame[-3:] = 128
        assert not is_torn(frame)
