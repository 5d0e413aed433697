"""The datagrams of python-can's `udp_multicast`: a message as a map in MessagePack.

Written by python-can, read here: its own reader takes a fraction for an id, and a number for the
data, of which it then makes as many zeros.
"""

from typing import Any

from can.interfaces.udp_multicast import utils

from firmware_bridge.protocol.frame import (
    EXTENDED,
    MAX_CLASSIC_LENGTH,
    MAX_EXTENDED_ID,
    CanFrame,
    is_can_id,
)
from firmware_bridge.transports.can_bus import as_message

try:
    import msgpack
except ImportError:  # an optional part of python-can; `is_msgpack_installed` is asked first
    msgpack = None

# What a message holds, as far as it concerns us.
_OTHER_KINDS = ("is_remote_frame", "is_error_frame", "is_fd")
_FIELDS = {
    "arbitration_id": int,
    "data": bytes,
    "is_extended_id": bool,
    **dict.fromkeys(_OTHER_KINDS, bool),
}


def is_msgpack_installed() -> bool:
    """Return whether the rest of this module can work."""
    return utils.is_msgpack_installed(raise_exception=False)


def make_message(frame: CanFrame) -> bytes:
    """Return the datagram of `frame`; ValueError unless it is a classic one."""
    return utils.pack_message(as_message(frame))


def read_message(datagram: bytes) -> dict[str, Any] | None:
    """Return the fields of the message in a datagram; None if it does not hold exactly one."""
    try:
        fields = msgpack.unpackb(datagram)
    except Exception:  # msgpack names no common type, and whatever it is, this is no message
        return None
    if not isinstance(fields, dict):
        return None
    if any(type(fields.get(name)) is not kind for name, kind in _FIELDS.items()):
        return None
    return fields if 0 <= fields["arbitration_id"] <= MAX_EXTENDED_ID else None


def as_frame(fields: dict[str, Any], time_s: float) -> CanFrame | None:
    """Return the frame, stamped `time_s`; None for the kinds that are not ours."""
    if any(fields[name] for name in _OTHER_KINDS):
        return None
    can_id = fields["arbitration_id"] | (EXTENDED if fields["is_extended_id"] else 0)
    if not is_can_id(can_id) or len(fields["data"]) > MAX_CLASSIC_LENGTH:
        return None
    return CanFrame(can_id, fields["data"], time_s)
