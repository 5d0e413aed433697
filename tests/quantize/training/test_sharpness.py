"""A step of sharpness-aware minimization, against the formula."""

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the workstation extra is not installed")
if keras.backend.backend() != "tensorflow":
    pytest.skip("its step is TensorFlow's", allow_module_level=True)

from quantize.training.sharpness import SharpnessAwareModel  # noqa: E402

PICTURE, TARGET = np.array([[1.0, 2.0]], np.float32), np.array([[3.0]], np.float32)
RATE = 0.01


@pytest.mark.parametrize("distance", [0.05, 0.5])
def test_a_step_is_the_formulas(distance: float) -> None:
    weights = np.array([1.0, 0.5])
    entry = keras.Input((2,))
    dense = keras.layers.Dense(1, use_bias=False)
    model = SharpnessAwareModel(entry, dense(entry))
    dense.set_weights([weights[:, np.newaxis]])
    model.distance = distance
    model.compile(optimizer=keras.optimizers.SGD(RATE), loss="mse")
    model.fit(PICTURE, TARGET, batch_size=1, verbose=0)

    def gradient(at: Any) -> Any:
        return 2 * (PICTURE[0] @ at - TARGET[0, 0]) * PICTURE[0]

    uphill = gradient(weights)
    moved = weights + distance * uphill / np.linalg.norm(uphill)
    expected = weights - RATE * gradient(moved)
    np.testing.assert_allclose(dense.get_weights()[0][:, 0], expected, rtol=1e-5)


def test_batch_norm_remembers_the_weights_that_are_kept() -> None:
    entry = keras.Input((2,))
    norm = keras.layers.BatchNormalization()
    model = SharpnessAwareModel(entry, keras.layers.Dense(1)(norm(entry)))
    model.distance = 0.5
    model.compile(optimizer=keras.optimizers.SGD(RATE), loss="mse")
    model.fit(PICTURE, TARGET, batch_size=1, verbose=0)
    # One update with momentum 0.99 from 0: 1 % of the mean, not two.
    np.testing.assert_allclose(norm.moving_mean, 0.01 * PICTURE[0], rtol=1e-4)
