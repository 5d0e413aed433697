"""The verb `tune`: from clips of one's own camera and drivers to a verified int8 network."""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge_fer.errors import ConversionError, DataError, DataReason, ResultReason
from edge_fer.models.card import load_card
from firmware_bridge.counted import counted
from quantize.data.calibration_set import DEFAULT_COUNT, usable_rows
from quantize.data.face_crop import face_config
from quantize.data.fer2013 import Fer2013
from quantize.data.load import load_fer2013
from quantize.evaluation.predictors import Predictor, TflitePredictor, open_predictor
from quantize.evaluation.scores import score
from quantize.out_path import check_out_path
from quantize.progress import progress_bar
from quantize.tuning.own_faces import labelled_by_folder, labelled_by_network, mixed
from quantize.verbs.faces import export_with_status
from quantize.workstation import require_tensorflow

# What the network may lose on FER2013, in shares of right answers.
MOST_FORGOTTEN = 0.02
# A twentieth of the shipped network's training: its weights are good, and few faces are new.
LEARNING_RATE = 0.003


@dataclass(frozen=True, slots=True)
class Change:
    """Shares of right answers of the int8 files before and after, on the same `n` faces."""

    name: str
    n: int
    before: float
    after: float


def tune_verb(
    clips: Path,
    data: Path,
    out: Path,
    *,
    initial: Path,
    epochs: int,
    every_s: float,
    rows: int,
    seed: int,
    yunet: Path | None,
    work: Path | None,
    skip_bad: bool = False,
    verify: bool,
    json_output: bool,
) -> None:
    """Cut faces from `clips`, train from the int8 file `initial`, convert, verify and compare.

    Folders that name a class label the clips in them; without any, the network's own sure answers
    do. `data` is FER2013, of which `rows` are mixed in, with `skip_bad` without its bad rows.
    `work` keeps faces and training. UserError, and nothing is written, where the result is not
    better on one's own held-out faces or forgets more than MOST_FORGOTTEN of FER2013; `verify`
    False writes it nevertheless.
    """
    check_out_path(out)
    require_tensorflow()
    from quantize.evaluation.equivalence import refuse_unequal  # noqa: PLC0415  # TensorFlow
    from quantize.int8.quantize import quantize  # noqa: PLC0415
    from quantize.int8.write import write_model  # noqa: PLC0415
    from quantize.networks.initial_network import open_initial  # noqa: PLC0415
    from quantize.networks.network_file import load_network  # noqa: PLC0415
    from quantize.training.settings import Stage, TrainingSettings  # noqa: PLC0415
    from quantize.training.train import train  # noqa: PLC0415

    console = Console(stderr=True)

    def announce(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    card, before = load_card(initial), open_predictor(initial)
    open_initial(initial, "edge")  # for its UserError before the work
    fer2013 = load_fer2013(data, progress=True, skip_bad=skip_bad)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) if work is None else work
        faces = folder / "faces"
        counts = export_with_status(
            clips, faces, face_config(yunet), every_s=every_s, side_px=48, console=console
        )
        announce(f"{counted(counts.faces, 'face')} in {counted(counts.frames, 'frame')} of {clips}")
        for reason, count in (counts.passed_over or {}).items():
            announce(f"not taken ({count:,}): {reason}")
        own = labelled_by_folder(faces)
        by_network = own is None
        if own is None:
            own = labelled_by_network(faces, before, card)
        for note in own.notes:
            announce(note)
        held = own.select("PublicTest")
        if not len(held) or not len(own.select("Training")):
            raise DataError(
                DataReason.EMPTY,
                f"{clips}: {counted(len(own), 'face')} found, too few to hold some out",
            )
        dataset = mixed(own, fer2013, rows=rows, seed=seed)
        settings = TrainingSettings(
            seed=seed,
            stages=(Stage(48, epochs),),
            learning_rate=LEARNING_RATE,
            warmup_epochs=0.2,
            initial_sha256=hashlib.sha256(initial.read_bytes()).hexdigest(),
        )
        train(dataset, folder / "run", settings, initial=initial, console=console)
        quantized = quantize(
            load_network(folder / "run" / "best.keras"),
            dataset,
            out.stem,
            training=settings.to_json() | {"tuned_from": settings.initial_sha256},
            count=min(DEFAULT_COUNT, len(usable_rows(dataset))),
            seed=seed,
            progress=True,
            announce=announce,
        )
    card = quantized.card
    if verify and card.equivalence is not None:
        refuse_unequal(card.accuracy.float32, card.accuracy.int8, card.equivalence)
    after = TflitePredictor(quantized.content, out.stem)
    changes = [
        _change("own held-out faces", held, before, after),
        _change("FER2013 PublicTest", fer2013.select("PublicTest"), before, after),
    ]
    if verify:
        _refuse_worse(changes)
    card_path = write_model(quantized.content, card, out)
    if json_output:
        values = {
            change.name: {"n": change.n, "before": change.before, "after": change.after}
            for change in changes
        }
        print(
            json.dumps({"model": str(out), "labelled_by_network": by_network, **values}, indent=2)
        )
        return
    Console().print(render_changes(changes))
    if by_network:
        print("The network labelled the faces itself: the first row says how far it agrees.")
    print(f"{out} and {card_path}: next: edge-fer model install {out}")


def _change(name: str, rows: Fer2013, before: Predictor, after: Predictor) -> Change:
    with progress_bar(f"Comparing on {name}", 2 * len(rows)) as advance:
        shares = [
            score(predictor.log_probabilities(rows.images, advance), rows.labels).accuracy
            for predictor in (before, after)
        ]
    return Change(name, len(rows), *shares)


def _refuse_worse(changes: list[Change]) -> None:
    """UserError where the result is not better on one's own faces, or forgets too much."""
    own, known = changes
    shown = "; ".join(
        f"{each.name}: {each.before:.1%} before, {each.after:.1%} after" for each in changes
    )
    if own.after < own.before:
        raise ConversionError(
            ResultReason.ACCURACY_LOST,
            f"not better on one's own faces ({shown}): take more clips, or --no-verify",
        )
    if known.after < known.before - MOST_FORGOTTEN:
        raise ConversionError(
            ResultReason.ACCURACY_LOST,
            f"it forgets more than {MOST_FORGOTTEN:.0%} of FER2013 ({shown}): take more --rows"
            ", fewer --epochs, or --no-verify",
        )


def render_changes(changes: list[Change]) -> Table:
    """Return the comparison as a table."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("right answers on", "faces", "before", "after", "change"):
        table.add_column(heading, justify="left" if heading == "right answers on" else "right")
    for each in changes:
        points = (each.after - each.before) * 100
        row = (f"{each.before:.2%}", f"{each.after:.2%}", f"{points:+.2f} points")
        table.add_row(each.name, f"{each.n:,}", *row)
    return table
