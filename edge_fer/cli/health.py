"""`edge-fer status` and `edge-fer doctor`: how the daemon is, and what of the device works."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

import json as json_format
import sys
import time
from pathlib import Path
from typing import Annotated, Never

import typer

from edge_fer.cli.device_config import config_path
from edge_fer.cli.options import ConfigOption, JsonOption, file_for
from edge_fer.errors import DaemonError, DaemonReason, UsageError, UsageReason

EXIT_UNWELL = 1
WATCH_EVERY_S = 1.0
_CLEAR = "\x1b[2J\x1b[H"  # the screen, and up to its first line


def status(
    json: JsonOption = False,
    socket: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The daemon's socket, where it is not in its usual place."
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Print it again each second, until Ctrl-C.")
    ] = False,
) -> None:
    """Print the state of the running daemon; exit code 1 where its pipeline is stalled."""
    if watch:
        _watch_status(socket, json=json)
    _show_status(socket, json=json, indent=2)


def _watch_status(socket: Path | None, *, json: bool) -> Never:
    """Print the status again and again: over a stall, and over a restart of the daemon."""
    was_shown = False
    while True:
        if not json and sys.stdout.isatty():
            typer.echo(_CLEAR, nl=False)
        try:
            _show_status(socket, json=json, indent=None)
            was_shown = True
        except typer.Exit:
            was_shown = True
        except DaemonError as error:
            if not was_shown or error.reason is DaemonReason.NO_PERMISSION:
                raise
            typer.echo(str(error), err=True)
        sys.stdout.flush()
        time.sleep(WATCH_EVERY_S)


def _show_status(socket: Path | None, *, json: bool, indent: int | None) -> None:
    from edge_fer.daemon.render_status import status_as_text
    from edge_fer.daemon.status_server import ask
    from edge_fer.printable import printable

    answer = ask(socket)
    if json:
        typer.echo(json_format.dumps({} if answer is None else answer.to_json(), indent=indent))
    elif answer is None:
        typer.echo("the daemon is starting")
    else:
        for line in status_as_text(answer.status).splitlines():
            typer.echo(printable(line))
    if answer is not None and answer.is_stale:
        typer.echo(f"pipeline stalled for {answer.age_s:.0f} s", err=True)
        raise typer.Exit(EXIT_UNWELL)


def _check_driver(
    config: Path | None, report: Path | None, camera: str | None, *, json: bool
) -> None:
    from rich.console import Console

    from edge_fer.commissioning.terminal import check_driver
    from edge_fer.doctor.finding import Level

    # With --json the person still reads what to do, and a program the results.
    results = check_driver(config, report, camera, Console(stderr=json))
    if json:
        rows = [
            {
                "step": one.step.value,
                "level": one.level.value,
                "text": one.text,
                "remedy": one.remedy,
                "measured": dict(one.measured),
            }
            for one in results
        ]
        typer.echo(json_format.dumps(rows, indent=2))
    if any(one.level is Level.FAILED for one in results):
        raise typer.Exit(EXIT_UNWELL)


def doctor(
    config: ConfigOption = None,
    json: JsonOption = False,
    check_driver: Annotated[
        bool,
        typer.Option(
            "--check-driver", help="Lead the driver through a check of a minute: see the preview."
        ),
    ] = False,
    camera: Annotated[
        str | None,
        typer.Option(metavar="URI", help="With --check-driver: a camera. [default: the daemon's]"),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            callback=file_for("--report", ".md", ".html"),
            help="With --check-driver: write .md or .html.",
        ),
    ] = None,
) -> None:
    """Check camera, model, port, permissions, throttling, clock and disk, and say what to do."""
    if check_driver:
        _check_driver(config_path(config), report, camera, json=json)
        return
    if camera is not None or report is not None:
        raise UsageError(
            UsageReason.CONTRADICTION, "--camera and --report need --check-driver: add it"
        )
    from edge_fer.doctor.checks import examine
    from edge_fer.doctor.finding import Level

    findings = []
    for finding in examine(config_path(config)):
        findings.append(finding)
        if not json:
            typer.echo(f"{finding.level.value:8} {finding.check:12} {finding.text}")
            if finding.remedy:
                typer.echo(f"{'':21} -> {finding.remedy}")
    if json:
        typer.echo(json_format.dumps([finding.to_json() for finding in findings], indent=2))
    if any(finding.level is Level.FAILED for finding in findings):
        raise typer.Exit(EXIT_UNWELL)
