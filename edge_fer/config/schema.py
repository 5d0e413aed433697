"""The config as a JSON schema, for editors and for programs that write configs.

What a schema cannot say (a rule between two keys, how a URI is made) only `load_config` checks.
"""

from typing import Any

from edge_fer.config.config import LIVE_SECTIONS, SECTIONS
from edge_fer.setting import DescribedSetting, describe

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def schema() -> dict[str, Any]:
    """Return the schema of the whole config."""
    return {
        "$schema": DIALECT,
        "title": "Config of edge-fer",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _section(name) for name in SECTIONS},
    }


def _section(name: str) -> dict[str, Any]:
    settings_class = SECTIONS[name]
    return {
        "description": (settings_class.__doc__ or "").strip(),
        "type": "object",
        "additionalProperties": False,
        "properties": {
            item.key: _property(item) | {"x-live": name in LIVE_SECTIONS}
            for item in describe(settings_class)
        },
    }


def _property(item: DescribedSetting) -> dict[str, Any]:
    described = item.setting
    known: dict[str, Any] = {
        "title": described.title,
        "description": described.description,
        "type": TYPES[item.kind],
        "default": item.default,
    }
    if described.choices:
        known["enum"] = list(described.choices)
    if described.minimum is not None:
        known |= {"minimum": described.minimum, "maximum": described.maximum}
    if described.source:
        known["x-source"] = described.source
    return known
