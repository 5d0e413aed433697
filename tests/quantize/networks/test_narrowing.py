"""A narrower network takes the channels of a wider one that matter."""

from typing import Any

import numpy as np
import pytest

from edge_fer.errors import UserError

keras = pytest.importorskip("keras", reason="the workstation extra is not installed")

from quantize.networks.architectures import build_edge  # noqa: E402
from quantize.networks.narrowing import narrow  # noqa: E402

FACES = np.random.default_rng(1).random((32, 48, 48, 1), np.float32)
NARROW = ((4,), (6, 8), (8,))
WIDE = ((8,), (10, 12), (16,))


@pytest.fixture(scope="module")
def small() -> Any:
    keras.utils.set_random_seed(1)
    network = build_edge(widths=NARROW)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            rng = np.random.default_rng(2)
            layer.set_weights([rng.uniform(0.5, 1.5, value.shape) for value in layer.get_weights()])
    return network


def with_useless_channels(small: Any, level: float) -> tuple[Any, dict[str, list[int]]]:
    """Return a wider network that computes the same, and where each layer has its old channels.

    Each new channel is `level` everywhere, and what reads it is made up for by a bias.
    """
    from quantize.networks.folding import fold_batch_norms

    narrow_one = fold_batch_norms(small).model
    wide = fold_batch_norms(build_edge(widths=WIDE)).model
    rng, places, read = np.random.default_rng(3), {}, [0]
    for ours, theirs in zip(wide.layers, narrow_one.layers, strict=True):
        if not ours.weights:
            continue
        kernel, bias = (np.zeros_like(value) for value in ours.get_weights())
        old_kernel, old_bias = theirs.get_weights()
        kept = np.sort(rng.permutation(kernel.shape[-1])[: old_kernel.shape[-1]])
        bias[:] = level
        bias[kept] = old_bias
        kernel[..., np.array(read)[:, None], kept] = old_kernel
        places[ours.name], read = kept.tolist(), kept.tolist()
        ours.set_weights([kernel, bias])
    return wide, places


def test_channels_without_a_spread_go_and_nothing_changes(small: Any) -> None:
    wide, _ = with_useless_channels(small, level=0.5)
    before = small.predict(FACES, verbose=0)
    np.testing.assert_allclose(wide.predict(FACES, verbose=0), before, atol=1e-4)
    found = narrow(wide, build_edge(widths=NARROW), FACES)
    np.testing.assert_allclose(found.predict(FACES, verbose=0), before, atol=1e-4)


def test_the_mean_of_a_channel_that_goes_stays_in_the_bias(small: Any) -> None:
    wide, places = with_useless_channels(small, level=0.5)
    logits = wide.get_layer("logits")
    kernel, bias = logits.get_weights()
    gone = np.setdiff1d(np.arange(len(kernel)), places["conv3_1"])
    kernel[gone] = 3.0  # read, though it never changes
    logits.set_weights([kernel, bias])
    found = narrow(wide, build_edge(widths=NARROW), FACES)
    np.testing.assert_allclose(
        found.predict(FACES, verbose=0), wide.predict(FACES, verbose=0), atol=1e-3
    )


@pytest.mark.parametrize("widths", [((4,), (6,), (8,)), ((4,), (16, 8), (8,))])
def test_another_family_or_a_wider_network_is_refused(
    small: Any, widths: tuple[tuple[int, ...], ...]
) -> None:
    with pytest.raises(UserError, match="not a wider network with the layers of"):
        narrow(small, build_edge(widths=widths), FACES)
