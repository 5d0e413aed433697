"""The public path from a network to an int8 file with its card, and the example of it."""

import csv
import runpy
from pathlib import Path
from typing import Any

import pytest

from edge_fer.errors import ConversionError, OutputError, ResultReason
from edge_fer.models.card import load_card
from quantize import Fer2013, convert_to_int8, evaluate, load_fer2013
from quantize.data.fer2013 import USAGES
from quantize.evaluation import equivalence

pytest.importorskip("tensorflow", reason="needs the workstation extra")
EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "own_network.py"


@pytest.fixture(scope="module")
def fer2013_file(small_fer2013: Fer2013, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small data set as a CSV file."""
    path = tmp_path_factory.mktemp("csv") / "fer2013.csv"
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("emotion", "pixels", "Usage"))
        for image, label, usage in zip(
            small_fer2013.images, small_fer2013.labels, small_fer2013.usages, strict=True
        ):
            table.writerow((label, " ".join(map(str, image.ravel())), USAGES[usage]))
    return path


def test_a_network_in_memory_and_its_file(
    small_network: Any, small_network_file: Path, small_fer2013: Fer2013, tmp_path: Path
) -> None:
    out = tmp_path / "mine.tflite"
    arguments: dict[str, Any] = {"calibration_images": 28, "verify": False}
    card = convert_to_int8(small_network, small_fer2013, out, **arguments)
    assert load_card(out) == card
    evaluation = evaluate(out, small_fer2013, "PublicTest")
    assert evaluation.scores.accuracy == pytest.approx(card.accuracy.int8)
    again = tmp_path / "again.tflite"
    convert_to_int8(small_network_file, small_fer2013, again, **arguments)
    assert again.read_bytes() == out.read_bytes()


def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    small_network: Any, small_fer2013: Fer2013, tmp_path: Path
) -> None:
    (tmp_path / "a.file").touch()
    with pytest.raises(OutputError):
        convert_to_int8(small_network, small_fer2013, tmp_path / "a.file" / "mine.tflite")


def test_the_example(
    small_network_file: Path,
    fer2013_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "mine.tflite"
    main = runpy.run_path(str(EXAMPLE))["main"]
    # One image of seventy is more than a real network may lose.
    with pytest.raises(ConversionError) as refused:
        main(str(small_network_file), str(fer2013_file), str(out))
    assert refused.value.reason is ResultReason.ACCURACY_LOST
    assert not out.exists()
    monkeypatch.setattr(equivalence, "MOST_ACCURACY_LOST", 0.05)
    main(str(small_network_file), str(fer2013_file), str(out))
    printed = capsys.readouterr().out
    assert f"{out}: {load_card(out).parameters} parameters" in printed
    assert printed.count("accuracy") == 2
    assert len(load_fer2013(fer2013_file)) == 280
