"""Where the bytes of SLCAN and COBS go: a serial port of this machine, or a TCP port elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from firmware_bridge.errors import LinkError, LinkReason
from firmware_bridge.transports.address import choice, number
from firmware_bridge.transports.byte_port import BytePort
from firmware_bridge.transports.serial_port import BAUDRATE, open_serial_port
from firmware_bridge.transports.tcp_port import check_tcp, is_tcp, open_tcp_port

_SERIAL_ONLY = ("baudrate", "reset")


@dataclass(frozen=True, slots=True)
class Place:
    """A device file or `socket://HOST:PORT`, and how a serial port is opened."""

    port: str
    baudrate: int = BAUDRATE.default
    keep_running: bool = False  # the board is not reset by DTR


def place_of(scheme: str, address: str, port: str, options: Mapping[str, str]) -> Place:
    """Return where the bytes go; BridgeError for a wrong address or option, nothing is opened."""
    if not is_tcp(port):
        baudrate = number(scheme, address, BAUDRATE, options)
        keeps = choice(scheme, address, "reset", ("yes", "no"), options) == "no"
        return Place(port, baudrate, keeps)
    check_tcp(port)
    for name in _SERIAL_ONLY:
        if name in options:
            raise LinkError(
                LinkReason.BAD_ADDRESS,
                f"link: {scheme}:{address}: {name} is of a serial port; it is set at the server"
                " of a TCP port",
            )
    return Place(port)


def open_place(place: Place) -> BytePort:
    """Open it; see `open_serial_port` and `open_tcp_port` for what goes wrong."""
    if is_tcp(place.port):
        return open_tcp_port(place.port)
    return open_serial_port(place.port, place.baudrate, keep_running=place.keep_running)
