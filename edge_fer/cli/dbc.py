"""`edge-fer dbc`: the database of the messages, for other tools."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

import typer


def dbc() -> None:
    """Print the DBC file of the messages, for other CAN tools."""
    from firmware_bridge.protocol.database import dbc_text

    typer.echo(dbc_text(), nl=False)
