"""Networks that measure: fixed output quantization, the same bytes in all kernels, and the card."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("tensorflow")

import keras
from keras import layers
from typer.testing import CliRunner

from edge_fer.cli.model import model_app
from edge_fer.errors import UserError
from edge_fer.models import kind as model_kind
from edge_fer.models.card import load_measuring, load_model
from edge_fer.models.check import check_files
from edge_fer.models.files import ModelFiles, read_model_files
from edge_fer.models.kind import ModelKind, Output
from edge_fer.models.runtime import open_model
from edge_fer.models.store import ModelStore
from edge_fer.paths import SHIPPED_MODEL
from quantize.data.calibration_set import CalibrationSet
from quantize.int8.measuring import Error, convert_measuring
from quantize.int8.write import write_model

TILT = ModelKind.measuring(
    "tilt",
    (Output("tilt", -90.0, 90.0, "degrees"), Output("sure", -8.0, 8.0, is_logit=True)),
    20,
    "a test",
    "model.tilt_path",
)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make TILT a kind that cards may be of."""
    monkeypatch.setattr(model_kind, "KINDS", (*model_kind.KINDS, TILT))


def network() -> keras.Model:
    """Return a small network of TILT, with weights that are no accident of the moment."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input((20, 20, 1))
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Flatten()(layers.MaxPooling2D()(x))
    return keras.Model(inputs, layers.Dense(2, name="outputs")(x), name="tilt")


def images(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (count, 20, 20), np.uint8)


def measure(values: NDArray[np.float64]) -> Mapping[str, Error]:
    return {"tilt": Error(len(values), float(np.abs(values[:, 0]).mean()), "degrees")}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("measuring") / "tilt.tflite"
    quantized = convert_measuring(
        network(),
        CalibrationSet(images(20), 1, "0" * 64),
        images(50),
        measure,
        "tilt",
        kind=TILT,
        usage="noise",
        training={},
        licence="none",
    )
    write_model(quantized.content, quantized.card, path)
    return path


def test_stored_bytes_stand_for_values_in_their_unit() -> None:
    measured = TILT.measured(np.array([64, 16], np.int8))
    assert measured["tilt"] == pytest.approx(45.0)
    assert measured["sure"] == pytest.approx(1 / (1 + np.exp(-1.0)))
    lowest = TILT.measured(np.array([-128, -128], np.int8))
    assert lowest == pytest.approx({"tilt": -90.0, "sure": 1 / (1 + np.exp(8.0))})


def test_the_file_has_the_kinds_quantization_and_the_same_bytes_in_all_kernels(
    written: Path,
) -> None:
    card, content = load_measuring(written, TILT)
    assert (card.output.scale, card.output.zero_point) == (1 / 128, 0)
    fast, plain = (
        open_model(content, "tilt", kind=TILT, xnnpack=xnnpack) for xnnpack in (True, False)
    )
    for image in images(60):
        np.testing.assert_array_equal(fast.run(image), plain.run(image))


def test_int8_answers_as_float(written: Path) -> None:
    card, content = load_measuring(written, TILT)
    model, exact = open_model(content, "tilt", kind=TILT), network()
    shown = images(50)
    wanted = np.asarray(exact(shown[..., np.newaxis].astype(np.float32) / 255))
    found = np.stack([model.run(image) for image in shown]) / 128
    assert np.abs(np.clip(wanted, -1, 1) - found).mean() < 0.02
    assert card.equivalence is not None
    assert card.equivalence.agreement > 0.97
    assert card.errors["tilt"].unit == "degrees"
    assert card.errors["tilt"].int8 == pytest.approx(card.errors["tilt"].float32, rel=0.05)


def test_a_card_of_another_kind_is_refused_by_name(written: Path) -> None:
    with pytest.raises(
        UserError, match=r"kind 'tilt', not 'emotions': name it in model\.tilt_path"
    ):
        load_model(written)
    with pytest.raises(UserError, match=r"kind 'emotions', not 'tilt': .*make one of 'tilt' with"):
        load_measuring(SHIPPED_MODEL, TILT)


def test_it_is_verified_shown_and_installed_beside_the_emotions(
    written: Path, tmp_path: Path
) -> None:
    result, _, _ = check_files(read_model_files(written))
    assert result.passed
    shown = CliRunner().invoke(model_app, ["show", str(written)])
    assert "degrees" in shown.output

    def sound(files: ModelFiles) -> None:
        assert check_files(files)[0].passed  # in this process, where the kind is known

    emotions, tilt = ModelStore(tmp_path, check=sound), ModelStore(tmp_path, TILT, check=sound)
    emotions.install(SHIPPED_MODEL)
    assert tilt.install(written).card == load_measuring(written, TILT)[0]
    assert tilt.current is not None
    assert tilt.current.read_bytes() == written.read_bytes()
    assert tilt.current.is_relative_to(tmp_path / "tilt")
    with pytest.raises(UserError, match="kind 'emotions', not 'tilt'"):
        tilt.install(SHIPPED_MODEL)
    assert tilt.rollback() is None
    assert emotions.current is not None
