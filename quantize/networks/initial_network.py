"""Opens what a training begins with: a `.keras` file, or an int8 file as devices have it.

Whoever fine-tunes the shipped network on faces of their own camera has its int8 file and nothing
else. Its weights times their scales are those of the float network, to a half step.
`edge-small` may begin with a file of `edge`, whose best channels it then takes
(`quantize.networks.narrowing`).
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.operators import is_tflite, list_operators, refuse_inexact, tflite_schema
from quantize.networks.architectures import build
from quantize.networks.folding import fold_batch_norms
from quantize.networks.network_file import load_network

WIDER = {"edge-small": "edge"}
"""The network that one may be cut from."""

_WITH_WEIGHTS = ("CONV_2D", "FULLY_CONNECTED")


def open_initial(path: Path, architecture: str) -> keras.Model:
    """Open a network of `architecture`, or of the one that it may be cut from.

    From an int8 file it comes with its BatchNorms folded.

    UserError when the file is missing, is neither of both, or holds another architecture.
    """
    content = path.read_bytes() if path.is_file() else b""
    if is_tflite(content):
        return _unquantized(content, architecture, f"--initial: {path}")
    network = load_network(path)
    if network.name not in (architecture, WIDER.get(architecture)):
        raise ModelError(
            ModelReason.UNSUPPORTED, f"--initial: {path} is {network.name!r}, not {architecture!r}"
        )
    return network


def _unquantized(content: bytes, architecture: str, source: str) -> keras.Model:
    """Return the float network of an int8 file, every BatchNorm in the layer before it."""
    operators = list_operators(content, source)
    refuse_inexact(operators, source)
    file = tflite_schema().ModelT.InitFromPackedBuf(bytearray(content), 0)
    graph = file.subgraphs[0]
    stored = [
        [_values(file, graph.tensors[index]) for index in operator.inputs[1:3] if index >= 0]
        for operator, found in zip(graph.operators, operators, strict=True)
        if found.name in _WITH_WEIGHTS
    ]
    # A kernel has its outputs first in the file and last in Keras.
    weights = [[np.moveaxis(kernel, 0, -1), *bias] for kernel, *bias in stored]
    for name in (architecture, WIDER.get(architecture)):
        if name is None:
            continue
        network = fold_batch_norms(build(name)).model
        weighted = [layer for layer in network.layers if layer.weights]
        if [_shapes(each) for each in weights] == [_shapes(layer.weights) for layer in weighted]:
            for layer, values in zip(weighted, weights, strict=True):
                layer.set_weights(values)
            return network
    raise ModelError(ModelReason.UNSUPPORTED, f"{source} has other layers than {architecture!r}")


def _values(file: Any, tensor: Any) -> NDArray[np.float32]:
    """Return a constant's numbers times their scales; outputs are its first axis."""
    dtype = np.int8 if tensor.type == tflite_schema().TensorType.INT8 else np.int32
    stored = file.buffers[tensor.buffer].data.tobytes()
    numbers = np.frombuffer(stored, dtype).astype(np.float32)
    scales = np.asarray(tensor.quantization.scale, np.float32)
    shape = tuple(int(side) for side in tensor.shape)
    return (numbers.reshape(shape[0], -1) * scales[:, np.newaxis]).reshape(shape)


def _shapes(values: list[Any]) -> list[tuple[int, ...]]:
    return [tuple(value.shape) for value in values]
