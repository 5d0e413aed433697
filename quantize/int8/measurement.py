"""The second step of a conversion: the int8 file beside the network, on held-out images."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import UserError
from edge_fer.models.card import Equivalence, LayerNoise
from edge_fer.models.golden import Golden, choose_golden
from edge_fer.models.kind import EMOTIONS, ModelKind
from edge_fer.models.runtime import open_model
from quantize.data.calibration_set import CalibrationSet
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.confidence import FittedConfidence, fit_confidence
from quantize.evaluation.equivalence import (
    LAYER_IMAGES,
    WORST_LAYERS,
    compare_answers,
    measure_layers,
)
from quantize.evaluation.predictors import KerasPredictor, TflitePredictor
from quantize.evaluation.robustness import shifted_answers
from quantize.evaluation.scores import Scores, score
from quantize.int8.convert import Converted, convert_as
from quantize.int8.kernel_invariance import with_averages_as_convolutions
from quantize.networks.folding import Folded
from quantize.progress import progress_bar


@dataclass(frozen=True, slots=True)
class Measurement:
    """An int8 classifier and its network on the same `n` images of `usage`.

    `golden` holds the output bytes for each golden image (`edge_fer.models.golden`).
    """

    usage: str
    n: int
    float32: Scores
    int8: Scores
    confidence: FittedConfidence
    equivalence: Equivalence
    golden: Golden


def measure(
    model: keras.Model,
    folded: Folded,
    converted: Converted,
    calibration: CalibrationSet,
    rows: Fer2013,
    usage: str,
    name: str,
    *,
    kind: ModelKind = EMOTIONS,
    progress: bool = False,
    announce: Callable[[str], None] = lambda text: None,
) -> Measurement:
    """Measure `model` and the file that `folded`, `model` made ready for int8, was converted to.

    `rows` are those of `usage`. UserError when the file cannot be run.
    """
    with progress_bar("Measuring float32", len(rows), show=progress) as advance:
        exact = KerasPredictor(model).log_probabilities(rows.images, advance)
    with progress_bar("Measuring int8", len(rows), show=progress) as advance:
        int8 = TflitePredictor(converted.content, name, kind=kind)
        answers = int8.log_probabilities(rows.images, advance)
    confidence = fit_confidence(
        answers, rows.labels, shifted_answers(int8, rows.images, progress=progress)
    )
    announce("Comparing layer by layer ...")
    layers = _noise_by_layer(folded, converted, calibration, rows.images, name, kind)
    alike = compare_answers(exact, answers)
    return Measurement(
        usage,
        len(rows),
        score(exact, rows.labels),
        score(answers, rows.labels),
        confidence,
        Equivalence(
            usage,
            len(rows),
            alike.agreement,
            alike.largest_difference,
            alike.mean_difference,
            tuple(layers[:WORST_LAYERS]),
        ),
        golden_of(converted, name, kind),
    )


def golden_of(converted: Converted, name: str, kind: ModelKind) -> Golden:
    """Return the output bytes for each golden image; UserError where the kernels are far apart."""
    return choose_golden(
        open_model(converted.content, name, kind=kind).run,
        open_model(converted.content, name, kind=kind, xnnpack=False).run,
        kind.side_px,
    )


def _noise_by_layer(
    folded: Folded,
    converted: Converted,
    calibration: CalibrationSet,
    images: NDArray[np.uint8],
    name: str,
    kind: ModelKind,
) -> list[LayerNoise]:
    """Return each layer's noise, worst first; [] where the converter gave other names to tensors.

    It is for the card alone: the answers have been compared.
    """
    try:
        return noise_by_layer(folded, converted, calibration, images, name, kind)
    except UserError:
        return []


def noise_by_layer(
    folded: Folded,
    converted: Converted,
    calibration: CalibrationSet,
    images: NDArray[np.uint8],
    name: str,
    kind: ModelKind,
) -> list[LayerNoise]:
    """Return the noise of int8 in each layer, worst first, on the first of `images`.

    `images` are uint8[n, side, side]. UserError where the float file's tensors have other names.
    """
    network = with_averages_as_convolutions(folded.model)
    float_file = convert_as(network, "float32", calibration, kind)
    return measure_layers(float_file, converted.content, images[:LAYER_IMAGES], name)
