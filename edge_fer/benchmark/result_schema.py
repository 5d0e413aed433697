"""The JSON schema of the benchmark's results, made of the data classes that they are."""

import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from edge_fer.benchmark import drift, figures
from edge_fer.benchmark.drift import DriftFigures
from edge_fer.benchmark.figures import DeviceFigures

_PLAIN: dict[Any, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    type(None): "null",
}


def result_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of what `device` and `soak 10m` write as JSON."""
    definitions: dict[str, Any] = {}
    kinds = [
        _headed(DeviceFigures, "device", figures.FORMAT, definitions),
        _headed(DriftFigures, "soak", drift.FORMAT, definitions),
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A result of edge-fer benchmark device or soak",
        "oneOf": kinds,
        "$defs": definitions,
    }


def _headed(
    result: type, kind: str, file_format: int, definitions: dict[str, Any]
) -> dict[str, Any]:
    """Return the schema of a whole result: its data class with what says which one it is."""
    whole = _object(result, definitions)
    whole["properties"] = {
        "format": {"const": file_format},
        "kind": {"const": kind},
        **whole["properties"],
    }
    whole["required"] = ["format", "kind", *whole["required"]]
    return whole


def _object(data_class: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(data_class)
    return {
        "type": "object",
        "description": " ".join((data_class.__doc__ or "").split()),
        "properties": {
            item.name: _schema(hints[item.name], definitions) for item in fields(data_class)
        },
        # Results of before a field was there are still results.
        "required": [item.name for item in fields(data_class) if item.default is MISSING],
        "additionalProperties": False,
    }


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = _object(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(argument, definitions) for argument in arguments]}
    if origin is tuple and arguments[-1] is Ellipsis:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if origin is tuple:
        items = [_schema(argument, definitions) for argument in arguments]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
    if origin is dict:  # its keys become text in JSON
        return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}
    raise TypeError(f"no schema for {hint}")
