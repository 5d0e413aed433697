"""The model card: what it holds survives, and what does not fit is refused with its name."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_fer.atomic_write import write_atomically
from edge_fer.emotions import LABELS
from edge_fer.errors import UserError
from edge_fer.models.card import (
    INPUT,
    OUTPUT,
    Accuracy,
    Calibration,
    Confidence,
    Equivalence,
    LayerNoise,
    ModelCard,
    NetworkCard,
    load_card,
    parse_card,
    write_card,
)
from edge_fer.models.files import card_path, read_card_bytes

MODEL = b"\x1c\0\0\0TFL3 and so on"


def read_card(path: Path) -> NetworkCard:
    return parse_card(read_card_bytes(path), path)


def a_card(content: bytes = MODEL) -> ModelCard:
    return ModelCard(
        name="edge",
        labels=LABELS,
        input=INPUT,
        output=OUTPUT,
        parameters=744_423,
        multiply_adds=68_347_200,
        operators=("CONV_2D", "SOFTMAX"),
        sha256=hashlib.sha256(content).hexdigest(),
        calibration=Calibration(1, 100, "ab" * 32),
        accuracy=Accuracy("PublicTest", 3589, 0.66, 0.659),
        temperature=1.25,
        uncertain_threshold=0.41,
        confidence=Confidence(0.08, 0.02, 0.8, 0.74),
        training={"settings": {"seed": 1, "stages": [{"side_px": 48, "epochs": 6}]}},
        tools={"keras": "3.15.1"},
        equivalence=Equivalence(
            "PublicTest", 3589, 0.985, 0.08, 0.004, (LayerNoise("logits", "FULLY_CONNECTED", 31.2),)
        ),
        batch_norms={"conv1_norm": "folded into conv1 before it"},
        golden={"grey": (-128, 127, 0, 1, 2, 3, 4)},
    )


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "edge.tflite"
    path.write_bytes(MODEL)
    write_card(a_card(), path)
    return path


def change(model: Path, key: str, value: Any) -> None:
    """Set the value of a dotted key in the card; None removes the key."""
    values = json.loads(card_path(model).read_text())
    *sections, last = key.split(".")
    inner = values
    for section in sections:
        inner = inner[section]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    card_path(model).write_text(json.dumps(values))


def test_card_comes_back_equal(model: Path) -> None:
    assert load_card(model) == a_card()
    assert card_path(model).name == "edge.json"


def test_input_is_a_byte_minus_128() -> None:
    assert (INPUT.shape, INPUT.dtype, INPUT.zero_point) == ((1, 48, 48, 1), "int8", -128)
    assert np.float32(INPUT.scale) == np.float32(1) / np.float32(255)


def test_missing_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"edge\.tflite: cannot read the model \(No such file"):
        load_card(tmp_path / "edge.tflite")


def test_missing_card(model: Path) -> None:
    card_path(model).unlink()
    with pytest.raises(UserError, match=r"edge\.json: the model card is missing"):
        load_card(model)


def test_card_of_another_file(model: Path) -> None:
    model.write_bytes(MODEL + b"!")
    with pytest.raises(UserError, match=r"the card is of another file: sha256 .* in the card"):
        load_card(model)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("labels", [*LABELS[1:], LABELS[0]], "labels: disgust, .* are not angry, "),
        ("labels", ["yes", "no"], "labels: yes, no are not angry"),
        ("input.scale", 1 / 127.5, r"input\.scale: 0\.0078.* is not 0\.0039"),
        ("input.scale", 1 / 255, r"input\.scale: 0\.00392156862.* is not 0\.00392156885"),
        ("input.zero_point", 0, r"input\.zero_point: 0 is not -128"),
        ("input.dtype", "uint8", r"input\.dtype: uint8 is not int8"),
        ("input.shape", [1, 40, 40, 1], r"input\.shape: \(1, 40, 40, 1\) is not"),
        ("output.shape", [1, 8], r"output\.shape"),
        ("output.zero_point", 0, r"output\.zero_point"),
    ],
)
def test_card_that_does_not_fit(model: Path, key: str, value: object, message: str) -> None:
    change(model, key, value)
    with pytest.raises(UserError, match=message) as error:
        load_card(model)
    assert str(error.value).startswith(str(card_path(model)))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 1, "format: 1 is not 2"),
        ("name", None, "name is missing"),
        ("name", 5, "name: 5 is not a text"),
        ("labels", "angry", "labels: 'angry' is not a list of texts"),
        ("input", [1], r"input: \[1\] is not an object"),
        ("input.shape", [1, 48.0], r"input\.shape: \[1, 48\.0\] is not a list of integers"),
        ("input.zero_point", True, r"input\.zero_point: True is not an integer"),
        ("parameters", 0, "parameters: 0 is not an integer of at least 1"),
        ("sha256", "xyz", "sha256: 'xyz' is not a sha256"),
        ("calibration.sha256", None, r"calibration\.sha256 is missing"),
        ("accuracy.int8", 66.1, r"accuracy\.int8: 66\.1 is not a number in 0\.\.1"),
        ("temperature", 0, r"temperature: 0 is not a number in 0\.01\.\.100"),
        ("temperature", "1", "temperature: '1' is not a number"),
        ("uncertain_threshold", -0.1, r"uncertain_threshold: -0\.1 is not a number in 0\.\.1"),
        ("equivalence.agreement", 98.5, r"equivalence\.agreement: 98\.5 is not a number in 0\.\.1"),
        ("equivalence.worst_layers", [1], r"worst_layers: \[1\] is not a list of objects"),
        ("equivalence.worst_layers", [{}], r"equivalence\.worst_layers\.0\.layer is missing"),
        ("equivalence", 5, "equivalence: 5 is not an object"),
        ("golden", None, "golden is missing"),
        ("golden.grey", [0] * 6, r"golden\.grey: .* is not a list of 7 integers"),
        ("golden.grey", [128] * 7, r"golden\.grey: .* is not a list of integers in -128\.\.127"),
        ("golden_tolerance", 9, r"golden_tolerance: 9 is not an integer in 1\.\.8"),
        ("golden_tolerance", 0, r"golden_tolerance: 0 is not an integer in 1\.\.8"),
        ("training", [], r"training: \[\] is not an object"),
        ("name", ["x" * 500], r"name: \['xxx"),
    ],
)
def test_value_that_is_none(model: Path, key: str, value: object, message: str) -> None:
    change(model, key, value)
    with pytest.raises(UserError, match=message) as error:
        read_card(card_path(model))
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("old", "new"),
    [("1.25", "NaN"), ("1.25", "Infinity"), ("1.25", "1e999"), ("0.41", "-Infinity")],
)
def test_numbers_that_are_none(model: Path, old: str, new: str) -> None:
    path = card_path(model)
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(UserError, match=r"edge\.json: "):
        read_card(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"{", b"\xff\xfe\x00", b"[" * 100_000, b" " * 2_000_000 + b"{}"],
)
def test_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "edge.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match="model card") as error:
        read_card(path)
    assert "\n" not in str(error.value)


@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_damaged_card_is_refused_or_read(model: Path, place: float, byte: int) -> None:
    path = card_path(model)
    whole = json.dumps(a_card().to_json()).encode()
    damaged = bytearray(whole)
    damaged[int(place * len(whole))] = byte
    path.write_bytes(damaged)
    try:
        card = read_card(path)
    except UserError as error:
        assert str(path) in str(error)  # noqa: PT017  # either outcome is right
    else:
        assert isinstance(card, ModelCard)
        assert 0.01 <= card.temperature <= 100


def test_card_without_equivalence(model: Path) -> None:
    path = card_path(model)
    path.write_text(json.dumps({**a_card().to_json(), "equivalence": None}))
    assert read_card(path) == replace(a_card(), equivalence=None)


def test_key_that_is_there_twice(model: Path) -> None:
    path = card_path(model)
    path.write_text(path.read_text().replace("{", '{"temperature": 2.0,', 1))
    with pytest.raises(UserError, match="temperature is there twice"):
        read_card(path)


def test_card_with_a_nan_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_card(replace(a_card(), temperature=float("nan")), tmp_path / "edge.tflite")
    assert not list(tmp_path.iterdir())


def test_write_whole_replaces_and_lets_the_daemon_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_write_whole_into_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        write_atomically(tmp_path / "nowhere" / "file", b"x")
