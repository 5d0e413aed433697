"""What every transport promises, over each of them."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from firmware_bridge.errors import BridgeError
from firmware_bridge.frame import CanFrame
from firmware_bridge.pty_wire import PtyWire
from firmware_bridge.transports import SCHEMES, Transport, open_transport

Ends = tuple[Transport, Transport]
_numbers = count()


def serial_ends() -> Iterator[Ends]:
    with PtyWire() as wire:
        yield open_transport(f"slcan:{wire.end_a}"), open_transport(f"slcan:{wire.end_b}")


def virtual_ends() -> Iterator[Ends]:
    name = f"virtual:contract{next(_numbers)}"
    yield open_transport(name), open_transport(name)


def socketcan_ends() -> Iterator[Ends]:
    if not hasattr(socket, "AF_CAN") or not Path("/sys/class/net/vcan0").exists():
        pytest.skip("no vcan0: sudo modprobe vcan; sudo ip link add vcan0 type vcan; set it up")
    yield open_transport("socketcan:vcan0"), open_transport("socketcan:vcan0")


MAKERS: dict[str, Callable[[], Iterator[Ends]]] = {
    "slcan": serial_ends,
    "virtual": virtual_ends,
    "socketcan": socketcan_ends,
}


@pytest.fixture(params=sorted(MAKERS))
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    made = MAKERS[request.param]()
    a, b = next(made)
    yield a, b
    a.close()
    b.close()
    next(made, None)


def receive(transport: Transport, frames: int, within_s: float = 5.0) -> list[CanFrame]:
    """Return as many frames as are wanted, or what came in time."""
    deadline_s = time.monotonic() + within_s
    received: list[CanFrame] = []
    while len(received) < frames and time.monotonic() < deadline_s:
        received += transport.receive(0.05)
    return received


def content(frames: list[CanFrame]) -> list[tuple[int, bytes]]:
    return [(frame.can_id, frame.data) for frame in frames]


def test_the_contract_covers_every_scheme() -> None:
    assert set(MAKERS) == set(SCHEMES)


@pytest.mark.parametrize(
    "frame",
    [
        CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 0.0),
        CanFrame(0x000, b"", 0.0),
        CanFrame(0x7FF, b"\x0d", 0.0),
        CanFrame(0x123, b"\x00\xff\x0a\x0d\x07", 0.0),
    ],
)
def test_a_frame_crosses_unchanged(ends: Ends, frame: CanFrame) -> None:
    a, b = ends
    before_s = time.monotonic()
    a.send(frame)

    (received,) = receive(b, 1)

    assert (received.can_id, received.data) == (frame.can_id, frame.data)
    assert before_s <= received.time_s <= time.monotonic()


def test_frames_cross_both_ways_in_order_and_none_is_lost(ends: Ends) -> None:
    a, b = ends
    there = [CanFrame(index % 0x800, index.to_bytes(4, "little"), 0.0) for index in range(400)]
    back = [CanFrame(0x3B0, bytes((index % 256,)), 0.0) for index in range(100)]
    received: list[CanFrame] = []
    reader = threading.Thread(target=lambda: received.extend(receive(b, len(there))))
    reader.start()
    for frame in there:
        a.send(frame)
    reader.join()
    for frame in back:
        b.send(frame)

    assert content(received) == content(there)
    assert content(receive(a, len(back))) == content(back)


def test_receiving_nothing_takes_its_time_and_no_longer(ends: Ends) -> None:
    started_s = time.monotonic()
    assert ends[0].receive(0.0) == []
    assert time.monotonic() - started_s < 0.5

    started_s = time.monotonic()
    assert ends[0].receive(0.1) == []
    assert 0.09 < time.monotonic() - started_s < 1.0


def test_what_is_sent_is_not_received_by_its_sender(ends: Ends) -> None:
    a, b = ends
    a.send(CanFrame(1, b"", 0.0))
    receive(b, 1)

    assert a.receive(0.05) == []


def test_traffic_is_counted(ends: Ends) -> None:
    a, b = ends
    for _ in range(3):
        a.send(CanFrame(1, b"ab", 0.0))
    receive(b, 3)

    assert a.counters.frames_sent == 3
    assert b.counters.frames_received == 3
    assert (b.counters.rejected_lines, b.counters.rejected_bytes) == (0, 0)


def test_closing_twice_is_harmless(ends: Ends) -> None:
    ends[0].close()
    ends[0].close()


def test_a_closed_address_can_be_opened_again() -> None:
    with PtyWire() as wire:
        for _ in range(3):
            open_transport(f"slcan:{wire.end_a}").close()


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("carrier-pigeon:x", r"unknown scheme 'carrier-pigeon'.*slcan:.*socketcan:.*virtual:"),
        ("/dev/ttyUSB0", r"no scheme in '/dev/ttyUSB0'; use slcan:"),
        ("slcan:", r"names no port; use slcan:/dev/ttyUSB0"),
        ("", r"no scheme"),
    ],
)
def test_a_uri_that_names_no_transport_is_an_error_that_lists_them(uri: str, message: str) -> None:
    with pytest.raises(BridgeError, match=message) as caught:
        open_transport(uri)
    assert "\n" not in str(caught.value)
