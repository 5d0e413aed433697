"""The verb `quantize`."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.render import render_card
from edge_fer.out_path import prepare_folder
from quantize.data.calibration_set import choose_calibration_set, usable_rows
from quantize.data.classes import classes_of
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.evaluation import rows_of
from quantize.networks.use import RANGES, Use, use_of
from quantize.out_path import check_out_path
from quantize.progress import progress_bar
from quantize.verbs.reading import read_data, reading_of
from quantize.workstation import require_tensorflow


def quantize_verb(
    model: Path,
    data: Path,
    out: Path,
    *,
    calibration_images: int,
    seed: int,
    json_output: bool,
    verify: bool = True,
    file_format: str = "int8",
    qat_epochs: int = 0,
    curve: Path | None = None,
    skip_bad: bool = False,
    labels: str | None = None,
    data_labels: str | None = None,
    input_range: str | None = None,
    face_crop: bool = False,
    yunet: Path | None = None,
    rows: int = 0,
) -> None:
    """Convert a network, write file and card, and print the card as JSON or for people.

    `verify` refuses a network that is used wrongly (`quantize.evaluation.diagnosis`), and an int8
    file that does not behave as the network; then nothing is written. `qat_epochs` above 0
    fine-tunes the network for int8 so many epochs first. `curve` is a folder for a page on how
    large the representative set has to be. A `file_format` other than int8 is for comparison: it is
    written without a card and its comparison is printed. `labels` and `input_range` say how the
    network is used; the others how the data is read, and `rows` above 0 how many of each usage are.
    """
    require_tensorflow()
    from quantize.evaluation.equivalence import refuse_unequal  # noqa: PLC0415
    from quantize.int8.quantize import quantize  # noqa: PLC0415  # it imports TensorFlow
    from quantize.int8.record import training_record  # noqa: PLC0415
    from quantize.int8.write import write_model  # noqa: PLC0415
    from quantize.networks.adapting import adapt, own_use  # noqa: PLC0415
    from quantize.networks.reading import read_network  # noqa: PLC0415

    check_out_path(out)
    if curve is not None:
        prepare_folder(curve, "--curve")
    use = use_of(labels, input_range)
    messages = Console(stderr=True)

    def announce(text: str) -> None:
        messages.print(text, markup=False, highlight=False, soft_wrap=True)

    # First, so that a wrong model is said before the data is read.
    as_read = read_network(model)
    use = own_use(as_read, str(model), use)
    network = adapt(as_read, str(model), use, use.kind)
    reading = reading_of(
        skip_bad=skip_bad,
        classes=classes_of(labels, data_labels),
        face_crop=face_crop,
        yunet=yunet,
        side_px=use.side_px,
    )
    dataset = read_data(data, reading, rows=rows)
    if verify:
        _refuse_misuse(as_read, model, use, dataset)
    training_rows = len(usable_rows(dataset))
    if 0 < training_rows < calibration_images:
        announce(
            f"The representative set is all {training_rows} Training rows that are no test rows."
        )
        calibration_images = training_rows
    if file_format != "int8":
        _for_comparison(
            network, use, dataset, out, file_format, calibration_images, seed, json_output
        )
        return
    quantized = quantize(
        network,
        dataset,
        out.stem,
        training=training_record(model),
        count=calibration_images,
        seed=seed,
        qat_epochs=qat_epochs,
        kind=use.kind,
        progress=True,
        announce=announce,
    )
    card = quantized.card
    if verify and card.equivalence is not None:
        refuse_unequal(card.accuracy.float32, card.accuracy.int8, card.equivalence)
    card_path = write_model(quantized.content, card, out)
    if json_output:
        print(json.dumps(card.to_json(), indent=2))
    else:
        Console().print(render_card(card, out, card_path))
    if curve is not None:
        _write_curve(network, use, dataset, curve, f"edge-fer quantize {model} --curve {curve}")


def _refuse_misuse(network: Any, path: Path, use: Use, dataset: Fer2013) -> None:
    """UserError, with the option that mends it, where a network is asked wrongly."""
    from quantize.evaluation.diagnosis import ASKED, diagnose  # noqa: PLC0415  # TensorFlow
    from quantize.int8.quantize import MEASURED_ON  # noqa: PLC0415

    rows = rows_of(dataset, MEASURED_ON, "it is what accuracy is measured on")
    total = min(ASKED, len(rows)) * (len(RANGES) + 1)
    with progress_bar("Checking how the network is used", total) as advance:
        finding = diagnose(network, str(path), use, rows, advance=advance)
    if finding is not None:
        raise ModelError(
            ModelReason.UNSUPPORTED, f"{path}: {finding.message}; --no-verify converts it as it is"
        )


def _write_curve(network: Any, use: Use, dataset: Fer2013, folder: Path, command: str) -> None:
    from quantize.int8.calibration_curve import SEEDS, SIZES, measure_curve  # noqa: PLC0415
    from quantize.int8.quantize import MEASURED_ON  # noqa: PLC0415
    from quantize.report.calibration_report import write_report  # noqa: PLC0415

    with progress_bar("Calibration sets", len(SIZES) * len(SEEDS)) as advance:
        measured = measure_curve(network, dataset, MEASURED_ON, kind=use.kind, done=advance)
    write_report(measured, folder, command=command)


def _for_comparison(
    network: Any,
    use: Use,
    dataset: Fer2013,
    out: Path,
    file_format: str,
    calibration_images: int,
    seed: int,
    json_output: bool,
) -> None:
    from quantize.int8.formats import convert_and_compare, render_format  # noqa: PLC0415
    from quantize.int8.quantize import MEASURED_ON  # noqa: PLC0415

    calibration = choose_calibration_set(
        dataset, count=calibration_images, seed=seed, side_px=use.side_px
    )
    rows = rows_of(dataset, MEASURED_ON).at_side(use.side_px)
    content, result = convert_and_compare(
        network, file_format, calibration, rows, MEASURED_ON, kind=use.kind, progress=True
    )
    write_atomically(out, content)
    if json_output:
        print(json.dumps(result.to_json(), indent=2))
    else:
        Console().print(render_format(result))
