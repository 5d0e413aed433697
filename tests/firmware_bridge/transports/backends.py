"""Each transport as the contract suite uses it: two open ends, and a way to disturb one of them."""

import os
import select
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import can
import pytest
from can.interfaces.socketcan import SocketcanBus
from can.interfaces.virtual import VirtualBus

from firmware_bridge.errors import BridgeError
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.terminal.pty_wire import PtyWire
from firmware_bridge.transports import Transport, open_transport
from firmware_bridge.transports.udp_multicast import GROUP
from tests.firmware_bridge.transports.tcp_hub import TcpHub

VCAN = "vcan_edgefer"
_numbers = count()
GARBAGE = b"\xff\xfe\r" + bytes(range(256)) * 4 + b"t3A09nonsense\r"


@dataclass(frozen=True)
class Ends:
    """Two transports on one line. `disturb` makes `b` receive what is no frame of ours."""

    a: Transport
    b: Transport
    uri_a: str
    disturb: Callable[[], None]
    counts_garbage: bool


@contextmanager
def serial_ends(scheme: str) -> Iterator[Ends]:
    with PtyWire() as wire:

        def disturb() -> None:
            with Path(wire.end_a).open("wb", buffering=0) as other:
                other.write(GARBAGE)

        yield from _opened(
            f"{scheme}:{wire.end_a}", f"{scheme}:{wire.end_b}", disturb, counts_garbage=True
        )


@contextmanager
def tcp_ends() -> Iterator[Ends]:
    with TcpHub() as hub:
        uri = f"slcan:{hub.address}?adapter=no"
        yield from _opened(uri, uri, lambda: hub.disturb(GARBAGE), counts_garbage=True)


@contextmanager
def udp_ends() -> Iterator[Ends]:
    port = free_udp_port()
    uri = f"udp_multicast:{GROUP}?port={port}"
    reason = why_no_multicast(uri)
    if reason is not None:
        pytest.skip(f"udp_multicast: {reason}")

    def disturb() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.setsockopt(
                socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1")
            )
            for datagram in (GARBAGE, b"", b"\x80", b"\xc0", GARBAGE[:40]):
                other.sendto(datagram, (GROUP, port))

    yield from _opened(uri, uri, disturb, counts_garbage=True)


@contextmanager
def virtual_ends() -> Iterator[Ends]:
    name = f"contract{next(_numbers)}"
    uri = f"virtual:{name}"
    with VirtualBus(channel=name) as other:
        yield from _opened(uri, uri, lambda: send_other_kinds(other), counts_garbage=False)


@contextmanager
def socketcan_ends() -> Iterator[Ends]:
    with vcan() as interface, SocketcanBus(channel=interface) as other:
        uri = f"socketcan:{interface}"
        yield from _opened(uri, uri, lambda: send_other_kinds(other), counts_garbage=False)


def _opened(
    uri_a: str, uri_b: str, disturb: Callable[[], None], *, counts_garbage: bool
) -> Iterator[Ends]:
    with ExitStack() as stack:
        a = open_transport(uri_a)
        stack.callback(a.close)
        b = open_transport(uri_b)
        stack.callback(b.close)
        yield Ends(a, b, uri_a, disturb, counts_garbage)


def send_other_kinds(bus: can.BusABC) -> None:
    """Send what a bus carries and we do not take: remote frames, and errors."""
    bus.send(can.Message(arbitration_id=2, is_extended_id=False, is_remote_frame=True))
    if isinstance(bus, VirtualBus):  # a program cannot send these two to a classic SocketCAN bus
        bus.send(can.Message(arbitration_id=3, is_error_frame=True))
        bus.send(can.Message(arbitration_id=4, is_extended_id=False, is_fd=True, data=bytes(64)))


@contextmanager
def vcan() -> Iterator[str]:
    """Yield the name of a virtual CAN interface of the kernel; skip where there is none."""
    if Path("/sys/class/net/vcan0").exists():
        yield "vcan0"
        return
    reason = _make_vcan()
    if reason is not None:
        pytest.skip(f"socketcan: no vcan0, and none can be made: {reason}")
    try:
        yield VCAN
    finally:
        subprocess.run(["ip", "link", "del", VCAN], capture_output=True, check=False)


def _make_vcan() -> str | None:
    """Make the interface VCAN; return why that cannot be."""
    if shutil.which("ip") is None:
        return "the command `ip` is missing"
    for command in (["add", "dev", VCAN, "type", "vcan"], ["set", VCAN, "up"]):
        done = subprocess.run(["ip", "link", *command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"ip link {' '.join(command)}: {done.stderr.strip()}"
    return None


def why_no_multicast(uri: str) -> str | None:
    """Return why nothing passes over multicast here; None where it does."""
    try:
        a, b = open_transport(uri), open_transport(uri)
    except BridgeError as error:
        return str(error)
    try:
        a.send(CanFrame(1, b"", 0.0))
        return None if b.receive(1.0) else "no datagram comes back on the loopback interface"
    except BridgeError as error:
        return str(error)
    finally:
        a.close()
        b.close()


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


BACKENDS: dict[str, Callable[[], AbstractContextManager[Ends]]] = {
    "slcan": lambda: serial_ends("slcan"),
    "slcan over TCP": tcp_ends,
    "cobs": lambda: serial_ends("cobs"),
    "socketcan": socketcan_ends,
    "udp_multicast": udp_ends,
    "virtual": virtual_ends,
}


class Terminal:
    """A pseudo-terminal; the test is the device behind `path`."""

    def __init__(self) -> None:
        self.device, self.port = os.openpty()
        self.path = os.ttyname(self.port)
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
            os.close(self.port)
            os.close(self.device)
