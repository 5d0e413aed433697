"""Reads a network from what people have: `.keras`, `.h5`, a SavedModel folder."""

import zipfile
from pathlib import Path
from typing import Any

import keras

from edge_fer.errors import ModelError, ModelReason
from edge_fer.quiet import quiet_output

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
# The endpoint of `model.export` in Keras 3, then the signature that all others write.
_ENDPOINTS = ("serve", "serving_default")
_EXPORT = "write it with model.export(FOLDER), and give that folder"


class _DepthwiseOfKeras2(keras.layers.DepthwiseConv2D):  # type: ignore[misc]  # keras ships no types
    """Keras 2 stored a `groups` of 1, which Keras 3 does not take."""

    def __init__(self, *args: Any, groups: int = 1, **settings: Any) -> None:
        super().__init__(*args, **settings)


def plain_class(layer: keras.layers.Layer) -> type[keras.layers.Layer]:
    """Return the class of `layer` as Keras has it."""
    found = type(layer)
    return keras.layers.DepthwiseConv2D if found is _DepthwiseOfKeras2 else found


def read_network(path: Path) -> keras.Model:
    """Return the network in a `.keras` or `.h5` file or a SavedModel folder, as it was saved.

    UserError, with the reason, where there is none that can be read.
    """
    if path.is_dir():
        return _read_saved_model(path)
    if not path.is_file():
        raise ModelError(ModelReason.UNREADABLE, f"{path}: no such model file")
    with path.open("rb") as file:
        is_hdf5 = file.read(len(_HDF5_MAGIC)) == _HDF5_MAGIC
    if not is_hdf5 and not zipfile.is_zipfile(path):
        raise ModelError(
            ModelReason.NOT_A_MODEL,
            f"{path}: not a Keras model: give a .keras or .h5 file, or the folder of a SavedModel",
        )
    try:
        with quiet_output():
            return _load(path, is_hdf5)
    except Exception as error:  # zipfile, h5py, json and Keras itself: a dozen kinds
        raise ModelError(
            ModelReason.NOT_A_MODEL, f"{path}: not a Keras model ({_reason(error)})"
        ) from error


def _load(path: Path, is_hdf5: bool) -> keras.Model:
    known = {"DepthwiseConv2D": _DepthwiseOfKeras2}
    if is_hdf5:
        from keras.src.legacy.saving import legacy_h5_format  # noqa: PLC0415  # for any suffix

        return legacy_h5_format.load_model_from_hdf5(str(path), custom_objects=known, compile=False)
    if path.suffix == ".keras":
        return keras.models.load_model(path, custom_objects=known, compile=False)
    from keras.src.saving import saving_lib  # noqa: PLC0415  # Keras asks for the suffix .keras

    with path.open("rb") as file:
        return saving_lib._load_model_from_fileobj(
            file, custom_objects=known, compile=False, safe_mode=True
        )


def _reason(error: Exception) -> str:
    """Return in a line what is wrong, and what helps where that is known."""
    text = " ".join(str(error).split())
    if "No model config found" in text:
        return "it holds weights alone: save the whole network with model.save"
    if "Lambda" in text or "lambda" in text:
        return (
            "a Lambda layer holds code that is not run from a file: put a layer in its place, as "
            f"Rescaling, or {_EXPORT}"
        )
    if "Could not locate class" in text or "Unknown layer" in text or "Unknown object" in text:
        name = text.split("'")[1] if text.count("'") > 1 else "a class"
        return f"{name} is a class of one's own: {_EXPORT}"
    return text[:200] or type(error).__name__


def _read_saved_model(path: Path) -> keras.Model:
    import tensorflow as tf  # noqa: PLC0415  # only for these

    if not (path / "saved_model.pb").is_file():
        raise ModelError(
            ModelReason.NOT_A_MODEL,
            f"{path}: a folder without saved_model.pb: give a SavedModel or a .keras",
        )
    try:
        with quiet_output():
            loaded = tf.saved_model.load(str(path))
            endpoint = next(
                name for name in _ENDPOINTS if name in loaded.signatures or hasattr(loaded, name)
            )
            signature = loaded.signatures.get("serving_default") or loaded.signatures[endpoint]
            inputs = list(signature.structured_input_signature[1].values())
            if len(inputs) != 1:
                raise ModelError(
                    ModelReason.NOT_A_MODEL, f"{path}: it takes {len(inputs)} inputs and not one"
                )
            face = keras.Input(tuple(inputs[0].shape[1:]), name="face")
            layer = keras.layers.TFSMLayer(str(path), call_endpoint=endpoint, name="saved_model")
            return keras.Model(face, layer(face), name=path.name.replace(".", "_"))
    except ModelError:
        raise
    except StopIteration:
        raise ModelError(
            ModelReason.NOT_A_MODEL, f"{path}: the SavedModel has no signature serving_default"
        ) from None
    except Exception as error:  # TensorFlow raises what its protobufs and file systems do
        raise ModelError(
            ModelReason.NOT_A_MODEL, f"{path}: not a SavedModel ({_reason(error)})"
        ) from error
