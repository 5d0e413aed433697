"""The verbs below `edge-fer config`: what holds, whether a file is all right, what may be set."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

import json as json_format
import os
from pathlib import Path
from typing import Annotated

import typer

from edge_fer.cli.device_config import config_path
from edge_fer.cli.exit_codes import EXIT_USER_ERROR
from edge_fer.cli.help import new_app
from edge_fer.cli.options import ConfigOption, JsonOption
from edge_fer.paths import DEVICE_CONFIG

config_app = new_app(
    "Show, check and change the config; print an example, its JSON schema or the unit."
)

FileArgument = Annotated[
    Path | None, typer.Argument(help=f"The TOML file. [default: {DEVICE_CONFIG}, where it exists]")
]


@config_app.command()
def show(file: FileArgument = None, json: JsonOption = False) -> None:
    """Print every setting as the daemon would have it, and where each came from."""
    from edge_fer.config.config import config_from, read_source
    from edge_fer.config.render import config_as_json, config_as_toml

    source = read_source(config_path(file), os.environ)
    config = config_from(source)
    if json:
        typer.echo(json_format.dumps(config_as_json(config, source), indent=2))
    else:
        typer.echo(config_as_toml(config, source), nl=False)


@config_app.command()
def check(file: FileArgument = None) -> None:
    """Check whether the daemon takes this config. Exit code 2, with a line for each error.

    Opens no device: a camera or port may be plugged in later. `edge-fer doctor` opens them.
    """
    from edge_fer.config.check import config_errors
    from edge_fer.config.config import read_source

    path = config_path(file)
    errors = config_errors(read_source(path, os.environ))
    for error in errors:
        typer.echo(f"edge-fer: {error}", err=True)
    if errors:
        raise typer.Exit(EXIT_USER_ERROR)
    typer.echo(f"{'defaults and environment' if path is None else path}: all right")


# An angle may be negative: -0.9 is a value and no option.
@config_app.command("set", context_settings={"ignore_unknown_options": True})
def set_(
    key: Annotated[str, typer.Argument(help="The setting, as camera.fps.", show_default=False)],
    value: Annotated[str, typer.Argument(help="Its value, a text without quotes.")],
    config: ConfigOption = None,
) -> None:
    """Change one setting in the config file. Comments and all other lines stay as they are."""
    from edge_fer.config.config import LIVE_SECTIONS
    from edge_fer.config.edit import parse_value, set_in_file

    path = config or DEVICE_CONFIG
    set_in_file(path, {key: parse_value(key, value)})
    live = key.partition(".")[0] in LIVE_SECTIONS
    how = "sudo systemctl reload edge-fer" if live else "sudo systemctl restart edge-fer"
    typer.echo(f"{path}: {key} is set; the daemon takes it over on: {how}")


@config_app.command()
def schema() -> None:
    """Print the JSON schema of the config, with each key's meaning, range and default."""
    from edge_fer.config.schema import schema as make_schema

    typer.echo(json_format.dumps(make_schema(), indent=2))


@config_app.command("example")
def example_() -> None:
    """Print an example config: each key with its meaning, range and default."""
    from edge_fer.config.example import example

    typer.echo(example(), nl=False)


@config_app.command()
def unit() -> None:
    """Print the systemd unit of the daemon."""
    from importlib.resources import files

    typer.echo(files("edge_fer").joinpath("assets/edge-fer.service").read_text("utf-8"), nl=False)
