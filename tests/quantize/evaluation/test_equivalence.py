"""The proof of equivalence and its limits."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the workstation extra")

from edge_fer.errors import UserError
from edge_fer.models.card import Equivalence, LayerNoise
from quantize.data.calibration_set import choose_calibration_set
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.equivalence import compare_answers, measure_layers, refuse_unequal
from quantize.int8.convert import convert_as
from quantize.networks.folding import fold_batch_norms

FOUND = Equivalence("PublicTest", 3589, 0.97, 0.2, 0.01, (LayerNoise("conv1", "CONV_2D", 12.34),))


def test_compare_answers() -> None:
    before = np.log([[0.7, 0.2, 0.1], [0.4, 0.5, 0.1]])
    after = np.log([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1]])
    alike = compare_answers(before, after)
    assert alike.agreement == 0.5
    assert alike.largest_difference == pytest.approx(0.1)
    assert alike.mean_difference == pytest.approx(0.4 / 6)


@pytest.mark.parametrize(("before", "after"), [(0.66, 0.66), (0.66, 0.657), (0.66, 0.7)])
def test_within_the_limits(before: float, after: float) -> None:
    refuse_unequal(before, after, FOUND)


def test_lost_accuracy_is_refused_with_the_noisiest_layer() -> None:
    with pytest.raises(UserError, match=r"loses 0\.31 points .* 0\.3 are allowed .*conv1 12\.3 dB"):
        refuse_unequal(0.66, 0.6569, FOUND)


def test_disagreement_is_refused() -> None:
    unlike = Equivalence("PublicTest", 3589, 0.9699, 0.2, 0.01, FOUND.worst_layers)
    with pytest.raises(
        UserError, match=r"same answer as float on 96\.99% of 3589 .* 97% are wanted"
    ):
        refuse_unequal(0.66, 0.67, unlike)


@pytest.mark.slow
def test_layers_of_a_sound_conversion_are_quiet_and_named(
    small_network: Any, small_int8: bytes, small_fer2013: Fer2013
) -> None:
    calibration = choose_calibration_set(small_fer2013, count=28, seed=1)
    exact = convert_as(fold_batch_norms(small_network).model, "float32", calibration)
    layers = measure_layers(exact, small_int8, small_fer2013.images[:16], "small")
    assert [layer.snr_db for layer in layers] == sorted(layer.snr_db for layer in layers)
    assert layers[0].snr_db > 10
    names = {layer.layer for layer in layers}
    assert {"logits", "probabilities"} <= names
    assert all(name.replace("_", "").isalnum() for name in names)


@pytest.mark.slow
def test_the_worst_layer_is_the_one_that_was_spoilt(
    small_network: Any, small_int8: bytes, small_fer2013: Fer2013
) -> None:
    from ai_edge_litert import schema_py_generated as schema

    flatbuffers = pytest.importorskip("flatbuffers")
    model = schema.ModelT.InitFromPackedBuf(bytearray(small_int8), 0)
    graph = model.subgraphs[0]
    dense = next(
        operator
        for operator in graph.operators
        if model.operatorCodes[operator.opcodeIndex].builtinCode
        == schema.BuiltinOperator.FULLY_CONNECTED
    )
    weights = model.buffers[graph.tensors[dense.inputs[1]].buffer]
    weights.data = np.roll(weights.data, 1)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    calibration = choose_calibration_set(small_fer2013, count=28, seed=1)
    exact = convert_as(fold_batch_norms(small_network).model, "float32", calibration)
    images = small_fer2013.images[:16]
    layers = measure_layers(exact, bytes(builder.Output()), images, "small")
    assert {layers[0].layer, layers[1].layer} == {"logits", "probabilities"}
    assert layers[0].snr_db < 10


def test_files_of_different_networks_are_refused(small_int8: bytes, small_fer2013: Fer2013) -> None:
    import keras

    face = keras.Input((48, 48, 1))
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D(8, name="other")(face))
    model = keras.Model(face, keras.layers.Dense(7, name="dense_of_other")(x), name="another")
    calibration = choose_calibration_set(small_fer2013, count=7, seed=1)
    exact = convert_as(model, "float32", calibration)
    with pytest.raises(UserError, match="too few tensors in common"):
        measure_layers(exact, small_int8, small_fer2013.images[:1], "small")
