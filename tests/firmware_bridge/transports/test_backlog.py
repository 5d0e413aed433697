import socket
import time

import pytest

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.slcan import encode_line
from firmware_bridge.transports import open_transport, serial_port
from firmware_bridge.transports.backlog import Backlog, unsent_bytes
from tests.firmware_bridge.transports.backends import Terminal

FRAME = CanFrame(0x3A0, bytes(8), 0.0)
LINE = encode_line(FRAME)


def test_the_age_is_that_of_the_oldest_byte_that_was_not_sent() -> None:
    backlog = Backlog()
    assert backlog.age_s(0, 1.0) == 0.0
    for index in range(5):
        backlog.wrote(10, float(index))

    assert backlog.age_s(0, 5.0) == 0.0
    for index in range(5, 10):
        backlog.wrote(10, float(index))
    assert backlog.age_s(41, 10.0) == 5.0
    assert backlog.age_s(40, 10.0) == 4.0
    assert backlog.age_s(1, 10.0) == 1.0
    backlog.clear()
    assert backlog.age_s(40, 11.0) == 0.0


def test_a_tcp_socket_says_what_is_unsent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        client.setblocking(False)
        assert unsent_bytes(client.fileno()) == 0
        client.send(bytes(16_000_000))  # as much of it as there is room for
        assert unsent_bytes(client.fileno()) > 10_000
        client.close()
    assert unsent_bytes(9999) == 0


def test_what_waits_in_a_slow_driver_is_bounded(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a USB serial port whose other side takes nothing: the driver's count only grows."""
    written = 0
    monkeypatch.setattr(serial_port, "unsent_bytes", lambda descriptor: written)
    port = open_transport(f"slcan:{terminal.path}?adapter=no")
    assert port.backlog_s == 0.0
    for _ in range(3):
        port.send(FRAME)
        written += len(LINE)
        time.sleep(0.02)

    assert 0.05 < port.backlog_s < 0.3
    time.sleep(serial_port.LONGEST_BACKLOG_S)
    port.send(FRAME)  # what waited for too long is thrown away before
    written = len(LINE)
    assert port.backlog_s < 0.2
    port.close()
