"""A TCP connection to an adapter or a serial port elsewhere: `socket://HOST:PORT`, as pyserial.

What serves it is an adapter on a wireless network, or ser2net or socat before a serial port.
"""

import contextlib
import re
import socket
import struct
from urllib.parse import SplitResult, urlsplit

from firmware_bridge.errors import LinkError, LinkReason, TransportError
from firmware_bridge.transports.backlog import tcp_unsent_bytes, undelivered_bytes
from firmware_bridge.transports.byte_port import BytePort, Device

SCHEME = "socket://"
_CONNECT_S = 0.5  # a lost packet is one more try; the link goes on trying
# A server that vanished without a word is noticed after 3 s, though nothing is sent to it.
_PROBE_AFTER_S, _PROBE_EACH_S, _PROBES = 1, 1, 2
# Half a second of all our messages as lines; what waits here longer than 0.05 s is no more than one
# cycle, for the link sends nothing cyclic then.
_SEND_BUFFER_BYTES = 4096
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset, and throw away what is left


def is_tcp(port: str) -> bool:
    """Return whether the port of a URI is one of pyserial's URLs and no device file.

    LinkError for another URL than `socket://`.
    """
    scheme, separator, _ = port.partition("://")
    if not separator or not re.fullmatch("[a-z][a-z0-9+.-]*", scheme):
        return False
    if port.startswith(SCHEME):
        return True
    raise LinkError(
        LinkReason.BAD_ADDRESS,
        f"link: {port}: {scheme}:// is not supported; let the server pass the bytes as they are"
        " (ser2net: tcp, socat: TCP-LISTEN) and use socket://HOST:PORT",
    )


def check_tcp(port: str) -> tuple[str, int]:
    """Return host and port number of `socket://HOST:PORT`; LinkError where it is none."""
    try:
        parts = urlsplit(port)
        number = parts.port
    except ValueError:
        parts, number = SplitResult("", "", "", "", ""), None
    if not parts.hostname or not number or parts.path not in ("", "/") or "@" in parts.netloc:
        raise LinkError(
            LinkReason.BAD_ADDRESS,
            f"link: {port!r} is not the address of a TCP port; use socket://HOST:PORT with a port "
            "in 1..65535, as socket://192.168.4.1:3333 or socket://[fe80::1]:3333",
        )
    return parts.hostname, number


def open_tcp_port(port: str) -> BytePort:
    """Connect to `socket://HOST:PORT`.

    LinkError where that is no address; TransportError, with what to do, where nobody answers.
    """
    host, number = check_tcp(port)
    try:
        made = socket.create_connection((host, number), timeout=_CONNECT_S)
    except OSError as error:
        raise _why_not_open(port, host, number, error) from error
    _set_up(made)

    def close(abort: bool) -> None:
        if abort:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        made.close()

    return BytePort(
        Device(
            name=port,
            descriptor=made.fileno(),
            hung_up="the other side ended the connection",
            unsent=tcp_unsent_bytes,
            undelivered=undelivered_bytes,
            discard=lambda: False,  # bytes of a connection cannot be taken back
            close=close,
        )
    )


def _set_up(made: socket.socket) -> None:
    made.setblocking(False)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    with contextlib.suppress(OSError):  # not on every system
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _PROBE_AFTER_S)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_EACH_S)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)


def _why_not_open(port: str, host: str, number: int, error: OSError) -> TransportError:
    if isinstance(error, socket.gaierror):
        reason = f"host {host!r} is not known ({error.strerror}); use its IP address"
        return TransportError(LinkReason.NOT_FOUND, f"link: {port}: {reason}")
    if isinstance(error, ConnectionRefusedError):
        reason = f"nothing listens at port {number}; is its server running?"
        return TransportError(LinkReason.NOT_FOUND, f"link: {port}: {reason}")
    if isinstance(error, TimeoutError):
        reason = f"no answer within {_CONNECT_S * 1000:.0f} ms; is the host on this network?"
        return TransportError(LinkReason.NOT_FOUND, f"link: {port}: {reason}")
    reason = f"does not open: {error.strerror or error}; the service needs systemd/tcp-link.conf"
    return TransportError(LinkReason.DOES_NOT_OPEN, f"link: {port} {reason}")
