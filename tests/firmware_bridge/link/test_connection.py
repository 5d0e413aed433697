import pytest

from firmware_bridge.errors import BridgeError, LinkReason, TransportError
from firmware_bridge.link.connection import FIRST_WAIT_S, LONGEST_WAIT_S, SETTLED_S, Connection
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.transports import Transport, TransportCounters


class Port:
    """A transport that is there or not."""

    def __init__(self) -> None:
        self.is_there = True
        self.opened = 0

    def open(self, uri: str) -> Transport:
        if not self.is_there:
            raise TransportError(LinkReason.NOT_FOUND, f"link: {uri}: no such port")
        self.opened += 1
        return _Silent()


class _Silent:
    def __init__(self) -> None:
        self.counters = TransportCounters(frames_sent=3, rejected_bytes=2)
        self.closed = False

    @property
    def trouble(self) -> str | None:
        return None

    @property
    def backlog_s(self) -> float:
        return 0.0

    def fileno(self) -> int | None:
        return None

    def send(self, frame: CanFrame) -> None:
        """Send nowhere."""

    def receive(self, timeout_s: float) -> list[CanFrame]:
        return []

    def close(self) -> None:
        self.closed = True


def tries(connection: Connection, port: Port, from_s: float, to_s: float) -> list[float]:
    """Return when a missing port is tried, asked as often as one could."""
    port.is_there = False
    tried: list[float] = []
    for step in range(round((to_s - from_s) * 1000)):
        now_s = from_s + step / 1000
        before = connection.next_try_s
        connection.reopen_if_due(now_s)
        if connection.next_try_s != before:
            tried.append(now_s)
    return tried


def test_the_first_opening_says_what_is_wrong() -> None:
    port = Port()
    port.is_there = False
    with pytest.raises(BridgeError, match="no such port"):
        Connection("slcan:x", port.open).open(0.0)


def test_patience_doubles_up_to_its_limit() -> None:
    port = Port()
    connection = Connection("slcan:x", port.open)
    connection.open(0.0)
    connection.lose(TransportError(LinkReason.GONE, "gone"), 10.0)

    tried = tries(connection, port, 10.0, 13.0)

    waits = [later - earlier for earlier, later in zip([10.0, *tried], tried, strict=False)]
    assert waits == pytest.approx([0.05, 0.1, 0.2, *[0.25] * 10], abs=0.0021)
    assert max(waits) <= LONGEST_WAIT_S + 0.0021
    assert connection.transport is None
    assert connection.trouble == "link: slcan:x: no such port"


def test_whenever_a_port_is_back_it_is_open_within_300_ms() -> None:
    """Of the 400 ms that are promised 100 are left for opening it and for the first frame."""
    for away_ms in range(1, 3000, 37):
        port = Port()
        connection = Connection("slcan:x", port.open)
        connection.open(0.0)
        connection.lose(TransportError(LinkReason.GONE, "gone"), 10.0)
        back_s = 10.0 + away_ms / 1000
        tries(connection, port, 10.0, back_s)
        port.is_there = True

        assert connection.reopen_if_due(back_s + 0.3)


def test_a_port_that_is_back_is_opened_and_patience_starts_anew() -> None:
    port = Port()
    connection = Connection("slcan:x", port.open)
    connection.open(0.0)
    connection.lose(TransportError(LinkReason.GONE, "gone"), 10.0)
    tries(connection, port, 10.0, 12.0)
    port.is_there = True

    assert connection.reopen_if_due(connection.next_try_s)
    assert connection.trouble is None
    lost_s = connection.next_try_s + SETTLED_S
    assert connection.lose(TransportError(LinkReason.GONE, "gone"), lost_s)
    assert connection.next_try_s == pytest.approx(lost_s + FIRST_WAIT_S)


def test_a_port_that_opens_and_fails_at_once_is_not_tried_in_a_hurry() -> None:
    port = Port()
    connection = Connection("slcan:x", port.open)
    now_s = 0.0
    for _ in range(8):
        assert connection.reopen_if_due(now_s)
        assert not connection.lose(TransportError(LinkReason.GONE, "gone"), now_s)
        now_s = connection.next_try_s

    assert now_s > 1.5
    assert connection.lost_count == 8


def test_counters_go_on_over_all_openings() -> None:
    port = Port()
    connection = Connection("slcan:x", port.open)
    connection.open(0.0)
    connection.lose(TransportError(LinkReason.GONE, "gone"), 1.0)
    connection.open(2.0)
    assert connection.counters == TransportCounters(frames_sent=6, rejected_bytes=4)

    connection.close()
    connection.close()
    assert connection.counters == TransportCounters(frames_sent=6, rejected_bytes=4)
