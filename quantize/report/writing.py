"""Writes the report: the figures, and then the page that shows them."""

from collections.abc import Callable
from pathlib import Path

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import OutputError, OutputReason
from edge_fer.out_path import prepare_folder
from quantize.data.fer2013 import Fer2013
from quantize.plots.figures import open_figure
from quantize.progress import progress_bar
from quantize.report.answers import answers_section
from quantize.report.comparison import comparison_section
from quantize.report.corruptions import corruptions_section
from quantize.report.data_section import data_section
from quantize.report.filters import filters_section
from quantize.report.history import history_section
from quantize.report.layers import layers_section
from quantize.report.measured import Measured, measure
from quantize.report.mistakes import mistakes_section
from quantize.report.reliability import reliability_section
from quantize.report.representative_set import representative_set_section
from quantize.report.risk_coverage import risk_coverage_section
from quantize.report.saliency import saliency_section
from quantize.report.subject import Subject
from quantize.report.summary import facts, summary_section

PAGE = "README.md"
_MARK = "<!-- written by `edge-fer evaluate --report`: the next report replaces it -->"


def check_folder(folder: Path) -> None:
    """UserError where a report cannot go to `folder`, which may be a new one: before the work.

    A folder whose README.md is not one of a report is refused.
    """
    open_figure(1)  # for its UserError where matplotlib is missing
    prepare_folder(folder, "--report")
    page = folder / PAGE
    try:
        is_ours = not page.exists() or page.read_text(encoding="utf-8").startswith(_MARK)
    except (OSError, UnicodeDecodeError):
        is_ours = False
    if not is_ours:
        raise OutputError(
            OutputReason.EXISTS,
            f"--report {folder}: its {PAGE} is not one of a report: choose another folder",
        )


def write_report(
    subject: Subject,
    dataset: Fer2013,
    usage: str,
    folder: Path,
    *,
    command: str,
    with_faces: bool = False,
    progress: bool = False,
) -> Measured:
    """Measure a model on the rows of `usage` and write the report into `folder`.

    The faces of the data are of real people: only `with_faces` draws contact sheets of them.

    `command` is what the page names as the command that wrote it. Returns what was measured. The
    same files and data give the same bytes. UserError when there are no such rows, or when the
    folder cannot be written to.
    """
    check_folder(folder)
    digest = dataset.digest()
    measured = measure(subject, dataset, usage, progress=progress)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            OutputReason.NOT_WRITABLE, f"--report {folder}: cannot be made ({error.strerror})"
        ) from error
    makers: dict[str, Callable[[], str]] = {
        "In short": lambda: summary_section(subject, measured),
        "Comparison": lambda: comparison_section(subject, measured),
        "Right and wrong": lambda: answers_section(measured.scores, folder),
        "The surest mistakes": lambda: mistakes_section(measured, folder, with_faces=with_faces),
        "Saliency": lambda: saliency_section(subject, measured, folder, with_faces=with_faces),
        "Confidence": lambda: reliability_section(measured, folder),
        "Asking instead of guessing": lambda: risk_coverage_section(measured, folder),
        "Robustness": lambda: corruptions_section(measured.robustness, folder),
        "Training": lambda: history_section(subject, digest, folder),
        "Representative set": lambda: representative_set_section(folder),
        "Layers": lambda: layers_section(subject),
        "Filters and feature maps": lambda: filters_section(
            subject.anatomy, folder, subject.inside.predictor.side_px
        ),
        "Data": lambda: data_section(dataset, folder, with_faces=with_faces),
    }
    sections = {}
    with progress_bar("Drawing", len(makers), show=progress) as advance:
        for title, make in makers.items():
            sections[title] = make()
            advance(1)
    page = [
        _MARK,
        f"# Report: {subject.file.path.name}",
        "Written by",
        f"```sh\n{command}\n```",
        facts(subject, measured, digest, len(dataset)),
        *(f"## {title}\n\n{text}" for title, text in sections.items()),
    ]
    # Last, so that a page never shows figures that are not there.
    write_atomically(folder / PAGE, ("\n\n".join(page) + "\n").encode())
    return measured
