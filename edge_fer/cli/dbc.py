"""`edge-fer dbc`: the database of the messages, for other tools."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

from pathlib import Path
from typing import Annotated

import typer

from edge_fer.cli.options import one_of_base_id_and_dbc, parse_base_id


def dbc(
    base_id: Annotated[
        str | None,
        typer.Option(
            "--base-id",
            metavar="ID",
            help="Move all messages: the first one's id. [default: 0x3A0]",
        ),
    ] = None,
    ids_from: Annotated[
        Path | None,
        typer.Option(
            "--dbc", metavar="FILE", help="Move all messages to where this DBC of yours has them."
        ),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check",
            metavar="DBC",
            help="Print the ids that this DBC of a vehicle uses too, one a line, and exit with 1.",
        ),
    ] = None,
) -> None:
    """Print the DBC file of the messages, for other CAN tools."""
    from firmware_bridge.protocol.database import find_collisions
    from firmware_bridge.protocol.ids import BASE_ID, dbc_text, ids_at, read_dbc, read_ids

    one_of_base_id_and_dbc(base_id, ids_from)
    if ids_from is not None:
        ids = read_ids(ids_from)
    else:
        ids = ids_at(BASE_ID if base_id is None else parse_base_id(base_id))
    if check is None:
        typer.echo(dbc_text(ids), nl=False)
        return
    collisions = find_collisions(read_dbc(check), ids, check.name)
    for line in collisions or [f"{check.name} uses none of the ids"]:
        typer.echo(line)
    if collisions:
        raise typer.Exit(1)
