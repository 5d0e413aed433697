"""Reads `driver_state.dbc`, the single source of ids, signals, cycles and Data ID lists."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import cantools

from firmware_bridge.errors import InputError, InputReason
from firmware_bridge.protocol.frame import (
    EXTENDED,
    MAX_EXTENDED_ID,
    MAX_STANDARD_ID,
    id_text,
)

DBC_NAME = "driver_state.dbc"
# What Profile 22 fills in; not part of a message's content. Behind the message's name.
PROTECTION_SIGNALS = ("Crc", "Counter")
CAMERA_UNIT = "EdgeFer"
BASE_ID = 0x3A0  # of the first message, in the DBC as it is shipped
_SPAN = 0x10  # to the last one
LAST_BASE_ID = MAX_EXTENDED_ID - _SPAN
NOT_AVAILABLE = "not available"

Value = int | float | None  # of a signal, in its unit; None means not available


@dataclass(frozen=True, slots=True)
class SignalDefinition:
    """One signal: `value = raw * scale + offset`, the highest raw value means not available.

    A signal with a unit is a quantity: it saturates at the ends of its range. One without is a
    code, an id or a count: it has to fit.
    """

    name: str
    not_available_raw: int
    highest_raw: int  # of the range that the DBC gives; bits beyond it say nothing
    scale: float
    offset: float
    unit: str
    names: Mapping[int, str]  # of raw values

    def to_raw(self, value: Value) -> int:
        """Return the bits for `value`; ValueError for a code that does not fit."""
        if value is None:
            return self.not_available_raw
        if not self.unit:
            if not 0 <= value <= self.not_available_raw or value != int(value):
                raise ValueError(f"{self.name}: {value} is not in 0..{self.not_available_raw}")
            return int(value)
        if math.isnan(value):
            return self.not_available_raw
        # Held in the range before rounding: infinity has no nearest whole number.
        return round(min(max((value - self.offset) / self.scale, 0.0), float(self.highest_raw)))

    def from_raw(self, raw: int) -> Value:
        """Return the value of these bits, None for not available."""
        if raw == self.not_available_raw or raw > self.highest_raw:
            return None
        if self.scale == 1:
            return raw + int(self.offset)
        return round(raw * self.scale + self.offset, 6)  # 12.3, not 12.300000000000001

    def named(self, value: Value) -> Value | str:
        """Return `value`, a code by its name."""
        codes = self.names.keys() - {self.not_available_raw}
        if value is None or not codes:
            return value
        return self.names.get(int(value), f"code {value}")


@dataclass(frozen=True, slots=True)
class MessageDefinition:
    """One message of the DBC. Times in seconds; None where the DBC gives none."""

    name: str
    can_id: int
    length: int
    sender: str
    cycle_s: float | None
    fast_cycle_s: float | None  # while it is new
    repetitions: int  # at the fast cycle
    min_gap_s: float
    is_cyclic: bool  # False: sent only while there is something to say
    data_ids: bytes  # 16, of Profile 22
    signals: Mapping[str, SignalDefinition]  # without CRC and counter, in the order of the bits
    codec: Any  # cantools.database.Message, which has no types

    def encode(self, values: Mapping[str, Value]) -> bytes:
        """Return the payload with CRC and counter zero. `values` has every signal."""
        raw = {name: signal.to_raw(values[name]) for name, signal in self.signals.items()}
        raw.update({self.name + signal: 0 for signal in PROTECTION_SIGNALS})
        encoded: bytes = self.codec.encode(raw, scaling=False, strict=False)
        return encoded

    def decode(self, data: bytes) -> dict[str, Value]:
        """Return every signal of a payload of exactly `length` bytes."""
        if len(data) != self.length:
            raise ValueError(f"{self.name}: {len(data)} bytes, not {self.length}")
        raw = self.codec.decode(data, decode_choices=False, scaling=False)
        return {name: signal.from_raw(raw[name]) for name, signal in self.signals.items()}


class _Ids:
    """Where the messages lie on the bus; the same for all of a process."""

    base = BASE_ID


_ID_IN_DBC = re.compile(
    r'^(BO_ |CM_ (?:BO_|SG_) |BA_ "\w+" (?:BO_|SG_) |VAL_ )([0-9]+)(?= )', re.MULTILINE
)


def use_base_id(base_id: int) -> None:
    """Move all messages, so that the first one has the id `base_id`; before anything is opened.

    Above 0x7EF the ids have 29 bits. BridgeError for what is not an id.
    """
    if not 0 <= base_id <= LAST_BASE_ID:
        raise InputError(
            InputReason.BAD_VALUE, f"base id {base_id:#x} is not in 0..{LAST_BASE_ID:#x}"
        )
    if base_id != _Ids.base:
        _Ids.base = base_id
        definitions.cache_clear()
        definitions_by_id.cache_clear()


def moved_id(can_id: int, base_id: int) -> int:
    """Return the id of a message of the shipped DBC where the first one has the id `base_id`."""
    moved = can_id - BASE_ID + base_id
    return moved | EXTENDED if base_id + _SPAN > MAX_STANDARD_ID else moved


def dbc_text(base_id: int = BASE_ID) -> str:
    """Return the text of the DBC file, its messages moved to `base_id`."""
    text = files(__package__).joinpath(DBC_NAME).read_text(encoding="ascii")
    return _ID_IN_DBC.sub(lambda found: f"{found[1]}{moved_id(int(found[2]), base_id)}", text)


def find_collisions(other_text: str, base_id: int, name: str) -> list[str]:
    """Return a line for each id of ours that another DBC uses; BridgeError where it is not one."""
    try:
        other: Any = cantools.database.load_string(other_text, database_format="dbc", strict=False)
    except Exception as error:  # cantools raises its own and those of its parser
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(InputReason.UNREADABLE, f"dbc: {name} cannot be read: {reason}") from error
    taken = {
        message.frame_id | (EXTENDED if message.is_extended_frame else 0): message.name
        for message in other.messages
    }
    return [
        f"{id_text(can_id)} {known.name}: {taken[can_id]} in {name}"
        for known in definitions().values()
        if (can_id := moved_id(known.codec.frame_id, base_id)) in taken
    ]


@cache
def definitions() -> Mapping[str, MessageDefinition]:
    """Return the messages of the DBC by name, with their ids in this process."""
    database: Any = cantools.database.load_string(dbc_text(), database_format="dbc", strict=True)
    return {message.name: _definition(message) for message in database.messages}


def definition(name: str) -> MessageDefinition:
    """Return the message `name`; KeyError if the DBC has none."""
    return definitions()[name]


@cache
def definitions_by_id() -> Mapping[int, MessageDefinition]:
    """Return the messages of the DBC by CAN id."""
    return {message.can_id: message for message in definitions().values()}


def value_name(message: str, signal: str, code: int | None) -> str:
    """Return what the DBC calls `code`: "attentive"; a code that it does not name is "code 14"."""
    if code is None:
        return NOT_AVAILABLE
    return definition(message).signals[signal].names.get(code, f"code {code}")


def value_code(message: str, signal: str, name: str) -> int:
    """Return the code that the DBC calls `name`; KeyError if there is none."""
    for code, known in definition(message).signals[signal].names.items():
        if known == name:
            return code
    raise KeyError(f"{message}.{signal} has no value {name!r}")


def _definition(message: Any) -> MessageDefinition:
    def attribute(name: str) -> Any:
        held = message.dbc.attributes.get(name)
        return 0 if held is None else held.value

    def seconds(name: str) -> float | None:
        milliseconds = attribute(name)
        return milliseconds / 1000.0 if milliseconds else None

    return MessageDefinition(
        name=message.name,
        can_id=moved_id(message.frame_id, _Ids.base),
        length=message.length,
        sender=message.senders[0],
        cycle_s=seconds("GenMsgCycleTime"),
        fast_cycle_s=seconds("GenMsgCycleTimeFast"),
        repetitions=attribute("GenMsgNrOfRepetition"),
        min_gap_s=seconds("GenMsgDelayTime") or 0.0,
        is_cyclic=message.send_type != "IfActive",
        data_ids=bytes.fromhex(attribute("E2EDataIdList")),
        signals={
            signal.name: _signal(signal)
            for signal in message.signals
            if signal.name.removeprefix(message.name) not in PROTECTION_SIGNALS
        },
        codec=message,
    )


def _signal(signal: Any) -> SignalDefinition:
    return SignalDefinition(
        name=signal.name,
        not_available_raw=(1 << signal.length) - 1,
        highest_raw=round((signal.maximum - signal.offset) / signal.scale),
        scale=float(signal.scale),
        offset=float(signal.offset),
        unit=signal.unit or "",
        names={int(code): str(name) for code, name in (signal.choices or {}).items()},
    )
