"""What the verbs below `edge-fer eyes` do."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import DataError, DataReason
from edge_fer.models.kind import EYES
from edge_fer.models.render import render_card
from quantize.evaluation.evaluation import Evaluation
from quantize.evaluation.predictors import open_predictor
from quantize.evaluation.render_evaluation import render_evaluation
from quantize.evaluation.scores import score
from quantize.eyes.patches import SPLIT, load_patches
from quantize.out_path import check_out_path
from quantize.progress import progress_bar
from quantize.workstation import require_tensorflow

HELD_OUT = "held-out eye patches"
CALIBRATION_IMAGES = 100
LICENCE = (
    "Weights trained on the eye patches of Closed Eyes in the Wild (Song et al. 2014), which are "
    "for research use; code Apache-2.0."
)
_RECORD = ".training.json"


def train_verb(data: Path, out: Path, *, seed: int, epochs: int) -> None:
    """Train on all but the held-out patches; write the network and what it was trained with."""
    check_out_path(out, ".keras")
    require_tensorflow()
    from quantize.eyes.training import EyeTraining, train_eyes  # noqa: PLC0415  # TensorFlow

    training, _ = load_patches(data).split(seed)
    settings = EyeTraining(seed=seed, epochs=epochs)
    console = Console(stderr=True)
    with progress_bar("Training the eye network", epochs) as advance:

        def done(epoch: int, loss: float) -> None:
            advance(1)
            console.print(f"epoch {epoch:3d}/{epochs}  loss {loss:.3f}", highlight=False)

        model = train_eyes(training, settings, done)
    model.save(out)
    record = json.dumps(settings.record(training, epochs), indent=2) + "\n"
    write_atomically(out.with_suffix(_RECORD), record.encode())
    print(f"{out}: trained on {len(training):,} patches; next: edge-fer eyes quantize {out}")


def quantize_verb(model: Path, data: Path, out: Path, *, json_output: bool) -> None:
    """Convert to int8, measure on the held-out patches, and write file and card."""
    require_tensorflow()
    from quantize.data.calibration_set import CalibrationSet, balanced_rows  # noqa: PLC0415
    from quantize.evaluation.equivalence import refuse_unequal  # noqa: PLC0415
    from quantize.int8 import quantize as quantization  # noqa: PLC0415  # it imports TensorFlow
    from quantize.networks.folding import fold_batch_norms  # noqa: PLC0415
    from quantize.networks.network_file import load_network  # noqa: PLC0415

    check_out_path(out)
    network = load_network(model, EYES)
    record = training_record(model)
    seed = int(record["settings"]["seed"])
    training, held = load_patches(data).split(seed)
    chosen = training.rows(balanced_rows(training.labels, count=CALIBRATION_IMAGES, seed=seed))
    console = Console(stderr=True)
    quantized = quantization.convert_and_measure(
        network,
        fold_batch_norms(network),
        CalibrationSet(chosen.images, seed, chosen.digest()),
        quantization.Measured(HELD_OUT, held.images, held.labels),
        out.stem,
        training=record,
        kind=EYES,
        licence=LICENCE,
        progress=True,
        announce=lambda text: console.print(text, markup=False, highlight=False),
    )
    card = quantized.card
    if card.equivalence is not None:
        refuse_unequal(card.accuracy.float32, card.accuracy.int8, card.equivalence)
    path = quantization.write_model(quantized, out)
    if json_output:
        print(json.dumps(card.to_json(), indent=2))
    else:
        Console().print(render_card(card, out, path))


def evaluate_verb(model: Path, data: Path, *, seed: int, json_output: bool) -> None:
    """Measure a `.keras` or `.tflite` file on the held-out patches and print the scores."""
    predictor = open_predictor(model, EYES)
    _, held = load_patches(data).split(seed)
    with progress_bar(f"Evaluating {model}", len(held)) as advance:
        answers = predictor.log_probabilities(held.images, advance)
    scores = score(answers, held.labels)
    evaluation = Evaluation(str(model), predictor.format, HELD_OUT, scores, EYES.labels)
    if json_output:
        print(json.dumps(evaluation.to_json() | {"split": SPLIT}, indent=2))
    else:
        Console().print(render_evaluation(evaluation))
        Console().print(f"Held out: {SPLIT}.", highlight=False)


def training_record(model: Path) -> dict[str, Any]:
    """Return what `edge-fer eyes train` left beside the network; UserError without it.

    It says which patches were held out: measured on others, the card would be wrong.
    """
    path = model.with_suffix(_RECORD)
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        int(record["settings"]["seed"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(
            DataReason.NOT_FOUND,
            f"{path}: no record of a training ({error}): `edge-fer eyes train` writes it beside "
            "the network, and without it nobody knows which patches were held out",
        ) from error
    return record
