import socket
import termios

import pytest

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.slcan import encode_line
from firmware_bridge.transports import byte_port, open_transport, serial_port
from firmware_bridge.transports.backlog import Backlog, tcp_unsent_bytes, undelivered_bytes
from tests.firmware_bridge.transports.backends import Terminal

FRAME = CanFrame(0x3A0, bytes(8), 0.0)
LINE = encode_line(FRAME)


def test_the_age_is_that_of_the_oldest_byte_that_was_not_sent() -> None:
    backlog = Backlog()
    assert backlog.age_s(0, 1.0) == 0.0
    for index in range(5):
        backlog.wrote(10, float(index))
    assert backlog.age_s(20, 5.0) == 2.0
    assert backlog.age_s(50, 5.0) == 5.0  # it still knows
    backlog.delivered_but(20)
    assert backlog.age_s(50, 5.0) == 2.0

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
        assert undelivered_bytes(client.fileno()) == tcp_unsent_bytes(client.fileno()) == 0
        client.send(bytes(16_000_000))  # as much of it as there is room for
        assert undelivered_bytes(client.fileno()) > 10_000
        assert tcp_unsent_bytes(client.fileno()) > 10_000
        client.close()
    assert undelivered_bytes(9999) == tcp_unsent_bytes(9999) == 0


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the ports, which the test moves: a busy machine would add to it."""
    made = Clock()
    monkeypatch.setattr(byte_port, "time", made)
    return made


def test_what_waits_in_a_slow_driver_is_bounded(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """As a USB serial port whose other side takes nothing: the driver's count only grows."""
    written = 0
    monkeypatch.setattr(serial_port, "undelivered_bytes", lambda descriptor: written)
    port = open_transport(f"slcan:{terminal.path}?adapter=no")
    assert port.backlog_s == 0.0
    for _ in range(3):
        port.send(FRAME)
        written += len(LINE)
        clock.now_s += 0.02

    assert port.backlog_s == pytest.approx(0.06)
    clock.now_s += byte_port.LONGEST_BACKLOG_S
    port.send(FRAME)  # what waited for too long is thrown away before
    written = len(LINE)
    clock.now_s += 0.02
    assert port.backlog_s == pytest.approx(0.02)
    port.close()


def test_what_waits_is_thrown_away_although_nothing_more_is_sent(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """The link sends nothing while it is behind: the last frames must not wait for ever."""
    monkeypatch.setattr(serial_port, "undelivered_bytes", lambda descriptor: len(LINE))
    flushed: list[int] = []
    monkeypatch.setattr(termios, "tcflush", lambda descriptor, queue: flushed.append(queue))
    port = open_transport(f"slcan:{terminal.path}?adapter=no")
    port.send(FRAME)
    flushed.clear()
    clock.now_s += byte_port.LONGEST_BACKLOG_S / 2
    assert port.backlog_s == pytest.approx(byte_port.LONGEST_BACKLOG_S / 2)
    assert not flushed
    clock.now_s += byte_port.LONGEST_BACKLOG_S

    assert port.backlog_s == 0.0
    assert flushed == [termios.TCOFLUSH]
    port.close()
