"""The verbs below `edge-fer config`: what holds, whether a file is all right, what may be set."""

# ruff: noqa: PLC0415 - as in cli.py, a verb imports what it needs when it is called

import json as json_format
import os
from pathlib import Path
from typing import Annotated

import typer

from edge_fer.paths import DEVICE_CONFIG

config_app = typer.Typer(
    help="Show and check the config, or print its JSON schema.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

FileArgument = Annotated[
    Path | None,
    typer.Argument(help=f"the TOML file; without it {DEVICE_CONFIG}, if that is there"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON instead of TOML")]


@config_app.command()
def show(file: FileArgument = None, json: JsonOption = False) -> None:
    """Print every setting as the daemon would have it, and where each came from."""
    from edge_fer.config.config import config_from, read_source
    from edge_fer.config.render import config_as_json, config_as_toml

    source = read_source(_device_file(file), os.environ)
    config = config_from(source)
    if json:
        typer.echo(json_format.dumps(config_as_json(config, source), indent=2))
    else:
        typer.echo(config_as_toml(config, source), nl=False)


@config_app.command()
def check(file: FileArgument = None) -> None:
    """Say whether the daemon would take this config: one line, exit code 0 or 2.

    Looks at no device: a camera or port may be plugged in later. `edge-fer doctor` does.
    """
    from edge_fer.camera import check_uri
    from edge_fer.config.config import load_config
    from edge_fer.recording.process import check_recording
    from firmware_bridge.transports import check_address

    path = _device_file(file)
    config = load_config(path, os.environ)
    check_uri(config.camera.uri)
    check_address(config.link.uri)
    check_recording(config.recording)
    typer.echo(f"{'defaults and environment' if path is None else path}: all right")


@config_app.command()
def schema() -> None:
    """Print the JSON schema of the config, with each key's meaning, range and default."""
    from edge_fer.config.schema import schema as make_schema

    typer.echo(json_format.dumps(make_schema(), indent=2))


def _device_file(file: Path | None) -> Path | None:
    return DEVICE_CONFIG if file is None and DEVICE_CONFIG.exists() else file
