"""What cannot be int8 is called by the layer's name, with a remedy; damaged weights too."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the workstation extra")

from edge_fer.errors import UserError  # noqa: E402
from quantize.data.calibration_set import CalibrationSet  # noqa: E402
from quantize.int8.convert import convert  # noqa: E402
from quantize.int8.even_weights import round_together  # noqa: E402
from quantize.networks.adapting import adapt  # noqa: E402
from quantize.networks.folding import fold_batch_norms  # noqa: E402

layers = keras.layers
IMAGES = np.random.default_rng(5).integers(0, 256, (10, 48, 48)).astype(np.uint8)


def network(body: Callable[[Any], Any]) -> Any:
    face = keras.Input((48, 48, 1))
    x = layers.Flatten()(body(layers.MaxPooling2D(8)(face)))
    return keras.Model(face, layers.Dense(7)(x), name="own")


def recurrent(x: Any) -> Any:
    return layers.LSTM(3, name="reader")(layers.Reshape((6, 6))(x))


def normalised(x: Any) -> Any:
    return layers.LayerNormalization(name="reader")(layers.Conv2D(4, 3)(x))


def exponential(x: Any) -> Any:
    return layers.Conv2D(4, 3, activation="elu", name="reader")(x)


@pytest.mark.parametrize(
    ("body", "remedy"),
    [(recurrent, "convolutions"), (normalised, "BatchNormalization"), (exponential, "relu")],
)
def test_the_layer_is_named(body: Callable[[Any], Any], remedy: str) -> None:
    with pytest.raises(UserError, match=rf"layer reader, .* has no int8 form: put {remedy}"):
        convert(fold_batch_norms(network(body)), CalibrationSet(IMAGES, 1, ""))


def test_weights_that_are_no_numbers_are_named() -> None:
    model = network(layers.Conv2D(2, 3, name="diverged"))
    layer = model.get_layer("diverged")
    layer.set_weights([np.full(value.shape, np.nan) for value in layer.get_weights()])
    with pytest.raises(UserError, match="layer diverged has weights that are not finite"):
        adapt(model, "own.keras")


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e6, 1e150])
def test_rounding_stands_inputs_of_any_condition(scale: float) -> None:
    """Inputs that never vary, that are copies of each other, or of any spread."""
    rng = np.random.default_rng(1)
    weights = rng.normal(0, 0.1, (6, 3))
    column = rng.normal(0, 1, (6, 1)) * scale
    covariance = column @ column.T
    covariance[0, 0] -= 1e-3 * abs(covariance[0, 0])  # as cancellation leaves it: not even positive
    scales = np.full(3, 0.002, np.float32)
    rounded = round_together(weights, scales, covariance)
    assert (rounded % 2 == 0).all()
    assert np.abs(rounded * 0.002 - weights).max() < 0.1


def test_a_layer_that_is_silent_on_all_images_does_not_stop_the_file() -> None:
    def silent(x: Any) -> Any:
        x = layers.Conv2D(4, 3, activation="relu", bias_initializer="ones")(x)
        gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
        shut = keras.initializers.Constant(-9.0)
        gate = layers.Conv2D(2, 1, activation="relu", bias_initializer=shut)(gate)
        gate = layers.Conv2D(4, 1, activation="hard_sigmoid", bias_initializer="ones")(gate)
        return layers.Multiply()([x, gate])

    keras.utils.set_random_seed(3)
    converted = convert(
        fold_batch_norms(adapt(network(silent), "own")), CalibrationSet(IMAGES, 1, "")
    )
    assert "MUL" in converted.operators
