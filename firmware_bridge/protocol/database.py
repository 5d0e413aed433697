"""Reads `driver_state.dbc`, the single source of ids, signals, cycles and Data ID lists."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import cantools

from firmware_bridge.protocol.frame import id_text
from firmware_bridge.protocol.ids import BASE_ID, MessageIds, dbc_text, id_of, ids_at, load

# What Profile 22 fills in; not part of a message's content. Behind the message's name.
PROTECTION_SIGNALS = ("Crc", "Counter")
CAMERA_UNIT = "EdgeFer"
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

    by_name: MessageIds = ids_at(BASE_ID)


def use_ids(ids: MessageIds) -> None:
    """Move the messages to `ids`; before anything is opened."""
    if ids != _Ids.by_name:
        _Ids.by_name = ids
        definitions.cache_clear()
        definitions_by_id.cache_clear()


def find_collisions(other_text: str, ids: MessageIds, name: str) -> list[str]:
    """Return a line for each of `ids` that another DBC uses; BridgeError where it is not one."""
    taken = {id_of(message): message.name for message in load(other_text, name).messages}
    return [
        f"{id_text(can_id)} {message}: {taken[can_id]} in {name}"
        for message, can_id in ids.items()
        if can_id in taken
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
        can_id=_Ids.by_name[message.name],
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
