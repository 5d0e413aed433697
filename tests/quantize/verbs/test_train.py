"""`edge-fer train` as it is typed: from the shipped file, with it as its own teacher."""

import hashlib
import json
from pathlib import Path

import pytest

pytest.importorskip("tensorflow", reason="needs the workstation extra")

from edge_fer.cli.app import main
from edge_fer.paths import SHIPPED_MODEL

WORDS = ["--stages", "48:1", "--initial", str(SHIPPED_MODEL), "--teacher", str(SHIPPED_MODEL)]


@pytest.mark.slow
def test_the_shipped_file_is_begun_with_and_taught_by(noisy_csv: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(SystemExit) as end:
        main(["train", "--data", str(noisy_csv), "--run", str(run), *WORDS])
    assert end.value.code == 0
    settings = json.loads((run / "settings.json").read_text())["settings"]
    shipped = hashlib.sha256(SHIPPED_MODEL.read_bytes()).hexdigest()
    assert settings["initial_sha256"] == shipped
    assert settings["teachers_sha256"] == [shipped]
    assert (run / "best.keras").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--initial", "nowhere.keras"], "nowhere.keras: no such model file"),
        (["--teacher", "nowhere.keras"], "nowhere.keras: cannot read the model"),
        (["--initial", __file__], "not a Keras model"),
        (["--teacher", __file__], "neither a .keras or .h5 nor a .tflite file"),
        (["--augmentation", "wild"], "'wild' is not one of"),
        (["--stages", "32:1"], "compare trainings alone, with --choose none"),
        (["--teacher-views", "3", "--teacher", str(SHIPPED_MODEL)], "3 is not one of 1, 2, 10"),
        (["--set", "early_learning=3", "--set", "mixup=0.2"], "leave one of them out"),
        (["--labels", "happy,calm"], "'calm' is none of angry, disgust"),
    ],
)
def test_wrong_words(
    words: list[str],
    said: str,
    noisy_csv: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["train", "--data", str(noisy_csv), "--run", str(tmp_path), *words])
    assert end.value.code == 2
    assert said in capsys.readouterr().err
