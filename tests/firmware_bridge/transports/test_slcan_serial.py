import os

import pytest

from firmware_bridge.errors import TransportError
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.slcan import CLOSE_COMMAND, OPEN_COMMANDS
from firmware_bridge.transports import TransportCounters, open_transport
from tests.firmware_bridge.transports.backends import Terminal

FRAME = CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 0.0)
LINE = b"t3A08B4D003AF90140405\r"


def test_the_channel_is_opened_and_closed_as_an_adapter_wants_it(terminal: Terminal) -> None:
    port = open_transport(f"slcan:{terminal.path}")
    port.send(FRAME)
    port.close()

    assert terminal.read() == OPEN_COMMANDS + LINE + CLOSE_COMMAND


def test_garbage_is_counted_and_the_frames_between_are_kept(terminal: Terminal) -> None:
    port = open_transport(f"slcan:{terminal.path}")
    os.write(terminal.device, b"\xff\xfe" + LINE + b"nonsense\r" + LINE + b"t3A0")
    os.write(terminal.device, LINE[4:])

    # What is written in two pieces may arrive in two.
    frames = port.receive(1.0)
    while len(frames) < 3 and (more := port.receive(1.0)):
        frames += more

    assert [frame.data for frame in frames] == [FRAME.data] * 3
    assert port.counters == TransportCounters(
        frames_received=3,
        rejected_lines=2,
        rejected_bytes=2 + len(b"nonsense\r"),
        received_bytes=2 + len(b"nonsense\r") + 3 * len(LINE),
        understood_bytes=3 * len(LINE),
    )
    port.close()


def test_the_replies_of_an_adapter_are_understood(terminal: Terminal) -> None:
    port = open_transport(f"slcan:{terminal.path}")
    os.write(terminal.device, b"\r\r\rz\r\x07V1013\r" + LINE + b"t3A")

    assert len(port.receive(1.0)) == 1
    counters = port.counters
    assert counters.rejected_bytes == 0
    assert counters.understood_bytes == counters.received_bytes - len(b"t3A")  # not yet
    port.close()


def test_a_port_that_is_gone_before_it_is_used_does_not_open(terminal: Terminal) -> None:
    path = terminal.path
    terminal.unplug()

    with pytest.raises(TransportError, match=rf"{path}"):
        open_transport(f"slcan:{path}")
