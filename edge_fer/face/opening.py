"""Opens the face detector that the config names."""

from pathlib import Path

from edge_fer.face.eyes import EyeReader
from edge_fer.face.haar import HaarDetector
from edge_fer.face.seat import SeatRegion
from edge_fer.face.settings import FaceConfig
from edge_fer.face.tracking import FaceDetector, FaceTracker
from edge_fer.face.yunet import FILE_NAME, YuNetDetector
from edge_fer.models.attempts import LoadAttempts
from edge_fer.models.fallback import Loaded, open_best
from edge_fer.models.files import read_model_files
from edge_fer.models.kind import EYES
from edge_fer.models.settings import ModelConfig
from edge_fer.paths import INSTALLED_MODELS, SHIPPED_EYES


def open_detector(config: FaceConfig) -> FaceDetector:
    """Return the detector; UserError where its file is missing or is another one."""
    if config.detector == "yunet":
        return YuNetDetector(yunet_path(config), min_face_px=config.min_face_px)
    return HaarDetector(min_face_px=config.min_face_px)


def open_tracker(config: FaceConfig) -> FaceTracker:
    """Return the tracker of the driver's face; UserError as `open_detector`."""
    return FaceTracker(
        open_detector(config),
        detect_every_s=config.detect_every_s,
        each_frame=config.detector == "yunet",
        seat=SeatRegion.parse(config.seat_region),
    )


def open_eyes(config: ModelConfig, attempts: LoadAttempts | None = None) -> Loaded[EyeReader]:
    """Return the eye network that `config` names, or the best of the installed and shipped ones.

    `attempts` and UserErrors are those of `edge_fer.models.fallback.open_best`.
    """
    return open_best(
        config, EYES, config.eyes_path, SHIPPED_EYES, read_model_files, EyeReader, attempts
    )


def yunet_path(config: FaceConfig) -> Path:
    """Return where YuNet's file is meant to lie."""
    return Path(config.model) if config.model else INSTALLED_MODELS / FILE_NAME
