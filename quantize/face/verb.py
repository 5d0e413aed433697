"""What the verbs below `edge-fer face` do."""

import hashlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import DataError, DataReason, UsageError, UsageReason
from edge_fer.models.card import load_measuring
from edge_fer.models.kind import FACE
from edge_fer.models.render import render_card
from edge_fer.out_path import prepare_folder
from firmware_bridge.counted import counted
from quantize.data.calibration_set import spread_rows
from quantize.data.load import load_fer2013
from quantize.face.labels import FaceLabels, fer_pictures, label, read_faces
from quantize.face.mouths import BY_MESH, WITHOUT_LIPS
from quantize.out_path import check_out_path
from quantize.progress import progress_bar
from quantize.workstation import require_tensorflow

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from quantize.evaluation.predictors import NumbersPredictor
    from quantize.face.evaluation import FaceImages
    from quantize.int8.measuring import Error

TURNED = 9000  # drawings of turned heads to train on
CALIBRATION_IMAGES = 300
USAGE = "faces of held-out groups, tracked, far off, drawn turned, and squares without a face"
LICENCE = (
    "Weights trained on faces of public repositories (their own licences, some for research only), "
    "on FER2013 (Goodfellow et al. 2013, for research), and on labels of MediaPipe's face mesh "
    "(Apache-2.0); code Apache-2.0."
)
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz")
_RECORD = "training.json"
_NETWORK = "face.keras"
_HISTORY = "history.json"


def label_verb(
    faces: Path,
    fer2013: Path,
    out: Path,
    *,
    seed: int,
    workers: int | None,
    skip_bad: bool = False,
    rows: int = 0,
) -> None:
    """Have the teacher read all faces, and write what it saw to one file.

    `rows` above 0 is how many are read of `faces` and of `fer2013`; `skip_bad` is for the latter.
    """
    check_out_path(out, ".npz")
    found = list(read_faces(faces))
    pictures = [found[row] for row in spread_rows(len(found), count=rows)]
    training = load_fer2013(fer2013, skip_bad=skip_bad, progress=True).select("Training")
    pictures.extend(fer_pictures(training.images[spread_rows(len(training), count=rows)]))
    with progress_bar("The face mesh labels faces", len(pictures)) as advance:
        labels = label(pictures, seed=seed, workers=workers or os.cpu_count() or 1, done=advance)
    labels.save(out)
    if labels.mouth_teacher == BY_MESH:
        print(f"note: {WITHOUT_LIPS}", file=sys.stderr)
    print(
        f"{out}: {counted(len(labels), 'face')} labelled; next: edge-fer face train --labels {out}"
    )


def train_verb(
    labels_path: Path,
    out: Path,
    *,
    seed: int,
    epochs: int,
    initial: Path | None,
    learning_rate: float,
    rows: int = 0,
) -> None:
    """Train on all but the held-out groups; write network, history and record into a folder.

    `rows` above 0 is how many faces of each kind are trained on, in epochs that are as much
    shorter. UserError where the folder holds a training with other settings.
    """
    prepare_folder(out, "--out")
    require_tensorflow()
    from quantize.face.samples import FaceSource  # noqa: PLC0415
    from quantize.face.splits import SPLIT, fewer, split, turned_heads  # noqa: PLC0415
    from quantize.face.training import FaceTraining, train_face  # noqa: PLC0415  # TensorFlow

    settings = FaceTraining(seed=seed, epochs=epochs, learning_rate=learning_rate).with_rows(rows)
    labels = FaceLabels.load(labels_path)
    natural, fer = (fewer(part, rows) for part in split(labels, seed)[:2])
    if not len(natural) or not len(fer):
        raise DataError(DataReason.EMPTY, f"{labels_path}: it takes faces and FER2013 to train")
    console = Console(stderr=True)
    turned = turned_heads(natural, seed=seed, count=min(TURNED, rows or TURNED))
    digests = {"faces": natural.digest(), "fer2013": fer.digest()}
    record = settings.record(digests, epochs) | {
        "split": SPLIT,
        "mouths": labels.mouth_teacher,
        "faces": {"natural": len(natural), "fer2013": len(fer), "turned": len(turned)},
        "initial": None,
        **({} if initial is None else _initial_record(initial)),
    }
    _refuse_other_training(out, record)
    write_atomically(out / _RECORD, (json.dumps(record, indent=2) + "\n").encode())

    def done(epoch: int, losses: dict[str, float]) -> None:
        console.print(
            f"epoch {epoch:3d}/{epochs}  loss {losses['loss']:.4f}  {losses['seconds']:.0f} s",
            highlight=False,
        )

    train_face(
        FaceSource(natural),
        FaceSource(fer),
        FaceSource(turned, exact=True),
        settings,
        out,
        done,
        initial=initial,
    )
    print(f"{out}: trained; next: edge-fer face quantize {out}")


def evaluate_verb(
    model: Path,
    labels_path: Path,
    *,
    seed: int,
    json_output: bool,
    report: Path | None,
    rows: int = 0,
) -> None:
    """Measure a `.keras` or `.tflite` file on the held-out groups and print its errors.

    `labels_path` may be a folder or archive of pictures too, which the face mesh reads then.
    `report` is the folder for a page about a `.tflite` file with its card. `rows` above 0 is how
    many faces are taken at most.
    """
    require_tensorflow()
    from quantize.evaluation.predictors import open_predictor  # noqa: PLC0415
    from quantize.face.evaluation import EMPTY, measure  # noqa: PLC0415
    from quantize.face.evaluation import TURNED as TURNED_HEADS  # noqa: PLC0415
    from quantize.face.limits import presence_in_sights, profile_limits  # noqa: PLC0415
    from quantize.face.report import write_report  # noqa: PLC0415
    from quantize.face.splits import fewer, split  # noqa: PLC0415

    predictor = open_predictor(model, FACE)
    # By its ending: a labels file is a zip archive too.
    if labels_path.is_dir() or labels_path.suffix.lower() in _ARCHIVES:
        _evaluate_own(
            model, labels_path, predictor, report=report, json_output=json_output, rows=rows
        )
        return
    card = None if report is None else load_measuring(model, FACE)[0]
    images = _held_out(labels_path, seed, rows)
    with progress_bar(f"Evaluating {model}", len(images.images)) as advance:
        values = FACE.values(predictor.numbers(images.images, advance))
    errors = measure(values, images)
    if report is not None and card is not None:
        natural, fer, held = split(FaceLabels.load(labels_path), seed)
        parts = {"trained on": natural, "trained on, FER2013": fer, "held out": held}
        few = fewer(held, rows)

        def read(squares: "NDArray[np.uint8]") -> "NDArray[np.float64]":
            return FACE.values(predictor.numbers(squares, lambda amount: None))

        with Console(stderr=True).status("Presence in the dark and far away, and profiles ..."):
            sights = presence_in_sights(read, few, seed=seed, empty=min(EMPTY, rows or EMPTY))
            limits = profile_limits(read, few, seed=seed, turned=rows or 6 * TURNED_HEADS)
        page = write_report(report, card, model, errors, values, images, parts, sights, limits)
        print(f"{page}: written", file=sys.stderr)
    if json_output:
        listed = {name: asdict(error) for name, error in errors.items()}
        print(json.dumps({"model": str(model), "usage": USAGE, "errors": listed}, indent=2))
        return
    _print_errors(model, errors)


def _evaluate_own(
    model: Path,
    pictures: Path,
    predictor: "NumbersPredictor",
    *,
    report: Path | None,
    json_output: bool,
    rows: int,
) -> None:
    """Measure a network on a folder or archive of pictures, and print its errors."""
    from quantize.face.own_pictures import USAGE as OWN  # noqa: PLC0415
    from quantize.face.own_pictures import measure_own_pictures  # noqa: PLC0415

    if report is not None:
        raise UsageError(
            UsageReason.CONTRADICTION,
            f"--report {report}: its page is about the held-out groups of a labels file: leave it "
            "out",
        )
    with Console(stderr=True).status(f"Evaluating {model} on {pictures} ..."):
        found = measure_own_pictures(pictures, predictor, rows=rows)
    if json_output:
        values = {"model": str(model), "data": str(pictures), "usage": OWN, **asdict(found)}
        print(json.dumps(values, indent=2))
        return
    _print_errors(model, found.errors)
    print(f"without a face: {found.no_face:,}; face mesh not sure: {found.unsure:,}")
    for reason, count in found.passed_over.items():
        print(f"not taken ({count:,}): {reason}")


def _print_errors(model: Path, errors: "Mapping[str, Error]") -> None:
    table = Table(title=str(model), box=None, padding=(0, 2, 0, 0))
    for heading in ("", "n", "value", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, error in errors.items():
        table.add_row(name, f"{error.n:,}", f"{error.value:.4f}", error.unit)
    Console().print(table)


def quantize_verb(
    run: Path, labels_path: Path, out: Path, *, json_output: bool, rows: int = 0
) -> None:
    """Convert the network of a training to int8, measure it, and write file and card.

    `rows` above 0 is how many held-out faces it is measured on at most.
    """
    check_out_path(out)
    record = _training_record(run)
    require_tensorflow()
    from quantize.data.calibration_set import CalibrationSet  # noqa: PLC0415
    from quantize.face.evaluation import measure  # noqa: PLC0415
    from quantize.face.splits import split  # noqa: PLC0415
    from quantize.face.training import calibration_images  # noqa: PLC0415  # TensorFlow
    from quantize.int8.measuring import convert_measuring  # noqa: PLC0415
    from quantize.int8.provenance import face_provenance  # noqa: PLC0415
    from quantize.int8.write import write_model  # noqa: PLC0415
    from quantize.networks.network_file import load_network  # noqa: PLC0415

    seed = int(record["settings"]["seed"])
    network = load_network(run / _NETWORK, FACE)
    labels = FaceLabels.load(labels_path)
    natural, fer, _ = split(labels, seed)
    chosen = calibration_images(natural, fer, seed=seed, count=CALIBRATION_IMAGES)
    images = _held_out(labels_path, seed, rows)
    quantized = convert_measuring(
        network,
        CalibrationSet(chosen, seed, hashlib.sha256(chosen.tobytes()).hexdigest()),
        images.images,
        lambda values: measure(values, images),
        out.stem,
        kind=FACE,
        usage=USAGE,
        training=record,
        licence=LICENCE,
        provenance=face_provenance(record),
        progress=True,
    )
    path = write_model(quantized.content, quantized.card, out)
    if json_output:
        print(json.dumps(quantized.card.to_json(), indent=2))
    else:
        Console().print(render_card(quantized.card, out, path))


def _held_out(labels_path: Path, seed: int, rows: int) -> "FaceImages":
    from quantize.face.evaluation import EMPTY, TURNED, held_out_images  # noqa: PLC0415
    from quantize.face.samples import NEGATIVE_KINDS  # noqa: PLC0415
    from quantize.face.splits import fewer, split  # noqa: PLC0415

    _, _, held = split(FaceLabels.load(labels_path), seed)
    if not len(held):
        raise DataError(
            DataReason.EMPTY, f"{labels_path}: no group of faces is held out: it has too few"
        )
    if not rows:
        return held_out_images(held, seed=seed)
    return held_out_images(
        fewer(held, rows),
        seed=seed,
        turned=min(TURNED, rows),
        empty=min(EMPTY, max(rows, len(NEGATIVE_KINDS))),  # one of each kind at least
    )


def _refuse_other_training(folder: Path, record: dict[str, Any]) -> None:
    """UserError where `folder` holds epochs that were trained with other settings or faces."""
    if not (folder / _HISTORY).is_file():
        return
    wanted = json.loads(json.dumps(record))
    found = _training_record(folder)
    found.pop("loss")
    for each in (wanted, found):
        each.pop("epochs")
        each["settings"].pop("epochs", None)
    if found != wanted:
        differ = sorted(name for name in wanted if found.get(name) != wanted[name])
        raise DataError(
            DataReason.MISMATCH,
            f"{folder}: it holds a training with other options or faces ({', '.join(differ)}): "
            "give the same to continue it, or another --out",
        )


def _initial_record(network: Path) -> dict[str, Any]:
    """Return what a training begins with: its file's sha256, and how it was trained if known."""
    try:
        training = _training_record(network.parent)
    except DataError:
        training = {}
    try:
        digest = hashlib.sha256(network.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(
            DataReason.NOT_FOUND,
            f"--initial {network}: cannot be read ({error.strerror}): give the face.keras of "
            "another `edge-fer face train`",
        ) from error
    known = {"started_from": training} if training else {}
    return {"initial": {"file": network.name, "sha256": digest}, **known}


def _training_record(run: Path) -> dict[str, Any]:
    """Return what `edge-fer face train` left beside the network; UserError without it."""
    try:
        record: dict[str, Any] = json.loads((run / _RECORD).read_text(encoding="utf-8"))
        history = json.loads((run / _HISTORY).read_text(encoding="utf-8"))
        int(record["settings"]["seed"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(
            DataReason.NOT_FOUND,
            f"{run}: no record of a training ({error}): `edge-fer face train` writes it beside the "
            "network, and without it nobody knows which groups were held out",
        ) from error
    losses = [round(float(epoch["loss"]), 4) for epoch in history]
    return record | {"epochs": len(history), "loss": losses}
