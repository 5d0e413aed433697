"""Opens the face network, and the detector that finds a face for it, as the config names them."""

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
    """Return "yunet" or "haar": what "auto" comes to here.

    `store` is the folder of fetched models, model.store of the config.
    """
    if config.detector != "auto":
        return config.detector
    return "yunet" if yunet_path(config, store).is_file() else "haar"


def open_detector(config: FaceConfig, store: Path = INSTALLED_MODELS) -> FaceDetector:
    """Return the detector; UserError where its file is missing or is another one."""
    if detector_name(config, store) == "yunet":
        return YuNetDetector(yunet_path(config, store), min_face_px=config.min_face_px)
    return HaarDetector(min_face_px=config.min_face_px)


def open_search(config: FaceConfig, store: Path = INSTALLED_MODELS) -> Search:
    """Return what finds a face first and again; UserError as `open_detector`."""
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

    `driver_side` is the setting of the driver state: where nothing else is named, it says which
    part of the picture is the driver's seat. Without `network` it follows by the one that comes
    with edge-fer.
    """
    return NetworkTracker(
        network or FaceNetwork(),
        open_search(config, store),
        seat=seat_of(config.seat_region, driver_side),
        search_every_s=config.detect_every_s,
        scan=Scan(),
    )


def yunet_path(config: FaceConfig, store: Path = INSTALLED_MODELS) -> Path:
    """Return where YuNet's file is meant to lie."""
    return Path(config.model) if config.model else store / FILE_NAME
