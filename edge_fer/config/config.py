"""The daemon's config: typed, documented, and strict about what it is given."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from edge_fer.camera.settings import CameraConfig
from edge_fer.config.environment import PREFIX, SEPARATOR, ConfigSource, from_text, with_environment
from edge_fer.config.toml import TomlFile, read_toml
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.errors import ConfigError, ConfigReason
from edge_fer.face.settings import FaceConfig
from edge_fer.health.settings import HealthConfig
from edge_fer.models.settings import ModelConfig
from edge_fer.recording.settings import RecordingConfig
from edge_fer.setting import (
    SettingError,
    check_settings,
    check_value,
    describe,
    setting,
    shown,
    spelled,
)
from edge_fer.vehicle.settings import LinkConfig, VehicleConfig

NEAR_ENOUGH = 0.6  # similarity (0..1) from which a known key is suggested for an unknown one


@dataclass(frozen=True, slots=True)
class LogConfig:
    """What the daemon writes to the journal (standard error)."""

    level: str = setting(
        "info",
        "Log level",
        "Messages of this level and above are written.",
        choices=("debug", "info", "warning", "error"),
    )

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of the daemon, one field a section of the file."""

    camera: CameraConfig = field(default_factory=CameraConfig)
    link: LinkConfig = field(default_factory=LinkConfig)
    vehicle: VehicleConfig = field(default_factory=VehicleConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    face: FaceConfig = field(default_factory=FaceConfig)
    driver_state: PolicySettings = field(default_factory=PolicySettings)
    recording: RecordingConfig = field(default_factory=RecordingConfig)
    health: HealthConfig = field(default_factory=HealthConfig)
    log: LogConfig = field(default_factory=LogConfig)


SECTIONS: dict[str, type] = {
    item.name: item.type for item in fields(Config) if isinstance(item.type, type)
}


# What a running daemon takes over on SIGHUP; for the rest it has to be started anew.
LIVE_SECTIONS = frozenset({"driver_state", "log"})
NO_FILE = TomlFile("no file", {}, {})
# Variables that are no settings: of the workstation's verbs and of the tests.
OTHER_VARIABLES = frozenset(
    f"EDGE_FER_{name}" for name in ("DATA", "EYES", "FACES", "CACHE", "SHARED", "KILL_SECONDS")
)
_REPLACED = {
    "EDGE_FER_MODELS": "EDGE_FER__MODEL__STORE",
    "EDGE_FER_TRUSTED_KEY": "EDGE_FER__MODEL__TRUSTED_KEY",
}
_MISSPELT = re.compile(r"EDGE_?FER_", re.IGNORECASE)
_SURE = 0.8  # similarity (0..1) from which a variable is taken for a misspelt setting


def load_config(path: Path | None, environment: Mapping[str, str] | None = None) -> Config:
    """Return the config in the TOML file `path`, with the settings of `environment` over it.

    Without either the defaults. UserError for a file that cannot be read, is no TOML, has an
    unknown section or key, or a value of a wrong type or out of its range; it names key, value,
    allowed range, and the line of the file or the variable.
    """
    return config_from(read_source(path, environment))


def read_source(path: Path | None, environment: Mapping[str, str] | None = None) -> ConfigSource:
    """Return what file and environment say, not yet checked; UserError where that is no TOML."""
    _check_variables(environment or {})
    return with_environment(NO_FILE if path is None else read_toml(path), environment or {})


def config_from(source: ConfigSource) -> Config:
    """Return the config that `source` describes; UserError as `load_config`, the first of all."""
    config, errors = read_config(source)
    if errors:
        raise errors[0]
    return config


def read_config(source: ConfigSource) -> tuple[Config, tuple[ConfigError, ...]]:
    """Return the config that `source` describes, and all that is wrong with it.

    A section with an error has its defaults.
    """
    errors = [_unknown_section(source, name) for name in source.values if name not in SECTIONS]
    config = Config(
        camera=_section(source, "camera", CameraConfig, errors),
        link=_section(source, "link", LinkConfig, errors),
        model=_section(source, "model", ModelConfig, errors),
        face=_section(source, "face", FaceConfig, errors),
        driver_state=_section(source, "driver_state", PolicySettings, errors),
        recording=_section(source, "recording", RecordingConfig, errors),
        health=_section(source, "health", HealthConfig, errors),
        log=_section(source, "log", LogConfig, errors),
    )
    return config, tuple(errors)


_Settings = TypeVar("_Settings")


def _section(
    source: ConfigSource, name: str, settings_class: type[_Settings], errors: list[ConfigError]
) -> _Settings:
    """Make the settings of one section from what the source says and the defaults.

    What is wrong is added to `errors`, and those settings are the defaults.
    """
    values = source.values.get(name, {})
    if not isinstance(values, dict):
        text = (
            f"{name}: {shown(values)} is not a section; write [{name}] and its keys below it"
            f" ({source.where((name,))})"
        )
        errors.append(ConfigError(ConfigReason.BAD_VALUE, text))
        return settings_class()
    known = {item.key: item for item in describe(settings_class)}
    given = {}
    wrong: list[SettingError] = []
    for key, value in values.items():
        try:
            if key not in known:
                raise SettingError(key, _unknown_key(name, key))
            of_environment = (name, key) in source.variables
            given[key] = from_text(value, known[key].kind) if of_environment else value
            check_value(known[key], given[key])
        except SettingError as error:
            wrong.append(error)
    if not wrong:
        try:
            return settings_class(**_with_floats(settings_class, given))
        except SettingError as error:  # a rule between several settings
            wrong.append(error)
    for problem in wrong:
        where = source.where(*((name, key) for key in (problem.key, *problem.also)), (name,))
        errors.append(ConfigError(ConfigReason.BAD_VALUE, f"{name}.{problem} ({where})"))
    # The other keys hold, so that what they name is checked too.
    sound = {key: given[key] for key in given.keys() - {problem.key for problem in wrong}}
    try:
        return settings_class(**_with_floats(settings_class, sound))
    except SettingError:
        return settings_class()


def _check_variables(environment: Mapping[str, str]) -> None:
    """UserError for a variable that is a misspelt setting, as EDGE_FER_CAMERA_FPS."""
    settings = [f"{name}_{key}" for name in SECTIONS for key in _keys(name)]
    for variable in sorted(environment):
        found = _MISSPELT.match(variable)
        if not found or variable.startswith(PREFIX) or variable in OTHER_VARIABLES:
            continue
        meant = _REPLACED.get(variable)
        if meant is None:
            text = re.sub("_+", "_", variable[found.end() :]).strip("_").lower()
            near = difflib.get_close_matches(text, settings, n=1, cutoff=_SURE)
            if near:
                section = next(name for name in SECTIONS if near[0].startswith(f"{name}_"))
                key = near[0].removeprefix(f"{section}_")
                meant = f"{PREFIX}{section}{SEPARATOR}{key}".upper()
        if meant is not None:
            raise ConfigError(
                ConfigReason.UNKNOWN_KEY,
                f"environment {spelled(variable)}: is not read; did you mean {meant}?",
            )


def _with_floats(settings_class: type, values: dict[str, Any]) -> dict[str, Any]:
    """Return `values` with whole numbers made floats where the setting is one: 3 means 3.0."""
    kinds = {item.key: item.kind for item in describe(settings_class)}
    return {key: float(value) if kinds[key] is float else value for key, value in values.items()}


def _unknown_key(section: str, key: str) -> str:
    own = [item.key for item in describe(SECTIONS[section])]
    elsewhere = [name for name in SECTIONS if key in _keys(name)]
    near = difflib.get_close_matches(key, own, n=1, cutoff=NEAR_ENOUGH)
    if near:
        return f"unknown key; did you mean {section}.{near[0]}?"
    if elsewhere:
        return f"unknown key; it belongs below [{elsewhere[0]}]"
    return f"unknown key; [{section}] has {', '.join(own)}"


def _unknown_section(source: ConfigSource, name: str) -> ConfigError:
    where = source.where((name,))
    owner = next((section for section in SECTIONS if name in _keys(section)), None)
    near = difflib.get_close_matches(name, SECTIONS, n=1, cutoff=NEAR_ENOUGH)
    if owner is not None and not isinstance(source.values[name], dict):
        hint = f"not in a section; it belongs below [{owner}]"
    elif near:
        hint = f"unknown section; did you mean [{near[0]}]?"
    else:
        hint = f"unknown section; there are {', '.join(SECTIONS)}"
    return ConfigError(ConfigReason.UNKNOWN_KEY, f"{spelled(name)}: {hint} ({where})")


def _keys(section: str) -> list[str]:
    return [item.key for item in describe(SECTIONS[section])]
