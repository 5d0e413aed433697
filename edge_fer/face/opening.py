"""Opens the face detector that the config names."""

from pathlib import Path

from edge_fer.face.haar import HaarDetector
from edge_fer.face.seat import SeatRegion
from edge_fer.face.settings import FaceConfig
from edge_fer.face.tracking import FaceDetector, FaceTracker
from edge_fer.face.yunet import FILE_NAME, YuNetDetector
from edge_fer.paths import INSTALLED_MODELS


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


def yunet_path(config: FaceConfig) -> Path:
    """Return where YuNet's file is meant to lie."""
    return Path(config.model) if config.model else INSTALLED_MODELS / FILE_NAME
