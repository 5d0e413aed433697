"""From a trained classifier to an int8 file with its card, in three steps.

`convert` makes the file (`Converted`), `measure` runs it beside the network on held-out images
(`Measurement`), and `card_of` writes down both. BatchNorms are folded once, before the first step.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras

from edge_fer.models.card import Accuracy, Calibration, ModelCard
from edge_fer.models.kind import EMOTIONS, ModelKind
from quantize.data.calibration_set import DEFAULT_COUNT, CalibrationSet, choose_calibration_set
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.evaluation import rows_of
from quantize.evaluation.scores import Scores
from quantize.int8.convert import Converted, convert
from quantize.int8.fake_quant import fine_tune
from quantize.int8.measurement import Measurement, measure
from quantize.int8.provenance import emotions_provenance
from quantize.int8.record import tool_versions
from quantize.networks.complexity import known_multiply_adds
from quantize.networks.folding import Folded, fold_batch_norms

MEASURED_ON = "PublicTest"  # PrivateTest is kept for a final measurement


@dataclass(frozen=True, slots=True)
class Quantized:
    """An int8 file, not yet written: its bytes, its card, and the scores before and after."""

    content: bytes
    card: ModelCard
    float32: Scores
    int8: Scores


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
    (`quantize.int8.fake_quant`); `progress` draws bars, and `announce` takes a line on each part
    that has no bar. UserError when the data lacks Training or PublicTest rows, or the converted
    file is not full int8.
    """
    rows = rows_of(dataset, MEASURED_ON).at_side(kind.side_px)
    calibration = choose_calibration_set(dataset, count=count, seed=seed, side_px=kind.side_px)
    folded = fold_batch_norms(model)
    if qat_epochs:
        announce(f"Fine-tuning {name} for int8, {qat_epochs} epochs ...")
        tuned = fine_tune(folded.model, dataset, calibration, epochs=qat_epochs, seed=seed)
        folded = replace(folded, model=tuned)
        training = {**training, "qat_epochs": qat_epochs}
    announce(f"Converting {name} with {calibration.count} representative images ...")
    converted = convert(folded, calibration, kind)
    if not converted.kernel_invariant:
        announce(
            f"{name}: runtimes will round some of its bytes differently"
            " (docs/kernel-invariant-rounding.md)"
        )
    measured = measure(
        model,
        folded,
        converted,
        calibration,
        rows,
        MEASURED_ON,
        name,
        kind=kind,
        progress=progress,
        announce=announce,
    )
    card = card_of(name, model, folded, converted, calibration, measured, training, kind)
    return Quantized(converted.content, card, measured.float32, measured.int8)


def card_of(
    name: str,
    model: keras.Model,
    folded: Folded,
    converted: Converted,
    calibration: CalibrationSet,
    measured: Measurement,
    training: Mapping[str, Any],
    kind: ModelKind = EMOTIONS,
) -> ModelCard:
    """Return the card of the file `converted` from `model`, with what was `measured`."""
    return ModelCard(
        name=name,
        labels=kind.labels,
        input=converted.input,
        output=converted.output,
        parameters=model.count_params() or None,
        multiply_adds=known_multiply_adds(model),
        operators=converted.operators,
        sha256=hashlib.sha256(converted.content).hexdigest(),
        calibration=Calibration(calibration.seed, calibration.count, calibration.sha256),
        accuracy=Accuracy(
            measured.usage, measured.n, measured.float32.accuracy, measured.int8.accuracy
        ),
        temperature=measured.confidence.temperature,
        uncertain_threshold=measured.confidence.uncertain_threshold,
        confidence=measured.confidence.measured,
        training=training,
        provenance=emotions_provenance(training),
        tools=tool_versions(),
        equivalence=measured.equivalence,
        batch_norms=folded.notes,
        golden=measured.golden.outputs,
        golden_tolerance=measured.golden.tolerance,
    )
