"""Writes the page about a face network: what it is, its errors, and what it was trained on."""

import itertools
import textwrap
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import edge_fer
from edge_fer.atomic_write import write_atomically
from edge_fer.face.boxes import square_of_box
from edge_fer.face.haar import HaarDetector
from edge_fer.face.landmarks import NAMES, Square
from edge_fer.face.network import FaceNetwork
from edge_fer.face.outputs import PITCH, POINTS, YAW
from edge_fer.models.card import MeasuringCard
from quantize.face.evaluation import FaceImages
from quantize.face.labels import FaceLabels
from quantize.int8.measuring import Error

Grey = NDArray[np.uint8]
_BANDS_DEG = (0, 10, 20, 30, 40, 55, 70, 90)
_TILE_PX = 160
PORTRAIT = Path(edge_fer.__file__).parent / "assets" / "collins.jpg"
# Known without a measurement: who is in the data, and whose errors they are measured against.
_BIAS = """\
- The labels are those of MediaPipe's face mesh, with its errors: the errors here are distances from
  it, not from what an eye would mark. It was trained on pictures of smartphones.
- Half of the faces come from films, talks and portraits of public people; women, children, old
  people and dark skin are rarer than on a road, how much rarer nobody has counted.
- Strong turns (beyond 45°) are mostly drawings, from pictures in which the head was turned less.
- Infra-red faces are not in the data; grey levels are stretched, but skin and irises differ.
- Faces with masks are in the data (1,191); their mouths are where the teacher supposes them."""


def write_report(
    folder: Path,
    card: MeasuringCard,
    model: Path,
    errors: Mapping[str, Error],
    values: NDArray[np.float64],
    images: FaceImages,
    parts: Mapping[str, FaceLabels],
) -> Path:
    """Write `face-network.md` and its contact sheet into `folder`; return the page.

    `parts` are the labels by their use, for the table of sources.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sheet = folder / "face-network.png"
    if not cv2.imwrite(str(sheet), contact_sheet(FaceNetwork(model))):
        raise OSError(f"{sheet}: cannot be written")
    page = folder / "face-network.md"
    write_atomically(page, _page(card, errors, values, images, parts).encode())
    return page


def _page(
    card: MeasuringCard,
    errors: Mapping[str, Error],
    values: NDArray[np.float64],
    images: FaceImages,
    parts: Mapping[str, FaceLabels],
) -> str:
    training = card.training
    faces = training.get("faces", {})
    lines = [
        "# The face network",
        "",
        "From a square of 64 by 64 grey pixels around a face: 26 landmarks, yaw, pitch and roll of",
        "the head, the opening of the mouth, presence (is there a face, seen well enough) and",
        "profile. The tracker reads one square a frame and places the next one by the landmarks.",
        "",
        "Written by `edge-fer face evaluate edge_fer/models/face.tflite --labels face-labels.npz "
        "--report docs`.",
        "",
        f"{card.parameters:,} parameters, {card.multiply_adds:,} multiply-adds, int8, operators "
        f"{', '.join(card.operators)}. sha256 `{card.sha256[:16]}…`.",
        "",
        "## How far it is off",
        "",
        f"On {card.usage}. *Tracked*: squares that are off by what a face moves between frames.",
        "*Hard*: far off, turned by up to 42°, in any light, blurred, compressed. *Drawn*: heads",
        "turned in 3-D, whose angles are known.",
        "",
        "| | squares | int8 | float32 | |",
        "|---|---:|---:|---:|---|",
    ]
    for name, error in errors.items():
        exact = card.errors.get(name)
        before = "" if exact is None else f"{exact.float32:.4f}"
        lines.append(f"| {name} | {error.n:,} | {error.value:.4f} | {before} | {error.unit} |")
    lines += ["", "### By angle", "", *_by_angle(values, images)]
    lines += ["", "### By landmark", "", *_by_landmark(values, images)]
    lines += [
        "",
        "## On a portrait",
        "",
        "NASA's portrait of Eileen Collins, in the public domain. Green: presence from 0.5 on.",
        "",
        "![the portrait turned, dark, blurred and covered](face-network.png)",
        "",
        "## What it was trained on",
        "",
        f"{faces.get('natural', 0):,} faces of public repositories, {faces.get('fer2013', 0):,} of "
        f"FER2013's Training part and {faces.get('turned', 0):,} drawn turns of the former; "
        f"{training.get('epochs', 0)} epochs, seed {training['settings']['seed']}. Split: "
        f"{training.get('split', '')}.",
        "",
        *_history(training),
        "    edge-fer face label --faces DIR --data fer2013.csv.gz --out face-labels.npz",
        "    edge-fer face train --labels face-labels.npz --out run "
        f"--epochs {training['settings']['epochs']}",
        "    edge-fer face quantize run --labels face-labels.npz --out face.tflite",
        "",
        card.licence,
        "",
        "| use | faces | groups | largest sources |",
        "|---|---:|---:|---|",
        *(_sources(name, labels) for name, labels in parts.items()),
        "",
        "## Known bias and limits",
        "",
        _BIAS,
        "",
    ]
    return "\n".join(lines)


def _history(training: Mapping[str, Any]) -> list[str]:
    """Return what the card says that the commands below do not repeat."""
    notes = []
    if training.get("initial"):
        notes.append(
            f"It did not begin with random weights but with those of {training['initial']}."
        )
    if training.get("changed"):
        notes.append(f"Within the training, {training['changed']}.")
    if notes:
        notes.append(
            "These commands train anew with the settings of the end, which was not done yet:"
        )
    else:
        notes.append("Made by:")
    return [*textwrap.wrap(" ".join(notes), 100), ""]


def _by_angle(values: NDArray[np.float64], images: FaceImages) -> list[str]:
    rows = np.concatenate([images.parts["tracked"], images.parts["turned"]])
    lines = [
        "Mean error in degrees, of tracked and drawn heads together.",
        "",
        "| angle | heads | yaw error by yaw | heads | pitch error by pitch |",
        "|---|---:|---:|---:|---:|",
    ]
    for low, high in itertools.pairwise(_BANDS_DEG):
        cells = [f"{low} to {high}°"]
        for place, field in ((YAW, "yaw_deg"), (PITCH, "pitch_deg")):
            wanted = np.array([getattr(images.targets[row], field) for row in rows])
            chosen = (np.abs(wanted) >= low) & (np.abs(wanted) < high)
            off = np.abs(values[rows, place] - wanted)[chosen]
            cells += [f"{chosen.sum():,}", f"{off.mean():.1f}" if len(off) else ""]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _by_landmark(values: NDArray[np.float64], images: FaceImages) -> list[str]:
    rows = images.parts["tracked"]
    points = values[rows][:, POINTS].reshape(len(rows), -1, 2)
    wanted = np.stack([images.targets[row].points for row in rows])
    eyes = np.array([images.targets[row].eye_distance for row in rows])
    off = (np.linalg.norm(points - wanted, axis=2) / eyes[:, np.newaxis]).mean(axis=0)
    lines = [
        "Mean distance from the teacher's, of the distance of the eyes; tracked squares.",
        "",
        "| landmark | |",
        "|---|---:|",
    ]
    return lines + [f"| {name} | {value:.1%} |" for name, value in zip(NAMES, off, strict=True)]


def _sources(name: str, labels: FaceLabels) -> str:
    counted = Counter(labels.sources.tolist()).most_common(8)
    largest = ", ".join(f"{source} ({count:,})" for source, count in counted)
    groups = len(set(labels.groups.tolist()))
    return f"| {name} | {len(labels):,} | {groups:,} | {largest} |"


def contact_sheet(network: FaceNetwork) -> NDArray[np.uint8]:
    """Return the public-domain portrait in many states, with readings, as uint8[h,w,3]."""
    portrait = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    if portrait is None:
        raise OSError(f"{PORTRAIT}: cannot be read")
    grey = portrait.astype(np.uint8)
    start = square_of_box(HaarDetector().detect(grey)[0])
    square = network.read(grey, start).square
    tiles = [_tile(network, shown, where, name) for name, shown, where in _states(grey, square)]
    columns = 5
    while len(tiles) % columns:
        tiles.append(np.full_like(tiles[0], 255))
    rows = [np.hstack(tiles[at : at + columns]) for at in range(0, len(tiles), columns)]
    return np.vstack(rows).astype(np.uint8)


def _states(grey: Grey, square: Square) -> list[tuple[str, Grey, Square]]:
    """Return what is shown: a name, the picture, and the square to read."""
    (x, y), side, tilt = square
    states = [("as it is", grey, square)]
    for turn_deg in (-40, 40):
        there = cv2.getRotationMatrix2D((x, y), -turn_deg, 1.0)
        turned = cv2.warpAffine(grey, there, grey.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
        states.append((f"turned {turn_deg} deg", turned.astype(np.uint8), square))
    rng = np.random.default_rng(1)
    for share in (0.1, 0.03):
        noise = rng.normal(0, 1.5, grey.shape)
        dark = np.clip(np.rint(grey * share + noise), 0, 255).astype(np.uint8)
        states.append((f"{share:.0%} of the light", dark, square))
    for share in (0.015, 0.04):
        blurred = cv2.GaussianBlur(grey, (0, 0), share * side)
        states.append((f"blurred {share:.1%}", blurred.astype(np.uint8), square))
    across = np.linspace(0.05, 1.0, grey.shape[1])
    states.append(("light from one side", (grey * across**2).astype(np.uint8), square))
    for name, low, high in (
        ("mouth covered", 0.05, 0.5),
        ("eyes covered", -0.3, -0.02),
        ("all covered", -0.5, 0.5),
    ):
        shown = grey.copy()
        top, bottom = round(y + low * side), round(y + high * side)
        shown[max(top, 0) : max(bottom, 0), :] = 120
        states.append((name, shown, square))
    for name, moved in (
        ("square a quarter aside", Square((x + 0.25 * side, y), side, tilt)),
        ("square beside the face", Square((x + 0.9 * side, y), side, tilt)),
        ("an eye only", Square((x - 0.15 * side, y - 0.15 * side), 0.25 * side, tilt)),
        ("square three times as large", Square((x, y), 3 * side, tilt)),
    ):
        states.append((name, grey, moved))
    return states


def _tile(network: FaceNetwork, grey: Grey, square: Square, name: str) -> NDArray[np.uint8]:
    reading = network.read(grey, square)
    (x, y), side, _ = square
    scale = _TILE_PX / (1.4 * side)
    shift = np.array([_TILE_PX / 2 - scale * x, _TILE_PX / 2 - scale * y])
    there = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    part = cv2.warpAffine(grey, there, (_TILE_PX, _TILE_PX), flags=cv2.INTER_AREA)
    tile = cv2.cvtColor(part, cv2.COLOR_GRAY2BGR)
    colour = (0, 220, 0) if reading.presence >= 0.5 else (0, 0, 255)
    for point in reading.points:
        px, py = scale * np.array(point) + shift
        cv2.circle(tile, (round(px), round(py)), 1, colour, -1)
    head = reading.head
    for line, text in enumerate((name, f"{reading.presence:.2f}  yaw {head.yaw_deg:.0f}")):
        place = (3, 11 + 143 * line)
        for ink, width in (((0, 0, 0), 3), ((0, 255, 255), 1)):
            font = cv2.FONT_HERSHEY_SIMPLEX
            cv2.putText(tile, text, place, font, 0.34, ink, width, cv2.LINE_AA)
    return tile.astype(np.uint8)
