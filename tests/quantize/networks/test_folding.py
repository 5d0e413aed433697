"""Folding BatchNorm is exact where it is done, and gives its reason where it is not."""

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the workstation extra")

from keras import layers  # noqa: E402

from quantize.networks.architectures import build  # noqa: E402
from quantize.networks.folding import chain_of, fold_batch_norms, is_folded  # noqa: E402


def randomised(model: Any, seed: int = 0) -> Any:
    """Give each BatchNorm statistics as after a training."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            size = layer.moving_mean.shape[0]
            layer.set_weights(
                [
                    rng.uniform(0.5, 1.5, size),
                    rng.normal(0, 0.5, size),
                    rng.normal(0, 0.5, size),
                    rng.uniform(0.5, 2, size),
                ]
            )
    return model


def norms(model: Any) -> list[str]:
    return [layer.name for layer in model.layers if isinstance(layer, layers.BatchNormalization)]


def assert_same(before: Any, after: Any) -> None:
    side = before.inputs[0].shape[1]
    faces = np.random.default_rng(5).random((4, side, side, before.inputs[0].shape[3]), np.float32)
    np.testing.assert_allclose(
        np.asarray(after(faces)), np.asarray(before(faces)), rtol=1e-4, atol=1e-4
    )


def network(*chain: Any) -> Any:
    face = keras.Input((12, 12, 3))
    x = face
    for layer in chain:
        x = layer(x)
    return randomised(keras.Model(face, x, name="net"))


def test_edge_has_none_left() -> None:
    model = randomised(build("edge"))
    folded = fold_batch_norms(model)
    assert norms(folded.model) == []
    assert folded.notes["conv2_1_norm"] == "folded into conv2_1 before it"
    assert len(folded.notes) == len(norms(model))
    assert_same(model, folded.model)
    assert folded.model.name == "edge"
    assert is_folded(folded.model), "a conversion does not fold it once more"
    assert not is_folded(model)


def test_behind_a_relu_into_a_dense_layer_through_pooling_and_flattening() -> None:
    model = network(
        layers.Conv2D(5, 3, activation="relu"),
        layers.BatchNormalization(name="norm"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.4),
        layers.Flatten(),
        layers.Dense(4, activation="relu", name="dense"),
        layers.BatchNormalization(name="norm2"),
        layers.Dropout(0.3),
        layers.Dense(7, use_bias=False, name="logits"),
    )
    folded = fold_batch_norms(model)
    assert folded.notes == {
        "norm": "folded into dense behind it",
        "norm2": "folded into logits behind it",
    }
    assert norms(folded.model) == []
    assert_same(model, folded.model)


def test_behind_a_relu_into_a_convolution_without_padding() -> None:
    model = network(
        layers.Conv2D(5, 3, activation="relu"),
        layers.BatchNormalization(name="norm"),
        layers.Conv2D(4, 3, strides=2, name="second"),
    )
    folded = fold_batch_norms(model)
    assert folded.notes == {"norm": "folded into second behind it"}
    assert_same(model, folded.model)


def test_a_convolution_that_pads_cannot_take_it() -> None:
    model = network(
        layers.Conv2D(5, 3, activation="relu"),
        layers.BatchNormalization(name="norm"),
        layers.Conv2D(4, 3, padding="same", name="second"),
    )
    folded = fold_batch_norms(model)
    assert folded.notes == {
        "norm": "stays: second pads with zeros, which have no shift at the border"
    }
    assert norms(folded.model) == ["norm"]
    assert_same(model, folded.model)


def test_negative_scales_do_not_pass_max_pooling() -> None:
    model = network(
        layers.Conv2D(5, 3, activation="relu"),
        layers.BatchNormalization(name="norm"),
        layers.MaxPooling2D(2, name="pool"),
        layers.Flatten(),
        layers.Dense(7),
    )
    norm = model.get_layer("norm")
    gamma, *others = norm.get_weights()
    gamma[1] = -0.7
    norm.set_weights([gamma, *others])
    folded = fold_batch_norms(model)
    assert folded.notes == {"norm": "stays: 1 negative scales do not pass pool"}
    assert_same(model, folded.model)


def test_a_relu_behind_or_nothing_behind() -> None:
    model = network(
        layers.BatchNormalization(name="first"),
        layers.ReLU(name="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(4, activation="relu"),
        layers.BatchNormalization(name="last"),
    )
    folded = fold_batch_norms(model)
    assert folded.notes == {
        "first": "stays: relu cannot take it",
        "last": "stays: no layer behind it could take it",
    }
    assert_same(model, folded.model)


def test_networks_that_branch_are_left_alone() -> None:
    face = keras.Input((12, 12, 3))
    x = layers.Conv2D(3, 3, padding="same")(face)
    x = layers.BatchNormalization(name="norm")(x)
    model = keras.Model(face, layers.Add()([x, face]))
    folded = fold_batch_norms(model)
    assert chain_of(model) is None
    assert folded.model is model
    assert folded.notes["norm"].startswith("the network is not a chain")
