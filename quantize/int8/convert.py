"""Converts a trained network to a TFLite file: full int8 for the device, others to compare with."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge_fer.errors import (
    ConversionError,
    ModelError,
    ModelReason,
    ResultReason,
    UsageError,
    UsageReason,
)
from edge_fer.models.kind import EMOTIONS, ModelKind, TensorSpec
from edge_fer.models.operators import list_operators, operator_names
from edge_fer.models.runtime import tensor_spec
from edge_fer.quiet import quiet_output
from quantize.data.calibration_set import CalibrationSet
from quantize.evaluation.predictors import KerasPredictor, TflitePredictor
from quantize.int8.kernel_invariance import (
    with_averages_as_convolutions,
    with_kernel_invariant_rounding,
)
from quantize.int8.scales import with_usable_scales
from quantize.int8.supported import refuse_inexact_layer, refuse_unsupported
from quantize.networks.adapting import gives_probabilities
from quantize.networks.folding import Folded
from quantize.networks.tflite_file import open_interpreter

INT8 = "int8"
# Activations in int16, weights in int8: for networks that lose too much in int8.
_INT16X8 = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
# Mean differences of probabilities: the shipped network's is 0.003 with kernel-invariant rounding.
_BEARABLE, _MOST_TIMES = 0.01, 2.0
FORMATS = ("float32", "float16", "dynamic", INT8, "int16x8")
"""The formats to convert to; only int8 runs on the device, and only it gets a card."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A checked int8 file: its bytes and what they hold.

    `kernel_invariant` says whether all kernels answer with the same bytes
    (`quantize.int8.kernel_invariance`).
    """

    content: bytes
    input: TensorSpec
    output: TensorSpec
    operators: tuple[str, ...]
    kernel_invariant: bool = False


def convert(folded: Folded, calibration: CalibrationSet, kind: ModelKind = EMOTIONS) -> Converted:
    """Convert a network (float32[n, 48, 48, 1] in 0..1 to logits or probabilities) to int8.

    The file takes int8[1, 48, 48, 1] and returns int8[1, 7], or what else `kind` says; its weights
    are quantized per channel, with the ranges of activations from `calibration`, and rounded so
    that all kernels compute the same (`quantize.int8.kernel_invariance`) where the network allows
    it. UserError when the network cannot be converted so, naming the operator or the part that is
    off.
    """
    source = f"{folded.model.name} converted to int8"
    refuse_unsupported(folded.model, source)
    model = with_averages_as_convolutions(folded.model)
    content = convert_as(model, INT8, calibration, kind)
    if kind.is_classifier:
        content = with_usable_scales(content, kind.output)
    # The converter scales outputs by what it sees; those of a measuring network are fixed.
    output = None if kind.is_classifier else kind.output
    alike = with_kernel_invariant_rounding(content, model, calibration.images, source, output)
    if alike is None and output is not None:
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"{source}: a network that measures has to be a chain of convolutions, "
            "dense layers and max pooling",
        )
    if alike is not None and output is None:
        alike = _unless_worse(alike, content, model, calibration, kind)
    converted = check_int8(content if alike is None else alike, source, kind)
    return replace(converted, kernel_invariant=alike is not None)


def _unless_worse(
    alike: bytes, content: bytes, model: keras.Model, calibration: CalibrationSet, kind: ModelKind
) -> bytes | None:
    """Return `alike`, or None where kernel-invariant rounding costs the network too much.

    Its weights have 63 steps either way and scales in powers of two; layers with a few large
    weights among small ones can lose much by that.
    """
    images = calibration.images
    wanted = np.exp(KerasPredictor(model).log_probabilities(images, lambda amount: None))
    off = [
        np.abs(np.exp(predictor.log_probabilities(images, lambda amount: None)) - wanted).mean()
        for predictor in (TflitePredictor(each, model.name, kind=kind) for each in (alike, content))
    ]
    return alike if off[0] <= max(_BEARABLE, _MOST_TIMES * off[1]) else None


def convert_as(
    model: keras.Model,
    file_format: str,
    calibration: CalibrationSet,
    kind: ModelKind = EMOTIONS,
) -> bytes:
    """Convert `model` to one of FORMATS, unchecked, with a batch of one and probabilities out.

    float32: as trained. float16: weights in float16, computed in float32. dynamic: weights in int8,
    activations quantized as they come. int16x8: activations int16, weights int8. All but int8 take
    float32[1, 48, 48, 1] in 0..1 and return float32[1, 7]. UserError when that cannot be done.
    """
    if file_format not in FORMATS:
        raise UsageError(
            UsageReason.BAD_VALUE, f"--format {file_format}: choose one of {', '.join(FORMATS)}"
        )
    if keras.backend.backend() != "tensorflow":
        raise UsageError(
            UsageReason.BAD_VALUE,
            "conversion needs the TensorFlow backend of Keras: unset KERAS_BACKEND",
        )
    try:
        with quiet_output(), warnings.catch_warnings():
            # It misses statistics of the inputs that it takes from the representative set.
            warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected")
            return _convert(_with_probabilities(model, kind), file_format, calibration)
    except Exception as error:  # the converter passes on whatever its passes raise
        raise ConversionError(
            ResultReason.NOT_CONVERTIBLE,
            f"{model.name} cannot be converted to {file_format}: "
            f"{' '.join(str(error).split())[:300]}",
        ) from error


def check_int8(content: bytes, source: str, kind: ModelKind = EMOTIONS) -> Converted:
    """Return what `content` holds; UserError unless it is the full-int8 file of `convert`."""
    operators = list_operators(content, source)
    refuse_inexact_layer(content, source)
    interpreter = open_interpreter(content, source)
    specs = (
        tensor_spec(interpreter.get_input_details()[0]),
        tensor_spec(interpreter.get_output_details()[0]),
    )
    wanted_specs = (kind.input, kind.output)
    for which, found, wanted in zip(("input", "output"), specs, wanted_specs, strict=True):
        if found != wanted:
            raise ModelError(
                ModelReason.UNSUPPORTED, f"{source}: its {which} is {found} and not {wanted}"
            )
    return Converted(content, *specs, operator_names(operators))


def _with_probabilities(model: keras.Model, kind: ModelKind) -> keras.Model:
    """Return the network for one image, with a softmax at its end where it classifies."""
    face = keras.Input(kind.input.shape[1:], batch_size=1, name="face")
    outputs = model(face)
    if kind.is_classifier and not gives_probabilities(model):
        outputs = keras.layers.Softmax(name="probabilities")(outputs)
    return keras.Model(face, outputs, name=model.name)


def _convert(model: keras.Model, file_format: str, calibration: CalibrationSet) -> bytes:
    converter: Any = tf.lite.TFLiteConverter.from_keras_model(model)
    if file_format != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if file_format == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if file_format in (INT8, "int16x8"):
        converter.representative_dataset = calibration.batches
        operators = tf.lite.OpsSet.TFLITE_BUILTINS_INT8 if file_format == INT8 else _INT16X8
        converter.target_spec.supported_ops = [operators]
    if file_format == INT8:
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    return bytes(converter.convert())
