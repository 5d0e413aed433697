"""Makes an int8 file answer with the same bytes, whichever runtime and kernels compute it.

The converter's file leaves open how a sum is rounded, and kernels do it differently: by a unit in a
thousandth of the first layer's outputs, and, as each layer takes in the differences before it, in
most answers. `quantize.int8.even_weights` says which weights leave nothing to round differently;
here they are put into the file, together with an average that is a convolution, as kernels differ
in averages too. What remains is the softmax, which no runtime gives to XNNPACK.
"""

from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import keras
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from keras import layers
from numpy.typing import NDArray

from edge_fer.models.kind import TensorSpec
from edge_fer.models.operators import Operator, list_operators
from quantize.data.calibration_set import to_float_input
from quantize.int8.even_weights import (
    LARGEST_WEIGHT,
    round_together,
    scales_just_below,
    to_odd,
    weight_scales,
)
from quantize.networks.folding import chain_of, copy_of, is_folded, rebuild

_WITH_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_PASSING = ("MAX_POOL_2D", "RESHAPE")  # these move bytes and round nothing
_KNOWN = (*_WITH_WEIGHTS, *_PASSING, "SOFTMAX")
_BATCH = 20  # images that are looked at together


def with_averages_as_convolutions(model: keras.Model) -> keras.Model:
    """Return `model` with each global average as a depthwise convolution with equal weights.

    That computes the same. A network that is no plain chain is returned as it is.
    """
    chain = chain_of(model)
    if chain is None or not any(map(_is_global_average, chain)):
        return model
    new: list[layers.Layer] = []
    for layer in chain:
        if not _is_global_average(layer):
            new.append(copy_of(layer))
            continue
        height, width = layer.input.shape[1:3]
        equal = keras.initializers.Constant(1 / (height * width))
        new.append(
            layers.DepthwiseConv2D(
                (height, width), use_bias=False, depthwise_initializer=equal, name=layer.name
            )
        )
        new.append(layers.Flatten(name=f"{layer.name}_flat"))
    built = rebuild(model, new)
    for layer in chain:
        if layer.weights:
            built.get_layer(layer.name).set_weights(layer.get_weights())
    return built


def with_kernel_invariant_rounding(
    content: bytes,
    model: keras.Model,
    images: NDArray[np.uint8],
    source: str,
    output: TensorSpec | None = None,
) -> bytes | None:
    """Return the int8 file `content` with weights that all kernels round alike, or None.

    `content` is `model` converted, after `with_averages_as_convolutions`, and `images` (uint8[n,
    side, side]) the representative set. With `output` the last layer is given that quantization in
    place of the one that the representative set suggests. None where that cannot be: for a network
    that is no plain chain of convolutions, dense layers and max pooling, or keeps a BatchNorm.
    """
    operators = list_operators(content, source)
    chain = chain_of(model) if is_folded(model) else None
    if chain is None or not all(operator.name in _KNOWN for operator in operators):
        return None
    weighted = [layer for layer in chain if layer.weights]
    in_file = [operator.name for operator in operators if operator.name in _WITH_WEIGHTS]
    if [_operator_of(layer) for layer in weighted] != in_file:
        return None
    file = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    if not _each_has_its_own(file.subgraphs[0], operators):
        return None
    if output is not None:
        _set_output(file, output)
    layers_in_order = iter(zip(weighted, _look_at(model, weighted, images), strict=True))
    for operator, found in zip(file.subgraphs[0].operators, operators, strict=True):
        if found.name in _PASSING:
            read, written = _tensors(file, operator)
            written.quantization.scale = read[0].quantization.scale
        elif found.name in _WITH_WEIGHTS:
            _replace(file, operator, *next(layers_in_order))
    _drop_what_is_not_used(file)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(file.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _set_output(file: Any, output: TensorSpec) -> None:
    """Give the tensor that the graph returns the quantization of `output`."""
    graph = file.subgraphs[0]
    quantization = graph.tensors[graph.outputs[0]].quantization
    quantization.scale = np.array([output.scale], np.float32)
    quantization.zeroPoint = np.array([output.zero_point], np.int64)


@dataclass(slots=True)
class _Inputs:
    """Mean and covariance of what the sums of a layer read, of as many rows as were added."""

    count: int = 0
    total: Any = field(default=0.0)
    squares: Any = field(default=0.0)

    def add(self, rows: NDArray[np.float32]) -> None:
        self.count += len(rows)
        self.total = self.total + rows.sum(axis=0, dtype=np.float64)
        self.squares = self.squares + (rows.T @ rows).astype(np.float64)

    @property
    def mean(self) -> NDArray[np.float64]:
        return np.asarray(self.total / self.count)

    @property
    def covariance(self) -> NDArray[np.float64]:
        return np.asarray(self.squares / self.count - np.outer(self.mean, self.mean))


def _look_at(
    network: keras.Model, weighted: list[layers.Layer], images: NDArray[np.uint8]
) -> list[_Inputs]:
    """Return what each of `weighted`, layers of `network`, reads while it sees `images`."""
    reads = keras.Model(network.inputs[0], [layer.input for layer in weighted])
    found = [_Inputs() for _ in weighted]
    for start in range(0, len(images), _BATCH):
        seen = reads(to_float_input(images[start : start + _BATCH]), training=False)
        of_each = seen if len(weighted) > 1 else [seen]  # Keras unpacks a list of one
        for layer, inputs, values in zip(weighted, found, of_each, strict=True):
            if not isinstance(layer, layers.DepthwiseConv2D):
                inputs.add(_rows(layer, values))
    return found


def _rows(layer: layers.Layer, values: Any) -> NDArray[np.float32]:
    """Return what each sum of `layer` reads: float32[sums, inputs], inputs as in its kernel."""
    if isinstance(layer, layers.Conv2D):
        values = keras.ops.image.extract_patches(
            values, layer.kernel_size, strides=layer.strides, padding=layer.padding
        )
    array = np.asarray(keras.ops.convert_to_numpy(values), np.float32)
    return array.reshape(-1, array.shape[-1])


def _replace(file: Any, operator: Any, layer: layers.Layer, inputs: _Inputs) -> None:
    """Put new weights and biases of one layer into the file."""
    if operator.inputs[2] < 0:  # the converter leaves biases of zero out
        graph = file.subgraphs[0]
        operator.inputs[2] = len(graph.tensors)
        graph.tensors.append(_new_bias(layer))
    if isinstance(layer, layers.DepthwiseConv2D):
        _replace_average(file, operator, layer)
        return
    (read, *_), written = _tensors(file, operator)
    in_scale, out_scale = _scale(read), _scale(written)
    kernel, bias = (np.asarray(value, np.float64) for value in layer.weights)
    flat = kernel.reshape(-1, kernel.shape[-1])  # float64[inputs, channels]
    scales = weight_scales(flat, in_scale, out_scale)
    rounded = round_together(flat, scales, inputs.covariance)
    exact = scales.astype(np.float64)
    wanted = bias + inputs.mean @ (flat - rounded * exact)  # the mean of the sums stays as it was
    # A kernel has its outputs last in Keras and first in the file.
    in_file = np.moveaxis(rounded.reshape(kernel.shape), -1, 0)
    _store(file, operator, in_file, scales, to_odd(wanted / (in_scale * exact)))


def _replace_average(file: Any, operator: Any, layer: layers.DepthwiseConv2D) -> None:
    """Give an average equal, even weights; its output takes the scale that makes them exact."""
    (read, *_), written = _tensors(file, operator)
    kernel = np.asarray(layer.kernel)
    weight = float(kernel.flat[0])
    evens = np.arange(LARGEST_WEIGHT // 2 + 1, LARGEST_WEIGHT + 1, 2)
    each = _scale(read) * weight / evens
    # The smallest that holds what the converter saw.
    out_scales = each * 2.0 ** np.ceil(np.log2(_scale(written) / each))
    even = evens[np.argmin(out_scales)]
    written.quantization.scale = np.array([out_scales.min()], np.float32)
    factor = round(np.log2(out_scales.min() * even / (_scale(read) * weight)))
    scales = scales_just_below(np.full(kernel.shape[2], factor), _scale(read), _scale(written))
    weights = np.full((1, *kernel.shape[:3]), even, np.int8)
    _store(file, operator, weights, scales, np.ones(kernel.shape[2], np.int32))


def _drop_what_is_not_used(file: Any) -> None:
    """Empty the buffers of the weights that were replaced; places stay, as they are numbers."""
    used = {tensor.buffer for graph in file.subgraphs for tensor in graph.tensors}
    used |= {entry.buffer for entry in file.metadata or ()}
    for place, buffer in enumerate(file.buffers):
        if place not in used:
            buffer.data = None


def _new_bias(layer: layers.Layer) -> Any:
    tensor = schema.TensorT()
    tensor.name = f"{layer.name}/bias".encode()
    tensor.type = schema.TensorType.INT32
    tensor.shape = np.array([layer.weights[0].shape[-1]], np.int32)
    tensor.quantization = schema.QuantizationParametersT()
    return tensor


def _store(
    file: Any,
    operator: Any,
    weights: NDArray[np.int8],
    scales: NDArray[np.float32],
    biases: NDArray[np.int32],
) -> None:
    (read, of_weights, of_biases), _ = _tensors(file, operator)
    bias_scales = np.float32(_scale(read)) * scales
    axis = weights.ndim - 1 if weights.shape[0] != len(scales) else 0
    for tensor, values, of_values, channels in (
        (of_weights, weights, scales, axis),
        (of_biases, biases, bias_scales, 0),
    ):
        # A buffer of its own: the converter lets equal constants share one.
        tensor.buffer = len(file.buffers)
        file.buffers.append(schema.BufferT())
        file.buffers[-1].data = np.frombuffer(values.tobytes(), np.uint8)
        tensor.quantization.scale = of_values
        tensor.quantization.zeroPoint = np.zeros(len(of_values), np.int64)
        tensor.quantization.quantizedDimension = channels


def _tensors(file: Any, operator: Any) -> tuple[list[Any], Any]:
    """Return what an operator reads and the first that it writes."""
    graph = file.subgraphs[0]
    return [graph.tensors[index] for index in operator.inputs], graph.tensors[operator.outputs[0]]


def _scale(tensor: Any) -> float:
    return float(tensor.quantization.scale[0])


def _each_has_its_own(graph: Any, operators: list[Operator]) -> bool:
    """Say whether no layer shares weights or biases with another (-1: it has no bias)."""
    constants = [
        index
        for operator, found in zip(graph.operators, operators, strict=True)
        if found.name in _WITH_WEIGHTS
        for index in operator.inputs[1:3]
        if index >= 0
    ]
    return len(constants) == len(set(constants))


def _operator_of(layer: layers.Layer) -> str:
    """Return the operator that computes a layer with weights, or "" for those not known here."""
    if type(layer) is layers.Dense:
        return "FULLY_CONNECTED"
    if type(layer) is layers.Conv2D and layer.groups == 1 and layer.dilation_rate == (1, 1):
        return "CONV_2D"
    if type(layer) is layers.DepthwiseConv2D:
        kernel, *bias = (np.asarray(value) for value in layer.weights)
        is_average = np.all(kernel == kernel.flat[0]) and kernel.flat[0] > 0 and not np.any(bias)
        return "DEPTHWISE_CONV_2D" if is_average else ""
    return ""


def _is_global_average(layer: layers.Layer) -> bool:
    return isinstance(layer, layers.GlobalAveragePooling2D) and None not in layer.input.shape[1:3]
