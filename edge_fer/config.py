"""The daemon's config: typed, documented, and strict about what it is given."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from edge_fer.config_environment import ConfigSource, from_text, with_environment
from edge_fer.config_toml import TomlFile, read_toml
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.errors import UserError
from edge_fer.face.seat import SeatRegion
from edge_fer.model_kind import FACE_PX
from edge_fer.paths import INSTALLED_MODELS
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

NEAR_ENOUGH = 0.6  # similarity (0..1) from which a known key is suggested for an unknown one


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """Where the frames come from."""

    uri: str = setting(
        "v4l2:/dev/video0",
        "Camera",
        "v4l2:DEVICE (a USB camera; prefer a stable name, as /dev/edge-fer-camera or one below"
        " /dev/v4l/by-id), picamera:0 or jetson:0 (a camera at the board's own connector),"
        " rtsp://HOST/PATH or http://HOST/PATH (with the network, which the service closes),"
        " file:CLIP or demo: (a scripted scene). Options follow, as"
        " v4l2:/dev/video0?format=MJPG&fps=30.",
    )
    fps: int = setting(
        30,
        "Frame rate",
        "Frames a second that the camera is asked for. From 5 on the states do not depend on it.",
        minimum=1,
        maximum=120,
        source="what most cabin and web cameras give at 640x480",
    )

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, slots=True)
class LinkConfig:
    """Where the frames for the vehicle controller go."""

    uri: str = setting(
        "slcan:/dev/ttyUSB0",
        "Link",
        "slcan:PORT or cobs:PORT (a serial port, slcan:PORT?baudrate=115200), socketcan:INTERFACE,"
        " udp_multicast:GROUP or virtual:NAME. Prefer a stable name below /dev/serial/by-id.",
    )

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The emotion network."""

    path: str = setting(
        "",
        "Model file",
        "An int8 .tflite file with its card (.json) beside it. Empty: the one that was installed"
        " with `edge-fer model install`, else the one that comes with edge-fer.",
    )
    store: str = setting(
        str(INSTALLED_MODELS),
        "Installed models",
        "The folder of `edge-fer model install`. If the newest model there fails its self-test at"
        " the start, the one before it is used, and the vehicle is told.",
    )
    threads: int = setting(
        1,
        "Threads",
        "Threads of the interpreter; a network of this size needs no more than one.",
        minimum=1,
        maximum=16,
    )
    trusted_key: str = setting(
        "",
        "Trusted key",
        "Public Ed25519 key of the models' maker, 64 hex digits, as `edge-fer model sign` prints"
        " it. Where it is set, a model is used only if that key signed file and card; the one that"
        " comes with edge-fer is as trusted as edge-fer itself. Empty: signatures are not asked"
        " for.",
    )

    def __post_init__(self) -> None:
        check_settings(self)
        if self.trusted_key and not re.fullmatch(r"[0-9a-fA-F]{64}", self.trusted_key):
            problem = f"{shown(self.trusted_key)} is not 64 hex digits"
            raise SettingError("trusted_key", problem)


@dataclass(frozen=True, slots=True)
class FaceConfig:
    """Finding the driver's face."""

    detector: str = setting(
        "haar",
        "Detector",
        "haar finds frontal faces and needs no file. yunet finds turned ones too and its landmarks"
        " give head pose and eyes: without it distracted, drowsy and the sleep states are never"
        " said. It needs a file: `edge-fer model fetch yunet`.",
        choices=("haar", "yunet"),
    )
    model: str = setting(
        "",
        "YuNet's file",
        "face_detection_yunet_2023mar.onnx of OpenCV's model zoo; its sha256 is checked. Empty:"
        ' where `edge-fer model fetch yunet` puts it. Only for detector = "yunet".',
    )
    seat_region: str = setting(
        "0 0 1 1",
        "Driver's seat",
        "Left, top, right and bottom of the part of the frame, in shares of its width and height,"
        " in which the middle of the driver's face lies. Of several faces the largest there is"
        " taken, and then followed wherever it goes.",
        source="a camera that sees nobody but the driver",
    )
    detect_every_s: float = setting(
        0.5,
        "Detection interval",
        "Seconds between two runs of the face detector; in between the face is tracked. An unsure"
        " track is detected anew at once.",
        minimum=0.0,
        maximum=5.0,
        source="project's choice",
    )
    min_face_px: int = setting(
        FACE_PX,
        "Smallest face",
        "Faces narrower than this, in pixels of the frame, are not looked for; nor, in any case,"
        " those narrower than a tenth of the frame's longer side.",
        minimum=24,
        maximum=1000,
        source="the network's input: a smaller face would have to be enlarged",
    )

    def __post_init__(self) -> None:
        check_settings(self)
        try:
            SeatRegion.parse(self.seat_region)
        except ValueError as error:
            problem = f"{shown(self.seat_region)} {error}"
            raise SettingError("seat_region", problem) from error


@dataclass(frozen=True, slots=True)
class HealthConfig:
    """What the daemon does for its own health, and who is told of it beside `edge-fer status`."""

    prometheus_file: str = setting(
        "",
        "Prometheus textfile",
        "Figures for node_exporter's textfile collector, renewed each 15 s; the service may write"
        " below /var/lib/edge-fer. Empty: none.",
    )
    shed_frames: bool = setting(
        True,
        "Fewer frames when hot",
        "From 5 °C below the temperature at which the machine slows itself down it looks at no more"
        " than 15 frames a second, and at 8 from there on; at 15 while its supply is too weak. The"
        " vehicle is told.",
        source="single late frames are worse than fewer in time",
    )

    def __post_init__(self) -> None:
        check_settings(self)


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


def load_config(path: Path | None, environment: Mapping[str, str] | None = None) -> Config:
    """Return the config in the TOML file `path`, with the settings of `environment` over it.

    Without either the defaults. UserError for a file that cannot be read, is no TOML, has an
    unknown section or key, or a value of a wrong type or out of its range; it names key, value,
    allowed range, and the line of the file or the variable.
    """
    return config_from(read_source(path, environment))


def read_source(path: Path | None, environment: Mapping[str, str] | None = None) -> ConfigSource:
    """Return what file and environment say, not yet checked; UserError where that is no TOML."""
    return with_environment(NO_FILE if path is None else read_toml(path), environment or {})


def config_from(source: ConfigSource) -> Config:
    """Return the config that `source` describes; UserError as `load_config`."""
    for name in source.values:
        if name not in SECTIONS:
            raise _unknown_section(source, name)
    return Config(
        camera=_section(source, "camera", CameraConfig),
        link=_section(source, "link", LinkConfig),
        model=_section(source, "model", ModelConfig),
        face=_section(source, "face", FaceConfig),
        driver_state=_section(source, "driver_state", PolicySettings),
        recording=_section(source, "recording", RecordingConfig),
        health=_section(source, "health", HealthConfig),
        log=_section(source, "log", LogConfig),
    )


_Settings = TypeVar("_Settings")


def _section(source: ConfigSource, name: str, settings_class: type[_Settings]) -> _Settings:
    """Make the settings of one section from what the source says and the defaults."""
    values = source.values.get(name, {})
    if not isinstance(values, dict):
        raise UserError(
            f"{name}: {shown(values)} is not a section; write [{name}] and its keys below it"
            f" ({source.where((name,))})"
        )
    known = {item.key: item for item in describe(settings_class)}
    given = {}
    try:
        for key, value in values.items():
            if key not in known:
                raise SettingError(key, _unknown_key(name, key))
            of_environment = (name, key) in source.variables
            given[key] = from_text(value, known[key].kind) if of_environment else value
            check_value(known[key], given[key])
        return settings_class(**_with_floats(settings_class, given))
    except SettingError as error:
        where = source.where(*((name, key) for key in (error.key, *error.also)), (name,))
        raise UserError(f"{name}.{error} ({where})") from error


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


def _unknown_section(source: ConfigSource, name: str) -> UserError:
    where = source.where((name,))
    owner = next((section for section in SECTIONS if name in _keys(section)), None)
    near = difflib.get_close_matches(name, SECTIONS, n=1, cutoff=NEAR_ENOUGH)
    if owner is not None and not isinstance(source.values[name], dict):
        hint = f"not in a section; it belongs below [{owner}]"
    elif near:
        hint = f"unknown section; did you mean [{near[0]}]?"
    else:
        hint = f"unknown section; there are {', '.join(SECTIONS)}"
    return UserError(f"{spelled(name)}: {hint} ({where})")


def _keys(section: str) -> list[str]:
    return [item.key for item in describe(SECTIONS[section])]
