"""Fine-tuning with the rounding of int8."""

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the workstation extra")

from keras import layers  # noqa: E402

from edge_fer.errors import UserError  # noqa: E402
from quantize.data.calibration_set import choose_calibration_set, to_float_input  # noqa: E402
from quantize.data.fer2013 import Fer2013  # noqa: E402
from quantize.evaluation.equivalence import compare_answers  # noqa: E402
from quantize.evaluation.predictors import KerasPredictor, TflitePredictor  # noqa: E402
from quantize.int8.convert import convert, convert_as  # noqa: E402
from quantize.int8.fake_quant import (  # noqa: E402
    fine_tune,
    round_activations,
    round_weights,
    with_fake_quant,
)
from quantize.networks.folding import fold_batch_norms  # noqa: E402


def nothing(amount: float) -> None:
    """Take progress and show none."""


def test_weights_have_255_levels_a_channel() -> None:
    kernel = np.random.default_rng(1).normal(0, 1, (3, 3, 20, 4)).astype(np.float32)
    kernel[..., 2] *= 50
    rounded = np.asarray(round_weights(keras.ops.convert_to_tensor(kernel)))
    for channel in range(4):
        scale = np.abs(kernel[..., channel]).max() / 127
        steps = rounded[..., channel] / scale
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-3)
        assert np.abs(rounded[..., channel] - kernel[..., channel]).max() <= scale * 0.501


def test_activations_keep_zero_and_have_256_levels() -> None:
    values = np.linspace(-2, 6, 5000, dtype=np.float32)
    rounded = np.asarray(round_activations(keras.ops.convert_to_tensor(values), -1.0, 3.0))
    assert len(np.unique(rounded)) == 256
    assert np.asarray(round_activations(keras.ops.zeros(1), -1.0, 3.0))[0] == 0
    assert rounded.min() == pytest.approx(-1, abs=0.01)
    assert rounded.max() == pytest.approx(3, abs=0.01)
    inside = (values > -0.9) & (values < 2.9)
    assert np.abs(rounded - values)[inside].max() <= 4 / 255 * 0.501


def test_gradients_pass_the_rounding() -> None:
    import tensorflow as tf

    value = tf.Variable([0.1, 0.503, 5.0])
    with tf.GradientTape() as tape:
        result = tf.reduce_sum(round_activations(value, 0.0, 1.0))
    np.testing.assert_array_equal(tape.gradient(result, value).numpy(), [1, 1, 0])


def test_rounded_network_errs_as_much_as_the_int8_file(
    small_network: Any, small_fer2013: Fer2013
) -> None:
    folded = fold_batch_norms(small_network)
    rounded = with_fake_quant(folded.model)
    calibration = choose_calibration_set(small_fer2013, count=70, seed=1)
    rounded(to_float_input(calibration.images), training=True)
    images = small_fer2013.select("PublicTest").images
    int8 = TflitePredictor(convert(folded, calibration).content, "it")
    exact, faked, real = (
        predictor.log_probabilities(images, nothing)
        for predictor in (KerasPredictor(folded.model), KerasPredictor(rounded), int8)
    )
    error_faked = compare_answers(exact, faked).mean_difference
    error_real = compare_answers(exact, real).mean_difference
    assert 0.5 < error_faked / error_real < 2


@pytest.mark.slow
def test_fine_tuning_brings_a_badly_scaled_network_closer_to_float(
    small_fer2013: Fer2013,
) -> None:
    """One weight that is far larger than the rest leaves the rest of its channel few levels.

    With the converter's weights, each rounded alone: rounded together
    (`quantize.int8.kernel_invariance`) they already come as close to float as fine-tuning brings
    this network.
    """
    keras.utils.set_random_seed(2)
    face = keras.Input((48, 48, 1), name="face")
    x = layers.MaxPooling2D(4)(face)
    x = layers.Conv2D(6, 3, activation="relu", name="conv")(x)
    x = layers.Flatten()(x)
    model = keras.Model(face, layers.Dense(7, name="logits")(x), name="bad")
    kernel, bias = model.get_layer("conv").get_weights()
    kernel[0, 0, 0, :] = 8.0  # hides the other eight weights of each filter
    model.get_layer("conv").set_weights([kernel, bias - 2.0])
    calibration = choose_calibration_set(small_fer2013, count=70, seed=1)
    tuned = fine_tune(model, small_fer2013, calibration, epochs=4, seed=1, batch_size=32)
    images = small_fer2013.select("PublicTest").images
    wanted = KerasPredictor(model).log_probabilities(images, nothing)
    before, after = (
        TflitePredictor(convert_as(network, "int8", calibration), "it").log_probabilities(
            images, nothing
        )
        for network in (model, tuned)
    )
    difference_before = compare_answers(wanted, before).mean_difference
    difference_after = compare_answers(wanted, after).mean_difference
    assert difference_after < 0.9 * difference_before
    assert [layer.name for layer in tuned.layers] == [layer.name for layer in model.layers]


def test_batch_norms_that_stay_are_frozen() -> None:
    face = keras.Input((48, 48, 1))
    x = layers.Conv2D(4, 3, strides=4, activation="relu")(face)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(face, layers.Dense(7)(x))
    rounded = with_fake_quant(fold_batch_norms(model).model)
    norm = rounded.get_layer("norm")
    before = [np.array(value) for value in norm.get_weights()]
    rounded(np.ones((2, 48, 48, 1), np.float32), training=True)
    for was, now in zip(before, norm.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    assert not norm.trainable_weights


def test_layers_that_are_not_known_are_named() -> None:
    face = keras.Input((48, 48, 1))
    x = layers.DepthwiseConv2D(3, strides=8, name="depth")(face)
    model = keras.Model(face, layers.Dense(7)(layers.Flatten()(x)))
    with pytest.raises(UserError, match="layer depth: the rounding of DepthwiseConv2D"):
        with_fake_quant(model)


def test_networks_that_branch_are_refused() -> None:
    face = keras.Input((48, 48, 1))
    x = layers.Conv2D(1, 3, padding="same")(face)
    model = keras.Model(face, layers.Add()([x, face]), name="branching")
    with pytest.raises(UserError, match=r"branching: fine-tuning for int8 needs .* a plain chain"):
        with_fake_quant(model)
