"""TOML with line numbers, which `tomllib` keeps to itself."""

import errno
import json
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_fer.errors import ConfigError, ConfigReason
from firmware_bridge.bounded_read import read_bounded

MAX_BYTES = 65_536  # a config is some kilobytes: more is another file, or a device without an end
_POSITION = re.compile(r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")

# What ends a statement of several lines.
_ENDS = ('"""', "'''", "]")
# A config of 64 KiB whose statements have one line each takes a sixth of that.
_MOST_WORK = 400_000

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TomlFile:
    """What a TOML file says, and on which line each of its tables and keys begins (from 1)."""

    name: str
    values: dict[str, Any]
    lines: dict[KeyPath, int]

    def where(self, *paths: KeyPath) -> str:
        """Return "edge-fer.toml line 7" for the first of `paths` that is in the file."""
        for path in paths:
            if path in self.lines:
                return f"{self.name} line {self.lines[path]}"
        return self.name


def read_toml(path: Path) -> TomlFile:
    """Read a TOML file; UserError in one line where it cannot be read or is no TOML.

    A pipe or a device is refused: the daemon would wait for it, in its vision loop after SIGHUP.
    /dev/null is an empty config: the defaults, whatever the device's own config is.
    """
    name = str(path)
    try:
        data = b"" if _is_null_device(path) else read_bounded(path, MAX_BYTES)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise ConfigError(
                ConfigReason.NOT_TOML,
                f"{name} is not a config: it is larger than {MAX_BYTES // 1024} KiB",
            ) from error
        raise ConfigError(
            ConfigReason.UNREADABLE, f"cannot read the config {name}: {error.strerror}"
        ) from error
    try:
        text = data.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(ConfigReason.UNREADABLE, f"{name} line {line}: not UTF-8 text") from error
    text = text.replace("\r\n", "\n")
    try:
        values = tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(ConfigReason.NOT_TOML, f"{name}: brackets nested too deep") from error
    except ValueError as error:  # TOMLDecodeError, and numbers that Python refuses as too long
        raise ConfigError(ConfigReason.NOT_TOML, _syntax_error(name, text, str(error))) from error
    return TomlFile(name, values, lines_of_keys(text))


def _is_null_device(path: Path) -> bool:
    return os.path.samestat(path.stat(), Path(os.devnull).stat())


def lines_of_keys(text: str) -> dict[KeyPath, int]:
    """Return the first line (from 1) of each table and key of valid TOML.

    A statement ends where the lines so far, taken alone, are TOML; so nothing of its grammar
    (quoted keys, strings and arrays over several lines, inline tables) has to be known here, but
    that a later line of a statement ends it with one of three signs. A text made to take long is
    left without numbers from where `_MOST_WORK` characters were tried.
    """
    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    statement, first_line, work = "", 1, 0
    for number, line in enumerate(text.split("\n"), start=1):
        first_line = first_line if statement else number
        is_first = not statement
        statement += line + "\n"
        if not is_first and not any(sign in line for sign in _ENDS):
            continue
        work += len(statement)
        if work > _MOST_WORK:
            break
        try:
            values = tomllib.loads(statement)
        except ValueError:
            continue
        is_header = statement.lstrip().startswith("[")
        paths = list(_paths(values))
        for path in paths:
            found.setdefault(path if is_header else table + path, first_line)
        if is_header:
            table = paths[-1]
        statement = ""
    return found


def toml_literal(value: bool | int | float | str) -> str:
    """Return a value as TOML spells it, on one line."""
    # As JSON does, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _paths(values: dict[str, Any]) -> Iterator[KeyPath]:
    """Yield the path of each table and key in `values`, the outer before the inner."""
    for key, value in values.items():
        yield (key,)
        inner = value[-1] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            for path in _paths(inner):
                yield (key, *path)


def _syntax_error(name: str, text: str, message: str) -> str:
    match = _POSITION.match(message)
    if match is None:
        return f"{name}: not valid TOML: {message}"
    line = match["line"] or text.rstrip("\n").count("\n") + 1
    what = match["what"]
    return f"{name} line {line}: not valid TOML: {what[:1].lower()}{what[1:]}"
