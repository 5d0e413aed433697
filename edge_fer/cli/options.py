"""Options that mean the same for every verb, defined once.

What a verb is to write is prepared while the options are read: missing folders are made, and a
path that cannot be written is refused before the work.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from edge_fer.errors import UsageError, UsageReason
from edge_fer.out_path import PICTURES, prepare_file, prepare_folder, prepare_plot
from edge_fer.paths import DEVICE_CONFIG


def file_for(option: str, *endings: str) -> Callable[[Path | None], Path | None]:
    """Return a callback that prepares the file which `option` names, with one of `endings`."""

    def prepare(path: Path | None) -> Path | None:
        return None if path is None else prepare_file(path, option, endings)

    return prepare


def folder_for(option: str) -> Callable[[typer.Context, Path | None], Path | None]:
    """Return a callback that prepares the folder which `option` names.

    A default is made by the verb, once the rest of its command line is right.
    """

    def prepare(context: typer.Context, path: Path | None) -> Path | None:
        source = context.get_parameter_source(option.lstrip("-"))
        is_default = source is not None and source.name == "DEFAULT"
        return path if path is None or is_default else prepare_folder(path, option)

    return prepare


def is_given(context: typer.Context, name: str) -> bool:
    """Whether the parameter `name` stands on the command line, and is no default or variable."""
    source = context.get_parameter_source(name)
    # By name: some versions of typer carry an enum of their own.
    return source is not None and source.name == "COMMANDLINE"


def _plot(path: Path | None) -> Path | None:
    return None if path is None else prepare_plot(path)


def parse_base_id(text: str) -> int:
    """Return the base id in `text`, hexadecimal with 0x or decimal; UserError if it is none."""
    from firmware_bridge.protocol.ids import LAST_BASE_ID  # noqa: PLC0415 - cantools is slow

    try:
        base_id = int(text, 0)
    except ValueError:
        base_id = -1
    if not 0 <= base_id <= LAST_BASE_ID:
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"--base-id: {text!r} is not in 0..{LAST_BASE_ID:#x}; use 0x6E0, say",
        )
    return base_id


def one_of_base_id_and_dbc(base_id: object, dbc: object) -> None:
    """UserError where both are given."""
    if base_id is not None and dbc is not None:
        raise UsageError(
            UsageReason.CONTRADICTION,
            "--base-id and --dbc both move the messages; use one of them",
        )


def _base_id(context: typer.Context, text: str | None) -> str | None:
    if text is not None:
        from firmware_bridge.protocol.database import use_ids  # noqa: PLC0415 - as above
        from firmware_bridge.protocol.ids import ids_at  # noqa: PLC0415 - as above

        one_of_base_id_and_dbc(text, context.params.get("dbc"))
        use_ids(ids_at(parse_base_id(text)))
    return text


def _dbc(context: typer.Context, path: Path | None) -> Path | None:
    if path is not None:
        from firmware_bridge.protocol.database import use_ids  # noqa: PLC0415 - as above
        from firmware_bridge.protocol.ids import read_ids  # noqa: PLC0415 - as above

        one_of_base_id_and_dbc(context.params.get("base_id"), path)
        use_ids(read_ids(path))
    return path


BaseIdOption = Annotated[
    str | None,
    typer.Option(
        "--base-id",
        metavar="ID",
        callback=_base_id,
        is_eager=True,  # before --dbc, which excludes it
        help="The id of the first message, where link.base_id moves them. [default: 0x3A0]",
    ),
]
DbcOption = Annotated[
    Path | None,
    typer.Option(
        "--dbc",
        metavar="FILE",
        callback=_dbc,
        help="The DBC that gives the messages their ids, where link.dbc names it.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        callback=file_for("--out"),
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
        "--picture",
        metavar="FILE",
        callback=file_for("--picture", ".svg"),
        help="Draw the last view into this .svg.",
    ),
]
NewKeyOption = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="FILE",
        callback=file_for("--out"),
        help="The new private key (PEM); keep it off the device.",
    ),
]
RecordOption = Annotated[
    Path | None,
    typer.Option(
        "--record",
        metavar="FILE",
        callback=file_for("--record"),
        help="Record all frames into this new file: .log (candump), .jsonl, .blf or .asc.",
    ),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FOLDER",
        callback=folder_for("--report"),
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
