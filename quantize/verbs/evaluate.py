"""The verb `evaluate`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from edge_fer.errors import UsageError, UsageReason
from edge_fer.models.card import load_card, write_card
from edge_fer.models.files import card_path
from quantize.data.classes import classes_of
from quantize.data.fer2013 import Fer2013
from quantize.data.views import VIEWS
from quantize.evaluation.confidence import fit_confidence
from quantize.evaluation.evaluation import Evaluation, evaluate_predictor, rows_of
from quantize.evaluation.predictors import Predictor, ViewsPredictor, open_predictor
from quantize.evaluation.render_evaluation import render_evaluation
from quantize.evaluation.render_robustness import render_robustness
from quantize.evaluation.robustness import (
    Robustness,
    measure_robustness,
    shifted_answers,
)
from quantize.networks.order import order_of
from quantize.networks.use import Use, use_of
from quantize.one_of import check_one_of
from quantize.plots.figures import check_figure_path, open_figure
from quantize.verbs.reading import read_data, reading_of
from quantize.workstation import require_tensorflow


def evaluate_verb(
    model: Path,
    data: Path,
    *,
    usage: str,
    json_output: bool,
    corruptions: bool = False,
    plot: Path | None = None,
    report: Path | None = None,
    network: Path | None = None,
    skip_bad: bool = False,
    labels: str | None = None,
    data_labels: str | None = None,
    input_range: str | None = None,
    face_crop: bool = False,
    yunet: Path | None = None,
    rows: int = 0,
    with_faces: bool = False,
    fit: bool = False,
    views: int = 1,
) -> None:
    """Measure a model file and print the scores, as JSON or for people.

    `corruptions` measures it under those too, and `plot` draws that. `report` is a folder for a
    page with all figures, and `network` the float network that it shows the inside of; only
    `with_faces` does the page show faces of the data. `fit` first fits temperature and threshold on
    the rows, clean and corrupted, and writes them into the card beside the int8 file. `views` are
    how many of each face are averaged, one of `quantize.data.views.VIEWS`. `labels` and
    `input_range` say how the network is used, the others how the data is read. UserError for
    options that do not go together, and for what cannot be read or written.
    """
    if plot is not None and not corruptions:
        raise UsageError(
            UsageReason.CONTRADICTION, f"--plot {plot}: it draws the corruptions: add --corruptions"
        )
    if network is not None and report is None:
        raise UsageError(
            UsageReason.CONTRADICTION,
            f"--network {network}: it is for a report: add --report FOLDER",
        )
    use = use_of(labels, input_range)
    if report is not None and not use.is_of_emotions:
        raise UsageError(
            UsageReason.CONTRADICTION,
            f"--report: its page shows FER2013's classes, and --labels {labels} has others: leave "
            "--report out",
        )
    if with_faces and report is None:
        raise UsageError(
            UsageReason.CONTRADICTION, "--with-faces: it is for a report: add --report FOLDER"
        )
    _check_views(views, "--report" if report is not None else "--fit-confidence" if fit else None)
    if fit and not _has_card(model):
        raise UsageError(
            UsageReason.CONTRADICTION, f"--fit-confidence: {model} has no card to write them into"
        )
    if plot is not None:
        check_figure_path(plot)
        open_figure(1)  # for its UserError where matplotlib is missing
    reading = reading_of(
        skip_bad=skip_bad,
        classes=classes_of(labels, data_labels),
        face_crop=face_crop,
        yunet=yunet,
        unsplit=usage,
    )

    def read(side_px: int) -> Fer2013:
        return read_data(data, replace(reading, side_px=side_px), rows=rows)

    if fit:
        _fit_card(model, read, usage, use)
    evaluation, robustness = (
        _measure(model, read, usage, use, corruptions=corruptions, views=views)
        if report is None
        else _report(
            model,
            data,
            usage,
            read,
            report,
            network,
            use,
            options={"--labels": labels, "--input-range": input_range},
            with_faces=with_faces,
        )
    )
    if plot is not None and robustness is not None:
        from quantize.report.corruptions import draw_robustness  # noqa: PLC0415  # only here

        draw_robustness(robustness, plot)
    values, shown = evaluation.to_json(), [render_evaluation(evaluation)]
    if corruptions and robustness is not None:
        values["corruptions"] = robustness.to_json()
        shown.append(render_robustness(robustness))
    if json_output:
        print(json.dumps(values, indent=2))
    else:
        Console().print(*shown)


def _check_views(views: int, other: str | None) -> None:
    """UserError for a number that there is not, and beside an option that takes a face as it is."""
    check_one_of("--views", views, VIEWS)
    if views > 1 and other is not None:
        raise UsageError(
            UsageReason.CONTRADICTION, f"--views {views}: {other} takes each face as it is"
        )


def _measure(
    model: Path,
    read: Callable[[int], Fer2013],
    usage: str,
    use: Use,
    *,
    corruptions: bool,
    views: int,
) -> tuple[Evaluation, Robustness | None]:
    # First, so that a wrong model is said before the data is read.
    predictor: Predictor = open_predictor(model, use=use)
    if views > 1:
        predictor = ViewsPredictor(predictor, views)
    rows = rows_of(read(predictor.side_px), usage).at_side(predictor.side_px)
    evaluation = evaluate_predictor(
        predictor, str(model), rows, usage, labels=use.kind.labels, progress=True
    )
    confusion = np.array(evaluation.scores.confusion, np.int64)
    if order := order_of(confusion, use.kind.labels, use.labels):
        Console(stderr=True).print(
            f"{model}: its outputs seem to be in another order: try --labels {','.join(order)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if not corruptions:
        return evaluation, None
    clean = evaluation.scores.accuracy
    temperature = load_card(model, use.kind).temperature if _has_card(model) else 1.0
    return evaluation, measure_robustness(
        predictor, rows, usage, clean, temperature=temperature, progress=True
    )


def _fit_card(model: Path, read: Callable[[int], Fer2013], usage: str, use: Use) -> None:
    card = load_card(model, use.kind)
    predictor = open_predictor(model, use=use)
    rows = rows_of(read(predictor.side_px), usage).at_side(predictor.side_px)
    answers = predictor.log_probabilities(rows.images, lambda done: None)
    shifted = shifted_answers(predictor, rows.images, progress=True)
    fitted = fit_confidence(answers, rows.labels, shifted)
    found = replace(
        card,
        temperature=fitted.temperature,
        uncertain_threshold=fitted.uncertain_threshold,
        confidence=fitted.measured,
    )
    path = write_card(found, model)
    Console(stderr=True).print(
        f"{path}: temperature {card.temperature:.3f} -> {found.temperature:.3f}, threshold "
        f"{card.uncertain_threshold:.3f} -> {found.uncertain_threshold:.3f}, on {usage}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _has_card(model: Path) -> bool:
    return model.suffix == ".tflite" and card_path(model).exists()


def _report(
    model: Path,
    data: Path,
    usage: str,
    read: Callable[[int], Fer2013],
    report: Path,
    network: Path | None,
    use: Use,
    *,
    options: Mapping[str, str | None],
    with_faces: bool,
) -> tuple[Evaluation, Robustness | None]:
    require_tensorflow()
    from quantize.report.command import command_line  # noqa: PLC0415
    from quantize.report.subject import open_subject  # noqa: PLC0415  # it imports TensorFlow
    from quantize.report.writing import PAGE, check_folder, write_report  # noqa: PLC0415

    subject = open_subject(model, network, use)
    check_folder(report)
    measured = write_report(
        subject,
        read(subject.file.predictor.side_px),
        usage,
        report,
        command=command_line(
            model,
            data,
            usage=usage,
            report=report,
            network=network,
            with_faces=with_faces,
            options=options,
        ),
        with_faces=with_faces,
        progress=True,
    )
    Console(stderr=True).print(f"Written: {report / PAGE}", markup=False, highlight=False)
    evaluation = Evaluation(str(model), subject.file.predictor.format, usage, measured.scores)
    return evaluation, measured.robustness
