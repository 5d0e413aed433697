"""Where the messages lie on the bus: at a base id, or where a DBC of one's own puts them."""

import errno
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import cantools

from firmware_bridge.bounded_read import read_bounded
from firmware_bridge.errors import InputError, InputReason
from firmware_bridge.protocol.frame import (
    EXTENDED,
    MAX_EXTENDED_ID,
    MAX_STANDARD_ID,
    id_text,
)

DBC_NAME = "driver_state.dbc"
BASE_ID = 0x3A0  # of the first message, in the DBC as it is shipped
_SPAN = 0x10  # to the last one
LAST_BASE_ID = MAX_EXTENDED_ID - _SPAN

_MOST_DBC_BYTES = 32 << 20  # the DBC of a whole vehicle has a few megabytes

MessageIds = Mapping[str, int]  # by name; a 29-bit id with EXTENDED

_MESSAGE_IN_DBC = re.compile(r"^BO_ ([0-9]+) (\w+)(?=:)", re.MULTILINE)
_ID_IN_DBC = re.compile(
    r'^(BO_ |CM_ (?:BO_|SG_) |BA_ "\w+" (?:BO_|SG_) |VAL_ )([0-9]+)(?= )', re.MULTILINE
)


def ids_at(base_id: int) -> MessageIds:
    """Return the ids where the first message has `base_id` and the others keep their distance.

    Above 0x7EF all of them have 29 bits. BridgeError for what is not an id.
    """
    if not 0 <= base_id <= LAST_BASE_ID:
        raise InputError(
            InputReason.BAD_VALUE, f"base id {base_id:#x} is not in 0..{LAST_BASE_ID:#x}"
        )
    flag = EXTENDED if base_id + _SPAN > MAX_STANDARD_ID else 0
    return {
        name: can_id - BASE_ID + base_id | flag for name, can_id in _shipped_ids(_shipped()).items()
    }


def read_ids(path: Path) -> MessageIds:
    """Return the ids that a DBC of one's own gives our messages; BridgeError as `ids_in`."""
    return ids_in(read_dbc(path), path.name)


def read_dbc(path: Path) -> str:
    """Return the text of a DBC file of somebody else; InputError where it cannot be read.

    A pipe or a device is refused: a daemon would wait for it at its start.
    """
    try:
        data = read_bounded(path, _MOST_DBC_BYTES)
    except OSError as error:
        why = {
            errno.EFBIG: f"larger than {_MOST_DBC_BYTES >> 20} MiB",
            errno.EISDIR: "not a regular file",
        }.get(error.errno or 0, error.strerror)
        raise InputError(InputReason.UNREADABLE, f"dbc: {path}: cannot be read ({why})") from error
    return data.decode(errors="replace").replace("\r\n", "\n")


def ids_in(text: str, name: str) -> MessageIds:
    """Return the ids of our messages in the DBC `text`, which may hold others.

    BridgeError where one of them is missing, is laid out in another way, or shares its id.
    """
    known = load(_shipped(), DBC_NAME)
    given = load(text, name)
    by_name = {message.name: message for message in given.messages}
    for message in known.messages:
        other = by_name.get(message.name)
        difference = "is missing" if other is None else _difference(message, other)
        if difference:
            raise InputError(InputReason.BAD_FORMAT, f"dbc: {name}: {message.name} {difference}")
    ids = {message.name: id_of(by_name[message.name]) for message in known.messages}
    for message in given.messages:
        for ours, can_id in ids.items():
            if id_of(message) == can_id and message.name != ours:
                raise InputError(
                    InputReason.BAD_VALUE,
                    f"dbc: {name}: {ours} and {message.name} both have the id {id_text(can_id)}",
                )
    return ids


def dbc_text(ids: MessageIds | None = None) -> str:
    """Return the text of the DBC file, its messages moved to `ids`."""
    text = _shipped()
    if ids is None:
        return text
    moved = {can_id: ids[name] for name, can_id in _shipped_ids(text).items()}
    return _ID_IN_DBC.sub(lambda found: f"{found[1]}{moved[int(found[2])]}", text)


def load(text: str, name: str) -> Any:
    """Return the cantools database of a DBC's text; BridgeError where it is none."""
    try:
        return cantools.database.load_string(text, database_format="dbc", strict=False)
    except Exception as error:  # cantools raises its own and those of its parser
        reason = " ".join(str(error).split())[:200] or type(error).__name__  # some have lines
        raise InputError(InputReason.UNREADABLE, f"dbc: {name} cannot be read: {reason}") from error


def id_of(message: Any) -> int:
    """Return the id of a cantools message, a 29-bit id with EXTENDED."""
    can_id: int = message.frame_id
    return can_id | EXTENDED if message.is_extended_frame else can_id


def _shipped() -> str:
    return files(__package__).joinpath(DBC_NAME).read_text(encoding="ascii")


def _shipped_ids(text: str) -> MessageIds:
    return {found[2]: int(found[1]) for found in _MESSAGE_IN_DBC.finditer(text)}


def _difference(known: Any, given: Any) -> str | None:
    """Return how a message differs from ours where it has to be the same; None if it does not."""
    if given.length != known.length:
        return f"has {given.length} bytes, not {known.length}"
    theirs = {signal.name: signal for signal in given.signals}
    for signal in known.signals:
        other = theirs.pop(signal.name, None)
        if other is None:
            return f"has no signal {signal.name}"
        for what, expected, found in (
            ("start bit", signal.start, other.start),
            ("length", signal.length, other.length),
            ("byte order", signal.byte_order, other.byte_order),
            ("signed", signal.is_signed, other.is_signed),
            ("factor", signal.scale, other.scale),
            ("offset", signal.offset, other.offset),
        ):
            if expected != found:
                return f"has another {signal.name}: {what} {found}, not {expected}"
    return f"has a signal of its own, {min(theirs)}" if theirs else None
