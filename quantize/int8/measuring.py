"""From a trained network that measures to an int8 file with its card, in three steps.

They are those of `quantize.int8.quantize`: convert, measure, write the card.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import ConversionError, ResultReason
from edge_fer.models.card import (
    MEASURES_ALIKE,
    Calibration,
    Equivalence,
    MeasuringCard,
    OutputError,
)
from edge_fer.models.golden import Golden
from edge_fer.models.kind import ModelKind
from edge_fer.models.provenance import Provenance
from quantize.data.calibration_set import CalibrationSet
from quantize.evaluation.equivalence import LEAST_AGREEMENT, WORST_LAYERS
from quantize.evaluation.predictors import KerasPredictor, TflitePredictor
from quantize.int8.convert import Converted, convert
from quantize.int8.measurement import golden_of, noise_by_layer
from quantize.int8.record import tool_versions
from quantize.networks.complexity import multiply_adds
from quantize.networks.folding import Folded, fold_batch_norms
from quantize.progress import progress_bar


@dataclass(frozen=True, slots=True)
class Error:
    """One figure of how far a network is off on `n` images, in `unit` ("" for a share)."""

    n: int
    value: float
    unit: str = ""


Measure = Callable[[NDArray[np.float64]], Mapping[str, Error]]
"""Measures the values of a network's outputs, float64[n, outputs] as `ModelKind.values` gives."""


@dataclass(frozen=True, slots=True)
class QuantizedMeasuring:
    """An int8 file of a network that measures, not yet written: its bytes and its card."""

    content: bytes
    card: MeasuringCard


@dataclass(frozen=True, slots=True)
class NumbersMeasurement:
    """An int8 file and its network on the same held-out images.

    `golden` holds the output bytes for each golden image (`edge_fer.models.golden`).
    """

    float32: Mapping[str, Error]
    int8: Mapping[str, Error]
    equivalence: Equivalence
    golden: Golden


def convert_measuring(
    model: keras.Model,
    calibration: CalibrationSet,
    images: NDArray[np.uint8],
    measure: Measure,
    name: str,
    *,
    kind: ModelKind,
    usage: str,
    training: Mapping[str, Any],
    licence: str,
    provenance: Provenance | None = None,
    progress: bool = False,
) -> QuantizedMeasuring:
    """Convert `model` to the int8 file of `kind` and measure both on `images` for the card.

    `images` (uint8[n, side, side]) are held out, and `usage` names them. UserError when the network
    cannot be converted so, or when int8 measures otherwise than float on too many images.
    """
    folded = fold_batch_norms(model)
    converted = convert(folded, calibration, kind)
    measured = measure_numbers(
        model,
        folded,
        converted,
        calibration,
        images,
        measure,
        name,
        kind=kind,
        usage=usage,
        progress=progress,
    )
    card = MeasuringCard(
        name=name,
        labels=kind.labels,
        input=converted.input,
        output=converted.output,
        parameters=model.count_params(),
        multiply_adds=multiply_adds(model),
        operators=converted.operators,
        sha256=hashlib.sha256(converted.content).hexdigest(),
        calibration=Calibration(calibration.seed, calibration.count, calibration.sha256),
        training=training,
        tools=tool_versions(),
        licence=licence,
        provenance=provenance,
        equivalence=measured.equivalence,
        golden=measured.golden.outputs,
        golden_tolerance=measured.golden.tolerance,
        batch_norms=folded.notes,
        usage=usage,
        errors={
            key: OutputError(found.n, found.value, measured.int8[key].value, found.unit)
            for key, found in measured.float32.items()
        },
    )
    return QuantizedMeasuring(converted.content, card)


def measure_numbers(
    model: keras.Model,
    folded: Folded,
    converted: Converted,
    calibration: CalibrationSet,
    images: NDArray[np.uint8],
    measure: Measure,
    name: str,
    *,
    kind: ModelKind,
    usage: str,
    progress: bool = False,
) -> NumbersMeasurement:
    """Measure `model` and the file that `folded`, `model` made ready for int8, was converted to.

    `images` are as for `convert_measuring`. ConversionError when the two measure otherwise on too
    many of them.
    """
    with progress_bar("Measuring float32", len(images), show=progress) as advance:
        exact = KerasPredictor(model).numbers(images, advance)
    with progress_bar("Measuring int8", len(images), show=progress) as advance:
        int8 = TflitePredictor(converted.content, name, kind=kind).numbers(images, advance)
    layers = noise_by_layer(folded, converted, calibration, images, name, kind)
    # What lies beyond -1..1 is stored as the end of that range.
    apart = np.abs(np.clip(exact, -1, 1) - int8)
    equivalence = Equivalence(
        usage,
        len(images),
        float((apart <= MEASURES_ALIKE).mean()),
        min(float(apart.max()), 1.0),
        float(apart.mean()),
        tuple(layers[:WORST_LAYERS]),
    )
    if equivalence.agreement < LEAST_AGREEMENT:
        raise ConversionError(
            ResultReason.ANSWERS_DIFFER,
            f"int8 measures as float does, within {MEASURES_ALIKE:g} of -1..1, in "
            f"{equivalence.agreement:.2%} of the outputs on {usage}; {LEAST_AGREEMENT:.0%} are "
            f"wanted (noisiest layer: {layers[0].layer} {layers[0].snr_db:.1f} dB)",
        )
    return NumbersMeasurement(
        measure(kind.values(exact)),
        measure(kind.values(int8)),
        equivalence,
        golden_of(converted, name, kind),
    )
