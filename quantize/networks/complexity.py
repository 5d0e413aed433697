"""Counts the multiply-adds of a Keras network for one image."""

import math

import keras
from keras import layers

from edge_fer.errors import ModelError, ModelReason

# Layers whose weights are folded into a neighbour, or that have no weights: no multiply-adds.
_FREE = (layers.BatchNormalization, layers.PReLU)


def multiply_adds(model: keras.Model) -> int:
    """Return the multiply-adds of convolutions and dense layers for one image of fixed size.

    A bias, a normalisation or a pooling counts nothing, as is usual. UserError for a layer with
    weights of which the count is not known, rather than a total that is too small.
    """
    return sum(layer_multiply_adds(layer) for layer in model.layers)


def known_multiply_adds(model: keras.Model) -> int | None:
    """Return `multiply_adds`, or None where it has a layer of which the count is not known."""
    try:
        return multiply_adds(model) or None
    except ModelError:
        return None


def known_layer_multiply_adds(layer: layers.Layer) -> int | None:
    """Return `layer_multiply_adds`, or None where the count is not known."""
    try:
        return layer_multiply_adds(layer)
    except ModelError:
        return None


def layer_multiply_adds(layer: layers.Layer) -> int:
    """Return what one layer of a network adds to `multiply_adds`, with its UserError."""
    if isinstance(layer, keras.Model):
        return multiply_adds(layer)
    if not layer.weights or isinstance(layer, _FREE):
        return 0
    return _of_layer(layer)


def _of_layer(layer: layers.Layer) -> int:
    outputs = math.prod(layer.output.shape[1:])
    if isinstance(layer, layers.SeparableConv2D):
        positions = outputs // layer.filters
        per_position = math.prod(layer.depthwise_kernel.shape)
        return int(positions * (per_position + math.prod(layer.pointwise_kernel.shape)))
    if isinstance(layer, layers.DepthwiseConv2D):
        return int(outputs * math.prod(layer.kernel_size))
    if isinstance(layer, layers.Conv2D):
        # The kernel is [height, width, input channels of the group, output channels].
        return int(outputs * math.prod(layer.kernel.shape[:3]))
    if isinstance(layer, layers.Dense):
        return int(outputs * layer.kernel.shape[0])
    raise ModelError(
        ModelReason.UNSUPPORTED,
        f"layer {layer.name}: the multiply-adds of {type(layer).__name__} are not known",
    )
