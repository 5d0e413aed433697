"""Opens a trained network from its `.keras` file, ready for measuring and converting."""

import zipfile
from pathlib import Path
from typing import Any

import keras

from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.kind import EMOTIONS, ModelKind


def load_network(path: Path, kind: ModelKind = EMOTIONS) -> keras.Model:
    """Load a network that takes float32[n, 48, 48, 1] and returns float32[n, 7], or as `kind` says.

    Whatever its image size and number format in training, it comes back at 48 px and in float32.
    UserError when the file is missing, is no Keras model, or has other shapes.
    """
    if not path.is_file():
        raise ModelError(ModelReason.UNREADABLE, f"{path}: no such model file")
    if not zipfile.is_zipfile(path):
        raise ModelError(
            ModelReason.NOT_A_MODEL,
            f"{path}: not a Keras model: give the .keras file of a training",
        )
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:  # zipfile, h5py, json and Keras itself: a dozen kinds
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(
            ModelReason.NOT_A_MODEL, f"{path}: not a Keras model ({reason})"
        ) from error
    shape = kind.input.shape[1:]
    _check_shape(path, "input", model.input_shape, shape, kind)
    _check_shape(path, "output", model.output_shape, (len(kind.labels),), kind)
    if model.input_shape[1:] == shape and _computes_in_float32(model):
        return model
    return _rebuilt(model, shape)


def gives_probabilities(model: keras.Model) -> bool:
    """Say whether the network ends in a softmax; otherwise its outputs are logits."""
    last = model.layers[-1]
    return isinstance(last, keras.layers.Softmax) or (
        getattr(last, "activation", None) is keras.activations.softmax
    )


def _check_shape(
    path: Path, which: str, shape: Any, wanted: tuple[int, ...], kind: ModelKind
) -> None:
    # A network with several inputs has a list of shapes here, which fits nothing.
    found = tuple(shape[1:]) if isinstance(shape, tuple) else None
    if (
        found is None
        or len(found) != len(wanted)
        or any(side not in (None, expected) for side, expected in zip(found, wanted, strict=True))
    ):
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"{path}: {which} shape {shape} is not [n, {', '.join(map(str, wanted))}]: "
            f"is this a network for `{kind.made_by}`?",
        )


def _computes_in_float32(model: keras.Model) -> bool:
    return all(layer.compute_dtype == "float32" for layer in model.layers)


def _rebuilt(model: keras.Model, shape: tuple[int, ...]) -> keras.Model:
    """Return the same network with its input fixed to `shape` and all layers in float32."""

    def in_float32(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        config["dtype"] = "float32"
        return type(layer).from_config(config)

    rebuilt = keras.models.clone_model(
        model, input_tensors=keras.Input(shape, name="face"), clone_function=in_float32
    )
    rebuilt.set_weights(model.get_weights())
    return rebuilt
