"""What every transport promises, over each of them."""

import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from firmware_bridge.errors import BridgeError, SendTimeoutError, TransportError
from firmware_bridge.protocol.frame import EXTENDED, MAX_EXTENDED_ID, CanFrame
from firmware_bridge.transports import SCHEMES, Transport, open_transport
from firmware_bridge.transports.base import WRITE_TIMEOUT_S
from tests.firmware_bridge.transports.backends import BACKENDS, Ends
from tests.own_seconds import OwnSeconds

PATIENCE_S = 60.0  # a bound against hanging
FRAME = CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 0.0)


def receive(transport: Transport, frames: int, within_s: float = PATIENCE_S) -> list[CanFrame]:
    """Return as many frames as are wanted, or what came in time."""
    deadline_s = time.monotonic() + within_s
    received: list[CanFrame] = []
    while len(received) < frames and time.monotonic() < deadline_s:
        received += transport.receive(0.05)
    return received


def content(frames: list[CanFrame]) -> list[tuple[int, bytes]]:
    return [(frame.can_id, frame.data) for frame in frames]


class Failing(threading.Thread):
    """Calls until something is raised, and keeps that."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__()
        self._call = call
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        while self.error is None:
            try:
                self._call()
            except SendTimeoutError:
                pass  # nobody reads
            except BaseException as error:
                self.error = error


def test_the_contract_covers_every_scheme() -> None:
    assert {name.partition(" ")[0] for name in BACKENDS} == set(SCHEMES)


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        CanFrame(0x000, b"", 0.0),
        CanFrame(0x7FF, b"\x0d", 0.0),
        CanFrame(0x123, b"\x00\xff\x0a\x0d\x07", 0.0),
        CanFrame(0x100, bytes(8), 0.0),
        CanFrame(EXTENDED | 0x18FF1012, FRAME.data, 0.0),
        CanFrame(EXTENDED | MAX_EXTENDED_ID, b"", 0.0),
        CanFrame(EXTENDED, b"\0", 0.0),
    ],
)
def test_a_frame_crosses_unchanged(ends: Ends, frame: CanFrame) -> None:
    before_s = time.monotonic()
    ends.a.send(frame)

    (received,) = receive(ends.b, 1)

    assert (received.can_id, received.data) == (frame.can_id, frame.data)
    assert before_s <= received.time_s <= time.monotonic()


def test_frames_cross_both_ways_in_order_and_none_is_lost(ends: Ends) -> None:
    there = [CanFrame(index % 0x800, index.to_bytes(4, "little"), 0.0) for index in range(400)]
    back = [CanFrame(0x3B0, bytes((index % 256,)), 0.0) for index in range(100)]
    received: list[CanFrame] = []
    reader = threading.Thread(target=lambda: received.extend(receive(ends.b, len(there))))
    reader.start()
    for frame in there:
        ends.a.send(frame)
    reader.join()
    for frame in back:
        ends.b.send(frame)

    assert content(received) == content(there)
    assert content(receive(ends.a, len(back))) == content(back)


def test_one_thread_may_send_while_another_waits_to_receive(ends: Ends) -> None:
    received: list[CanFrame] = []
    reader = threading.Thread(target=lambda: received.extend(receive(ends.a, 1)))
    reader.start()
    time.sleep(0.05)  # it waits by now
    sending = OwnSeconds()
    ends.a.send(FRAME)
    assert sending.passed < 1.0

    ends.b.send(CanFrame(7, b"", 0.0))
    reader.join()
    assert content(received) == [(7, b"")]


def test_receiving_nothing_takes_its_time_and_no_longer(ends: Ends) -> None:
    looking = OwnSeconds()
    assert ends.a.receive(0.0) == []
    assert looking.passed < 0.5

    started_s, waiting = time.monotonic(), OwnSeconds()
    assert ends.a.receive(0.1) == []
    assert waiting.passed < 1.0
    assert time.monotonic() - started_s > 0.09


def test_what_arrives_ends_the_wait(ends: Ends) -> None:
    timer = threading.Timer(0.05, ends.b.send, [FRAME])
    timer.start()
    waiting = OwnSeconds()

    assert content(ends.a.receive(PATIENCE_S)) == content([FRAME])
    assert waiting.passed < 5.0
    timer.join()


def test_the_descriptor_becomes_readable_when_something_arrives(ends: Ends) -> None:
    descriptor = ends.b.fileno()
    if descriptor is None:
        assert ends.uri_a.startswith("virtual:")  # whose users have to ask
        return
    ends.b.receive(0.05)  # the commands that open a channel
    assert not select.select([descriptor], [], [], 0.0)[0]
    ends.a.send(FRAME)

    assert select.select([descriptor], [], [], PATIENCE_S)[0] == [descriptor]


def test_what_is_sent_is_not_received_by_its_sender(ends: Ends) -> None:
    ends.a.send(CanFrame(1, b"", 0.0))
    receive(ends.b, 1)

    assert ends.a.receive(0.05) == []


def test_traffic_is_counted(ends: Ends) -> None:
    for _ in range(3):
        ends.a.send(CanFrame(1, b"ab", 0.0))
    receive(ends.b, 3)

    assert ends.a.counters.frames_sent == 3
    assert ends.b.counters.frames_received == 3
    assert (ends.b.counters.rejected_lines, ends.b.counters.rejected_bytes) == (0, 0)


@pytest.mark.parametrize(
    "frame",
    [CanFrame(0x800, b"", 0.0), CanFrame(-1, b"", 0.0), CanFrame(0x3A0, bytes(9), 0.0)],
)
def test_what_is_no_classic_frame_is_not_sent(ends: Ends, frame: CanFrame) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ends.a.send(frame)
    ends.a.send(FRAME)

    assert content(receive(ends.b, 1)) == content([FRAME])
    assert ends.a.counters.frames_sent == 1


def test_what_is_no_frame_is_survived_and_counted(ends: Ends) -> None:
    ends.a.send(FRAME)
    before = receive(ends.b, 1)
    ends.disturb()
    ends.a.send(FRAME)

    assert content(before + receive(ends.b, 1)) == content([FRAME, FRAME])
    counters = ends.b.counters
    assert counters.frames_received == 2
    if ends.counts_garbage:
        assert counters.rejected_lines >= 2
        assert counters.rejected_bytes > 900


def test_a_reader_that_does_not_read_never_holds_the_sender(ends: Ends) -> None:
    longest_s = 0.0
    with suppress(SendTimeoutError):
        for _ in range(5000):
            sending = OwnSeconds()
            try:
                ends.a.send(FRAME)
            finally:
                longest_s = max(longest_s, sending.passed)
    assert longest_s < WRITE_TIMEOUT_S + 1.0
    while ends.b.receive(0.2):
        pass
    ends.a.send(CanFrame(7, b"after", 0.0))

    assert content(receive(ends.b, 1))[-1] == (7, b"after")


def test_closing_twice_is_harmless(ends: Ends) -> None:
    ends.a.close()
    ends.a.close()


def test_after_closing_nothing_goes_and_nothing_comes(ends: Ends) -> None:
    ends.a.close()

    with pytest.raises(TransportError, match=r"was closed"):
        ends.a.send(FRAME)
    with pytest.raises(TransportError, match=r"was closed"):
        ends.a.receive(0.0)
    assert ends.a.counters.frames_sent == 0


def test_closing_ends_a_wait_in_another_thread(ends: Ends) -> None:
    waiting = Failing(lambda: ends.a.receive(60.0))
    time.sleep(0.05)
    closing = OwnSeconds()
    ends.a.close()
    waiting.join(PATIENCE_S)

    assert closing.passed < 2.0
    assert isinstance(waiting.error, TransportError)


def test_closing_ends_a_sender_and_a_receiver_at_work(ends: Ends) -> None:
    workers = [
        Failing(lambda: ends.a.send(FRAME)),
        Failing(lambda: ends.a.receive(0.01)),
        Failing(lambda: ends.b.send(FRAME)),
    ]
    time.sleep(0.05)
    closing = OwnSeconds()
    ends.a.close()
    ends.b.close()
    for worker in workers:
        worker.join(PATIENCE_S)

    assert closing.passed < 3.0
    assert [type(worker.error) for worker in workers] == [TransportError] * 3


def test_a_closed_address_can_be_opened_again(ends: Ends) -> None:
    ends.a.close()
    for _ in range(3):
        open_transport(ends.uri_a).close()
    again = open_transport(ends.uri_a)
    again.send(FRAME)

    assert content(receive(ends.b, 1)) == content([FRAME])
    again.close()


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (
            "carrier-pigeon:x",
            r"unknown scheme 'carrier-pigeon'.*slcan:.*cobs:.*socketcan:.*udp_multicast:.*virtual:",
        ),
        ("/dev/ttyUSB0", r"no scheme in '/dev/ttyUSB0'; use slcan:"),
        ("slcan:", r"names no port; use slcan:/dev/ttyUSB0"),
        ("cobs:", r"names no port; use cobs:/dev/ttyUSB0"),
        ("", r"no scheme"),
    ],
)
def test_a_uri_that_names_no_transport_is_an_error_that_lists_them(uri: str, message: str) -> None:
    with pytest.raises(BridgeError, match=message) as caught:
        open_transport(uri)
    assert "\n" not in str(caught.value)
