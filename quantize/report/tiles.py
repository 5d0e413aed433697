"""Draws small pictures in rows: contact sheets of faces, filters, feature maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from firmware_bridge.plot_style import SMALL_PT, in_style
from quantize.plots.figures import open_figure, save_figure

# FER2013's faces are of real people: the fewer a sheet shows, the more it shows one of them.
FEWEST_FACES = 6

_GAP_IN = 0.08
_LINE_IN = 0.15  # height of a caption's line
_NAME_IN = 1.0  # width of the rows' names


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One picture: uint8[height, width] grey or float[height, width, 3] in 0..1.

    `captions` are the lines below it, each with its colour.
    """

    picture: NDArray[Any]
    captions: tuple[tuple[str, str], ...] = ()


@in_style
def draw_tiles(
    rows: Sequence[Sequence[Tile | None]],
    path: Path,
    *,
    tile_in: float,
    names: Sequence[str] | None = None,
) -> None:
    """Draw `rows` of tiles, `tile_in` inches wide, into a PNG file; None leaves a place free.

    `names` stand to the left of the rows. A row may be `plot_style.WIDTH_IN` wide. With `tile_in` a
    multiple of 0.4 a pixel of a 48x48 face is a whole number of the figure's pixels.
    """
    left = _NAME_IN if names else _GAP_IN
    step = tile_in + _GAP_IN
    tops = [_GAP_IN]  # of the rows, and of what would be the next one
    for row in rows:
        lines = max((len(tile.captions) for tile in row if tile is not None), default=0)
        tops.append(tops[-1] + step + lines * _LINE_IN)
    width, height = left + max(map(len, rows)) * step, tops[-1]
    figure = open_figure(height, width)
    figure.set_layout_engine("none")  # each place is given
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    for place, (row, top) in enumerate(zip(rows, tops, strict=False)):
        if names:
            axes.text(
                left - _GAP_IN,
                top + tile_in / 2,
                names[place],
                ha="right",
                va="center",
                size=SMALL_PT,
            )
        for column, tile in enumerate(row):
            if tile is not None:
                _draw(axes, tile, left + column * step, top, tile_in)
    # In inches from the top left corner; imshow has set limits of its own.
    axes.set(xlim=(0, width), ylim=(height, 0))
    save_figure(figure, path)


def in_rows(tiles: Sequence[_T], columns: int) -> list[Sequence[_T]]:
    """Return `tiles` in rows of `columns`; the last one may be shorter."""
    return [tiles[start : start + columns] for start in range(0, len(tiles), columns)]


def _draw(axes: Any, tile: Tile, left: float, top: float, side: float) -> None:
    axes.imshow(
        tile.picture,
        extent=(left, left + side, top + side, top),
        aspect="auto",
        interpolation="nearest",
        cmap="gray",
        vmin=0,
        vmax=255,
    )
    for line, (text, colour) in enumerate(tile.captions):
        axes.text(
            left + side / 2,
            top + side + 0.02 + line * _LINE_IN,
            text,
            ha="center",
            va="top",
            size=SMALL_PT,
            color=colour,
        )
