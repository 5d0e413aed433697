"""`edge-fer annotate`: a video of what the pipeline sees."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edge_fer.cli.options import (
    BaseIdOption,
    ConfigOption,
    DbcOption,
    ModelOption,
    SecondsOption,
    file_for,
)


class RowsFormat(StrEnum):
    """In which format the rows are written."""

    JSONL = "jsonl"
    CSV = "csv"


def annotate(
    source: Annotated[
        str,
        typer.Argument(
            metavar="CLIP",
            help="A video file, a folder of images, a folder of `edge-fer recording export`, or a"
            " camera's URI.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            callback=file_for("--out"),
            help="The video. Rows and time line lie beside it.",
        ),
    ] = Path("annotated.mp4"),
    rows: Annotated[RowsFormat, typer.Option(help="The format of the rows.")] = RowsFormat.JSONL,
    seconds: SecondsOption = None,
    speed: Annotated[
        float | None,
        typer.Option(
            metavar="KM_H",
            help="The speed of the vehicle. Looks are judged as at high speed without it.",
            min=0.0,
            max=500.0,
            show_default=False,
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Of an exported recording: its bus, as `edge-fer monitor --record` wrote it.",
        ),
    ] = None,
    log_offset: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="By how much the log's clock was ahead of the recording's. [default: 0, or what"
            " brings the change of state together]",
            show_default=False,
        ),
    ] = None,
    base_id: BaseIdOption = None,
    dbc: DbcOption = None,
    model: ModelOption = None,
    config: ConfigOption = None,
) -> None:
    """Write a video of what edge-fer sees: face, head, eyes, emotions, states and their reasons."""
    from edge_fer.annotate.verb import Outputs, annotate_source

    annotate_source(
        source,
        Outputs.beside(out, rows.value),
        config_path=config,
        model=model,
        seconds=seconds,
        speed_km_h=speed,
        log=log,
        log_offset_s=log_offset,
    )
