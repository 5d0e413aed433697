"""A CAN controller that is bus-off, as daemon, status and vehicle see it."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from edge_fer.camera.settings import CameraConfig
from edge_fer.config.config import Config
from edge_fer.daemon.render_status import status_as_text
from edge_fer.vehicle.outgoing import FAULT_LINK, FAULT_NONE
from edge_fer.vehicle.settings import LinkConfig
from firmware_bridge.protocol.messages import FaultCountersMessage, HealthMessage
from firmware_bridge.reception.watching import Watch
from tests.edge_fer.daemon.test_daemon import PATIENCE_S, running
from tests.firmware_bridge.transports.can_socket import SimulatedBus

BUS_OFF, RESTARTED, NO_ACKNOWLEDGEMENT = 0x040, 0x100, 0x020  # linux/can/error.h


@pytest.mark.slow
def test_a_bus_off_is_a_fault_in_health_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = SimulatedBus(monkeypatch)
    config = replace(Config(), camera=CameraConfig("demo:"), link=LinkConfig("socketcan:can0"))
    watch = Watch(time.monotonic())

    def until(condition: Callable[[], bool]) -> bool:
        deadline_s = time.monotonic() + PATIENCE_S
        while not (came := condition()) and time.monotonic() < deadline_s:
            time.sleep(0.02)
            for frame in bus.sent():
                watch.take(frame)
        return came

    def has_fault(code: int) -> bool:
        health = watch.latest(HealthMessage)
        return health is not None and health[0].fault == code

    def counted() -> tuple[int | None, int | None]:
        told = watch.latest(FaultCountersMessage)
        if told is None:
            return None, None
        return told[0].connections_lost, told[0].link_frames_dropped

    with running(config) as daemon:
        assert until(lambda: has_fault(FAULT_NONE))
        bus.error(BUS_OFF)
        assert until(lambda: has_fault(FAULT_LINK))
        text = status_as_text(daemon.status)
        assert "bus: bus-off 1 time" in text
        assert "CAN bus: bus-off: bit rate, wiring, termination?" in text
        bus.error(RESTARTED)
        bus.error(NO_ACKNOWLEDGEMENT)  # one is noise
        assert until(lambda: has_fault(FAULT_NONE))
        assert until(lambda: counted() == (1, 1))
        text = status_as_text(daemon.status)
        for words in ("bus: bus-off 1 time", "restarted 1 time", "not acknowledged"):
            assert words in text
    bus.close()
