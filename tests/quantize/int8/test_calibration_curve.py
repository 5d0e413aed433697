"""The curve of the representative set's size."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="needs the workstation extra")
pytest.importorskip("matplotlib", reason="needs the workstation extra")

from edge_fer.errors import UserError
from quantize.data.fer2013 import Fer2013
from quantize.int8.calibration_curve import CalibrationCurve, CurvePoint, measure_curve, summarise
from quantize.report.calibration_report import NAME, page, write_report
from quantize.verbs.quantize import quantize_verb

CURVE = CalibrationCurve(
    "edge",
    "PublicTest",
    3589,
    0.66,
    (
        CurvePoint(100, 1, 0.659, 0.98, 0.004),
        CurvePoint(10, 1, 0.62, 0.91, 0.02),
        CurvePoint(10, 2, 0.64, 0.93, 0.01),
        CurvePoint(100, 2, 0.661, 0.99, 0.002),
    ),
)


@pytest.mark.slow
def test_measured_with_each_size_and_seed(small_network: Any, small_fer2013: Fer2013) -> None:
    heard: list[float] = []
    curve = measure_curve(
        small_network,
        small_fer2013,
        "PublicTest",
        sizes=(7, 14),
        seeds=(1,),
        done=heard.append,
    )
    assert [(point.count, point.seed) for point in curve.points] == [(7, 1), (14, 1)]
    assert heard == [1, 1]
    assert curve.n == 70
    assert all(0.7 < point.agreement <= 1 for point in curve.points)
    assert all(abs(point.accuracy - curve.float32_accuracy) < 0.3 for point in curve.points)


def test_summary_over_the_seeds() -> None:
    few, many = summarise(CURVE)
    assert (few.count, few.seeds, many.count, many.seeds) == (10, 2, 100, 2)
    assert few.accuracy == pytest.approx(0.63)
    assert (few.lowest_accuracy, few.highest_accuracy) == (0.62, 0.64)
    assert few.agreement == pytest.approx(0.92)
    assert many.mean_difference == pytest.approx(0.003)


def test_report(tmp_path: Path) -> None:
    write_report(CURVE, tmp_path, command="edge-fer quantize --curve")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".md", ".png"]
    assert (tmp_path / f"{NAME}.png").read_bytes().startswith(b"\x89PNG")
    assert len(json.loads((tmp_path / f"{NAME}.json").read_text())["points"]) == 4


def test_page_says_what_follows() -> None:
    text = page(CURVE, command="edge-fer quantize --curve a.keras")
    assert "Written by `edge-fer quantize --curve a.keras`" in text
    assert "| 10 | 63.00% | 62.00% | 64.00% | -3.00 points | 92.00% | 0.0150 |" in text
    assert "Sets of 100 images agree best with float32 (98.50%)" in text
    assert "its worst seed is -0.10 points" in text


def test_what_is_not_a_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "docs").touch()
    with pytest.raises(UserError, match=r"--curve .*docs: is a file: name a folder"):
        quantize_verb(
            tmp_path / "best.keras",
            tmp_path,
            tmp_path / "edge.tflite",
            calibration_images=100,
            seed=1,
            json_output=False,
            curve=tmp_path / "docs",
        )
