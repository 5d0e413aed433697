"""What a report is about: a model file, its card, and the float network where there is one."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_fer.errors import ModelError, ModelReason, UsageError, UsageReason
from edge_fer.models.card import ModelCard, load_card
from edge_fer.models.files import card_path
from edge_fer.models.operators import is_tflite
from quantize.evaluation.predictors import KerasPredictor, Predictor, TflitePredictor, own_kind
from quantize.networks.network_file import load_own_network
from quantize.networks.use import Use
from quantize.report.anatomy import Anatomy
from quantize.report.keras_anatomy import KerasAnatomy
from quantize.report.tflite_anatomy import TfliteAnatomy


@dataclass(frozen=True, slots=True, eq=False)
class ModelFile:
    """An opened model file."""

    path: Path
    sha256: str
    size_bytes: int
    predictor: Predictor


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A model to report on.

    `network` is the float network: the file itself, the one that it was converted from, or None
    where that was not given. `card` is None for a network and for a `.tflite` file without one.
    `anatomy` shows the inside of the network, or of the file where there is none.
    """

    file: ModelFile
    network: ModelFile | None
    card: ModelCard | None
    anatomy: Anatomy

    @property
    def inside(self) -> ModelFile:
        """The file that `anatomy` is of."""
        return self.file if self.network is None else self.network

    @property
    def is_network(self) -> bool:
        """Whether the file is a float network itself."""
        return self.file is self.network


def open_subject(path: Path, network: Path | None = None, use: Use | None = None) -> Subject:
    """Open a `.keras` or `.tflite` file; `network` is what a `.tflite` file was converted from.

    `use` names the order of the network's outputs and the range of its pixels. A `.tflite` file
    with a network beside it came from `edge-fer quantize`, which brings the classes into order, so
    that `use` is then the network's alone. UserError when a file is missing or no such model, when
    its card is of another file, and for a `network` beside a `.keras` file.
    """
    content = _read(path)
    if not is_tflite(content):
        if network is not None:
            raise UsageError(
                UsageReason.CONTRADICTION,
                f"--network goes with a .tflite file, and {path} is none: leave it out",
            )
        file, model = _open_network(path, content, use)
        return Subject(file, file, None, KerasAnatomy(model))
    labels = None if use is None or network is not None else use.labels
    kind = own_kind(content, str(path))
    predictor = TflitePredictor(content, str(path), kind=kind, labels=labels)
    file = _model_file(path, content, predictor)
    card = load_card(path) if card_path(path).exists() else None
    if network is None:
        return Subject(file, None, card, TfliteAnatomy(content))
    opened, model = _open_network(network, _read(network), use)
    if opened.predictor.side_px != kind.side_px:
        raise ModelError(
            ModelReason.CARD_MISMATCH,
            f"--network {network}: it takes faces of {opened.predictor.side_px} px, and {path} was "
            f"converted from one for {kind.side_px} px",
        )
    return Subject(file, opened, card, KerasAnatomy(model))


def _open_network(path: Path, content: bytes, use: Use | None) -> tuple[ModelFile, Any]:
    model = load_own_network(path, use)
    return _model_file(path, content, KerasPredictor(model)), model


def _model_file(path: Path, content: bytes, predictor: Predictor) -> ModelFile:
    return ModelFile(path, hashlib.sha256(content).hexdigest(), len(content), predictor)


def _read(path: Path) -> bytes:
    """Return the bytes of a file, or of all files of a SavedModel's folder in their order."""
    try:
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.is_file())
            return b"".join(file.read_bytes() for file in files)
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            ModelReason.UNREADABLE, f"{path}: cannot read the model ({error.strerror})"
        ) from error
