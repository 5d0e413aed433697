"""A contact sheet of what the eye network reads on the portrait that comes with edge-fer."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.scene import PORTRAIT
from edge_fer.face.boxes import square_of_box
from edge_fer.face.eye_patch import PATCH_REACH
from edge_fer.face.eyes import VISIBLE, Eye, EyeCorners, EyeReader, eye_corners
from edge_fer.face.haar import HaarDetector
from edge_fer.face.network import FaceNetwork, FaceReading
from edge_fer.observation import EyeReading
from quantize.eyes.clips import dark_sockets, night

Grey = NDArray[np.uint8]
_TILE_PX = (240, 170)  # width, height
_COLUMNS = 4


def contact_sheet(reader: EyeReader) -> NDArray[np.uint8]:
    """Return the public-domain portrait in many states, with readings, as uint8[h,w,3]."""
    grey = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise OSError(f"{PORTRAIT}: cannot be read")
    portrait = grey.astype(np.uint8)
    network = FaceNetwork()
    first = network.read(portrait, square_of_box(HaarDetector().detect(portrait)[0]))
    face = network.read(portrait, first.square)
    tiles = [_tile(reader, face, *state) for state in _states(portrait, face)]
    while len(tiles) % _COLUMNS:
        tiles.append(np.full_like(tiles[0], 255))
    rows = [np.hstack(tiles[at : at + _COLUMNS]) for at in range(0, len(tiles), _COLUMNS)]
    return np.vstack(rows).astype(np.uint8)


def _states(grey: Grey, face: FaceReading) -> list[tuple[str, Grey, EyeCorners]]:
    """Return what is shown: a name, the picture, and the corners to cut along."""
    corners = eye_corners(face)
    eyes = [eye for eye in (corners.right, corners.left) if eye is not None]
    width = max(math.dist(*eye) for eye in eyes)
    states = [
        ("as it is", grey, corners),
        ("night, light from one side", night(grey, 1, face), corners),
        ("night, dark sockets", dark_sockets(grey, 1, face), corners),
        ("eyes of 11 px", _few_pixels(grey, 11 / width), corners),
    ]
    for share in (0.06, 0.4):
        blurred = cv2.GaussianBlur(grey, (0, 0), share * width)
        states.append((f"blurred, {share:.0%} of the eye", blurred.astype(np.uint8), corners))
    for name, shade, reach in (
        ("dark lenses", 12, 0.9),
        ("glare on the lenses", 250, 0.7),
        ("one eye covered", 120, 1.0),
    ):
        covered = grey.copy()
        for outer, inner in eyes if "lenses" in name else eyes[:1]:
            centre = (round((outer[0] + inner[0]) / 2), round((outer[1] + inner[1]) / 2))
            axes = (round(reach * width), round(0.75 * reach * width))
            cv2.ellipse(covered, centre, axes, 0, 0, 360, shade, -1)
        states.append((name, covered, corners))
    down = 0.9 * math.dist(face.middle("nose bridge"), face.point("nose tip"))
    for name, dx, dy in (
        ("corners a tenth of the eye aside", 0.1 * width, 0.05 * width),
        ("on the cheeks", 0.0, down),
        ("on the brows and the forehead", 0.0, -0.8 * width),
    ):
        states.append((name, grey, _moved(corners, dx, dy)))
    return states


def _few_pixels(grey: Grey, share: float) -> Grey:
    small = cv2.resize(grey, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, grey.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _moved(corners: EyeCorners, dx: float, dy: float) -> EyeCorners:
    def moved(eye: Eye | None) -> Eye | None:
        if eye is None:
            return None
        (outer_x, outer_y), (inner_x, inner_y) = eye
        return (outer_x + dx, outer_y + dy), (inner_x + dx, inner_y + dy)

    return EyeCorners(moved(corners.right), moved(corners.left))


def _tile(
    reader: EyeReader, face: FaceReading, name: str, grey: Grey, corners: EyeCorners
) -> NDArray[np.uint8]:
    reading = reader.read(grey, corners, face.head)
    x, y = face.middle("right eye inner corner", "left eye inner corner")
    apart = math.dist(face.landmarks.right_eye, face.landmarks.left_eye)
    width, height = _TILE_PX
    scale = width / (2.4 * apart)
    there = np.array([[scale, 0, width / 2 - scale * x], [0, scale, 0.4 * height - scale * y]])
    part = cv2.warpAffine(grey, there, _TILE_PX, flags=cv2.INTER_AREA)
    tile = cv2.cvtColor(part, cv2.COLOR_GRAY2BGR)
    lines = [name]
    for eye, read in ((corners.right, reading.right), (corners.left, reading.left)):
        if eye is None:
            continue
        half = PATCH_REACH * math.dist(*eye) / 2
        middle = np.add(*eye) / 2
        low, high = ((scale * (middle + sign * half) + there[:, 2]) for sign in (-1, 1))
        seen = read is not None and read.visible >= VISIBLE
        colour = (0, 220, 0) if seen else (0, 0, 255)
        ends = tuple(np.rint(low).astype(int).tolist()), tuple(np.rint(high).astype(int).tolist())
        cv2.rectangle(tile, *ends, colour, 1)
        lines.append(_said(read))
    for text, place in zip(
        lines, ((3, 11), (3, height - 5), (width // 2, height - 5)), strict=False
    ):
        for ink, thick in (((0, 0, 0), 3), ((0, 255, 255), 1)):
            cv2.putText(tile, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.34, ink, thick, cv2.LINE_AA)
    return tile.astype(np.uint8)


def _said(reading: EyeReading | None) -> str:
    if reading is None or reading.visible < VISIBLE:
        return "not visible"
    return f"{'closed' if reading.closed >= 0.5 else 'open'} {reading.lid_opening:.2f}"
