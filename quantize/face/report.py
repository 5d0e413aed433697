"""Writes the page about a face network: what it is, its errors, and what it was trained on."""

import itertools
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import edge_fer
from edge_fer.atomic_write import write_atomically
from edge_fer.face.boxes import square_of_box
from edge_fer.face.following import FOUND_PRESENCE
from edge_fer.face.haar import HaarDetector
from edge_fer.face.landmarks import NAMES, Square
from edge_fer.face.network import PROFILE_FROM_DEG, FaceNetwork
from edge_fer.face.outputs import PITCH, POINTS, YAW
from edge_fer.models.card import MeasuringCard
from quantize.face.evaluation import EMPTY, KEPT, FaceImages
from quantize.face.labels import FaceLabels
from quantize.face.limits import PresenceInSight, ProfileLimit
from quantize.face.mouths import BY_MESH
from quantize.face.samples import NO_PROFILE_DEG, PROFILE_DEG
from quantize.int8.measuring import Error
from quantize.int8.provenance import trainings

Grey = NDArray[np.uint8]
_BANDS_DEG = (0, 10, 20, 30, 40, 55, 70, 90)
_TILE_PX = 160
_MOST_ACCEPTED = 1 / 200  # of squares without a face
PORTRAIT = Path(edge_fer.__file__).parent / "assets" / "collins.jpg"
# Known without a measurement: who is in the data, and whose errors they are measured against.
_BIAS = """\
- The labels are those of MediaPipe's face mesh, with its errors: the errors here are distances from
  it, not from what an eye would mark. It was trained on pictures of smartphones.
- Half of the faces come from films, talks and portraits of public people; women, children, old
  people and dark skin are rarer than on a road, how much rarer nobody has counted.
- Strong turns (beyond 45°) are mostly drawings, from pictures in which the head was turned less.
- Infra-red faces are not in the data; grey levels are stretched, but skin and irises differ.
- Faces with masks are in the data (1,191); their mouths are where the teacher supposes them.
- The landmarks of a wide-open mouth are those of the face mesh, which places its lips too near to
  each other. The mouth opening is measured by itself: of faces labelled as yawning the mesh reads
  0.26 at the median, its successor with attention, whose labels it has, 0.56."""


def write_report(
    folder: Path,
    card: MeasuringCard,
    model: Path,
    errors: Mapping[str, Error],
    values: NDArray[np.float64],
    images: FaceImages,
    parts: Mapping[str, FaceLabels],
    sights: Sequence[PresenceInSight],
    limits: Sequence[ProfileLimit],
) -> Path:
    """Write `face-network.md` and its contact sheet into `folder`; return the page.

    `parts` are the labels by their use, for the table of sources; `sights` and `limits` are what
    `quantize.face.limits` measures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sheet = folder / "face-network.png"
    if not cv2.imwrite(str(sheet), contact_sheet(FaceNetwork(model))):
        raise OSError(f"{sheet}: cannot be written")
    page = folder / "face-network.md"
    tables = [*_in_sights(sights), "", *_by_limit(limits), ""]
    write_atomically(page, _page(card, errors, values, images, parts, tables).encode())
    return page


def _page(
    card: MeasuringCard,
    errors: Mapping[str, Error],
    values: NDArray[np.float64],
    images: FaceImages,
    parts: Mapping[str, FaceLabels],
    tables: Sequence[str],
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
        *tables,
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
        f"{training.get('split', '')}. Labels: MediaPipe's face mesh; mouth openings: "
        f"{training.get('mouths', BY_MESH)}.",
        "",
        *_history(training),
        "    edge-fer face label --faces DIR --data fer2013.csv.gz --out face-labels.npz",
        *_train_commands(training),
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
    """Return what the commands below do not repeat."""
    notes = []
    for number, step in enumerate(trainings(training), start=1):
        if isinstance(step.get("initial"), str):
            notes.append(f"Training {number} began with the weights of {step['initial']}.")
        if step.get("changed"):
            notes.append(f"Within training {number}, {step['changed']}.")
    if notes:
        notes.append(
            "These commands repeat its steps with the settings of the end, which was not done yet. "
            "The card has the settings, data digests and losses of each step:"
        )
    else:
        notes.append("Made by:")
    return [*textwrap.wrap(" ".join(notes), 100), ""]


def _train_commands(training: Mapping[str, Any]) -> list[str]:
    """Return the commands of all steps, of the first one first."""
    steps, lines = trainings(training), []
    for number, step in enumerate(steps, start=1):
        settings = step["settings"]
        folder = "run" if number == len(steps) else f"run-{number}"
        line = f"    edge-fer face train --labels face-labels.npz --out {folder}"
        line += f" --epochs {settings['epochs']} --learning-rate {settings['learning_rate']:g}"
        lines.append(line + (f" --initial run-{number - 1}/face.keras" if number > 1 else ""))
    return lines


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


def _in_sights(sights: Sequence[PresenceInSight]) -> list[str]:
    """Return the section on presence in the dark and far away."""
    about = (
        f"The same held-out faces, in tracked squares, and {EMPTY:,} squares without a face, with "
        "so much of the light (and a sensor's noise of 2 grey levels), or in a square of so few "
        "pixels of the frame. *Accepted*: of those without a face, at the presence that "
        f"{KEPT:.0%} of the faces reach in that sight. A search accepts from {FOUND_PRESENCE} on, "
        "at its second look; the last two columns are for the first one."
    )
    return [
        "## Presence in the dark and far away",
        "",
        *textwrap.wrap(about, 100),
        "",
        f"| | accepted, {KEPT:.0%} of faces kept | faces from {FOUND_PRESENCE} | no face from "
        f"{FOUND_PRESENCE} |",
        "|---|---:|---:|---:|",
        *(
            f"| {one.sight.name} | {one.accepted:.2%} | {one.found:.1%} | {one.false:.2%} |"
            for one in sights
        ),
        "",
        *textwrap.wrap(_sights_note(sights), 100),
    ]


def _sights_note(sights: Sequence[PresenceInSight]) -> str:
    beyond = [one.sight.name for one in sights if one.accepted > _MOST_ACCEPTED]
    if not beyond:
        return f"No sight accepts more than 1 in {1 / _MOST_ACCEPTED:.0f}."
    return (
        f"More than 1 in {1 / _MOST_ACCEPTED:.0f} is accepted, where {KEPT:.0%} of the faces are "
        f"to be kept: {'; '.join(beyond)}. There the tracker loses faces rather than take what is "
        f"none: its limit stays {FOUND_PRESENCE}. A limit by brightness or size would not help: "
        "within one of these sights it only trades one error for the other. The tracker follows "
        "squares down to 16 px, but the search proposes none below 55 px unless `face.min_face_px` "
        "is lowered."
    )


def _by_limit(limits: Sequence[ProfileLimit]) -> list[str]:
    """Return the section on profiles."""
    about = (
        f"Where the output *profile* says so, or yaw comes out at {PROFILE_FROM_DEG:.0f}° or more: "
        "this misses at most 3 % of the profiles of held-out faces, drawn "
        "before another face and read as a tracker does. A profile is turned by more than "
        f"{PROFILE_DEG:.0f}°, another head by less than {NO_PROFILE_DEG:.0f}°."
    )
    return [
        "## When a head counts as a profile",
        "",
        *textwrap.wrap(about, 100),
        "",
        "| yaw from | profiles missed | others called profile, drawn | others, as filmed |",
        "|---:|---:|---:|---:|",
        *(
            f"| {one.limit_deg:.0f}° | {one.missed:.1%} | {one.false_drawn:.1%} | "
            f"{one.false_seen:.1%} |"
            for one in limits
        ),
    ]


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
