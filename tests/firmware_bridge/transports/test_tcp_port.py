"""What a TCP port promises beyond the contract of all transports."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from firmware_bridge.errors import BridgeError, LinkReason, SendTimeoutError, TransportError
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.slcan import encode_line
from firmware_bridge.transports import Transport, check_uri, open_transport
from firmware_bridge.transports.byte_port import LONGEST_BACKLOG_S
from tests.firmware_bridge.transports.lawicel_adapter import LawicelAdapter
from tests.firmware_bridge.transports.tcp_hub import TcpHub

FRAME = CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 0.0)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        made.bind(("127.0.0.1", 0))
        made.listen()
        yield made


def uri_of(server: socket.socket) -> str:
    host, port = server.getsockname()
    return f"slcan:socket://{host}:{port}?adapter=no"


def send_many(transport: Transport) -> None:
    for _ in range(100_000):
        transport.send(FRAME)


def receive_all(connection: socket.socket, received: bytearray) -> None:
    while data := connection.recv(65536):
        received += data


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("slcan:socket://192.168.4.1", r"is not the address of a TCP port; use socket://HOST:PORT"),
        ("slcan:socket://:3333", r"is not the address of a TCP port"),
        ("cobs:socket://host:0", r"is not the address of a TCP port"),
        ("cobs:socket://host:70000", r"is not the address of a TCP port"),
        ("cobs:socket://host:x", r"is not the address of a TCP port"),
        ("cobs:socket://me:secret@host:1", r"is not the address of a TCP port"),
        ("slcan:socket://[::1:1", r"is not the address of a TCP port"),
        ("slcan:socket://host:1/path", r"is not the address of a TCP port"),
        ("slcan:rfc2217://host:1", r"rfc2217:// is not supported.*ser2net.*socket://HOST:PORT"),
        ("slcan:socket://host:1?baudrate=9600", r"baudrate is of a serial port; .* at the server"),
        ("slcan:socket://host:1?reset=no", r"reset is of a serial port"),
        ("slcan:socket://host:1?bitrate=3k", r"bitrate '3k' has no S command"),
    ],
)
def test_a_wrong_address_is_refused_before_anything_is_opened(uri: str, message: str) -> None:
    with pytest.raises(BridgeError, match=message) as caught:
        check_uri(uri)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["socket://192.168.4.1:3333", "socket://[fe80::1]:1/"])
def test_a_right_address_is_taken(address: str) -> None:
    check_uri(f"cobs:{address}")
    check_uri(f"slcan:{address}?bitrate=250k&listen=yes")


def test_where_nothing_listens_is_said(server: socket.socket) -> None:
    uri = uri_of(server)
    server.close()
    with pytest.raises(TransportError, match=r"nothing listens at port .*; is its server running"):
        open_transport(uri)


def test_an_unknown_host_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unknown)
    with pytest.raises(TransportError, match=r"host 'adapter\.local' is not known .*IP address"):
        open_transport("slcan:socket://adapter.local:3333")


def test_a_host_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object, **__: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", silent)
    with pytest.raises(TransportError, match="no answer within 500 ms; is the host on this"):
        open_transport("slcan:socket://192.168.4.1:3333")


def test_an_adapter_on_a_network_is_opened_by_its_dialogue(server: socket.socket) -> None:
    adapter = LawicelAdapter(is_open=True, stamps=True)

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            while not adapter.on_bus and (data := connection.recv(4096)):
                connection.sendall(adapter.take(data, time.monotonic()))

    serving = threading.Thread(target=serve)
    serving.start()
    transport = open_transport(uri_of(server).partition("?")[0] + "?bitrate=250k")
    transport.send(FRAME)
    serving.join()
    transport.close()

    assert adapter.commands[:4] == [b"C", b"S5", b"Z0", b"O"]
    assert [frame.data for frame in adapter.on_bus] == [FRAME.data]


def test_packets_of_cobs_cross_both_ways() -> None:
    with TcpHub() as hub:
        ends = [open_transport(f"cobs:{hub.address}") for _ in range(2)]
        for there, back in (ends, ends[::-1]):
            there.send(FRAME)
            assert [frame.data for frame in back.receive(5.0)] == [FRAME.data]
        for end in ends:
            end.close()


def test_a_server_that_ends_the_connection_is_gone(server: socket.socket) -> None:
    transport = open_transport(uri_of(server))
    server.accept()[0].close()

    with pytest.raises(TransportError, match="is gone: the other side ended the connection"):
        transport.receive(5.0)
    transport.close()


def test_what_is_sent_before_closing_arrives(server: socket.socket) -> None:
    transport = open_transport(uri_of(server))
    connection, _ = server.accept()
    transport.send(FRAME)
    transport.close()

    assert connection.recv(4096) == encode_line(FRAME)
    connection.close()


def test_a_connection_whose_reader_stopped_is_given_up_with_what_waits(
    server: socket.socket,
) -> None:
    """Bytes of a connection cannot be taken back, and must not arrive when they are old."""
    transport = open_transport(uri_of(server))
    connection, _ = server.accept()
    with pytest.raises(SendTimeoutError):
        send_many(transport)
    time.sleep(LONGEST_BACKLOG_S)
    with pytest.raises(TransportError, match="took nothing for 400 ms; it is given up") as caught:
        _ = transport.backlog_s
    assert caught.value.reason is LinkReason.NOT_TAKEN
    with pytest.raises(TransportError, match="it is given up"):
        transport.send(FRAME)
    transport.close()

    received = bytearray()
    with pytest.raises(ConnectionResetError):
        receive_all(connection, received)
    assert 0 < len(received) < transport.counters.frames_sent * len(encode_line(FRAME))
    connection.close()
