"""The ways to the vehicle controller: `open_transport(uri)` picks one by the scheme of the URI."""

from collections.abc import Callable, Mapping

from firmware_bridge.errors import LinkError, LinkReason
from firmware_bridge.transports.base import Transport, TransportCounters
from firmware_bridge.transports.can_bus import open_socketcan, open_virtual
from firmware_bridge.transports.cobs_serial import check_cobs, open_cobs
from firmware_bridge.transports.slcan_serial import check_slcan, open_slcan
from firmware_bridge.transports.udp_multicast import check_udp_multicast, open_udp_multicast

__all__ = [
    "SCHEMES",
    "Transport",
    "TransportCounters",
    "check_address",
    "check_uri",
    "open_transport",
]

# A scheme, and how a URI with it looks like.
SCHEMES: Mapping[str, str] = {
    "slcan": "slcan:/dev/ttyUSB0 (a CAN bus at another rate slcan:/dev/ttyUSB0?bitrate=250k, over"
    " TCP slcan:socket://HOST:PORT)",
    "cobs": "cobs:/dev/ttyUSB0 (a noisy line, no CAN adapter)",
    "socketcan": "socketcan:can0",
    "udp_multicast": "udp_multicast:239.74.163.2 (between programs on one machine)",
    "virtual": "virtual:NAME (within one process)",
}
_OPENERS: Mapping[str, Callable[[str], Transport]] = {
    "cobs": open_cobs,
    "socketcan": open_socketcan,
    "udp_multicast": open_udp_multicast,
    "virtual": open_virtual,
}
_CHECKS: Mapping[str, Callable[[str], object]] = {
    "slcan": check_slcan,
    "cobs": check_cobs,
    "udp_multicast": check_udp_multicast,
}


def check_uri(uri: str) -> None:
    """BridgeError where no transport can take a link's URI with its options; opens nothing."""
    scheme, address = check_address(uri)
    _CHECKS.get(scheme, str)(address)


def check_address(uri: str) -> tuple[str, str]:
    """Return scheme and address of a link's URI; BridgeError where no transport can take it."""
    scheme, colon, address = uri.partition(":")
    if scheme not in SCHEMES:
        reason = f"unknown scheme {scheme!r}" if colon else "no scheme"
        raise LinkError(
            LinkReason.BAD_ADDRESS, f"link: {reason} in {uri!r}; use {', '.join(SCHEMES.values())}"
        )
    if not address:
        raise LinkError(
            LinkReason.BAD_ADDRESS, f"link: {uri!r} names no port; use {SCHEMES[scheme]}"
        )
    return scheme, address


def open_transport(uri: str, *, listen_only: bool = False, patience_s: float = 0.0) -> Transport:
    """Open the port or bus that `uri` names.

    `listen_only` is how the adapter of a serial port takes part in its bus, unless `uri` says it:
    then it acknowledges nothing, and at a wrong bit rate it disturbs nobody. `patience_s` is how
    long it is waited for until it takes frames, where it is known that there is one.

    BridgeError for a URI that no transport can take, TransportError where it does not open.
    """
    scheme, address = check_address(uri)
    if scheme == "slcan":
        return open_slcan(address, listen_only=listen_only, patience_s=patience_s)
    return _OPENERS[scheme](address)
