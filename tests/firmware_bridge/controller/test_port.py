"""The public ControllerPort, against the camera unit's own link over a virtual bus."""

import time
from collections.abc import Iterator

import pytest

from firmware_bridge import (
    CanFrame,
    ControllerPort,
    ControllerStatusMessage,
    DriverStateMessage,
    FrameStatus,
    LinkError,
    open_transport,
)
from firmware_bridge.controller.port import SEND_EVERY_S
from firmware_bridge.errors import LinkReason
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.database import definition
from tests.firmware_bridge.wire_ids import id_of

PATIENCE_S = 60.0  # for a busy machine


@pytest.fixture
def link(request: pytest.FixtureRequest) -> Iterator[Link]:
    made = Link(f"virtual:{request.node.name}")
    made.open()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[ControllerPort]:
    with ControllerPort.open(f"virtual:{request.node.name}") as made:
        yield made


def test_what_the_camera_unit_sends_is_checked_and_known_for_a_moment(
    link: Link, port: ControllerPort
) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while (message := port.latest(DriverStateMessage)) is None and time.monotonic() < until_s:
        link.publish(Snapshot(time.monotonic(), DriverStateMessage(1)))
        port.receive(0.05)
    assert message is not None
    assert message.state == 1
    link.stop()
    while port.latest(DriverStateMessage) is not None and time.monotonic() < until_s:
        port.receive(0.05)
    assert port.latest(DriverStateMessage) is None


def test_the_camera_unit_trusts_what_it_sends(link: Link, port: ControllerPort) -> None:
    status = ControllerStatusMessage(enable=1, ignition=1, speed_km_h=50.0)
    until_s = time.monotonic() + PATIENCE_S
    while (trusted := link.controller) is None and time.monotonic() < until_s:
        port.send(status)
        time.sleep(0.05)
    assert trusted == status


def test_a_frame_that_was_changed_is_not_used(
    port: ControllerPort, request: pytest.FixtureRequest
) -> None:
    other = open_transport(f"virtual:{request.node.name}")
    other.send(CanFrame(id_of(DriverStateMessage), bytes(8), time.monotonic()))
    (judged,) = port.receive(PATIENCE_S)
    other.close()
    assert judged.status is FrameStatus.WRONG_CRC
    assert not judged.usable
    assert port.latest(DriverStateMessage) is None


def test_the_cycle_is_that_of_the_dbc() -> None:
    assert definition(ControllerStatusMessage.NAME).cycle_s == SEND_EVERY_S


def test_a_wrong_port_is_an_error() -> None:
    with pytest.raises(LinkError) as refused:
        ControllerPort.open("can0")
    assert refused.value.reason is LinkReason.BAD_ADDRESS
