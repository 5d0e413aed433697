"""Quantization-aware fine-tuning: the network learns with the rounding of int8 in its way.

Convolutions and dense layers compute with weights rounded to int8 a channel, and each activation
that the device stores as int8 is rounded to 256 steps of its running range. Gradients pass the
rounding as if it were not there (straight-through, Bengio et al. 2013). The weights come back in
float and go through the same conversion as any other.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from edge_fer.errors import ConversionError, ResultReason
from quantize.data.augmentation import AugmentationSettings
from quantize.data.batches import AugmentedBatches, one_hot
from quantize.data.calibration_set import CalibrationSet, to_float_input
from quantize.data.fer2013 import Fer2013
from quantize.networks.folding import chain_of, copy_of, rebuild

_LARGEST_WEIGHT = 127  # int8 weights are symmetric, and -128 is not used
_STEPS = 255  # between the smallest and the largest int8 activation
# Far below the training's: the network is trained, and only has to make room for the rounding.
LEARNING_RATE = 1e-3
_MOMENTUM = 0.9
_RANGE_MOMENTUM = 0.99  # of the running ranges: about the last hundred batches
_NAME = "_int8"


def round_weights(kernel: Any) -> Any:
    """Round a kernel (output channels last) as int8 does, with a scale for each channel."""
    axes = tuple(range(len(kernel.shape) - 1))
    largest = ops.max(ops.abs(kernel), axis=axes, keepdims=True)
    scale = ops.stop_gradient(ops.maximum(largest, 1e-9) / _LARGEST_WEIGHT)
    return kernel + ops.stop_gradient(ops.round(kernel / scale) * scale - kernel)


def round_activations(values: Any, low: Any, high: Any) -> Any:
    """Clip to low..high (which spans 0) and round to int8's steps; 0 stays exactly 0."""
    scale = ops.maximum(high - low, 1e-6) / _STEPS
    zero = ops.round(-low / scale)
    clipped = ops.clip(values, -zero * scale, (_STEPS - zero) * scale)
    rounded = ops.round(clipped / scale) * scale
    return clipped + ops.stop_gradient(rounded - clipped)


@keras.saving.register_keras_serializable(package="edge-fer")
class Int8Conv2D(layers.Conv2D):  # type: ignore[misc]  # keras ships no types
    """A convolution with rounded weights."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Convolve with the weights that the device will have."""
        return super().convolution_op(inputs, round_weights(kernel))


@keras.saving.register_keras_serializable(package="edge-fer")
class Int8Dense(layers.Dense):  # type: ignore[misc]  # keras ships no types
    """A dense layer with rounded weights."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Multiply with the weights that the device will have."""
        outputs = ops.matmul(inputs, round_weights(self.kernel))
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)


@keras.saving.register_keras_serializable(package="edge-fer")
class Int8Activation(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Rounds what passes to 256 steps of its running range, which starts as the first batch's."""

    def build(self, input_shape: Any) -> None:
        """Make the running range, which training does not change by gradients."""
        self.low = self.add_weight(name="low", shape=(), initializer="zeros", trainable=False)
        self.high = self.add_weight(name="high", shape=(), initializer="zeros", trainable=False)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Round; in training, first let the range follow the batch."""
        if training:
            self._follow(self.low, ops.minimum(ops.min(inputs), 0.0))
            self._follow(self.high, ops.maximum(ops.max(inputs), 0.0))
        return round_activations(inputs, self.low, self.high)

    def _follow(self, bound: Any, now: Any) -> None:
        moved = _RANGE_MOMENTUM * bound + (1 - _RANGE_MOMENTUM) * now
        bound.assign(ops.stop_gradient(ops.where(ops.equal(bound, 0.0), now, moved)))


def with_fake_quant(model: keras.Model) -> keras.Model:
    """Return a network that computes as `model` would in int8, with its weights, to be trained.

    `model` is a chain of convolutions, dense layers and layers without weights, its BatchNorms
    folded (`quantize.networks.folding`); those that could not be are kept and frozen. UserError for
    layers whose rounding is not known.
    """
    chain = chain_of(model)
    if chain is None:
        raise ConversionError(
            ResultReason.NOT_CONVERTIBLE,
            f"{model.name}: fine-tuning for int8 needs a network that is a plain chain",
        )
    rounded: list[layers.Layer] = []
    for place, layer in enumerate(chain):
        rounded.append(_rounded(layer))
        behind = chain[place + 1] if place + 1 < len(chain) else None
        if _is_stored(layer, behind):
            rounded.append(Int8Activation(name=f"{layer.name}{_NAME}"))
    quantized = rebuild(model, rounded)
    _copy_weights(model, quantized)
    return quantized


def fine_tune(
    model: keras.Model,
    dataset: Fer2013,
    calibration: CalibrationSet,
    *,
    epochs: int,
    seed: int,
    batch_size: int = 64,
    augmentation: AugmentationSettings | None = None,
    verbose: int = 0,
) -> keras.Model:
    """Return `model` (a chain, see `with_fake_quant`) with weights that bear rounding to int8.

    Its own answers in float are the targets, because the int8 file is to behave as the trained
    network does; labels are not looked at. It sees augmented Training rows.
    """
    student = with_fake_quant(model)
    # Forward passes in training mode, which set the ranges before the first weight moves.
    student(to_float_input(calibration.images), training=True)
    training = dataset.select("Training")
    steps = epochs * -(-len(training) // batch_size)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, max(1, steps))
    student.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=_MOMENTUM, nesterov=True),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    for epoch in range(epochs):
        batches = AugmentedBatches(
            training.images,
            one_hot(training.labels),
            side_px=model.inputs[0].shape[1],
            batch_size=batch_size,
            augmentation=augmentation or AugmentationSettings(),
            seed=seed,
            epoch=epoch,
        )
        student.fit(_Taught(batches, model), epochs=1, shuffle=False, verbose=verbose)
    chain = chain_of(model)
    assert chain is not None  # with_fake_quant has seen that it is one
    tuned = rebuild(model, [copy_of(layer) for layer in chain])
    _copy_weights(student, tuned)
    return tuned


class _Taught(keras.utils.PyDataset):  # type: ignore[misc]  # keras ships no types
    """Batches whose targets are the answers of a teacher."""

    def __init__(self, batches: AugmentedBatches, teacher: keras.Model) -> None:
        super().__init__()
        self._batches, self._teacher = batches, teacher

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        images, _ = self._batches[index]
        return images, np.asarray(ops.softmax(self._teacher(images, training=False)))


def _rounded(layer: layers.Layer) -> layers.Layer:
    if type(layer) is layers.Conv2D:
        return Int8Conv2D.from_config(layer.get_config())
    if type(layer) is layers.Dense:
        return Int8Dense.from_config(layer.get_config())
    if isinstance(layer, layers.Dropout):
        # The teacher has none, and noise of its own would drown that of the rounding.
        return layers.Dropout(0.0, name=layer.name)
    copy = copy_of(layer)
    if isinstance(layer, layers.BatchNormalization):
        copy.trainable = False  # in Keras this also keeps its statistics as they are
    elif layer.weights:
        raise ConversionError(
            ResultReason.NOT_CONVERTIBLE,
            f"layer {layer.name}: the rounding of {type(layer).__name__} in int8 is not known",
        )
    return copy


def _is_stored(layer: layers.Layer, behind: layers.Layer | None) -> bool:
    """Say whether the device stores the layer's output: a ReLU is fused with what is before it."""
    if isinstance(layer, layers.Dropout | layers.Flatten | layers.MaxPooling2D | layers.Softmax):
        return False  # these return values that are rounded already
    return not isinstance(behind, layers.ReLU)


def _copy_weights(source: keras.Model, target: keras.Model) -> None:
    of_source = {layer.name: layer for layer in source.layers}
    for layer in target.layers:
        if layer.weights and layer.name in of_source:
            layer.set_weights(of_source[layer.name].get_weights())
