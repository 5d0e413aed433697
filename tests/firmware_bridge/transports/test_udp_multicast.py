"""Multicast on one machine, with python-can's own bus as the other side."""

import socket
from collections.abc import Iterator
from typing import Any

import can
import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import BridgeError, TransportError
from firmware_bridge.protocol.frame import (
    EXTENDED,
    MAX_EXTENDED_ID,
    MAX_STANDARD_ID,
    CanFrame,
    is_extended,
)
from firmware_bridge.transports import Transport, open_transport
from firmware_bridge.transports.udp_message import as_frame, read_message
from firmware_bridge.transports.udp_multicast import GROUP
from tests.firmware_bridge.transports.backends import free_udp_port, why_no_multicast

FRAME = CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 0.0)
Pair = tuple[Transport, can.BusABC]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return ours and python-can's on the same group and port."""
    port = free_udp_port()
    uri = f"udp_multicast:{GROUP}?port={port}"
    reason = why_no_multicast(uri)
    if reason is not None:
        pytest.skip(f"udp_multicast: {reason}")
    try:
        theirs = can.Bus(interface="udp_multicast", channel=GROUP, port=port, ignore_config=True)
    except can.CanError as error:  # it asks for a network, ours is content with the loopback
        pytest.skip(f"python-can's udp_multicast does not open here: {error}")
    ours = open_transport(uri)
    yield ours, theirs
    ours.close()
    theirs.shutdown()


def test_python_can_receives_what_we_send(pair: Pair) -> None:
    ours, theirs = pair
    ours.send(FRAME)

    message = theirs.recv(5.0)

    assert message is not None
    assert (message.arbitration_id, bytes(message.data)) == (FRAME.can_id, FRAME.data)
    assert not message.is_extended_id


def test_we_receive_what_python_can_sends(pair: Pair) -> None:
    ours, theirs = pair
    theirs.send(can.Message(arbitration_id=1, is_remote_frame=True))
    theirs.send(can.Message(arbitration_id=0x123, is_extended_id=False, data=b"abc"))

    frames = ours.receive(5.0)

    assert [(frame.can_id, frame.data) for frame in frames] == [(0x123, b"abc")]


def test_another_group_on_the_same_port_is_not_heard(pair: Pair) -> None:
    ours, _ = pair
    port = ours._destination[1]  # type: ignore[attr-defined]
    other = open_transport(f"udp_multicast:239.74.163.3?port={port}")
    other.send(FRAME)

    assert ours.receive(0.1) == []
    other.close()


MESSAGE: dict[str, Any] = {
    "timestamp": 0.0,
    "arbitration_id": 0x3A0,
    "is_extended_id": False,
    "is_remote_frame": False,
    "is_error_frame": False,
    "channel": None,
    "dlc": 3,
    "data": b"abc",
    "is_fd": False,
    "bitrate_switch": False,
    "error_state_indicator": False,
}
plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(),
    st.binary(max_size=70),
    st.text(max_size=5),
    st.lists(st.integers(0, 9), max_size=3),
)
wrong_messages = st.dictionaries(st.sampled_from(sorted(MESSAGE)), plain).map(
    lambda changes: msgpack.packb(MESSAGE | changes)
)


@given(datagram=st.one_of(st.binary(max_size=200), wrong_messages))
def test_only_a_right_frame_comes_out_of_a_datagram(datagram: bytes) -> None:
    fields = read_message(datagram)
    frame = None if fields is None else as_frame(fields, 0.0)

    if frame is not None:
        assert type(frame.can_id) is int
        highest = MAX_EXTENDED_ID if is_extended(frame.can_id) else MAX_STANDARD_ID
        assert 0 <= frame.can_id & ~EXTENDED <= highest
        assert type(frame.data) is bytes
        assert len(frame.data) <= 8


@pytest.mark.parametrize(
    "change",
    [
        {"arbitration_id": 1.5},
        {"arbitration_id": -1},
        {"arbitration_id": 1 << 29},
        {"arbitration_id": True},
        {"data": 10**12},  # python-can would make so many zeros
        {"data": "abc"},
        {"is_fd": None},
    ],
)
def test_a_field_of_another_type_or_range_is_no_message(change: dict[str, Any]) -> None:
    assert read_message(msgpack.packb(MESSAGE)) == MESSAGE
    assert read_message(msgpack.packb(MESSAGE | change)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"is_remote_frame": True},
        {"is_error_frame": True},
        {"is_fd": True},
        {"arbitration_id": 0x800},
        {"data": bytes(9)},
    ],
)
def test_frames_of_other_kinds_are_left_out(change: dict[str, Any]) -> None:
    fields = read_message(msgpack.packb(MESSAGE | change))

    assert fields is not None
    assert as_frame(fields, 0.0) is None


@pytest.mark.parametrize("group", ["127.0.0.1", "can0", "ff15::1", "239.1"])
def test_what_is_no_group_is_an_error_that_names_one(group: str) -> None:
    with pytest.raises(BridgeError, match=rf"is not an IPv4 multicast group.*use .*{GROUP}"):
        open_transport(f"udp_multicast:{group}")


@pytest.mark.parametrize("query", ["port=0", "port=65536", "port=x"])
def test_a_wrong_port_is_an_error(query: str) -> None:
    with pytest.raises(BridgeError, match=r"port '.*' is not in 1\.\.65535"):
        open_transport(f"udp_multicast:{GROUP}?{query}")


def test_a_port_that_another_program_has_for_itself_is_an_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((GROUP, 0))
        port = taken.getsockname()[1]
        with pytest.raises(TransportError, match=rf"another program has port {port}"):
            open_transport(f"udp_multicast:{GROUP}?port={port}")


def test_a_missing_msgpack_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("can.interfaces.udp_multicast.utils.msgpack", None)

    with pytest.raises(BridgeError, match=r"needs msgpack: pip install 'edge-fer\[multicast\]'"):
        open_transport(f"udp_multicast:{GROUP}")
