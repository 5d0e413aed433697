"""The verb `evaluate`."""

import json
from pathlib import Path

from rich.console import Console

from edge_fer.errors import UsageError, UsageReason
from quantize.data.load import load_fer2013
from quantize.evaluation.evaluation import Evaluation, evaluate_predictor, rows_of
from quantize.evaluation.predictors import open_predictor
from quantize.evaluation.render_evaluation import render_evaluation
from quantize.evaluation.render_robustness import render_robustness
from quantize.evaluation.robustness import Robustness, measure_robustness
from quantize.plots.figures import check_figure_path, open_figure
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
    with_faces: bool = False,
) -> None:
    """Measure a model file and print the scores, as JSON or for people.

    `corruptions` measures it under those too, and `plot` draws that. `report` is a folder for a
    page with all figures, and `network` the float network that it shows the inside of; only
    `with_faces` does the page show faces of the data. UserError
    for options that do not go together, and for what cannot be read or written.
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
    if with_faces and report is None:
        raise UsageError(
            UsageReason.CONTRADICTION, "--with-faces: it is for a report: add --report FOLDER"
        )
    if plot is not None:
        check_figure_path(plot)
        open_figure(1, 1)  # for its UserError where matplotlib is missing
    evaluation, robustness = (
        _measure(model, data, usage, corruptions=corruptions)
        if report is None
        else _report(model, data, usage, report, network, with_faces=with_faces)
    )
    if plot is not None and robustness is not None:
        from quantize.report.corruptions import draw_robustness  # noqa: PLC0415  # only here

        draw_robustness(robustness, plot)
    values, views = evaluation.to_json(), [render_evaluation(evaluation)]
    if corruptions and robustness is not None:
        values["corruptions"] = robustness.to_json()
        views.append(render_robustness(robustness))
    if json_output:
        print(json.dumps(values, indent=2))
    else:
        Console().print(*views)


def _measure(
    model: Path, data: Path, usage: str, *, corruptions: bool
) -> tuple[Evaluation, Robustness | None]:
    # First, so that a wrong model is said before the data is read.
    predictor = open_predictor(model)
    rows = rows_of(load_fer2013(data, progress=True), usage)
    evaluation = evaluate_predictor(predictor, str(model), rows, usage, progress=True)
    if not corruptions:
        return evaluation, None
    clean = evaluation.scores.accuracy
    return evaluation, measure_robustness(predictor, rows, usage, clean, progress=True)


def _report(
    model: Path,
    data: Path,
    usage: str,
    report: Path,
    network: Path | None,
    *,
    with_faces: bool,
) -> tuple[Evaluation, Robustness | None]:
    require_tensorflow()
    from quantize.report.command import command_line  # noqa: PLC0415
    from quantize.report.subject import open_subject  # noqa: PLC0415  # it imports TensorFlow
    from quantize.report.writing import PAGE, check_folder, write_report  # noqa: PLC0415

    subject = open_subject(model, network)
    check_folder(report)
    measured = write_report(
        subject,
        load_fer2013(data, progress=True),
        usage,
        report,
        command=command_line(
            model, data, usage=usage, report=report, network=network, with_faces=with_faces
        ),
        with_faces=with_faces,
        progress=True,
    )
    Console(stderr=True).print(f"Written: {report / PAGE}", markup=False, highlight=False)
    evaluation = Evaluation(str(model), subject.file.predictor.format, usage, measured.scores)
    return evaluation, measured.robustness
