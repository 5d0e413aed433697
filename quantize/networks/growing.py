"""Begins a network with the weights of another, and computes the same at first.

That may lack BatchNorms, folded into its convolutions, or whole convolutions.

Chen, Goodfellow and Shlens 2016, "Net2Net: Accelerating Learning via Knowledge Transfer": a
convolution that the other lacks begins as the identity. Behind a ReLU that is exact, for nothing
is negative there.
"""

from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from edge_fer.errors import ModelError, ModelReason


def grow(network: keras.Model, initial: keras.Model, faces: NDArray[np.float32]) -> None:
    """Set the weights of `network` to those of `initial`, layer by layer by name.

    `network` is a chain; what `initial` lacks of it has to be BatchNorms behind convolutions with a
    bias, or convolutions that keep the number of channels, each with its BatchNorm and behind a
    ReLU. New BatchNorms begin with mean and variance over `faces` (float32[n, 48, 48, 1] in
    [0, 1]), so that they change nothing in training either. UserError for any other difference.
    """
    known = {layer.name: layer for layer in initial.layers}
    if set(known) - {layer.name for layer in network.layers}:
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"--initial: {initial.name!r} has layers that {network.name!r} has not",
        )
    source = initial.inputs[0]
    bias: NDArray[np.float32] | None = None  # of the convolution before, which `network` lacks
    for layer in network.layers:
        if layer.name in known:
            bias = _copy(known[layer.name], layer)
            source = known[layer.name].output
        elif isinstance(layer, layers.Conv2D):
            _make_identity(layer)
            bias = None
        elif isinstance(layer, layers.BatchNormalization):
            values = keras.Model(initial.inputs, source).predict(faces, verbose=0)
            _let_pass(layer, values, 0.0 if bias is None else bias)
        elif layer.weights:
            raise _cannot_begin(layer)


def _copy(known: layers.Layer, layer: layers.Layer) -> NDArray[np.float32] | None:
    """Set the weights of `layer`; return the bias of `known` for which it has no place."""
    values, bias = known.get_weights(), None
    if isinstance(layer, layers.Conv2D) and known.use_bias and not layer.use_bias:
        values, bias = values[:-1], values[-1]
    if [value.shape for value in values] != [tuple(weight.shape) for weight in layer.weights]:
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"--initial: its layer {layer.name} has weights of another shape",
        )
    layer.set_weights(values)
    return bias


def _make_identity(layer: Any) -> None:
    height, width, channels, kernels = layer.kernel.shape
    if channels != kernels or layer.use_bias or height % 2 == 0 or width % 2 == 0:
        raise _cannot_begin(layer)
    kernel = np.zeros((height, width, channels, kernels), np.float32)
    kernel[height // 2, width // 2] = np.eye(channels)
    layer.set_weights([kernel])


def _let_pass(norm: Any, values: NDArray[np.float32], bias: float | NDArray[np.float32]) -> None:
    """Make a BatchNorm return values (float32[n, height, width, channels]) for them less `bias`."""
    mean, variance = values.mean(axis=(0, 1, 2)), values.var(axis=(0, 1, 2))
    norm.set_weights([np.sqrt(variance + norm.epsilon), mean, mean - bias, variance])


def _cannot_begin(layer: layers.Layer) -> ModelError:
    return ModelError(
        ModelReason.UNSUPPORTED,
        f"--initial: it has no layer {layer.name}, which cannot begin as the identity",
    )
