"""From a trained network to an int8 file with its card."""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import keras
import numpy as np
from numpy.typing import NDArray

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import UserError
from edge_fer.models.card import (
    LICENCE,
    Accuracy,
    Calibration,
    Equivalence,
    LayerNoise,
    ModelCard,
    card_text,
    write_card,
)
from edge_fer.models.golden import choose_golden
from edge_fer.models.kind import EMOTIONS, ModelKind
from edge_fer.models.runtime import open_model
from quantize.data.calibration_set import DEFAULT_COUNT, CalibrationSet, choose_calibration_set
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.confidence import fit_confidence
from quantize.evaluation.equivalence import (
    LAYER_IMAGES,
    WORST_LAYERS,
    compare_answers,
    measure_layers,
)
from quantize.evaluation.evaluation import rows_of
from quantize.evaluation.predictors import KerasPredictor, TflitePredictor
from quantize.evaluation.robustness import shifted_answers
from quantize.evaluation.scores import Scores, score
from quantize.int8.convert import convert, convert_as
from quantize.int8.fake_quant import fine_tune
from quantize.int8.kernel_invariance import with_averages_as_convolutions
from quantize.networks.complexity import known_multiply_adds
from quantize.networks.folding import Folded, fold_batch_norms
from quantize.progress import progress_bar

MEASURED_ON = "PublicTest"  # PrivateTest is kept for a final measurement
_TOOLS = ("edge-fer", "tensorflow", "keras", "ai-edge-litert", "numpy")


@dataclass(frozen=True, slots=True)
class Quantized:
    """An int8 file, not yet written: its bytes, its card, and the scores before and after."""

    content: bytes
    card: ModelCard
    float32: Scores
    int8: Scores


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no truth value
class Measured:
    """What a model is measured on: images uint8[n, side, side], labels int64[n], and their name."""

    usage: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def quantize(
    model: keras.Model,
    dataset: Fer2013,
    name: str,
    *,
    training: Mapping[str, Any],
    count: int = DEFAULT_COUNT,
    seed: int = 1,
    qat_epochs: int = 0,
    kind: ModelKind = EMOTIONS,
    progress: bool = False,
    announce: Callable[[str], None] = lambda text: None,
) -> Quantized:
    """Convert a network of `kind` to int8 and measure it on PublicTest before and after.

    `training` goes into the card as it is; `count` and `seed` decide the representative set;
    `qat_epochs` above 0 fine-tunes for int8 so long before the conversion
    (`quantize.int8.fake_quant`); `progress` draws bars, and `announce` is told what goes on where
    there is no bar. UserError when the data lacks Training or PublicTest rows, or the converted
    file is not full int8.
    """
    rows = rows_of(dataset, MEASURED_ON).at_side(kind.side_px)
    calibration = choose_calibration_set(dataset, count=count, seed=seed, side_px=kind.side_px)
    folded = fold_batch_norms(model)
    network = folded.model
    if qat_epochs:
        announce(f"Fine-tuning {name} for int8, {qat_epochs} epochs ...")
        network = fine_tune(network, dataset, calibration, epochs=qat_epochs, seed=seed)
        training = {**training, "qat_epochs": qat_epochs}
    return convert_and_measure(
        model,
        replace(folded, model=network),
        calibration,
        Measured(MEASURED_ON, rows.images, rows.labels),
        name,
        training=training,
        kind=kind,
        progress=progress,
        announce=announce,
    )


def convert_and_measure(
    model: keras.Model,
    folded: Folded,
    calibration: CalibrationSet,
    on: Measured,
    name: str,
    *,
    training: Mapping[str, Any],
    kind: ModelKind = EMOTIONS,
    licence: str = LICENCE,
    progress: bool = False,
    announce: Callable[[str], None] = lambda text: None,
) -> Quantized:
    """Convert `folded`, which is `model` made ready for int8, and measure both for the card.

    UserError when the converted file is not the full-int8 file of `kind`.
    """
    announce(f"Converting {name} with {calibration.count} representative images ...")
    converted = convert(folded.model, calibration, kind)
    if not converted.kernel_invariant:
        announce(
            f"{name}: runtimes will round some of its bytes differently"
            " (docs/kernel-invariant-rounding.md)"
        )
    with progress_bar("Measuring float32", len(on.labels), show=progress) as advance:
        exact = KerasPredictor(model).log_probabilities(on.images, advance)
    before = score(exact, on.labels)
    with progress_bar("Measuring int8", len(on.labels), show=progress) as advance:
        int8 = TflitePredictor(converted.content, name, kind=kind)
        answers = int8.log_probabilities(on.images, advance)
    after = score(answers, on.labels)
    confidence = fit_confidence(
        answers, on.labels, shifted_answers(int8, on.images, progress=progress)
    )
    announce("Comparing layer by layer ...")
    layers = _noise_by_layer(folded.model, converted.content, calibration, on.images, name, kind)
    alike = compare_answers(exact, answers)
    card = ModelCard(
        name=name,
        labels=kind.labels,
        input=converted.input,
        output=converted.output,
        parameters=model.count_params() or None,
        multiply_adds=known_multiply_adds(model),
        operators=converted.operators,
        sha256=hashlib.sha256(converted.content).hexdigest(),
        calibration=Calibration(calibration.seed, calibration.count, calibration.sha256),
        accuracy=Accuracy(on.usage, len(on.labels), before.accuracy, after.accuracy),
        temperature=confidence.temperature,
        uncertain_threshold=confidence.uncertain_threshold,
        confidence=confidence.measured,
        training=training,
        tools=tool_versions(),
        licence=licence,
        equivalence=Equivalence(
            on.usage,
            len(on.labels),
            alike.agreement,
            alike.largest_difference,
            alike.mean_difference,
            tuple(layers[:WORST_LAYERS]),
        ),
        batch_norms=folded.notes,
        golden=choose_golden(
            open_model(converted.content, name, kind=kind).run,
            open_model(converted.content, name, kind=kind, xnnpack=False).run,
            kind.side_px,
        ),
    )
    return Quantized(converted.content, card, before, after)


def _noise_by_layer(
    network: keras.Model,
    content: bytes,
    calibration: CalibrationSet,
    images: NDArray[np.uint8],
    name: str,
    kind: ModelKind,
) -> list[LayerNoise]:
    """Return each layer's noise, worst first; [] where the converter gave other names to tensors.

    It is for the card alone: the answers have been compared.
    """
    try:
        float_file = convert_as(
            with_averages_as_convolutions(network), "float32", calibration, kind
        )
        return measure_layers(float_file, content, images[:LAYER_IMAGES], name)
    except UserError:
        return []


def write_model(quantized: Quantized, path: Path) -> Path:
    """Write file and card and return the card's path; UserError when they cannot be written."""
    card_text(quantized.card)  # a card that cannot be written shall not leave a model behind
    write_atomically(path, quantized.content)
    return write_card(quantized.card, path)


def training_record(model_path: Path) -> dict[str, Any]:
    """Return the settings that `edge-fer train` left beside the network, or {} without them."""
    try:
        record, state = (
            json.loads(
                (model_path.parent / name).read_text(encoding="utf-8"),
                parse_constant=_refuse_constant,
            )
            for name in ("settings.json", "state.json")
        )
        return {**record, "best_epoch": state["best_epoch"], "epochs": len(state["history"])}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def tool_versions() -> dict[str, str]:
    """Return the versions of what takes part in a conversion."""
    versions = {"python": platform.python_version()}
    for package in _TOOLS:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions
