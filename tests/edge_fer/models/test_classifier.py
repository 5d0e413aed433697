"""The classifier, on a tiny int8 model made here without TensorFlow, and on the shipped one."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_fer.camera.scene import Scene
from edge_fer.emotions import LABELS, Emotion
from edge_fer.errors import UserError
from edge_fer.face.crop import crop_face
from edge_fer.face.haar import HaarDetector
from edge_fer.models.card import (
    INPUT,
    OUTPUT,
    Accuracy,
    Calibration,
    Confidence,
    ModelCard,
    write_card,
)
from edge_fer.models.classifier import Classifier, calibrated
from edge_fer.models.files import card_path
from edge_fer.models.kind import FACE_PX

MODELS = Path(__file__).parents[3] / "edge_fer" / "models"
BAND_PX = 6  # class n of the tiny model answers to brightness in rows 6 n to 6 n + 5


def tiny_model(*, side: int = FACE_PX, kind: str = "INT8", classes: int = len(LABELS)) -> bytes:
    """Return a `.tflite` file: reshape, fully connected, softmax; seven bands, seven classes."""
    flatbuffers = pytest.importorskip("flatbuffers")
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    types = schema.TensorType
    is_float = kind == "FLOAT32"
    weights = np.zeros((classes, side, side), np.float32 if is_float else np.int8)
    for number in range(classes):
        weights[number, BAND_PX * number : BAND_PX * (number + 1)] = 100
    buffers: list[bytes] = [b""]

    def tensor(
        name: str, shape: tuple[int, ...], type_: int, scale: float, zero: int, data: bytes = b""
    ) -> Any:
        made = schema.TensorT()
        made.name, made.shape, made.type = name, list(shape), type_
        if scale and not is_float:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = [scale], [zero]
        if data:
            buffers.append(data)
        made.buffer = len(buffers) - 1 if data else 0
        return made

    def operator(code: int, inputs: list[int], outputs: list[int], kind_: str, options: Any) -> Any:
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = code, inputs, outputs
        made.builtinOptionsType = getattr(schema.BuiltinOptions, kind_)
        made.builtinOptions = options
        return made

    value = getattr(types, kind)
    pixels, weight_scale = side * side, 1 / 100 / (BAND_PX * side) * 8
    graph = schema.SubGraphT()
    graph.tensors = [
        tensor("face", (1, side, side, 1), value, INPUT.scale, -128),
        tensor("shape", (2,), types.INT32, 0, 0, np.array([1, pixels], np.int32).tobytes()),
        tensor("flat", (1, pixels), value, INPUT.scale, -128),
        tensor("weights", (classes, pixels), value, weight_scale, 0, weights.tobytes()),
        tensor("logits", (1, classes), value, 0.1, -28),
        tensor("probabilities", (1, classes), value, OUTPUT.scale, OUTPUT.zero_point),
    ]
    graph.inputs, graph.outputs = [0], [5]
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    graph.operators = [
        operator(0, [0, 1], [2], "ReshapeOptions", schema.ReshapeOptionsT()),
        operator(1, [2, 3, -1], [4], "FullyConnectedOptions", schema.FullyConnectedOptionsT()),
        operator(2, [4], [5], "SoftmaxOptions", softmax),
    ]
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes, model.buffers = 3, [graph], [], []
    for name, version in (("RESHAPE", 1), ("FULLY_CONNECTED", 4), ("SOFTMAX", 2)):
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
        code.version = version
        model.operatorCodes.append(code)
    for data in buffers:
        made = schema.BufferT()
        made.data = np.frombuffer(data, np.uint8) if data else None
        model.buffers.append(made)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def card_of(content: bytes) -> ModelCard:
    return ModelCard(
        name="tiny",
        labels=LABELS,
        input=INPUT,
        output=OUTPUT,
        parameters=7 * 48 * 48,
        multiply_adds=7 * 48 * 48,
        operators=("RESHAPE", "FULLY_CONNECTED", "SOFTMAX"),
        sha256=hashlib.sha256(content).hexdigest(),
        calibration=Calibration(1, 7, "ab" * 32),
        accuracy=Accuracy("PublicTest", 7, 1.0, 1.0),
        temperature=1.0,
        uncertain_threshold=0.4,
        confidence=Confidence(0.1, 0.05, 0.8, 0.9),
    )


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path, content = tmp_path / "tiny.tflite", tiny_model()
    path.write_bytes(content)
    write_card(card_of(content), path)
    return path


@pytest.fixture
def shipped() -> Path:
    path = MODELS / "edge.tflite"
    if not path.is_file():
        pytest.skip(f"the shipped model is not there: {path}")
    return path


@pytest.fixture(params=["tiny", "shipped"])
def model(request: pytest.FixtureRequest) -> Path:
    path = request.getfixturevalue(request.param)
    assert isinstance(path, Path)
    return path


def band(number: int) -> NDArray[np.uint8]:
    face = np.full((FACE_PX, FACE_PX), 20, np.uint8)
    face[BAND_PX * number : BAND_PX * (number + 1)] = 250
    return face


@pytest.mark.parametrize("emotion", list(Emotion))
def test_bytes_and_classes_are_in_their_order(tiny: Path, emotion: Emotion) -> None:
    probabilities = Classifier(tiny).classify(band(emotion))
    assert probabilities.argmax() == emotion
    assert probabilities[emotion] > 0.5


def test_probabilities_are_what_the_arithmetic_says(tiny: Path) -> None:
    face = np.random.default_rng(1).integers(0, 256, (48, 48)).astype(np.uint8)
    bands = face[: 7 * BAND_PX].reshape(7, -1).astype(np.float64).mean(axis=1) / 255
    logits = 8 * bands
    wanted = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(Classifier(tiny).classify(face), wanted, atol=0.03)


def test_probabilities_are_probabilities(model: Path) -> None:
    classifier = Classifier(model)
    random = np.random.default_rng(2)
    for face in [random.integers(0, 256, (48, 48)).astype(np.uint8), *map(band, range(7))]:
        probabilities = classifier.classify(face)
        assert probabilities.shape == (7,)
        assert probabilities.dtype == np.float32
        assert (probabilities > 0).all()
        assert probabilities.sum() == pytest.approx(1.0, abs=1e-6)
        np.testing.assert_array_equal(probabilities, classifier.classify(face))


def test_result_is_the_callers(model: Path) -> None:
    classifier = Classifier(model)
    first = classifier.classify(band(0))
    kept = first.copy()
    classifier.classify(band(6))
    np.testing.assert_array_equal(first, kept)


def test_card_and_runtime_are_known(model: Path) -> None:
    classifier = Classifier(model, threads=2)
    assert classifier.card.labels == LABELS
    assert classifier.runtime in {"ai-edge-litert", "tflite-runtime"}


def test_shipped_model_sees_the_smile_of_the_demo(shipped: Path) -> None:
    grey = Scene().render(1.0)
    (face,) = HaarDetector().detect(grey)
    probabilities = Classifier(shipped).classify(crop_face(grey, face))
    assert LABELS[probabilities.argmax()] == "happy"
    assert probabilities.max() > 0.5


def test_temperature_of_the_card_is_applied(tiny: Path) -> None:
    plain = Classifier(tiny).classify(band(3))
    write_card(replace(card_of(tiny.read_bytes()), temperature=3.0), tiny)
    cooled = Classifier(tiny).classify(band(3))
    assert cooled.argmax() == 3
    assert cooled.max() < plain.max() - 0.1


@given(st.lists(st.integers(-128, 127), min_size=7, max_size=7), st.floats(0.01, 100.0))
def test_calibration_keeps_the_order(stored: list[int], temperature: float) -> None:
    output = np.array(stored, np.int8)
    probabilities = calibrated(output, temperature)
    assert np.isfinite(probabilities).all()
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-5)
    assert (np.diff(probabilities[np.argsort(output)]) >= -1e-7).all()


def test_calibration_with_temperature_one_only_normalises() -> None:
    stored = np.array([-128, -64, 0, 0, -128, -128, -128], np.int8)
    wanted = np.array([0.5, 64, 128, 128, 0.5, 0.5, 0.5]) / 322
    np.testing.assert_allclose(calibrated(stored, 1.0), wanted, atol=1e-6)


def test_missing_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.tflite: cannot read the model \(No such file"):
        Classifier(tmp_path / "gone.tflite")
    with pytest.raises(UserError, match="cannot read the model"):
        Classifier(tmp_path)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"PK\x03\x04 a keras file", b"x" * 5000])
def test_file_that_is_no_tflite_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a TFLite file"):
        Classifier(path)


@pytest.mark.parametrize("with_card", [False, True])
@pytest.mark.parametrize(
    ("options", "wanted"),
    [({"side": 40}, r"\[1, 40, 40, 1\]"), ({"kind": "FLOAT32"}, "float32")],
)
def test_other_input_is_named(
    tmp_path: Path, options: dict[str, Any], wanted: str, with_card: bool
) -> None:
    path, content = tmp_path / "model.tflite", tiny_model(**options)
    path.write_bytes(content)
    if with_card:  # one that says what is not true
        write_card(card_of(content), path)
    with pytest.raises(UserError, match=wanted) as refused:
        Classifier(path)
    assert "edge-fer quantize" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_other_number_of_classes_is_named(tmp_path: Path) -> None:
    path, content = tmp_path / "model.tflite", tiny_model(classes=5)
    path.write_bytes(content)
    write_card(card_of(content), path)
    with pytest.raises(UserError, match=r"output is int8\[1, 5\]"):
        Classifier(path)


def test_missing_card(tiny: Path) -> None:
    card_path(tiny).unlink()
    with pytest.raises(UserError, match="the model card is missing"):
        Classifier(tiny)


def test_card_of_another_file(tiny: Path) -> None:
    content = bytearray(tiny.read_bytes())
    content[-1] ^= 1
    tiny.write_bytes(content)
    with pytest.raises(UserError, match="the card is of another file"):
        Classifier(tiny)


def test_damaged_file_without_card_does_not_reach_the_runtime(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reached(*_: object, **__: object) -> None:
        raise AssertionError("these bytes could have ended the process")

    monkeypatch.setattr("edge_fer.models.classifier.open_model", reached)
    card_path(tiny).unlink()
    content = tiny.read_bytes()
    random = np.random.default_rng(3)
    for _ in range(60):
        damaged = bytearray(content[: random.integers(8, len(content))])
        for place in random.integers(8, len(damaged), 20) if len(damaged) > 8 else ():
            damaged[place] = random.integers(0, 256)
        tiny.write_bytes(damaged)
        with pytest.raises(UserError):
            Classifier(tiny)
