import os

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.transports import TransportCounters, open_transport
from tests.firmware_bridge.transports.backends import Terminal

FRAME = CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 0.0)
PACKET = bytes.fromhex("000fa003b4d003af901404051024aa4c00")


def test_nothing_is_said_but_packets_and_at_the_end_a_delimiter(terminal: Terminal) -> None:
    port = open_transport(f"cobs:{terminal.path}")
    port.send(FRAME)
    port.close()

    assert terminal.read() == PACKET + b"\0"


def test_garbage_is_counted_and_the_frames_between_are_kept(terminal: Terminal) -> None:
    port = open_transport(f"cobs:{terminal.path}")
    broken = PACKET[:5] + b"\xff" + PACKET[6:]
    os.write(terminal.device, b"\xff\xfe" + PACKET + broken + PACKET)

    frames = port.receive(1.0)

    assert [frame.data for frame in frames] == [FRAME.data] * 2
    assert port.counters == TransportCounters(
        frames_received=2,
        rejected_lines=2,
        rejected_bytes=len(b"\xff\xfe\0") + len(broken) - 1,
        received_bytes=2 + 3 * len(PACKET),
        understood_bytes=2 * len(PACKET),
    )
    port.close()


def test_a_line_held_low_is_received_but_not_understood(terminal: Terminal) -> None:
    """A break reads as zeros, which enclose nothing: no error of the framing, yet no sense."""
    port = open_transport(f"cobs:{terminal.path}")
    os.write(terminal.device, bytes(100))

    assert port.receive(0.05) == []
    assert port.counters == TransportCounters(received_bytes=100)
    port.close()
