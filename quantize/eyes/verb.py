"""What the verbs below `edge-fer eyes` do."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import DataError, DataReason, UsageError, UsageReason
from edge_fer.models.kind import EYES
from edge_fer.models.render import render_card
from firmware_bridge.counted import counted
from quantize.data.calibration_set import CalibrationSet
from quantize.evaluation.predictors import NumbersPredictor, open_predictor
from quantize.eyes.figures import as_cut, measure_against
from quantize.eyes.own_pictures import has_own_pictures, measure_own_pictures
from quantize.eyes.patches import SPLIT, EyePatches, load_patches, prepare_patches, save_patches
from quantize.out_path import check_out_path
from quantize.progress import progress_bar
from quantize.workstation import require_tensorflow

HELD_OUT = "held-out eyes"
CALIBRATION_IMAGES = 200
LICENCE = (
    "Weights trained on eyes of public pictures and films with labels of MediaPipe's iris network "
    "(Apache-2.0), on the MRL Eye Dataset and on the eye patches of Closed Eyes in the Wild (Song "
    "et al. 2014), which are for research use; code Apache-2.0."
)
_RECORD = ".training.json"


def prepare_verb(eyes: Path, faces: Path, out: Path, *, rows: int = 0) -> None:
    """Label and cut the pictures below `eyes` and `faces` and write them into one file.

    `rows` above 0 is how many of each collection are taken.
    """
    check_out_path(out, ".npz")
    tables = (eyes / "eye_patches.csv", eyes / "eyes_ir.csv", faces / "faces.csv")
    lines = [len(_lines(table)) for table in tables]
    total = sum(min(count, rows or count) for count in lines)
    with progress_bar("Labelling eyes", total) as advance:
        patches = prepare_patches(eyes, faces, advance, len(os.sched_getaffinity(0)), rows)
    save_patches(patches, out)
    print(
        f"{out}: {counted(len(patches), 'picture')} of eyes; next: edge-fer eyes train --data {out}"
    )


def train_verb(
    data: Path,
    out: Path,
    *,
    seed: int,
    epochs: int,
    learning_rate: float,
    start: Path | None,
    rows: int = 0,
) -> None:
    """Train on all but the held-out pictures; write the network and what it was trained with.

    With `start` it begins with the weights of that network, trained with the same `seed`. A
    checkpoint beside it is written after each epoch, from which an interrupted training goes on.
    `rows` above 0 is how many pictures it takes.
    """
    check_out_path(out, ".keras")
    require_tensorflow()
    from quantize.eyes.training import EyeTraining, train_eyes  # noqa: PLC0415  # TensorFlow
    from quantize.networks.network_file import load_network  # noqa: PLC0415

    training = load_patches(data).split(seed)[0].fewer(rows)
    first = None if start is None else load_network(start, EYES)
    started_from = None if start is None else training_record(start)
    settings = EyeTraining(
        seed=seed,
        epochs=epochs,
        learning_rate=learning_rate,
        rows=rows,
        start="" if start is None else hashlib.sha256(start.read_bytes()).hexdigest(),
    )
    console = Console(stderr=True)
    checkpoint = out.with_suffix(".checkpoint.npz")
    with progress_bar("Training the eye network", epochs) as advance:

        def done(epoch: int, loss: float) -> None:
            advance(1)
            console.print(f"epoch {epoch:3d}/{epochs}  loss {loss:.3f}", highlight=False)

        model, history = train_eyes(training, settings, done, checkpoint, first)
    model.save(out)
    record = settings.record(training, history)
    if start is not None:
        record["started_from"] = started_from
    write_atomically(out.with_suffix(_RECORD), (json.dumps(record, indent=2) + "\n").encode())
    checkpoint.unlink(missing_ok=True)
    print(
        f"{out}: trained on {counted(len(training), 'picture')}; next: edge-fer eyes quantize {out}"
    )


def quantize_verb(model: Path, data: Path, out: Path, *, json_output: bool, rows: int = 0) -> None:
    """Convert to int8, measure on the held-out pictures, and write file and card.

    `rows` above 0 is how many held-out pictures it is measured on.
    """
    require_tensorflow()
    from quantize.int8.measuring import convert_measuring  # noqa: PLC0415
    from quantize.int8.provenance import eyes_provenance  # noqa: PLC0415
    from quantize.int8.write import write_model  # noqa: PLC0415
    from quantize.networks.network_file import load_network  # noqa: PLC0415

    check_out_path(out)
    network = load_network(model, EYES)
    record = training_record(model)
    seed = int(record["settings"]["seed"])
    training, held = load_patches(data).split(seed)
    training = training.fewer(int(record["settings"].get("rows", 0)))
    held = held.fewer(rows)
    if training.digest() != record["data_sha256"]:
        raise DataError(
            DataReason.MISMATCH,
            f"{data}: not the pictures that {model} was trained on: the held-out ones would not be "
            "held out",
        )
    quantized = convert_measuring(
        network,
        _calibration(training, seed),
        as_cut(held),
        measure_against(held),
        out.stem,
        kind=EYES,
        usage=HELD_OUT,
        training=record,
        licence=LICENCE,
        provenance=eyes_provenance(record),
        progress=True,
    )
    path = write_model(quantized.content, quantized.card, out)
    if json_output:
        print(json.dumps(quantized.card.to_json(), indent=2))
    else:
        Console().print(render_card(quantized.card, out, path))


def evaluate_verb(
    model: Path,
    data: Path,
    *,
    seed: int,
    json_output: bool,
    report: Path | None,
    clips: Path,
    rows: int = 0,
) -> None:
    """Measure a `.keras` or `.tflite` file on the held-out pictures and print the figures.

    `rows` above 0 is how many pictures or frames are judged at most.
    """
    predictor = open_predictor(model, EYES)
    if has_own_pictures(data):
        _evaluate_own(model, data, predictor, report=report, json_output=json_output, rows=rows)
        return
    held = load_patches(data).split(seed)[1].fewer(rows)
    with progress_bar(f"Evaluating {model}", len(held)) as advance:
        values = EYES.values(predictor.numbers(as_cut(held), advance))
    errors = measure_against(held)(values)
    if report is not None:
        from quantize.eyes.report import write_report  # noqa: PLC0415

        write_report(report, model, held, values, clips)
    if json_output:
        figures = {
            name: {"n": error.n, "value": error.value, "unit": error.unit}
            for name, error in errors.items()
        }
        print(json.dumps({"model": str(model), "figures": figures, "split": SPLIT}, indent=2))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in (f"{model}: {HELD_OUT}", "", "images"):
        table.add_column(heading, justify="left" if heading else "right")
    for name, error in errors.items():
        shown = f"{error.value:.4f} {error.unit}" if error.unit else f"{error.value:.2%}"
        table.add_row(name, shown, f"{error.n:,}")
    Console().print(table)
    Console().print(f"Held out: {SPLIT}.", highlight=False)


def _evaluate_own(
    model: Path,
    data: Path,
    predictor: NumbersPredictor,
    *,
    report: Path | None,
    json_output: bool,
    rows: int,
) -> None:
    """Measure an int8 file on pictures of one's own, in folders open and closed, and print it."""
    if report is not None:
        raise UsageError(
            UsageReason.CONTRADICTION, f"--report {report}: it is of the patches: leave it out"
        )
    with Console(stderr=True).status(f"Evaluating {model} on {data} ..."):
        found = measure_own_pictures(data, model, predictor, rows=rows).to_json()
    if json_output:
        print(json.dumps({"model": str(model), "data": str(data), **found}, indent=2))
        return
    for name in ("accuracy", "recall_open", "recall_closed"):
        share = found[name]
        print(f"{name.replace('_', ' of '):16} {'unknown' if share is None else f'{share:.1%}'}")
    print(
        f"{found['open']:,} open and {found['closed']:,} closed judged, {found['crops']:,} of them "
        f"pictures of an eye alone; {found['unseen']:,} could not be judged"
    )
    for reason, count in found["passed_over"].items():
        print(f"not taken ({count:,}): {reason}")


def training_record(model: Path) -> Mapping[str, Any]:
    """Return what `edge-fer eyes train` left beside the network; UserError without it.

    It says which pictures were held out: measured on others, the card would be wrong.
    """
    path = model.with_suffix(_RECORD)
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        int(record["settings"]["seed"])
        str(record["data_sha256"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(
            DataReason.NOT_FOUND,
            f"{path}: no record of a training ({error}): `edge-fer eyes train` writes it beside "
            "the network, and without it nobody knows which pictures were held out",
        ) from error
    return record


def _calibration(training: EyePatches, seed: int) -> CalibrationSet:
    """Draw pictures of each source alike: they show the converter the range of activations."""
    rng = np.random.default_rng(seed)
    sources = np.unique(training.source)
    each = CALIBRATION_IMAGES // len(sources)
    rows = [rng.permutation(np.flatnonzero(training.source == source))[:each] for source in sources]
    chosen = training.rows(np.concatenate(rows))
    return CalibrationSet(as_cut(chosen), seed, chosen.digest())


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path}: cannot be read ({error.strerror})"
        ) from error
