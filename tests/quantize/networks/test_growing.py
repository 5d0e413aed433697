"""A deeper network that begins with the weights of a shallower one computes the same at first."""

from typing import Any

import numpy as np
import pytest

from edge_fer.errors import UserError

keras = pytest.importorskip("keras", reason="the workstation extra is not installed")

from quantize.networks.architectures import build_edge  # noqa: E402
from quantize.networks.growing import grow  # noqa: E402

FACES = np.random.default_rng(1).random((64, 48, 48, 1), np.float32)
SHALLOW = ((4,), (6, 8), (8, 8), (8,))
DEEP = ((4,), (6, 8, 8), (8, 8, 8, 8), (8,))


def trained_a_little(widths: tuple[tuple[int, ...], ...]) -> Any:
    """Return a network whose BatchNorms have seen something."""
    keras.utils.set_random_seed(1)
    network = build_edge(widths=widths)
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    network.fit(FACES, np.arange(64) % 7, epochs=2, verbose=0)
    return network


@pytest.mark.slow
def test_what_is_added_is_the_identity_in_use_and_in_training() -> None:
    shallow, deep = trained_a_little(SHALLOW), build_edge(widths=DEEP)
    before = shallow.predict(FACES, verbose=0)
    assert not np.allclose(deep.predict(FACES, verbose=0), before, atol=1e-2)
    grow(deep, shallow, FACES)
    np.testing.assert_allclose(deep.predict(FACES, verbose=0), before, atol=1e-4)
    # In training a BatchNorm goes by the batch: here that is what it was started with.
    features = keras.Model(deep.input, deep.get_layer("conv2_2_relu").output).predict(FACES)
    added = keras.Model(
        deep.get_layer("conv2_2_relu").output, deep.get_layer("conv2_3_relu").output
    )
    np.testing.assert_allclose(np.asarray(added(features, training=True)), features, atol=1e-3)


@pytest.mark.slow
def test_the_same_network_takes_the_weights_as_they_are() -> None:
    shallow, other = trained_a_little(SHALLOW), build_edge(widths=SHALLOW)
    grow(other, shallow, FACES)
    for ours, theirs in zip(other.get_weights(), shallow.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("widths", "said"),
    [
        (((4,), (6, 8), (8, 8, 12), (8,)), "no layer conv3_3, which cannot begin as the identity"),
        (((4,), (6, 12), (8, 8), (8,)), "its layer conv2_2 has weights of another shape"),
        (((4,), (6,), (8, 8), (8,)), "has layers that 'edge' has not"),
    ],
)
def test_another_family_is_refused(widths: tuple[tuple[int, ...], ...], said: str) -> None:
    with pytest.raises(UserError, match=said):
        grow(build_edge(widths=widths), build_edge(widths=SHALLOW), FACES)
