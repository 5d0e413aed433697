"""Opening `.keras` files."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the workstation extra")

from edge_fer.errors import UserError  # noqa: E402
from quantize.data.calibration_set import choose_calibration_set  # noqa: E402
from quantize.data.fer2013 import Fer2013  # noqa: E402
from quantize.int8.convert import convert  # noqa: E402
from quantize.networks.architectures import build_teacher  # noqa: E402
from quantize.networks.folding import fold_batch_norms  # noqa: E402
from quantize.networks.network_file import (  # noqa: E402
    gives_probabilities,
    in_precision,
    load_network,
)

layers = keras.layers


def save(folder: Path, inputs: Any, outputs: Any) -> Path:
    path = folder / "network.keras"
    keras.Model(inputs, outputs).save(path)
    return path


def test_plain_network_comes_back_equal(small_network: Any, small_network_file: Path) -> None:
    loaded = load_network(small_network_file)
    face = np.random.default_rng(0).random((3, 48, 48, 1), np.float32)
    np.testing.assert_allclose(
        loaded.predict_on_batch(face), small_network.predict_on_batch(face), atol=1e-5
    )
    assert not gives_probabilities(loaded)


def test_open_size_and_half_precision_become_fixed_and_float32(
    tmp_path: Path, small_fer2013: Fer2013
) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        face = keras.Input((None, None, 1), name="face")
        x = layers.BatchNormalization()(layers.Conv2D(4, 3, name="first")(face))
        x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
        path = save(tmp_path, face, layers.Dense(7, name="logits")(x))
        kernel = keras.models.load_model(path).get_layer("first").get_weights()[0]
    finally:
        keras.config.set_dtype_policy("float32")
    model = load_network(path)
    assert model.input_shape == (None, 48, 48, 1)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    np.testing.assert_array_equal(model.get_layer("first").get_weights()[0], kernel)
    calibration = choose_calibration_set(small_fer2013, count=7, seed=1)
    assert "CAST" not in convert(fold_batch_norms(model), calibration).operators


def test_logits_that_all_lie_between_0_and_1_are_logits(tmp_path: Path) -> None:
    face = keras.Input((48, 48, 1))
    logits = layers.Dense(7, bias_initializer=keras.initializers.Constant(0.5))
    path = save(tmp_path, face, logits(layers.GlobalAveragePooling2D()(face)))
    network = keras.models.load_model(path)
    network.layers[-1].set_weights([np.linspace(-0.4, 0.4, 7)[np.newaxis], np.full(7, 0.5)])
    network.save(path)
    picture = np.full((1, 48, 48, 1), 0.5, np.float32)
    assert np.ptp(network(picture)) > 0.3
    np.testing.assert_allclose(load_network(path)(picture), network(picture), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [
        ((48, 48, 2), 7, r"input shape \[None, 48, 48, 2\] is not a picture"),
        ((8, 8, 1), 7, r"input shape \[None, 8, 8, 1\] is not a picture: .* 16 to 512 px"),
        ((48, 48, 1), 8, r"output shape \[None, 8\] is not \[n, 7\]: .* with --labels"),
    ],
)
def test_other_shapes_are_refused(
    tmp_path: Path, shape: tuple[int, ...], classes: int, message: str
) -> None:
    face = keras.Input(shape)
    path = save(
        tmp_path, face, layers.Dense(classes)(layers.Flatten()(layers.MaxPooling2D(8)(face)))
    )
    with pytest.raises(UserError, match=message):
        load_network(path)


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    faces = [keras.Input((48, 48, 1)), keras.Input((48, 48, 1))]
    x = layers.GlobalAveragePooling2D()(layers.Add()(faces))
    with pytest.raises(UserError, match="input shape"):
        load_network(save(tmp_path, faces, layers.Dense(7)(x)))


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "{}")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"no model", b"PK\x03\x04 cut", zipped("letter.txt"), zipped("config.json")],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "network.keras"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a Keras model") as error:
        load_network(path)
    assert "\n" not in str(error.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such model file"):
        load_network(tmp_path / "network.keras")


def test_a_file_of_keras_2_with_a_depthwise_convolution(tmp_path: Path) -> None:
    """Keras 2 stored a `groups` of 1, as in each MobileNet of that time."""
    h5py = pytest.importorskip("h5py")
    face = keras.Input((48, 48, 1))
    x = layers.DepthwiseConv2D(3, strides=4)(layers.Conv2D(4, 3)(face))
    path = tmp_path / "network.h5"
    keras.Model(face, layers.Dense(7)(layers.Flatten()(x))).save(path)
    with h5py.File(path, "r+") as file:
        config = file.attrs["model_config"]
        assert '"depth_multiplier": 1' in config
        file.attrs["model_config"] = config.replace(
            '"depth_multiplier": 1', '"depth_multiplier": 1, "groups": 1'
        )
    kinds = [type(layer) for layer in load_network(path).layers]
    assert layers.DepthwiseConv2D in kinds


def test_a_file_of_weights_alone_says_so(tmp_path: Path) -> None:
    face = keras.Input((48, 48, 1))
    model = keras.Model(face, layers.Dense(7)(layers.Flatten()(face)))
    path = tmp_path / "network.weights.h5"
    model.save_weights(path)
    with pytest.raises(UserError, match="it holds weights alone: save the whole network"):
        load_network(path)


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    face = keras.Input((48, 48, 1))
    x = layers.Lambda(lambda x: x / 255)(face)
    path = save(tmp_path, face, layers.Dense(7)(layers.Flatten()(x)))
    with pytest.raises(UserError, match=r"a Lambda layer holds code .* model.export\(FOLDER\)"):
        load_network(path)


def test_a_folder_that_is_no_saved_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a folder without saved_model.pb"):
        load_network(tmp_path)


def test_a_teacher_computes_in_half_precision_but_for_its_logits() -> None:
    network = build_teacher(widths=(4, 8))
    faces = np.random.default_rng(0).random((3, 48, 48, 1), np.float32)
    half = in_precision(network, "mixed_bfloat16")
    assert {layer.compute_dtype for layer in half.layers[1:-1]} == {"bfloat16"}
    assert half.layers[-1].compute_dtype == "float32"
    np.testing.assert_allclose(half(faces), network(faces), atol=0.05)
    assert keras.config.dtype_policy().name == "float32"
