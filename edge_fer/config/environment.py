"""Settings from the environment, over those of the file.

The rule: EDGE_FER__SECTION__KEY, in capitals and with two underscores each time, is that key below
that section: EDGE_FER__CAMERA__FPS=15 is `fps = 15` below [camera]. A text is taken as it is,
without quotes; numbers, true and false are written as in TOML. What begins with EDGE_FER__ and is
no key is an error, as it is in the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge_fer.config.toml import KeyPath, TomlFile
from edge_fer.errors import ConfigError, ConfigReason
from edge_fer.setting import spelled

PREFIX = "EDGE_FER__"
SEPARATOR = "__"


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """The values of a file with those of the environment over them, and where each came from."""

    file: TomlFile
    values: dict[str, Any]
    variables: dict[KeyPath, str]  # what the environment set, and the name of its variable

    def origin(self, path: KeyPath) -> str | None:
        """Return "edge-fer.toml line 7" or "environment EDGE_FER__..."; None: a default."""
        if path in self.variables:
            return f"environment {self.variables[path]}"
        return self.file.where(path) if path in self.file.lines else None

    def where(self, *paths: KeyPath) -> str:
        """Return the origin of the first of `paths` that has one."""
        return next(filter(None, map(self.origin, paths)), self.file.name)


def with_environment(file: TomlFile, environment: Mapping[str, str]) -> ConfigSource:
    """Lay the environment's settings over those of `file`; they are texts yet (see `from_text`).

    UserError for a variable that begins as a setting and names no section and key.
    """
    values = {
        name: dict(item) if isinstance(item, dict) else item for name, item in file.values.items()
    }
    variables: dict[KeyPath, str] = {}
    for variable in sorted(environment):
        if not variable.startswith(PREFIX):
            continue
        section, separator, key = variable.removeprefix(PREFIX).lower().partition(SEPARATOR)
        if not (section and separator and key) or variable != variable.upper():
            raise ConfigError(
                ConfigReason.UNKNOWN_KEY,
                f"environment {spelled(variable)}: write {PREFIX}SECTION{SEPARATOR}KEY in capitals,"
                f" as {PREFIX}CAMERA{SEPARATOR}FPS",
            )
        if section not in values:
            variables[section,] = variable
        below = values.setdefault(section, {})
        if isinstance(below, dict):  # else the file is wrong, and that is said later
            below[key] = environment[variable]
            variables[section, key] = variable
    return ConfigSource(file, values, variables)


def from_text(text: str, kind: type) -> bool | int | float | str:
    """Return the value that `text` spells; the text itself where it is none of that kind."""
    if kind is bool:
        return {"true": True, "false": False}.get(text, text)
    try:
        number: bool | int | float | str = kind(text)
    except ValueError:
        return text
    return number
