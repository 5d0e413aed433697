"""The origin of a network, of the record that its training left."""

import json
from dataclasses import replace
from typing import Any

from quantize.data.augmentation import AUGMENTATIONS
from quantize.int8.provenance import emotions_provenance, eyes_provenance, face_provenance
from quantize.training.settings import TrainingSettings

SETTINGS: dict[str, Any] = {
    "architecture": "edge-small",
    "seed": 3,
    "stages": [{"side_px": 32, "epochs": 4}, {"side_px": 48, "epochs": 2}],
    "learning_rate": 0.06,
    "label_smoothing": 0.1,
}


def test_data_of_ones_own_has_its_digest_and_no_source() -> None:
    found = emotions_provenance({"settings": SETTINGS, "data_sha256": "a" * 64})
    assert found is not None
    assert found.commands[0] == (
        "edge-fer train --data FILE --architecture edge-small --seed 3 --stages 32:4,48:2"
        " --learning-rate 0.06 --label-smoothing 0.1"
    )
    (data,) = found.data
    assert (data.sha256, data.source, data.licence) == ("a" * 64, "not said", "not said")


def test_every_lever_is_in_the_command() -> None:
    settings = replace(
        TrainingSettings(teachers_sha256=("d" * 64,), consistent_teachers=True, teacher_views=10),
        augmentation=replace(AUGMENTATIONS["light"], scale=0.05),
        mixup=0.2,
        early_learning=3.0,
        choose="last",
        fold=2,
    )
    record = {"settings": json.loads(json.dumps(settings.to_json())), "data_sha256": "a" * 64}
    found = emotions_provenance(record)
    assert found is not None
    command = found.commands[0]
    for option in (
        "--consistent-teachers --teacher-views 10",
        "--choose last --fold 2",
        "--set mixup=0.2 --set early_learning=3",
        "--set augmentation.rotation_deg=10 --set augmentation.scale=0.05",
    ):
        assert option in command
    light = replace(settings, augmentation=AUGMENTATIONS["light"])
    record["settings"] = json.loads(json.dumps(light.to_json()))
    found = emotions_provenance(record)
    assert found is not None
    assert "--augmentation light" in found.commands[0]
    assert "augmentation." not in found.commands[0]


def test_without_a_record_there_is_none() -> None:
    assert emotions_provenance({}) is None


def test_a_training_that_went_on_from_another_has_both() -> None:
    first = {"settings": {"epochs": 40, "learning_rate": 0.002, "seed": 1, "start": ""}}
    record = {
        "settings": {"epochs": 26, "learning_rate": 0.001, "seed": 1, "start": "b" * 64},
        "data_sha256": "a" * 64,
        "started_from": first,
    }
    trained = [one for one in eyes_provenance(record).commands if " train " in one]
    assert [one.split("--epochs ")[1].split()[0] for one in trained] == ["40", "26"]
    assert [one.endswith("--start FILE") for one in trained] == [False, True]


def test_a_face_network_that_began_with_anothers_weights_has_both_trainings() -> None:
    first: dict[str, Any] = {
        "settings": {"epochs": 24, "seed": 1, "learning_rate": 0.003},
        "initial": None,
    }
    record = {
        "settings": {"epochs": 56, "seed": 1, "learning_rate": 0.001},
        "data_sha256": {"faces": "a" * 64, "fer2013": "b" * 64},
        "initial": {"file": "face.keras", "sha256": "c" * 64},
        "started_from": first,
    }
    trained = [one for one in face_provenance(record).commands if " train " in one]
    assert [one.split("--epochs ")[1].split()[0] for one in trained] == ["24", "56"]
    assert ["--learning-rate 0.001 " in one for one in trained] == [False, True]
    assert [one.endswith("--initial FILE") for one in trained] == [False, True]
