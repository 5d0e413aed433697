"""`edge-fer preview`: a local page of what the daemon sees."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

from typing import Annotated

import typer

from edge_fer.cli.device_config import config_path
from edge_fer.cli.options import ConfigOption, SecondsOption

PortOption = Annotated[int, typer.Option(help="0: any that is free.", min=0, max=65535)]
HostOption = Annotated[
    str, typer.Option(metavar="ADDRESS", help="Where to serve. Others than loopback: see above.")
]
OpenOption = Annotated[bool, typer.Option("--open", help="Open the page in this user's browser.")]


def preview(
    camera: Annotated[
        str | None,
        typer.Option(metavar="URI", help="A camera of its own. [default: the running daemon's]"),
    ] = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8700,
    open_browser: OpenOption = False,
    seconds: SecondsOption = None,
    config: ConfigOption = None,
) -> None:
    """Serve a page with the live picture, states and their reasons, and the CAN frames.

    The message Health reports to the vehicle that somebody watches. It ends after ten minutes
    without a click. Pictures of a daemon are shown to its own user and to root. On an address other
    than loopback they pass the network without encryption.
    """
    from edge_fer.preview.verb import run_preview

    raise typer.Exit(
        run_preview(
            host=host,
            port=port,
            camera=camera,
            config_path=config_path(config) if camera is not None else None,
            open_browser=open_browser,
            seconds=seconds,
        )
    )
