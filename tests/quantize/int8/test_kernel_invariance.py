"""The same bytes from all kernels: run in LiteRT with XNNPACK and without."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

keras = pytest.importorskip("keras", reason="needs the workstation extra")

from edge_fer.models.runtime import open_model  # noqa: E402
from quantize.data.calibration_set import CalibrationSet, to_float_input  # noqa: E402
from quantize.int8.convert import convert, convert_as  # noqa: E402
from quantize.int8.kernel_invariance import (  # noqa: E402
    with_averages_as_convolutions,
    with_kernel_invariant_rounding,
)
from quantize.networks.folding import Folded, fold_batch_norms  # noqa: E402

IMAGES = np.random.default_rng(5).integers(0, 256, (200, 48, 48)).astype(np.uint8)
CALIBRATION = CalibrationSet(IMAGES[:30], 1, "")


def apart(content: bytes) -> NDArray[np.int64]:
    """Return how far the bytes of both kinds of kernels are apart, over IMAGES."""
    with_xnnpack, without = (
        np.array([model.run(image) for image in IMAGES], np.int64)
        for model in (open_model(content, "it", xnnpack=xnnpack) for xnnpack in (True, False))
    )
    return np.asarray(np.abs(with_xnnpack - without), np.int64)


@pytest.fixture(scope="module")
def unfolded() -> Any:
    """Small but as `edge` is: BatchNorms that fold, max pooling, an average, unsure answers."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    face = keras.Input((48, 48, 1))
    x = layers.MaxPooling2D(2)(face)
    for width in (16, 24, 24):
        x = layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(x)
        norm = layers.BatchNormalization(
            beta_initializer=keras.initializers.RandomNormal(0.3, 0.2, seed=width)
        )
        x = layers.ReLU()(norm(x))
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dense(7, kernel_initializer=keras.initializers.RandomNormal(0, 2, seed=9))(x)
    return keras.Model(face, x, name="like_edge")


@pytest.fixture(scope="module")
def network(unfolded: Any) -> Any:
    return fold_batch_norms(unfolded).model


def test_kernels_answer_with_the_same_bytes(network: Any) -> None:
    converted = convert(Folded(network, {}), CALIBRATION)
    assert converted.kernel_invariant
    assert "MEAN" not in converted.operators
    assert apart(converted.content).max() == 0


def test_with_the_weights_of_the_converter_they_do_not(network: Any) -> None:
    assert apart(convert_as(network, "int8", CALIBRATION)).max() > 0


def test_the_weights_that_were_replaced_are_gone(network: Any) -> None:
    before = convert_as(with_averages_as_convolutions(network), "int8", CALIBRATION)
    assert len(convert(Folded(network, {}), CALIBRATION).content) < 1.1 * len(before)


def test_batch_norms_are_folded_once_and_not_here(network: Any, unfolded: Any) -> None:
    content = convert(Folded(network, {}), CALIBRATION).content
    images = CALIBRATION.images
    assert with_kernel_invariant_rounding(content, unfolded, images, "it") is None
    other = with_averages_as_convolutions(network)
    assert with_kernel_invariant_rounding(content, other, images, "it") is not None


def test_answers_stay_those_of_the_network(network: Any) -> None:
    content = convert(Folded(network, {}), CALIBRATION).content
    model = open_model(content, "it")
    found = (np.array([model.run(image) for image in IMAGES]).astype(float) + 128) / 256
    wanted = np.asarray(keras.ops.softmax(network(to_float_input(IMAGES), training=False)))
    assert np.abs(found - wanted).mean() < 0.02


def test_average_as_a_convolution_computes_the_same(network: Any) -> None:
    other = with_averages_as_convolutions(network)
    assert [type(layer).__name__ for layer in other.layers].count("DepthwiseConv2D") == 1
    images = to_float_input(IMAGES[:10])
    np.testing.assert_allclose(
        np.asarray(other(images, training=False)),
        np.asarray(network(images, training=False)),
        atol=1e-4,
    )


def test_nothing_is_changed_twice(network: Any) -> None:
    other = with_averages_as_convolutions(network)
    assert with_averages_as_convolutions(other) is other


def _with_sum(x: Any) -> Any:
    return keras.layers.Add()([x, keras.layers.ReLU()(x)])


def _with_norm_behind_relu(x: Any) -> Any:
    x = keras.layers.Conv2D(4, 3, activation="relu")(x)
    norm = keras.layers.BatchNormalization(beta_initializer="ones")(x)
    return keras.layers.Conv2D(4, 3, padding="same")(norm)


def _with_depthwise_weights(x: Any) -> Any:
    return keras.layers.DepthwiseConv2D(3)(x)


@pytest.mark.parametrize("body", [_with_sum, _with_norm_behind_relu, _with_depthwise_weights])
def test_other_networks_are_left_as_the_converter_made_them(body: Any) -> None:
    keras.utils.set_random_seed(2)
    face = keras.Input((48, 48, 1))
    x = keras.layers.Flatten()(body(keras.layers.MaxPooling2D(6)(face)))
    folded = fold_batch_norms(keras.Model(face, keras.layers.Dense(7)(x), name="other"))
    model = folded.model
    content = convert_as(model, "int8", CALIBRATION)
    assert with_kernel_invariant_rounding(content, model, CALIBRATION.images, "other") is None
    converted = convert(folded, CALIBRATION)
    assert not converted.kernel_invariant
    assert converted.content == content
