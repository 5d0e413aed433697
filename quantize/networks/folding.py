"""Folds BatchNorm into the weights of a neighbour where that is exact, and says where it is not."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

# Layers that a scale and a shift a channel pass through unchanged.
_TRANSPARENT = (layers.Dropout, layers.AveragePooling2D, layers.GlobalAveragePooling2D)
# Layers whose weights a scale and a shift go into.
_TAKING = (layers.Conv2D, layers.Dense)
_NOT_A_CHAIN = "the network is not a chain of layers: the converter folds what it can"


@dataclass(frozen=True, slots=True)
class Folded:
    """A network that computes the same with fewer BatchNorms; `notes` has a line for each one."""

    model: keras.Model
    notes: dict[str, str]


def fold_batch_norms(model: keras.Model) -> Folded:
    """Fold each BatchNorm of `model` into the layer before it or behind it, where that is exact.

    Before it: a convolution or dense layer without activation. Behind it (where a ReLU stands
    before it, as in `paper`): a dense layer or a convolution without padding, through dropout,
    average pooling and flattening, and through max pooling where no channel's scale is negative. A
    convolution that pads with zeros cannot take it: at the border its zeros would have to be
    something else in each channel.
    """
    chain = chain_of(model)
    if chain is None:
        norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
        return Folded(model, {norm.name: _NOT_A_CHAIN for norm in norms})
    weights = {layer.name: [np.asarray(value) for value in layer.weights] for layer in chain}
    notes: dict[str, str] = {}
    gone: set[str] = set()
    for place, layer in enumerate(chain):
        if isinstance(layer, layers.BatchNormalization):
            target, notes[layer.name] = _fold(layer, place, chain, weights)
            if target:
                gone.add(layer.name)
    kept = [layer for layer in chain if layer.name not in gone]
    folded = rebuild(model, [_with_bias(layer) for layer in kept])
    for layer in folded.layers[1:]:
        layer.set_weights(_ordered(layer, weights[layer.name]))
    return Folded(folded, notes)


def is_folded(model: keras.Model) -> bool:
    """Whether `fold_batch_norms` has nothing left to do: no BatchNorm, a bias wherever it goes."""
    return not any(isinstance(layer, layers.BatchNormalization) for layer in model.layers) and all(
        layer.use_bias for layer in model.layers if type(layer) in _TAKING
    )


def chain_of(model: keras.Model) -> list[layers.Layer] | None:
    """Return the layers behind the input in their order, or None where they are no plain chain."""
    chain: list[layers.Layer] = []
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        return None
    tensor = model.inputs[0]
    for layer in model.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        if len(layer._inbound_nodes) != 1 or layer.input is not tensor:
            return None
        tensor = layer.output
        chain.append(layer)
    return chain if tensor is model.outputs[0] else None


def rebuild(model: keras.Model, chain: list[layers.Layer]) -> keras.Model:
    """Return a network of the new layers `chain`, with the input and the name of `model`."""
    face = keras.Input(model.inputs[0].shape[1:], name="face")
    x = face
    for layer in chain:
        x = layer(x)
    return keras.Model(face, x, name=model.name)


def copy_of(layer: layers.Layer) -> layers.Layer:
    """Return a new layer with the settings of `layer` and weights of its own."""
    return type(layer).from_config(layer.get_config())


def _with_bias(layer: layers.Layer) -> layers.Layer:
    """Return a copy that can take a shift: a layer with weights has a bias afterwards."""
    config = layer.get_config()
    if "use_bias" in config:
        config["use_bias"] = True
    return type(layer).from_config(config)


def _ordered(layer: layers.Layer, values: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Return kernel and bias, a bias of zeros where there was none."""
    if len(layer.weights) == len(values) + 1:
        return [*values, np.zeros(layer.weights[-1].shape, np.float32)]
    return values


def _fold(
    norm: layers.BatchNormalization,
    place: int,
    chain: list[layers.Layer],
    weights: dict[str, list[NDArray[np.float32]]],
) -> tuple[str, str]:
    """Fold one BatchNorm into `weights`; return where into ("" for nowhere) and the note."""
    scale, shift = _scale_and_shift(norm)
    before = chain[place - 1] if place else None
    if before is not None and _is_linear(before):
        kernel, bias = _kernel_and_bias(weights[before.name])
        weights[before.name] = [kernel * scale, bias * scale + shift]
        return before.name, f"folded into {before.name} before it"
    for behind in chain[place + 1 :]:
        if reason := _why_not(behind, scale):
            return "", f"stays: {reason}"
        if isinstance(behind, layers.Dense | layers.Conv2D):
            kernel, bias = _kernel_and_bias(weights[behind.name])
            # A kernel's input channels are next to last. Flattened pixels have their channels
            # last, so for a dense layer behind them scale and shift repeat.
            repeats = kernel.shape[-2] // len(scale)
            tall_scale, tall_shift = np.tile(scale, repeats), np.tile(shift, repeats)
            added = tall_shift @ kernel.reshape(-1, *kernel.shape[-2:]).sum(axis=0)
            weights[behind.name] = [kernel * tall_scale[:, np.newaxis], bias + added]
            return behind.name, f"folded into {behind.name} behind it"
    return "", "stays: no layer behind it could take it"


def _why_not(behind: layers.Layer, scale: NDArray[np.float32]) -> str:
    """Return why scale and shift go neither into the layer nor through it; "" when they do."""
    if type(behind) is layers.Conv2D and behind.groups == 1:
        if behind.padding == "valid":
            return ""
        return f"{behind.name} pads with zeros, which have no shift at the border"
    if isinstance(behind, layers.MaxPooling2D):
        negative = int(np.count_nonzero(scale < 0))
        return f"{negative} negative scales do not pass {behind.name}" if negative else ""
    if isinstance(behind, (*_TRANSPARENT, layers.Flatten)) or type(behind) is layers.Dense:
        return ""
    return f"{behind.name} cannot take it"


def _scale_and_shift(
    norm: layers.BatchNormalization,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the BatchNorm multiplies by and adds, a channel, once it is trained."""
    mean, variance = np.asarray(norm.moving_mean), np.asarray(norm.moving_variance)
    scale = 1 / np.sqrt(variance + norm.epsilon)
    if norm.scale:
        scale = scale * np.asarray(norm.gamma)
    shift = -mean * scale
    if norm.center:
        shift = shift + np.asarray(norm.beta)
    return scale.astype(np.float32), shift.astype(np.float32)


def _is_linear(layer: layers.Layer) -> bool:
    return type(layer) in _TAKING and layer.activation is keras.activations.linear


def _kernel_and_bias(
    values: list[NDArray[np.float32]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    kernel = values[0]
    return kernel, values[1] if len(values) > 1 else np.zeros(kernel.shape[-1], np.float32)
