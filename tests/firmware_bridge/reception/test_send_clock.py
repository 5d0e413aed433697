"""A reader that stops and comes back never takes an old state for a fresh one."""

import os
import random
import socket
import termios
import threading
import time
from collections.abc import Iterator

import pytest

from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Schedule, Snapshot
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, encode
from firmware_bridge.protocol.slcan import SlcanParser
from firmware_bridge.reception.supervision import FrameStatus
from firmware_bridge.reception.watching import Watch
from firmware_bridge.terminal.pty import Terminal
from firmware_bridge.transports import serial_port

LONGEST_S = 0.5
STOPPED_S = 2.5
STOPPED_TCP_S = 5.0  # until the buffers of both sides are full
# The age that the receiver tells is an upper bound to some milliseconds; of the sender's cycle
# there is nothing in it.
MARGIN_S = 0.02


def sent_frames(seconds: float) -> Iterator[CanFrame]:
    """Yield what a link sends; the state's EventSequence says when it was made, modulo 25.5 s."""
    schedule = Schedule(0.0)
    senders: dict[str, Profile22Sender] = {}
    now_s = 0.0
    while now_s < seconds:
        mark = int(now_s * 10) % 255
        schedule.update(Snapshot(now_s, DriverStateMessage(1, event_sequence=mark)), now_s)
        for message in schedule.take_due(now_s):
            known = definition(message.NAME)
            sender = senders.setdefault(message.NAME, Profile22Sender(known.data_ids))
            yield CanFrame(known.can_id, sender.protect(encode(message)), now_s)
        now_s = max(now_s + 0.001, schedule.next_s(now_s))


@pytest.mark.parametrize("stopped_s", [0.2, 0.4, 0.6, 1.0, 1.6, 5.0, 20.0])
@pytest.mark.parametrize("drained_s", [0.0, 0.001])
def test_no_state_of_before_is_fresh_after_a_pause(stopped_s: float, drained_s: float) -> None:
    """From second 5 on the reader stops; then it reads all that waited, `drained_s` a frame."""
    watch = Watch(0.0)
    free_s, shown, stale = 0.0, 0, 0
    for frame in sent_frames(30.0):
        sent_s = frame.time_s
        arrives_s = sent_s + 0.002
        if 5.0 <= arrives_s < 5.0 + stopped_s:
            arrives_s = 5.0 + stopped_s
        arrives_s = max(arrives_s, free_s)
        free_s = arrives_s + drained_s
        judged = watch.take(CanFrame(frame.can_id, frame.data, arrives_s))
        stale += judged.status is FrameStatus.STALE
        if judged.usable and judged.name == "DriverState":
            shown += 1
            assert arrives_s - sent_s <= LONGEST_S + MARGIN_S
    assert (stale > 0) is (stopped_s > LONGEST_S)
    assert shown > 20 * (30.0 - stopped_s - 1.5) / 2
    assert watch.latest(DriverStateMessage) is not None


def test_a_reader_that_begins_with_a_full_queue_waits_until_it_is_empty() -> None:
    watch = Watch(0.0)
    for frame in sent_frames(30.0):
        arrives_s = max(frame.time_s + 0.002, 20.0 + frame.time_s / 1000)
        judged = watch.take(CanFrame(frame.can_id, frame.data, arrives_s))
        if judged.usable and judged.name == "DriverState" and arrives_s > 20.0005:
            assert arrives_s - frame.time_s <= LONGEST_S + MARGIN_S
    assert watch.latest(DriverStateMessage) is not None


def test_jitter_of_a_usb_adapter_is_no_reason_for_doubt() -> None:
    chance = random.Random(1)
    watch = Watch(0.0)
    arrives_s = 0.0
    for frame in sent_frames(20.0):
        arrives_s = max(arrives_s, frame.time_s + chance.uniform(0.001, 0.017))
        judged = watch.take(CanFrame(frame.can_id, frame.data, arrives_s))
        assert judged.status is FrameStatus.OK
        assert judged.age_ms is None or judged.age_ms < 200


class Pty:
    """A pseudo-terminal: the kernel keeps what nobody reads, and does not tell the writer."""

    def __init__(self) -> None:
        self._terminal = Terminal()
        self.uri = f"slcan:{self._terminal.path}?adapter=no"
        os.set_blocking(self._terminal.device, False)

    def read(self) -> bytes:
        try:
            return os.read(self._terminal.device, 4096)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        self._terminal.close()


class UsbSerialPort(Pty):
    """One whose driver says how much waits in it, as the other side lets it send nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._waiting = b""
        self._lock = threading.Lock()
        monkeypatch.setattr(serial_port, "undelivered_bytes", lambda descriptor: self._count())
        monkeypatch.setattr(termios, "tcflush", lambda descriptor, queue: self._flush())

    def read(self) -> bytes:
        with self._lock:
            data, self._waiting = self._waiting + super().read(), b""
        return data

    def _count(self) -> int:
        with self._lock:
            self._waiting += super().read()
            return len(self._waiting)

    def _flush(self) -> None:
        with self._lock:
            super().read()
            self._waiting = b""


class TcpLine:
    """A TCP server with a small buffer, so that what is not read waits in the sender as well."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self._listener.setblocking(False)
        self.uri = "slcan:socket://{}:{}?adapter=no".format(*self._listener.getsockname())
        self._connection: socket.socket | None = None
        self.connections = 0

    def read(self) -> bytes:
        try:
            if self._connection is None:
                self._connection, _ = self._listener.accept()
                self._connection.setblocking(False)
                self.connections += 1
            data = self._connection.recv(4096)
        except BlockingIOError:
            return b""
        except ConnectionResetError:
            data = b""
        if not data:
            self._hang_up()
        return data

    def close(self) -> None:
        self._hang_up()
        self._listener.close()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pseudo-terminal", "USB serial port", "TCP"])
def test_after_a_pause_of_the_reader_nothing_old_is_fresh(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_s = STOPPED_TCP_S if kind == "TCP" else STOPPED_S
    line: Pty | TcpLine
    if kind == "TCP":
        line = TcpLine()
    else:
        line = UsbSerialPort(monkeypatch) if kind.startswith("USB") else Pty()
    link = Link(line.uri)
    link.open()
    link.start()
    parser, watch = SlcanParser(), Watch(time.monotonic())
    pause_s = time.monotonic() + 1.0
    end_s = pause_s + stopped_s + 1.8
    old = shown_after = 0
    while (now_s := time.monotonic()) < end_s:
        mark = int(now_s * 10) % 255
        link.publish(Snapshot(now_s, DriverStateMessage(1, event_sequence=mark), now_s))
        data = b"" if pause_s <= now_s < pause_s + stopped_s else line.read()
        if not data:
            time.sleep(0.01)
        for frame in parser.feed(data, time.monotonic()):
            judged = watch.take(frame)
            old += judged.status is FrameStatus.STALE
            if judged.usable and isinstance(judged.message, DriverStateMessage):
                made = judged.message.event_sequence or 0
                age = (int(frame.time_s * 10) - made) % 255
                assert age <= 5, f"{age / 10} s"
                shown_after += now_s > pause_s + stopped_s
    counters = link.counters
    assert link.stop()
    line.close()

    assert shown_after > 3
    if kind == "pseudo-terminal":
        assert old > 0
    else:  # what waited was bounded by the sender
        assert counters.cycles_skipped > 3  # a connection that is ended begins with nothing behind
    if kind.startswith("USB"):
        assert old < 25  # half a second of all messages; all of the pause would be 120
    if isinstance(line, TcpLine):
        assert counters.connections_lost >= 1
        assert line.connections >= 2
