"""Conversion: exact input, full int8, the same answers."""

import hashlib
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the workstation extra")

from edge_fer.errors import UserError  # noqa: E402
from edge_fer.models.card import INPUT, OUTPUT  # noqa: E402
from quantize.data.calibration_set import CalibrationSet, choose_calibration_set  # noqa: E402
from quantize.data.fer2013 import Fer2013  # noqa: E402
from quantize.evaluation.predictors import KerasPredictor, TflitePredictor  # noqa: E402
from quantize.int8.convert import check_int8, convert  # noqa: E402
from quantize.networks.folding import fold_batch_norms  # noqa: E402


def nothing(amount: float) -> None:
    """Take progress and show none."""


def test_input_is_the_byte_minus_128(small_int8: bytes) -> None:
    converted = check_int8(small_int8, "small")
    assert converted.input == INPUT
    assert np.float32(converted.input.scale) == np.float32(1 / 255)
    assert converted.output == OUTPUT


def test_int8_answers_as_the_network_does(
    small_network: Any, small_int8: bytes, small_fer2013: Fer2013
) -> None:
    images = small_fer2013.select("PublicTest").images
    network = np.exp(KerasPredictor(small_network).log_probabilities(images, nothing))
    int8 = np.exp(TflitePredictor(small_int8, "small").log_probabilities(images, nothing))
    assert (network.argmax(axis=1) == int8.argmax(axis=1)).mean() > 0.9
    assert np.abs(network - int8).mean() < 0.02


def test_input_is_exact_even_if_no_image_is_black_or_white(
    small_network: Any, small_fer2013: Fer2013
) -> None:
    dull = CalibrationSet(small_fer2013.images[:14] // 4 + 60, 1, "")
    assert convert(fold_batch_norms(small_network), dull).input == INPUT


def test_conversion_is_repeatable(
    small_network: Any, small_int8: bytes, small_fer2013: Fer2013
) -> None:
    calibration = choose_calibration_set(small_fer2013, count=28, seed=1)
    again = convert(fold_batch_norms(small_network), calibration).content
    assert hashlib.sha256(again).digest() == hashlib.sha256(small_int8).digest()


def test_nothing_is_printed(
    small_network: Any, small_fer2013: Fer2013, capfd: pytest.CaptureFixture[str]
) -> None:
    convert(fold_batch_norms(small_network), choose_calibration_set(small_fer2013, count=7, seed=1))
    assert capfd.readouterr() == ("", "")


def test_network_that_ends_in_softmax_gets_no_second_one(small_fer2013: Fer2013) -> None:
    face = keras.Input((48, 48, 1))
    x = keras.layers.Flatten()(keras.layers.MaxPooling2D(8)(face))
    model = keras.Model(face, keras.layers.Dense(7, activation="softmax")(x))
    calibration = choose_calibration_set(small_fer2013, count=7, seed=1)
    assert convert(fold_batch_norms(model), calibration).operators.count("SOFTMAX") == 1
    images = small_fer2013.images[:20]
    network = KerasPredictor(model).log_probabilities(images, nothing)
    outputs = np.asarray(model.predict_on_batch(images[..., None] / np.float32(255)))
    np.testing.assert_allclose(np.exp(network), outputs, atol=1e-6)


def test_operator_that_has_no_int8_form_is_refused_in_one_line(small_fer2013: Fer2013) -> None:
    face = keras.Input((48, 48, 1))
    x = keras.layers.Flatten()(keras.layers.MaxPooling2D(8)(face))
    x = keras.ops.erfinv(keras.ops.tanh(x) * 0.9)
    model = keras.Model(face, keras.layers.Dense(7)(x), name="odd")
    with pytest.raises(UserError, match=r"odd (cannot be converted to int8|converted)") as error:
        convert(fold_batch_norms(model), choose_calibration_set(small_fer2013, count=7, seed=1))
    assert "\n" not in str(error.value)
    assert "rfinv" in str(error.value).lower()


def test_float_file_is_refused(small_network: Any) -> None:
    import tensorflow as tf

    content = tf.lite.TFLiteConverter.from_keras_model(small_network).convert()
    with pytest.raises(UserError, match="float: operator 0, CONV_2D, computes in float32"):
        check_int8(content, "float")
