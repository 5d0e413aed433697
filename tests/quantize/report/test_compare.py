"""The table of trainings: what differs from the first, rows by settings, columns by seed."""

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from edge_fer.errors import UserError

pytest.importorskip("keras", reason="the workstation extra is not installed")

from quantize.data.augmentation import NONE
from quantize.report.compare import read_training, trainings_table
from quantize.training.run_folder import EpochResult, RunState
from quantize.training.settings import Stage, TrainingSettings

BASE = TrainingSettings(stages=(Stage(32, 1), Stage(48, 2)), votes_sha256="ab" * 32)


def run_folder(
    path: Path, settings: TrainingSettings, accuracies: tuple[float, ...] = (0.9, 0.5, 0.4)
) -> Path:
    path.mkdir()
    epochs = tuple(
        EpochResult(number + 1, settings.stage_of(number).side_px, 0.1, 1.0, 0.5, 1.0, accuracy, 2)
        for number, accuracy in enumerate(accuracies)
    )
    state = RunState("epoch-003.keras", epochs, 0.5, 2)
    (path / "settings.json").write_text(
        json.dumps({"settings": settings.to_json(), "data_sha256": "d"})
    )
    (path / "state.json").write_text(json.dumps(asdict(state)))
    return path


def test_a_row_says_what_differs_and_seeds_share_it(tmp_path: Path) -> None:
    folders = [
        run_folder(tmp_path / "a", BASE),
        run_folder(tmp_path / "b", replace(BASE, seed=2), (0.1, 0.6, 0.6)),
        run_folder(tmp_path / "c", replace(BASE, votes_sha256=None), (0.1, 0.2, 0.3)),
        run_folder(
            tmp_path / "d", replace(BASE, mixup=0.2, teachers_sha256=("cd" * 32, "ef" * 32))
        ),
    ]
    (folders[0] / "best.keras").write_bytes(b"a network")
    a_network = hashlib.sha256(b"a network").hexdigest()
    lines = trainings_table([read_training(folder) for folder in folders]).splitlines()
    assert lines[2:] == [
        # Epochs of smaller images (0.9) are another task, and the best is of any epoch.
        "| (these settings) | 3/3 | 0.1/0.1 | 1, 2 | 40.00%, 60.00% | 50.00% |  | 50.00%, 60.00% "
        f"| {a_network[:8]} |",
        "| no FER+ votes | 3 | 0.1 | 1 | 30.00% | 30.00% | -20.00 points | 30.00% |  |",
        "| mixup = 0.2, teacher cdcdcdcd + efefefef | 3 | 0.1 | 1 | 40.00% | 40.00% | "
        "-10.00 points | 50.00% |  |",
    ]


def test_an_augmentation_has_its_name(tmp_path: Path) -> None:
    folders = [
        run_folder(tmp_path / "a", BASE),
        run_folder(tmp_path / "b", replace(BASE, augmentation=NONE)),
    ]
    row = trainings_table([read_training(folder) for folder in folders]).splitlines()[3]
    assert row.startswith("| augmentation none |")


def test_a_change_of_the_augmentation_of_its_own_is_named(tmp_path: Path) -> None:
    changed = replace(NONE, rotation_deg=5.0)
    folders = [
        run_folder(tmp_path / "a", BASE),
        run_folder(tmp_path / "b", replace(BASE, augmentation=changed)),
    ]
    row = trainings_table([read_training(folder) for folder in folders]).splitlines()[3]
    for said in ("augmentation.flip = False", "augmentation.rotation_deg = 5.0"):
        assert said in row


def test_the_mean_of_the_last_epochs_is_compared(tmp_path: Path) -> None:
    folders = [
        run_folder(tmp_path / "a", replace(BASE, choose="none")),
        run_folder(tmp_path / "b", replace(BASE, mixup=0.2), (0.9, 0.7, 0.4)),
    ]
    lines = trainings_table([read_training(folder) for folder in folders], 2).splitlines()
    assert "| last 2 epochs |" in lines[0]
    assert lines[2] == "| (these settings) | 3 | 0.1 | 1 | 45.00% | 45.00% |  | 50.00% |"
    assert lines[3] == "| mixup = 0.2 | 3 | 0.1 | 1 | 55.00% | 55.00% | +10.00 points | 70.00% |"


def test_settings_of_an_earlier_version_have_the_defaults_of_what_it_did_not_know(
    tmp_path: Path,
) -> None:
    folder = run_folder(tmp_path / "a", BASE)
    record = json.loads((folder / "settings.json").read_text())
    del record["settings"]["mixup"], record["settings"]["teacher_weight"]
    (folder / "settings.json").write_text(json.dumps(record))
    now = run_folder(tmp_path / "b", BASE)
    assert read_training(folder) == read_training(now)


@pytest.mark.parametrize("settings", [{}, {"stages": []}, {"future": 1}])
def test_a_folder_of_another_version_is_one_line(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    folder = run_folder(tmp_path / "a", BASE)
    (folder / "settings.json").write_text(json.dumps({"settings": settings, "data_sha256": "d"}))
    with pytest.raises(UserError, match=r"settings\.json: not of this version"):
        read_training(folder)


def test_a_folder_without_a_training(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no training"):
        read_training(tmp_path)
