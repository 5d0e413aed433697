"""Frames to all programs on this machine: the datagrams of python-can's `udp_multicast`.

python-can's own bus receives what it sends itself and ends at the first datagram that is no frame,
hence own sockets here; `can.Bus(interface="udp_multicast", channel=GROUP)` and `candump`-like tools
built on it take part all the same.
"""

import errno
import ipaddress
import socket
import time

from firmware_bridge.errors import LinkError, LinkReason, SendTimeoutError, TransportError
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.transports.address import NumberOption, split_address
from firmware_bridge.transports.base import WRITE_TIMEOUT_S, TransportCounters
from firmware_bridge.transports.gate import Gate
from firmware_bridge.transports.udp_message import (
    as_frame,
    is_msgpack_installed,
    make_message,
    read_message,
)

GROUP = "239.74.163.2"  # python-can's default for IPv4, as is the port
PORT = NumberOption("port", 43_113, 1, 65_535)

_THIS_MACHINE = "127.0.0.1"
_RECEIVE_BUFFER = 1 << 20  # bytes; the kernel's usual 208 KiB hold less than 300 datagrams
_LARGEST_DATAGRAM = 65_535
_MAX_DATAGRAMS_AT_ONCE = 64


def open_udp_multicast(address: str) -> "UdpMulticast":
    """Open `GROUP` or `GROUP?port=N`, an IPv4 multicast group."""
    group, port = check_udp_multicast(address)
    if not is_msgpack_installed():
        raise LinkError(
            LinkReason.MISSING_PACKAGE,
            "link: udp_multicast needs msgpack: pip install 'edge-fer[multicast]'",
        )
    return UdpMulticast(group, port)


def check_udp_multicast(address: str) -> tuple[str, int]:
    """Return group and port; BridgeError where they are wrong. Opens nothing."""
    group, port = split_address("udp_multicast", address, PORT)
    if not _is_group(group):
        raise LinkError(
            LinkReason.BAD_ADDRESS,
            f"link: udp_multicast:{group} is not an IPv4 multicast group (224.0.0.0 to"
            f" 239.255.255.255); use udp_multicast:{GROUP}",
        )
    return group, port


class UdpMulticast:
    """A transport over a multicast group of the loopback interface: nothing leaves the machine."""

    def __init__(self, group: str, port: int = PORT.default) -> None:
        self._name = f"udp_multicast:{group}"
        self._destination = (group, port)
        try:
            self._receiver = _receiver(group, port)
        except OSError as error:
            raise TransportError(
                LinkReason.DOES_NOT_OPEN,
                _why_not_open(self._name, port, error),
            ) from error
        # A socket of its own for sending: its address distinguishes our echo from others' frames.
        self._sender = _sender()
        self._own_address = self._sender.getsockname()
        self._gate = Gate(
            self._name, readable=self._receiver.fileno(), writable=self._sender.fileno()
        )
        self._sent = self._received = self._rejected = self._rejected_bytes = 0

    @property
    def counters(self) -> TransportCounters:
        """Return what passed so far; rejected are datagrams that hold no CAN frame."""
        return TransportCounters(self._sent, self._received, self._rejected, self._rejected_bytes)

    @property
    def trouble(self) -> str | None:
        """Return None: what is not read in time is lost, and nobody says so."""
        return None

    @property
    def backlog_s(self) -> float:
        """Return 0: nothing waits here."""
        return 0.0

    def fileno(self) -> int | None:
        """Return the descriptor of the receiving socket."""
        return self._receiver.fileno()

    def send(self, frame: CanFrame) -> None:
        """Send `frame`; see `Transport.send`. A program that does not read in time misses it."""
        datagram = make_message(frame)
        with self._gate.sending:
            self._gate.check()
            deadline_s = time.monotonic() + WRITE_TIMEOUT_S
            while True:
                try:
                    self._sender.sendto(datagram, self._destination)
                except BlockingIOError:
                    pass
                except OSError as error:
                    raise self._lost(error) from error
                else:
                    break
                if not self._gate.wait_writable(deadline_s - time.monotonic()):
                    raise SendTimeoutError(f"link: {self._name} takes no datagrams")
            self._sent += 1

    def receive(self, timeout_s: float) -> list[CanFrame]:
        """Return the frames of the others that arrived; see `Transport.receive`."""
        deadline_s = time.monotonic() + timeout_s
        with self._gate.receiving:
            self._gate.check()
            while True:
                left_s = max(0.0, deadline_s - time.monotonic())
                # What arrives may be our own echo or no frame: then it goes on waiting.
                frames = self._take() if self._gate.wait_readable(left_s) else []
                if frames or left_s == 0.0:
                    return frames

    def close(self) -> None:
        """Leave the group."""
        if not self._gate.shut():
            return
        with self._gate.sending, self._gate.receiving:
            self._receiver.close()
            self._sender.close()
            self._gate.release()

    def _take(self) -> list[CanFrame]:
        frames: list[CanFrame] = []
        for _ in range(_MAX_DATAGRAMS_AT_ONCE):
            try:
                datagram, sender = self._receiver.recvfrom(_LARGEST_DATAGRAM)
            except BlockingIOError:
                break
            except OSError as error:
                if frames:
                    break  # what came before is not lost; the error comes again
                raise self._lost(error) from error
            if sender == self._own_address:
                continue
            fields = read_message(datagram)
            if fields is None:
                self._rejected += 1
                self._rejected_bytes += len(datagram)
                continue
            frame = as_frame(fields, time.monotonic())
            if frame is not None:
                frames.append(frame)
        self._received += len(frames)
        return frames

    def _lost(self, error: OSError) -> TransportError:
        return TransportError(
            LinkReason.GONE,
            f"link: {self._name} is gone: {error.strerror or error}",
        )


def _is_group(text: str) -> bool:
    try:
        return ipaddress.IPv4Address(text).is_multicast
    except ValueError:
        return False


def _receiver(group: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        made.bind((group, port))  # the group, so that others on the same port are not received
        membership = socket.inet_aton(group) + socket.inet_aton(_THIS_MACHINE)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError:
        made.close()
        raise
    return made


def _sender() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    interface = socket.inet_aton(_THIS_MACHINE)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)  # stays on this machine
    made.bind((_THIS_MACHINE, 0))
    return made


def _why_not_open(name: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"link: {name} does not open: another program has port {port}; try ?port=N"
    return f"link: {name} does not open: {error.strerror or error}"
