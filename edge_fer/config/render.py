"""The config that holds, as text: each value with where it came from; passwords are masked."""

from typing import Any

from edge_fer.config.config import SECTIONS, Config
from edge_fer.config.environment import ConfigSource
from edge_fer.config.toml import toml_literal
from edge_fer.redaction import redacted_uri
from edge_fer.setting import describe

DEFAULT = "default"


def _shown(config: Config, section: str, key: str) -> Any:
    value = getattr(getattr(config, section), key)
    return redacted_uri(value) if isinstance(value, str) else value


def config_as_toml(config: Config, source: ConfigSource) -> str:
    """Return a TOML file that says all of `config`; what is no default has its origin beside it."""
    parts = []
    for name, settings_class in SECTIONS.items():
        lines = [f"[{name}]"]
        for item in describe(settings_class):
            line = f"{item.key} = {toml_literal(_shown(config, name, item.key))}"
            origin = source.origin((name, item.key))
            lines.append(line if origin is None else f"{line}  # {origin}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def config_as_json(config: Config, source: ConfigSource) -> dict[str, Any]:
    """Return value and origin of each setting, by section and key."""
    return {
        name: {
            item.key: {
                "value": _shown(config, name, item.key),
                "origin": source.origin((name, item.key)) or DEFAULT,
            }
            for item in describe(settings_class)
        }
        for name, settings_class in SECTIONS.items()
    }
