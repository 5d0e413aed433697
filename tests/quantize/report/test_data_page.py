"""The verb `data`: JSON, table and figure."""

import builtins
import json
from pathlib import Path
from typing import Any

import cv2
import pytest
from rich.console import Console

from edge_fer.emotions import LABELS
from edge_fer.errors import UserError
from quantize.data.fer2013 import Fer2013
from quantize.plots.figures import draw_distribution
from quantize.report.data_page import describe, render_data, report_data

BLACK = " ".join(["0"] * 2304)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "fer2013.csv"
    rows = ["0,{},Training", "0,{},Training", "3,{},Training", "6,{},PublicTest", "9,{},PublicTest"]
    path.write_text("emotion,pixels,Usage\n" + "\n".join(row.format(BLACK) for row in rows))
    return path


def test_json(csv: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report_data(csv, json_output=True, skip_bad=True, plot=None)
    values = json.loads(capsys.readouterr().out)
    assert values["rows"] == 4
    assert values["usages"]["Training"] == {
        "rows": 3,
        "classes": {**dict.fromkeys(LABELS, 0), "angry": 2, "happy": 1},
    }
    assert list(values["usages"]) == ["Training", "PublicTest"]
    assert values["skipped"] == {"unknown label": 1}
    assert len(values["sha256"]) == 64


def test_table_shows_counts_shares_bars_and_what_was_left_out(
    csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report_data(csv, json_output=False, skip_bad=True, plot=None)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    angry = next(line for line in lines if line[:1] == ["angry"])
    assert angry[1:3] == ["2", "66.7%"]
    assert "█" in angry[3]
    assert ["all", "3", "1"] in lines
    assert ["left", "out:", "1", "with", "unknown", "label"] in lines


def test_strict_by_default(csv: Path) -> None:
    with pytest.raises(UserError, match="line 6: unknown label"):
        report_data(csv, json_output=True, skip_bad=False, plot=None)


def test_path_with_brackets_is_shown_as_it_is(small_fer2013: Fer2013) -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(render_data(small_fer2013, Path("/data/[red]x")))
    assert "/data/[red]x: 280 rows" in capture.get()


def test_figure_is_a_picture(csv: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the workstation extra")
    path = tmp_path / "distribution.png"
    report_data(csv, json_output=True, skip_bad=True, plot=path)
    image = cv2.imread(str(path))
    assert image is not None
    assert image.shape[1] > image.shape[0] > 300
    assert len({tuple(pixel) for pixel in image[::7, ::7].reshape(-1, 3)}) > 2


@pytest.mark.parametrize(
    ("name", "message"),
    [("figure.txt", "end the name in .png or .svg"), ("/dev/null/figure.png", "is a file")],
)
def test_figure_that_cannot_be_drawn(
    small_fer2013: Fer2013, tmp_path: Path, name: str, message: str
) -> None:
    pytest.importorskip("matplotlib", reason="needs the workstation extra")
    with pytest.raises(UserError, match=message):
        draw_distribution(small_fer2013, tmp_path / name)


def test_figure_without_matplotlib(
    small_fer2013: Fer2013, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_import = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(f"No module named {name!r}")
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"pip install 'edge-fer\[plot\]'"):
        draw_distribution(small_fer2013, tmp_path / "figure.png")


def test_description_counts_every_row(small_fer2013: Fer2013) -> None:
    values = describe(small_fer2013, Path("x"))
    assert sum(usage["rows"] for usage in values["usages"].values()) == len(small_fer2013)
