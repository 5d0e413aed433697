import errno
import grp
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from firmware_bridge.errors import BridgeError, SendTimeoutError, TransportError
from firmware_bridge.frame import CanFrame
from firmware_bridge.pty_wire import PtyWire
from firmware_bridge.slcan import CLOSE_COMMAND, OPEN_COMMANDS
from firmware_bridge.transports import open_transport
from firmware_bridge.transports.slcan_serial import SlcanSerial

FRAME = CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 0.0)
LINE = b"t3A08B4D003AF90140405\r"


class Terminal:
    """A pseudo-terminal; the test is the device behind `path`."""

    def __init__(self) -> None:
        self.device, self._port = os.openpty()
        self.path = os.ttyname(self._port)
        self._is_plugged = True

    def read(self) -> bytes:
        """Return all that was written, until it is quiet for a moment."""
        data = b""
        while select.select([self.device], [], [], 0.05)[0]:
            data += os.read(self.device, 65536)
        return data

    def unplug(self) -> None:
        if self._is_plugged:
            self._is_plugged = False
            os.close(self._port)
            os.close(self.device)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.unplug()


def send_until_full(port: SlcanSerial) -> float:
    """Send until nothing is taken any more; return how long that took to be said."""
    for _ in range(100_000):
        started_s = time.monotonic()
        try:
            port.send(FRAME)
        except SendTimeoutError:
            return time.monotonic() - started_s
    raise AssertionError("a terminal that nobody reads never fills")


def test_the_channel_is_opened_and_closed_as_an_adapter_wants_it(terminal: Terminal) -> None:
    port = SlcanSerial(terminal.path)
    port.send(FRAME)
    port.close()

    assert terminal.read() == OPEN_COMMANDS + LINE + CLOSE_COMMAND


def test_garbage_is_counted_and_the_frames_between_are_kept(terminal: Terminal) -> None:
    port = SlcanSerial(terminal.path)
    os.write(terminal.device, b"\xff\xfe" + LINE + b"nonsense\r" + LINE + b"t3A0")
    os.write(terminal.device, LINE[4:])

    frames = port.receive(1.0)

    assert [frame.data for frame in frames] == [FRAME.data] * 3
    assert port.counters.rejected_lines == 2
    assert port.counters.rejected_bytes == 2 + len(b"nonsense\r")
    port.close()


def test_nothing_on_the_wire_is_changed_by_the_terminal(terminal: Terminal) -> None:
    """Ctrl-C, XOFF, newline and erase are bytes like others."""
    port = SlcanSerial(terminal.path)
    terminal.read()
    os.write(terminal.device, bytes(range(256)) + LINE)

    assert [frame.data for frame in port.receive(1.0)] == [FRAME.data]
    assert terminal.read() == b""  # no echo
    port.close()


def test_a_port_that_nobody_reads_says_so_in_time_and_goes_on(terminal: Terminal) -> None:
    port = SlcanSerial(terminal.path)

    assert 0.09 < send_until_full(port) < 1.0
    terminal.read()
    port.send(FRAME)
    closing_s = time.monotonic()
    port.close()
    assert time.monotonic() - closing_s < 1.0


def test_frames_that_waited_too_long_are_thrown_away(terminal: Terminal) -> None:
    """Their ages would be wrong by as long as they waited."""
    port = SlcanSerial(terminal.path)
    send_until_full(port)

    assert len(terminal.read()) < port.counters.frames_sent * len(LINE)
    port.close()


def test_an_unread_port_closes_at_once(terminal: Terminal) -> None:
    port = SlcanSerial(terminal.path)
    send_until_full(port)

    closing_s = time.monotonic()
    port.close()

    assert time.monotonic() - closing_s < 1.0


def test_a_port_that_vanishes_is_an_error_both_ways(terminal: Terminal) -> None:
    port = SlcanSerial(terminal.path)
    terminal.unplug()

    with pytest.raises(TransportError, match="is gone"):
        port.receive(0.5)
    with pytest.raises(TransportError, match="is gone") as caught:
        port.send(FRAME)
    assert not isinstance(caught.value, SendTimeoutError)
    port.close()


def test_a_missing_port_is_named(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match=r"ttyX9: no such port; (there is|is it plugged in)"):
        open_transport(f"slcan:{tmp_path}/ttyX9")


def test_a_busy_port_is_refused(wire: PtyWire) -> None:
    first = open_transport(f"slcan:{wire.end_a}")
    with pytest.raises(TransportError, match=f"{wire.end_a} is busy: another program"):
        open_transport(f"slcan:{wire.end_a}")
    first.close()
    open_transport(f"slcan:{wire.end_a}").close()


def test_what_is_no_serial_port_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(LINE)

    for path in (file, tmp_path, Path("/dev/null")):
        with pytest.raises(TransportError, match="is not a serial port"):
            open_transport(f"slcan:{path}")
    assert file.read_bytes() == LINE


def test_a_port_without_permission_names_its_group(
    wire: PtyWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port: Permission denied")

    # Tests may run as root, whom nothing is forbidden.
    monkeypatch.setattr(serial, "Serial", refuse)
    group = grp.getgrgid(Path(wire.end_a).stat().st_gid).gr_name

    with pytest.raises(TransportError, match="permission denied") as caught:
        open_transport(f"slcan:{wire.end_a}")

    assert f"it belongs to group {group}; sudo usermod -aG {group} $USER" in str(caught.value)


@pytest.mark.parametrize("query", ["baudrate=0", "baudrate=fast", "baudrate=", "baudrate=1e6"])
def test_a_wrong_baud_rate_is_an_error(wire: PtyWire, query: str) -> None:
    with pytest.raises(BridgeError, match=r"baudrate '.*' is not in 300\.\.12000000"):
        open_transport(f"slcan:{wire.end_a}?{query}")


def test_an_unknown_option_is_an_error(wire: PtyWire) -> None:
    with pytest.raises(BridgeError, match="unknown option 'parity'; use baudrate"):
        open_transport(f"slcan:{wire.end_a}?parity=even")


def test_another_baud_rate_is_taken(wire: PtyWire) -> None:
    open_transport(f"slcan:{wire.end_a}?baudrate=921600").close()
