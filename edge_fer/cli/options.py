"""Options that mean the same for every verb, defined once.

What a verb is to write is prepared while the options are read: missing folders are made, and a
path that cannot be written is refused before the work.
"""

from pathlib import Path
from typing import Annotated

import typer

from edge_fer.out_path import PICTURES, prepare_file, prepare_folder, prepare_plot
from edge_fer.paths import DEVICE_CONFIG


def _plot(path: Path | None) -> Path | None:
    return None if path is None else prepare_plot(path)


def _out_file(path: Path | None) -> Path | None:
    return None if path is None else prepare_file(path, "--out")


def _picture(path: Path | None) -> Path | None:
    return None if path is None else prepare_file(path, "--picture", (".svg",))


def _record(path: Path | None) -> Path | None:
    return None if path is None else prepare_file(path, "--record")


def _report(path: Path | None) -> Path | None:
    return None if path is None else prepare_folder(path, "--report")


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        callback=_out_file,
        help="Write the result as JSON into this file.",
    ),
]
PlotOption = Annotated[
    Path | None,
    typer.Option(
        "--plot",
        metavar="FILE",
        callback=_plot,
        help=f"Draw the result into this file: {', '.join(PICTURES)}.",
    ),
]
PictureOption = Annotated[
    Path | None,
    typer.Option(
        "--picture", metavar="FILE", callback=_picture, help="Draw the last view into this .svg."
    ),
]
RecordOption = Annotated[
    Path | None,
    typer.Option(
        "--record",
        metavar="FILE",
        callback=_record,
        help="Record all frames into this new file: .log (candump), .jsonl, .blf or .asc.",
    ),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FOLDER",
        callback=_report,
        help="Write a page with plots into this folder.",
    ),
]
SecondsOption = Annotated[
    float | None, typer.Option("--seconds", help="Stop after this many seconds.", min=0.1)
]
ModelOption = Annotated[
    Path | None,
    typer.Option(
        "--model", metavar="FILE", help="The .tflite file, its card beside it. [default: shipped]"
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help=f"The TOML file. [default: {DEVICE_CONFIG}]"),
]
