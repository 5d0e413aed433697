"""What the transports over a serial port promise beyond the contract of all, over each of them."""

import grp
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_bridge.errors import BridgeError, SendTimeoutError, TransportError
from firmware_bridge.protocol.cobs import encode_packet
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.slcan import encode_line
from firmware_bridge.terminal.pty_wire import PtyWire
from firmware_bridge.transports import Transport, open_transport
from tests.firmware_bridge.transports.backends import Terminal
from tests.own_seconds import OwnSeconds

PATIENCE_S = 60.0  # a bound against hanging
FRAME = CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 0.0)
ENCODE = {"slcan": encode_line, "cobs": encode_packet}
NOBODY = 65534


@pytest.fixture(params=sorted(ENCODE))
def scheme(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


def send_until_full(port: Transport) -> tuple[float, str]:
    """Send until nothing is taken any more; return how long that took to be said, and how."""
    for _ in range(100_000):
        started_s, sending = time.monotonic(), OwnSeconds()
        try:
            port.send(FRAME)
        except SendTimeoutError as error:
            assert time.monotonic() - started_s > 0.09
            return sending.passed, str(error)
    raise AssertionError("a terminal that nobody reads never fills")


def test_nothing_on_the_wire_is_changed_by_the_terminal(scheme: str, terminal: Terminal) -> None:
    """Ctrl-C, XOFF, newline and erase are bytes like others."""
    port = open_transport(f"{scheme}:{terminal.path}")
    terminal.read()
    os.write(terminal.device, bytes(range(256)) + ENCODE[scheme](FRAME))

    assert [frame.data for frame in port.receive(PATIENCE_S)] == [FRAME.data]
    assert terminal.read() == b""  # no echo
    port.close()


def test_a_frame_may_arrive_in_any_pieces(scheme: str, terminal: Terminal) -> None:
    port = open_transport(f"{scheme}:{terminal.path}")
    encoded = ENCODE[scheme](FRAME)

    def drip() -> None:
        for byte in encoded:
            os.write(terminal.device, bytes((byte,)))
            time.sleep(0.001)

    dripping = threading.Thread(target=drip)
    dripping.start()
    assert [frame.data for frame in port.receive(PATIENCE_S)] == [FRAME.data]
    dripping.join()
    port.close()


def test_a_port_that_nobody_reads_says_so_in_time_and_goes_on(
    scheme: str, terminal: Terminal
) -> None:
    port = open_transport(f"{scheme}:{terminal.path}")

    seconds, said = send_until_full(port)

    assert seconds < 1.0
    assert f"{terminal.path} took nothing for 100 ms: is the other side reading?" in said
    terminal.read()
    port.send(FRAME)
    assert terminal.read().endswith(ENCODE[scheme](FRAME))
    port.close()


def test_frames_that_waited_too_long_are_thrown_away(scheme: str, terminal: Terminal) -> None:
    """Their ages would be wrong by as long as they waited."""
    port = open_transport(f"{scheme}:{terminal.path}")
    send_until_full(port)

    assert len(terminal.read()) < port.counters.frames_sent * len(ENCODE[scheme](FRAME))
    port.close()


def test_an_unread_port_closes_at_once(scheme: str, terminal: Terminal) -> None:
    port = open_transport(f"{scheme}:{terminal.path}")
    send_until_full(port)

    closing = OwnSeconds()
    port.close()

    assert closing.passed < 1.0


def test_a_port_that_vanishes_is_an_error_both_ways(scheme: str, terminal: Terminal) -> None:
    port = open_transport(f"{scheme}:{terminal.path}")
    terminal.unplug()

    with pytest.raises(TransportError, match="is gone"):
        port.receive(0.5)
    with pytest.raises(TransportError, match="is gone") as caught:
        port.send(FRAME)
    assert not isinstance(caught.value, SendTimeoutError)
    port.close()


def test_a_port_that_vanishes_ends_the_wait(scheme: str, terminal: Terminal) -> None:
    port = open_transport(f"{scheme}:{terminal.path}")
    timer = threading.Timer(0.05, terminal.unplug)
    timer.start()
    waiting = OwnSeconds()

    with pytest.raises(TransportError, match="is gone"):
        port.receive(PATIENCE_S)

    assert waiting.passed < 5.0
    timer.join()
    port.close()


def test_a_missing_port_is_named(scheme: str, tmp_path: Path) -> None:
    with pytest.raises(TransportError, match=r"ttyX9: no such port; (there is|is it plugged in)"):
        open_transport(f"{scheme}:{tmp_path}/ttyX9")


def test_a_busy_port_is_refused(scheme: str, wire: PtyWire) -> None:
    first = open_transport(f"{scheme}:{wire.end_a}")
    with pytest.raises(TransportError, match=f"{wire.end_a} is busy: another program"):
        open_transport(f"{scheme}:{wire.end_a}")
    first.close()
    open_transport(f"{scheme}:{wire.end_a}").close()


def test_what_is_no_serial_port_is_refused(scheme: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(b"notes")

    for path in (file, tmp_path, Path("/dev/null")):
        with pytest.raises(TransportError, match="is not a serial port"):
            open_transport(f"{scheme}:{path}")
    assert file.read_bytes() == b"notes"


@contextmanager
def forbidden(path: str, mode: int) -> Iterator[str]:
    """Take from this process the permission to open `path`; root becomes nobody for a moment.

    `mode` gives the owner none. Root gives the port to a group that nobody is not in. Yields the
    name of its group.
    """
    before = Path(path).stat()
    Path(path).chmod(mode)
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(path, -1, next(g.gr_gid for g in grp.getgrall() if 0 < g.gr_gid < NOBODY))
        os.seteuid(NOBODY)
    try:
        yield grp.getgrgid(Path(path).stat().st_gid).gr_name
    finally:
        if is_root:
            os.seteuid(0)
            os.chown(path, -1, before.st_gid)
        Path(path).chmod(before.st_mode)


def test_a_port_without_permission_names_its_group(scheme: str, wire: PtyWire) -> None:
    with forbidden(wire.end_a, 0o060) as group, pytest.raises(TransportError) as caught:
        open_transport(f"{scheme}:{wire.end_a}")

    assert str(caught.value) == (
        f"link: {wire.end_a}: permission denied: it belongs to group {group};"
        f" sudo usermod -aG {group} $USER, then log in again"
    )


def test_a_port_that_its_group_may_not_open_either_wants_a_rule(scheme: str, wire: PtyWire) -> None:
    with forbidden(wire.end_a, 0o000) as group, pytest.raises(TransportError) as caught:
        open_transport(f"{scheme}:{wire.end_a}")

    assert str(caught.value) == (
        f"link: {wire.end_a}: permission denied: it is not open to its group {group};"
        " give it to a group with a udev rule"
    )


@pytest.mark.parametrize("query", ["baudrate=0", "baudrate=fast", "baudrate=", "baudrate=1e6"])
def test_a_wrong_baud_rate_is_an_error(scheme: str, wire: PtyWire, query: str) -> None:
    with pytest.raises(BridgeError, match=rf"{scheme}:.*baudrate '.*' is not in 300\.\.12000000"):
        open_transport(f"{scheme}:{wire.end_a}?{query}")


def test_an_unknown_option_is_an_error(scheme: str, wire: PtyWire) -> None:
    with pytest.raises(BridgeError, match="unknown option 'parity'; use baudrate"):
        open_transport(f"{scheme}:{wire.end_a}?parity=even")


def test_another_baud_rate_is_taken(scheme: str, wire: PtyWire) -> None:
    open_transport(f"{scheme}:{wire.end_a}?baudrate=921600").close()
