"""Multiply-adds against counts by hand."""

import pytest

keras = pytest.importorskip("keras", reason="needs the workstation extra")

from edge_fer.errors import UserError  # noqa: E402
from quantize.networks.architectures import build  # noqa: E402
from quantize.networks.complexity import multiply_adds  # noqa: E402

layers = keras.layers


def test_each_kind_of_layer() -> None:
    face = keras.Input((48, 48, 1))
    x = layers.Conv2D(8, 3, padding="same")(face)  # 48*48 positions, 3*3*1 each, 8 channels
    expected = 48 * 48 * 9 * 8
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(16, 3, strides=2, groups=4)(x)  # 11*11 positions, 2 channels a group
    expected += 11 * 11 * 9 * 2 * 16
    x = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x)
    expected += 11 * 11 * 9 * 32
    x = layers.SeparableConv2D(10, 3, padding="same")(x)
    expected += 11 * 11 * (9 * 32 + 32 * 10)
    x = layers.Flatten()(x)
    x = layers.Dense(7)(x)
    expected += 11 * 11 * 10 * 7
    assert multiply_adds(keras.Model(face, x)) == expected


def test_inner_models_count() -> None:
    inner = keras.Sequential([keras.Input((10,)), layers.Dense(4), layers.Dense(3)])
    face = keras.Input((10,))
    assert multiply_adds(keras.Model(face, layers.Dense(2)(inner(face)))) == 40 + 12 + 6


def test_the_edge_network_keeps_to_its_budget() -> None:
    assert multiply_adds(build("edge")) <= 110e6


def test_unknown_layer_is_refused() -> None:
    face = keras.Input((10, 4))
    model = keras.Model(face, layers.LSTM(3, name="memory")(face))
    with pytest.raises(UserError, match="layer memory: the multiply-adds of LSTM are not known"):
        multiply_adds(model)
