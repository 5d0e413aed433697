"""The report's look at what the network sees: first filters, and the feature maps of a face."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.scene import PORTRAIT
from edge_fer.errors import DataError, DataReason
from edge_fer.face.crop import crop_face
from edge_fer.face.haar import HaarDetector
from edge_fer.models.kind import FACE_PX
from firmware_bridge.plot_style import in_style
from quantize.plots.colour_maps import blue_white_orange, in_colours
from quantize.report.anatomy import Anatomy
from quantize.report.markdown import paragraphs, picture, sides
from quantize.report.tiles import Tile, draw_tiles, in_rows

_FILTERS_A_ROW = 12
_MAPS_A_ROW = 6
_FILTER_IN = 0.5
_MAP_IN = 0.8


def filters_section(anatomy: Anatomy, folder: Path, side_px: int = FACE_PX) -> str:
    """Draw filters and feature maps into `folder` and return what the page says of them.

    `side_px` is the side of the faces that the network takes.
    """
    filters, face = anatomy.first_filters(), portrait_face(side_px)
    maps = anatomy.feature_maps(face)
    if filters is None or not maps:
        return "The network has no convolution, so there are no filters and no feature maps."
    draw_filters(filters, folder / "filters.png")
    draw_feature_maps(face, maps, folder / "feature-maps.png")
    count, height, width = filters.shape
    return paragraphs(
        f"The {count} filters of the first convolution, {sides((height, width))}. Orange weights "
        "are positive, blue ones negative, white is 0; each filter has its own scale.",
        picture("filters.png", "filters of the first convolution"),
        "What becomes of one face (Eileen M. Collins, portrait by NASA, in the public domain, cut "
        "out by the project's own face detector): of each map size the last layer, and of that the "
        f"{_MAPS_A_ROW} channels that vary most over the face, each on a scale of its own.",
        picture("feature-maps.png", "feature maps of one face"),
    )


def portrait_face(side_px: int = FACE_PX) -> NDArray[np.uint8]:
    """Return the demo's portrait as the device cuts it, uint8[side_px, side_px].

    UserError where the portrait is missing.
    """
    grey = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise DataError(DataReason.UNREADABLE, f"{PORTRAIT} cannot be read: install edge-fer anew")
    portrait = grey.astype(np.uint8, copy=False)
    return crop_face(portrait, HaarDetector().detect(portrait)[0], side_px)


@in_style
def draw_filters(filters: NDArray[np.float32], path: Path) -> None:
    """Draw filters (float32[n, height, width]), signed, into a PNG file."""
    colours = blue_white_orange()
    tiles = []
    for weights in filters:
        most = float(np.abs(weights).max()) or 1.0
        tiles.append(Tile(in_colours(0.5 + weights / (2 * most), colours)))
    draw_tiles(in_rows(tiles, _FILTERS_A_ROW), path, tile_in=_FILTER_IN)


@in_style
def draw_feature_maps(
    face: NDArray[np.uint8], maps: dict[str, NDArray[np.float32]], path: Path
) -> None:
    """Draw the most varied channels of each layer's map behind the face, into a PNG file."""
    rows: list[list[Tile | None]] = []
    for values in maps.values():
        shown = [_as_grey(values[..., channel]) for channel in most_varied(values, _MAPS_A_ROW)]
        rows.append([None if rows else Tile(face), *map(Tile, shown)])
    names = [f"{layer}\n{sides(values.shape)}" for layer, values in maps.items()]
    draw_tiles(rows, path, tile_in=_MAP_IN, names=names)


def most_varied(values: NDArray[np.float32], count: int) -> list[int]:
    """Return the channels of [height, width, channels] that vary most over the map, in order."""
    deviation = values.astype(np.float64).std(axis=(0, 1))
    return sorted(int(channel) for channel in np.argsort(-deviation, kind="stable")[:count])


def _as_grey(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) / ((high - low) or 1.0) * 255, np.uint8)
