"""Reads a dataclass back from the JSON object that `dataclasses.asdict` made of it. Pure."""

import types
from dataclasses import fields, is_dataclass
from enum import IntEnum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


class MissingKeyError(ValueError):
    """The object lacks a key of the dataclass."""


def from_json(kind: type[Kind], value: object, key: str = "") -> Kind:
    """Return `value` as a `kind`: a dataclass of JSON's types, IntEnums, tuples, unions and more.

    Keys that the dataclass does not have are ignored. MissingKeyError where it has one that the
    object lacks, defaults or not; ValueError, naming the key, for a value of another type.
    """
    found: Kind = _read(kind, value, key)
    return found


def _read(kind: Any, value: object, key: str) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        return _read_dataclass(kind, value, key)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        options = get_args(kind)
        if value is None and type(None) in options:
            return None
        (kind,) = (option for option in options if option is not type(None))
        return _read(kind, value, key)
    if origin is tuple and isinstance(value, list):
        element = get_args(kind)[0]
        return tuple(_read(element, item, key) for item in value)
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:  # a whole number of 400 digits
            raise ValueError(f"{key or 'it'}: no number of this size") from None
    if isinstance(kind, type):
        if issubclass(kind, IntEnum) and type(value) is int:
            value = kind(value)
        if type(value) is kind:  # a bool is no int here
            return value
    raise ValueError(f"{key or 'it'}: {str(value)[:60]!r} is not {getattr(kind, '__name__', kind)}")


def _read_dataclass(kind: type[Any], value: object, key: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{key or 'it'}: not an object")
    hints, read = get_type_hints(kind), {}
    for field in fields(kind):
        name = f"{key}.{field.name}" if key else field.name
        if field.name not in value:
            raise MissingKeyError(name)
        read[field.name] = _read(hints[field.name], value[field.name], name)
    return kind(**read)
