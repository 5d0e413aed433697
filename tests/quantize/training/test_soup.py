"""The mean of several networks, and the statistics that go with it."""

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the workstation extra is not installed")

from quantize.training.soup import same_layers, soup  # noqa: E402


def network(value: float, width: int = 2) -> Any:
    entry = keras.Input((4,))
    dense = keras.layers.Dense(width, use_bias=False, name="dense")
    norm = keras.layers.BatchNormalization(epsilon=1e-9, name="norm")
    model = keras.Model(entry, norm(dense(entry)))
    dense.set_weights([np.full((4, width), value)])
    norm.set_weights([np.full(width, value), np.zeros(width), np.full(width, 7), np.full(width, 7)])
    return model


def test_weights_are_averaged_and_statistics_taken_anew() -> None:
    rng = np.random.default_rng(1)
    batches = [rng.random((8, 4)).astype(np.float32) for _ in range(5)]
    mean = soup([network(1.0), network(4.0)], batches)
    np.testing.assert_allclose(mean.get_layer("dense").kernel, np.full((4, 2), 2.5))
    gamma, _, means, variances = mean.get_layer("norm").get_weights()
    np.testing.assert_allclose(gamma, [2.5, 2.5])
    sums = 2.5 * np.stack(batches).sum(axis=-1)
    np.testing.assert_allclose(means, [sums.mean()] * 2, rtol=1e-5)
    np.testing.assert_allclose(variances, [sums.var(axis=1).mean()] * 2, rtol=1e-4)
    assert mean.get_layer("norm").momentum == network(1.0).get_layer("norm").momentum


def test_networks_with_other_layers_have_no_mean() -> None:
    assert same_layers(network(1.0), network(2.0))
    assert not same_layers(network(1.0), network(1.0, width=3))
    with pytest.raises(ValueError, match="different layers"):
        soup([network(1.0), network(1.0, width=3)], [])
