"""One style for all plots: who opens a figure, how wide it is, and where its legend stands."""

import re
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.plot_style import (
    DPI,
    SMALL_PT,
    WIDTH_IN,
    in_style,
    legend_below,
    legend_beside,
    new_figure,
    write_figure,
)

REPOSITORY = Path(__file__).resolve().parents[2]
# What would be a style of its own: figures, pyplot, sizes of text and colours in place.
OWN_STYLE = re.compile(
    r"Figure\(|pyplot|rcParams|(fontsize|labelsize|\bsize)=\d|dpi=\d"
    r"|(c|color|colour)=\"#[0-9a-f]{6}\""
)


@in_style
def drawn(legend: str) -> Any:
    figure = new_figure(3.0)
    for axes in figure.subplots(1, 2):
        axes.plot([0, 1], [0, 1], label="a curve")
        axes.plot([0, 1], [1, 0], label="another one")
        axes.set_title("both")
        axes.set_xlabel("time (s)")
        if legend == "beside":
            legend_beside(axes)
    if legend == "below":
        legend_below(figure, 2)
    return figure


def test_only_the_style_opens_figures_and_chooses_fonts_and_colours() -> None:
    drawing = [
        path
        for package in ("edge_fer", "firmware_bridge", "quantize")
        for path in (REPOSITORY / package).rglob("*.py")
        if path.name != "plot_style.py"
        and re.search("plot_style|matplotlib", path.read_text(encoding="utf-8"))
    ]
    assert len(drawing) > 10
    own = {path.name: OWN_STYLE.findall(path.read_text(encoding="utf-8")) for path in drawing}
    assert {name: found for name, found in own.items() if found} == {}


@pytest.mark.parametrize("legend", ["beside", "below"])
def test_a_legend_covers_no_curve_and_text_is_readable(legend: str) -> None:
    pytest.importorskip("matplotlib", reason="needs the plot extra")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    figure = drawn(legend)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    assert figure.get_figwidth() == WIDTH_IN
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()] + figure.legends
    assert len(legends) == (2 if legend == "beside" else 1)
    for one in legends:
        assert [text.get_text() for text in one.get_texts()] == ["a curve", "another one"]
        for axes in figure.axes:
            assert not one.get_window_extent().overlaps(axes.patch.get_window_extent())
    sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_text()]
    assert min(sizes) >= SMALL_PT


def test_the_style_ends_with_the_drawing() -> None:
    matplotlib = pytest.importorskip("matplotlib", reason="needs the plot extra")
    before = {name: matplotlib.rcParams[name] for name in ("font.size", "axes.grid", "text.color")}
    drawn("below")
    assert {name: matplotlib.rcParams[name] for name in before} == before


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_the_same_plot_gives_the_same_bytes(ending: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the plot extra")
    paths = [tmp_path / f"{number}{ending}" for number in (1, 2)]
    for path in paths:
        write_figure(drawn("below"), path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    if ending == ".png":
        assert int.from_bytes(first[16:20]) == WIDTH_IN * DPI
