"""The two networks, layer by layer."""

import numpy as np
import pytest

from edge_fer.errors import UserError

keras = pytest.importorskip("keras", reason="the workstation extra is not installed")

from quantize.networks.architectures import build  # noqa: E402
from quantize.networks.complexity import multiply_adds  # noqa: E402

# Vulpe-Grigorasi and Grigore 2021: output shape and parameters of each layer, in order.
PAPER_LAYERS = [
    ("face", (48, 48, 1), 0),
    ("conv1", (48, 48, 256), 2_560),
    ("conv2", (48, 48, 512), 1_180_160),
    ("conv2_norm", (48, 48, 512), 2_048),
    ("conv2_pool", (24, 24, 512), 0),
    ("conv2_dropout", (24, 24, 512), 0),
    ("conv3", (24, 24, 384), 1_769_856),
    ("conv3_norm", (24, 24, 384), 1_536),
    ("conv3_pool", (12, 12, 384), 0),
    ("conv3_dropout", (12, 12, 384), 0),
    ("conv4", (12, 12, 192), 663_744),
    ("conv4_norm", (12, 12, 192), 768),
    ("conv4_pool", (6, 6, 192), 0),
    ("conv4_dropout", (6, 6, 192), 0),
    ("conv5", (6, 6, 384), 663_936),
    ("conv5_norm", (6, 6, 384), 1_536),
    ("conv5_pool", (3, 3, 384), 0),
    ("conv5_dropout", (3, 3, 384), 0),
    ("flatten", (3456,), 0),
    ("dense", (256,), 884_992),
    ("dense_norm", (256,), 1_024),
    ("dense_dropout", (256,), 0),
    ("logits", (7,), 1_799),
]


def test_paper_is_the_published_network_layer_for_layer() -> None:
    model = build("paper")
    found = [
        (layer.name, tuple(layer.output.shape[1:]), layer.count_params()) for layer in model.layers
    ]
    assert found == PAPER_LAYERS
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert (model.count_params(), trainable) == (5_173_959, 5_170_503)
    assert model.count_params() - trainable == 3_456


def test_edge_keeps_its_budget() -> None:
    model = build("edge")
    assert model.count_params() <= 1_000_000
    assert multiply_adds(model) <= 110_000_000


def test_edge_small_keeps_its_budget_and_is_of_the_same_family() -> None:
    small, edge = build("edge-small"), build("edge")
    assert small.name == "edge-small"
    assert multiply_adds(small) == 39_648_128
    assert small.count_params() == 392_959
    assert [layer.name for layer in small.layers] == [layer.name for layer in edge.layers]


def test_a_teacher_is_large_and_begins_with_its_shortcuts() -> None:
    model = build("teacher")
    assert 4_000_000 <= model.count_params() <= 10_000_000
    assert multiply_adds(model) == 586_411_648
    assert model.get_layer("block4_2_out").output.shape == (None, 6, 6, 384)
    assert build("teacher", None).count_params() == model.count_params()
    # What a block adds is multiplied by a gamma of 0 at first.
    ends = [layer for layer in model.layers if layer.name.endswith("_2_norm")]
    assert len(ends) == 8
    assert all(not np.any(layer.gamma) for layer in ends)


def test_edge_of_open_size_takes_the_weights_of_fixed_size() -> None:
    fixed, opened = build("edge"), build("edge", None)
    opened.set_weights(fixed.get_weights())
    face = np.random.default_rng(1).random((1, 48, 48, 1), np.float32)
    np.testing.assert_allclose(fixed.predict(face), opened.predict(face), rtol=1e-4, atol=1e-5)


def test_an_unknown_name_says_which_names_there_are() -> None:
    with pytest.raises(UserError, match=r"'vgg'.*edge, edge-small, paper, teacher"):
        build("vgg")


def test_paper_needs_a_fixed_size() -> None:
    with pytest.raises(ValueError, match="fixed image size"):
        build("paper", None)
