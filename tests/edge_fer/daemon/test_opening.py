"""Opening the networks, and what stands in for those that do not open."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge_fer.config.config import Config
from edge_fer.daemon.opening import open_networks
from edge_fer.errors import MissingPackageError, ModelError
from edge_fer.face.settings import FaceConfig
from edge_fer.models.card import load_card, write_card
from edge_fer.models.settings import ModelConfig
from edge_fer.vehicle.outgoing import Parts

SETTINGS = Config().driver_state


def test_all_that_is_shipped_opens() -> None:
    networks = open_networks(ModelConfig(), FaceConfig(), stand_in=False)
    assert networks.parts == Parts()
    assert networks.classifier is not None
    assert networks.model.endswith("edge.tflite")


def test_a_person_gets_an_error_for_what_does_not_open(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    for model, face, problem in (
        (ModelConfig(path=gone), FaceConfig(), "cannot read the model"),
        (ModelConfig(), FaceConfig(detector="yunet", model=gone), "cannot read YuNet"),
    ):
        with pytest.raises(ModelError, match=problem):
            open_networks(model, face, stand_in=False)


def test_a_vehicle_gets_what_works_without_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = str(tmp_path / "gone")
    face = FaceConfig(detector="yunet", model=gone)
    networks = open_networks(ModelConfig(path=gone), face, stand_in=True)
    assert networks.parts == Parts(model_failed=True, detector_failed=True)
    assert networks.model.startswith("none: ")
    assert networks.classifier is None
    classifier, policy = networks.policy(SETTINGS)
    assert classifier is None
    assert not policy.emotion_states
    assert "no emotion is inferred" in caplog.text
    assert "the cascade finds faces instead" in caplog.text


def test_a_vehicle_gets_what_works_where_a_signature_cannot_be_checked(
    tiny_model: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_fer.keys.find_spec", lambda _: None)
    model = ModelConfig(path=str(tiny_model), trusted_key="ab" * 32)
    with pytest.raises(MissingPackageError):
        open_networks(model, FaceConfig(), stand_in=False)
    assert open_networks(model, FaceConfig(), stand_in=True).parts.model_failed
    assert "pip install 'edge-fer[signing]'" in caplog.text


def test_threshold_and_temperature_are_those_of_the_card(
    tmp_path: Path, make_tiny: Callable[..., Path]
) -> None:
    model = make_tiny(tmp_path)
    write_card(replace(load_card(model), uncertain_threshold=0.37, temperature=2.5), model)
    networks = open_networks(ModelConfig(path=str(model)), FaceConfig(), stand_in=False)
    classifier, policy = networks.policy(SETTINGS)
    assert policy.confidence_threshold == 0.37
    assert classifier is not None
    assert classifier.card.temperature == 2.5


def test_without_emotion_states_nothing_is_classified() -> None:
    networks = open_networks(ModelConfig(), FaceConfig(), stand_in=False)
    classifier, policy = networks.policy(replace(SETTINGS, emotion_states=False))
    assert classifier is None
    assert not policy.emotion_states
