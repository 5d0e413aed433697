"""Changes settings in a config file and keeps everything else: order, comments, spacing."""

from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from edge_fer.atomic_write import write_atomically
from edge_fer.config.config import SECTIONS, config_from
from edge_fer.config.environment import ConfigSource, from_text
from edge_fer.config.toml import MAX_BYTES, TomlFile, lines_of_keys, read_toml
from edge_fer.errors import ConfigError, ConfigReason
from edge_fer.setting import describe, spelled

Value = bool | int | float | str


def parse_value(key: str, text: str) -> Value:
    """Return the value of `key` ("section.name") that `text` spells, as the environment does.

    ConfigError where there is no such key.
    """
    section, _, name = key.partition(".")
    known = {item.key: item for item in describe(SECTIONS[section])} if section in SECTIONS else {}
    if name not in known:
        raise ConfigError(
            ConfigReason.UNKNOWN_KEY,
            f"{spelled(key)}: there is no such setting; edge-fer config example lists them",
        )
    return from_text(text, known[name].kind)


def edited(text: str, changes: Mapping[str, Value]) -> str:
    """Return the TOML `text` with the settings of `changes`, by "section.name". Pure.

    ConfigError where `text` is no TOML, or a section is something else.
    """
    try:
        document = tomlkit.parse(text)
        for key, value in changes.items():
            section, _, name = key.partition(".")
            if section not in document:
                document[section] = tomlkit.table()
            table = document[section]
            if not isinstance(table, dict):
                raise ConfigError(ConfigReason.BAD_VALUE, f"{section}: not a section of settings")
            table[name] = value
        return tomlkit.dumps(document)
    except TOMLKitError as error:
        raise ConfigError(ConfigReason.NOT_TOML, f"not valid TOML: {error}") from error


def set_in_file(path: Path, changes: Mapping[str, Value]) -> None:
    """Write `changes` into the config `path`, which is made where it is missing.

    The file is replaced at once and keeps its mode, owner and group: the service reads it by its
    group. ConfigError, and the file as it was, where the
    daemon would refuse the result; OutputError where it cannot be written.
    """
    text, mode, owner = "", 0o644, None
    if path.exists():
        read_toml(path)  # what is wrong with it already is said with its line
        text = path.read_text(encoding="utf-8-sig")
        status = path.stat()
        mode, owner = status.st_mode & 0o777, (status.st_uid, status.st_gid)
    after = edited(text, changes)
    if len(after.encode()) > MAX_BYTES:
        raise ConfigError(ConfigReason.BAD_VALUE, f"{path}: it would be larger than a config")
    values = tomlkit.parse(after).unwrap()
    # Without the environment: what counts here is the file.
    config_from(ConfigSource(TomlFile(str(path), values, lines_of_keys(after)), values, {}))
    write_atomically(path.resolve(), after.encode(), mode=mode, owner=owner)
