"""What the vehicle's frames become in the daemon, and what its log says of them."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from edge_fer.vehicle.reader import VehicleReader
from edge_fer.vehicle.settings import VehicleConfig
from firmware_bridge.protocol.messages import ControllerStatusMessage

ON = ControllerStatusMessage(enable=1, ignition=1, speed_km_h=0.0)
OFF = ControllerStatusMessage(enable=0, ignition=1, speed_km_h=0.0)


class FakeLink:
    """The link's side of the reader: a frame each 100 ms."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.controller: ControllerStatusMessage | None = None
        self.counters = SimpleNamespace(controller_frames_rejected=0)

    def send(self, message: ControllerStatusMessage) -> None:
        self.now_s += 0.1
        self.controller = message

    def take_controller_frames(self) -> list[tuple[float, ControllerStatusMessage | None]]:
        return [(self.now_s, self.controller)]


def test_more_than_three_switch_offs_in_an_hour_are_a_warning_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    link: Any = FakeLink()
    reader = VehicleReader(link, VehicleConfig())
    warnings = []
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            for message in [ON] * 20 + [OFF] * 20:
                link.send(message)
                reader.read()
            warnings.append(len(caplog.records))
    assert reader.counters.switch_offs == 5
    assert warnings == [0, 0, 0, 1, 1]
    assert "more than three times within an hour" in caplog.text
