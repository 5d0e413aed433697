"""Proof that the int8 file behaves as the trained network: answers, and layer by layer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from edge_fer.errors import ConversionError, ModelError, ModelReason, ResultReason
from edge_fer.models.card import Equivalence, LayerNoise
from edge_fer.quiet import quiet_output
from quantize.data.calibration_set import to_float_input

# Limits of the project's design: what a vehicle integrator may lose by int8 and not more.
MOST_ACCURACY_LOST = 0.003
LEAST_AGREEMENT = 0.97
# Top classes stay when all probabilities are flattened alike, as by a softmax applied twice. The
# shipped network is at 0.003; a fifth of a class's share of seven is more than rounding does.
MOST_MEAN_DIFFERENCE = 0.03
LAYER_IMAGES = 64  # all tensors of all images are looked at; more do not change the ratios
WORST_LAYERS = 5
_NO_NOISE_DB = 200.0  # reported where a layer has no noise at all, as JSON has no infinity


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike the answers are: see `edge_fer.models.card.Equivalence`."""

    agreement: float
    largest_difference: float
    mean_difference: float


def compare_answers(before: NDArray[np.float64], after: NDArray[np.float64]) -> Agreement:
    """Compare log-probabilities float64[n, 7] of the same images before and after conversion."""
    differences = np.abs(np.exp(before) - np.exp(after))
    return Agreement(
        float((before.argmax(axis=1) == after.argmax(axis=1)).mean()),
        float(differences.max()),
        float(differences.mean()),
    )


def refuse_unequal(accuracy_before: float, accuracy_after: float, found: Equivalence) -> None:
    """UserError that says why, when int8 loses more than the limits allow."""
    lost = accuracy_before - accuracy_after
    worst = ", ".join(f"{noise.layer} {noise.snr_db:.1f} dB" for noise in found.worst_layers[:3])
    worst = worst or "unknown"
    remedy = f"(noisiest layers: {worst}): fine-tune with --qat-epochs, or take --no-verify"
    if lost > MOST_ACCURACY_LOST + 1e-12:
        raise ConversionError(
            ResultReason.ACCURACY_LOST,
            f"int8 loses {lost * 100:.2f} points of accuracy on {found.n} images of {found.usage}, "
            f"{MOST_ACCURACY_LOST * 100:.1f} are allowed {remedy}",
        )
    if found.agreement < LEAST_AGREEMENT:
        raise ConversionError(
            ResultReason.ANSWERS_DIFFER,
            f"int8 gives the same answer as float on {found.agreement:.2%} of {found.n} images of "
            f"{found.usage}, at least {LEAST_AGREEMENT:.0%} are wanted {remedy}",
        )
    if found.mean_difference > MOST_MEAN_DIFFERENCE:
        raise ConversionError(
            ResultReason.ANSWERS_DIFFER,
            f"int8 gives probabilities that are {found.mean_difference:.3f} off on average on "
            f"{found.n} images of {found.usage}, {MOST_MEAN_DIFFERENCE} is allowed {remedy}",
        )


def measure_layers(
    float32: bytes, int8: bytes, images: NDArray[np.uint8], source: str
) -> list[LayerNoise]:
    """Return each layer's signal-to-noise ratio over `images` (uint8[n, 48, 48]), worst first.

    `float32` and `int8` are two conversions of the same network, whose tensors have the same names.
    The signal is the layer's output in the float file, the noise what the int8 file's dequantized
    output differs by; it holds the noise of all layers before. UserError when fewer than half of
    the int8 file's operators have a counterpart: then the files are not of the same network.
    """
    with quiet_output():
        reference, quantized = all_tensors(float32), all_tensors(int8)
    counterparts = {name: details for name, (_, details) in _outputs(reference).items()}
    outputs = _outputs(quantized)
    pairs = {
        name: (operator, counterparts[name], details)
        for name, (operator, details) in outputs.items()
        if name in counterparts
    }
    if 2 * len(pairs) < len(outputs):
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"{source}: float and int8 file have too few tensors in common to compare",
        )
    signal = dict.fromkeys(pairs, 0.0)
    noise = dict.fromkeys(pairs, 0.0)
    for face in images:
        values = to_float_input(face[np.newaxis])
        _run(reference, values)
        _run(quantized, (face.astype(np.int16) - 128).astype(np.int8)[np.newaxis, ..., np.newaxis])
        for name, (_, wanted, found) in pairs.items():
            exact = reference.get_tensor(wanted["index"]).astype(np.float64)
            scale, zero_point = found["quantization"]
            stored = quantized.get_tensor(found["index"]).astype(np.float64)
            signal[name] += float(np.square(exact).sum())
            noise[name] += float(np.square((stored - zero_point) * scale - exact).sum())
    layers = [
        LayerNoise(layer_name(name), operator, _decibels(signal[name], noise[name]))
        for name, (operator, _, _) in pairs.items()
    ]
    return sorted(layers, key=lambda layer: layer.snr_db)


def all_tensors(content: bytes) -> Any:
    """Return an interpreter that keeps each tensor, for which it has to do without XNNPACK."""
    interpreter = Interpreter(
        model_content=content,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    return interpreter


def _outputs(interpreter: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return operator and details of each operator's first output, by the tensor's name."""
    tensors = {details["index"]: details for details in interpreter.get_tensor_details()}
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for operator in interpreter._get_ops_details():  # it has no public list of operators
        details = tensors[int(operator["outputs"][0])]
        found[details["name"]] = operator["op_name"], details
    return found


def _run(interpreter: Any, values: NDArray[Any]) -> None:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()


def _decibels(signal: float, noise: float) -> float:
    if noise <= 0:
        return _NO_NOISE_DB
    return float(np.clip(10 * np.log10(max(signal, 1e-30) / noise), -_NO_NOISE_DB, _NO_NOISE_DB))


def layer_name(tensor: str) -> str:
    """Return the Keras layer in a tensor's name.

    The converter joins the names of what it fused: "edge_1/edge_1/conv1_1_relu_1/Relu;edge_1/...".
    Of the first, the part before the operation is the layer, with the number of its call behind.
    """
    parts = tensor.split(";", maxsplit=1)[0].split("/")
    if len(parts) < 2:
        return "probabilities" if tensor.startswith("StatefulPartitionedCall") else tensor
    layer, _, call = parts[-2].rpartition("_")
    return layer if layer and call.isdigit() else parts[-2]
