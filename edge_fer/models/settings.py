"""Settings of the networks."""

import re
from dataclasses import dataclass

from edge_fer.paths import INSTALLED_MODELS
from edge_fer.setting import SettingError, check_settings, setting, shown


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The networks: `path` is that of the emotion network."""

    path: str = setting(
        "",
        "Model file",
        "An int8 .tflite file with its card (.json) beside it. Empty: the one that was installed"
        " with `edge-fer model install`, else the one that comes with edge-fer.",
    )
    eyes_path: str = setting(
        "",
        "Eye network",
        "An int8 .tflite file of `edge-fer eyes quantize` with its card beside it. Empty: the one"
        " that was installed with `edge-fer model install`, else the one that comes with edge-fer.",
    )
    face_path: str = setting(
        "",
        "Face network",
        "An int8 .tflite file of `edge-fer face quantize` with its card beside it. Empty: the one"
        " that was installed with `edge-fer model install`, else the one that comes with edge-fer.",
    )
    store: str = setting(
        str(INSTALLED_MODELS),
        "Installed models",
        "The folder of `edge-fer model install`. If the newest model there fails its self-test at"
        " the start, the one before it is used, and Health reports it to the vehicle.",
    )
    threads: int = setting(
        1,
        "Threads",
        "Threads of the interpreter; one is enough for a network of this size.",
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
