"""Opens the networks, the detector and the tracker that the config names."""

from pathlib import Path

from edge_fer.face.eyes import EyeReader, read_eye_network
from edge_fer.face.following import NetworkTracker
from edge_fer.face.haar import HaarDetector
from edge_fer.face.network import FaceNetwork, read_face_network
from edge_fer.face.scanning import Scan
from edge_fer.face.searching import DetectorSearch, Search, open_cascades
from edge_fer.face.seat import seat_of
from edge_fer.face.settings import FaceConfig
from edge_fer.face.tracking import FaceDetector
from edge_fer.face.yunet import FILE_NAME, YuNetDetector
from edge_fer.models.attempts import LoadAttempts
from edge_fer.models.fallback import Loaded, open_best
from edge_fer.models.kind import EYES, FACE
from edge_fer.models.settings import ModelConfig
from edge_fer.paths import INSTALLED_MODELS, SHIPPED_EYES, SHIPPED_FACE


def detector_name(config: FaceConfig, store: Path = INSTALLED_MODELS) -> str:
    """Return the detector that is used, "yunet" or "haar", with "auto" resolved.

    `store` is the folder of fetched models, model.store of the config.
    """
    if config.detector != "auto":
        return config.detector
    return "yunet" if yunet_path(config, store).is_file() else "haar"


def open_detector(config: FaceConfig, store: Path = INSTALLED_MODELS) -> FaceDetector:
    """Return the detector; UserError if its file is missing or is another one."""
    if detector_name(config, store) == "yunet":
        return YuNetDetector(yunet_path(config, store), min_face_px=config.min_face_px)
    return HaarDetector(min_face_px=config.min_face_px)


def open_search(config: FaceConfig, store: Path = INSTALLED_MODELS) -> Search:
    """Return the search for a new or lost face; UserError as `open_detector`."""
    if detector_name(config, store) == "yunet":
        return DetectorSearch(open_detector(config, store))
    return open_cascades(config.min_face_px)


def open_face_network(
    config: ModelConfig, attempts: LoadAttempts | None = None
) -> Loaded[FaceNetwork]:
    """Return the face network that `config` names, or the best of the installed and shipped ones.

    UserErrors are those of `edge_fer.models.fallback.open_best`.
    """
    named, shipped = config.face_path, SHIPPED_FACE
    return open_best(config, FACE, named, shipped, read_face_network, FaceNetwork, attempts)


def open_eyes(config: ModelConfig, attempts: LoadAttempts | None = None) -> Loaded[EyeReader]:
    """Return the eye network that `config` names, or the best of the installed and shipped ones.

    UserErrors are those of `edge_fer.models.fallback.open_best`.
    """
    named, shipped = config.eyes_path, SHIPPED_EYES
    return open_best(config, EYES, named, shipped, read_eye_network, EyeReader, attempts)


def open_tracker(
    config: FaceConfig,
    network: FaceNetwork | None = None,
    store: Path = INSTALLED_MODELS,
    *,
    driver_side: str = "unknown",
) -> NetworkTracker:
    """Return the tracker of the driver's face; UserError for a file that is missing or wrong.

    `driver_side` is the setting `driver_state.driver_side`. It selects the seat's part of the
    picture unless `config.seat_region` names one. Without `network`, the shipped network is used.
    """
    return NetworkTracker(
        network or FaceNetwork(),
        open_search(config, store),
        seat=seat_of(config.seat_region, driver_side),
        search_every_s=config.detect_every_s,
        scan=Scan(),
    )


def yunet_path(config: FaceConfig, store: Path = INSTALLED_MODELS) -> Path:
    """Return the expected path of YuNet's file."""
    return Path(config.model) if config.model else store / FILE_NAME
