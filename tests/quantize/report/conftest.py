"""A small int8 model with its network and the history of its training, and what it measures."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="needs the workstation extra")
pytest.importorskip("matplotlib", reason="needs the workstation extra")

from quantize.data.fer2013 import Fer2013
from quantize.report.measured import Measured, measure
from quantize.report.subject import Subject, open_subject
from quantize.training.settings import TrainingSettings


def epoch(number: int, side_px: int) -> dict[str, Any]:
    return {
        "epoch": number,
        "side_px": side_px,
        "learning_rate": 0.06,
        "loss": 2 - number / 10,
        "accuracy": 0.3 + number / 20,
        "validation_loss": 1.8 - number / 10,
        "validation_accuracy": 0.4 + number / 20,
        "seconds": 30.0,
    }


@pytest.fixture(scope="session")
def run_folder(
    small_network_file: Path, small_fer2013: Fer2013, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A network as `edge-fer train` leaves it: with its settings and its history beside it."""
    folder = tmp_path_factory.mktemp("run")
    shutil.copy(small_network_file, folder / "best.keras")
    settings = {
        "settings": TrainingSettings().to_json(),
        "data_sha256": small_fer2013.digest(),
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    state = {
        "checkpoint": "epoch-005.keras",
        "history": [epoch(number, 32 if number < 4 else 48) for number in range(1, 6)],
        "best_accuracy": 0.65,
        "best_epoch": 5,
    }
    (folder / "state.json").write_text(json.dumps(state))
    return folder


@pytest.fixture(scope="session")
def subject(small_int8_file: Path, run_folder: Path) -> Subject:
    return open_subject(small_int8_file, run_folder / "best.keras")


@pytest.fixture(scope="session")
def measured(subject: Subject, small_fer2013: Fer2013) -> Measured:
    return measure(subject, small_fer2013, "PublicTest")
