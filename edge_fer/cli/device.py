"""`edge-fer run` and `edge-fer demo`: the daemon, and the daemon with a monitor beside it."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

from typing import Annotated

import typer

from edge_fer.cli.device_config import config_path
from edge_fer.cli.options import ConfigOption, JsonOption, ModelOption, PictureOption, SecondsOption
from edge_fer.errors import UsageError, UsageReason


def demo(
    seconds: SecondsOption = None,
    json: JsonOption = False,
    picture: PictureOption = None,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview", help="Show the driver's picture on a local page, again and again."
        ),
    ] = False,
) -> None:
    """Run daemon and monitor against each other on a scripted scene of 46 s."""
    if json and picture is not None:
        raise UsageError(
            UsageReason.CONTRADICTION, "--json and --picture exclude each other: choose one"
        )
    if preview:
        if json or picture is not None:
            raise UsageError(
                UsageReason.CONTRADICTION,
                "--preview excludes --json and --picture: choose one",
            )
        from edge_fer.preview.verb import run_preview

        code = run_preview(
            host="127.0.0.1",
            port=0,
            camera="demo:?loop=1",
            config_path=None,
            open_browser=False,
            seconds=seconds,
        )
        raise typer.Exit(code)
    from edge_fer.demo import run_demo

    raise typer.Exit(run_demo(seconds=seconds, json_lines=json, picture=picture))


def run(
    camera: Annotated[
        str | None, typer.Option(metavar="URI", help="The camera, instead of the config's.")
    ] = None,
    link: Annotated[
        str | None, typer.Option(metavar="URI", help="The link, instead of the config's.")
    ] = None,
    config: ConfigOption = None,
    model: ModelOption = None,
) -> None:
    """Run the daemon: camera frames in, protected driver-state frames out. Ends on SIGTERM."""
    from edge_fer.daemon.start import run_daemon

    raise typer.Exit(
        run_daemon(config_path=config_path(config), camera=camera, link=link, model=model)
    )
