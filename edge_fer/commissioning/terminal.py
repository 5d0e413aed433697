"""`edge-fer doctor --check-driver`: the guided check without a browser."""

import contextlib
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from edge_fer import __version__
from edge_fer.commissioning.check import GuidedCheck, Progress
from edge_fer.commissioning.report import Report
from edge_fer.commissioning.sample import sample_of
from edge_fer.commissioning.steps import INSTRUCTIONS
from edge_fer.commissioning.verdicts import Result
from edge_fer.config.config import load_config
from edge_fer.config.edit import edited
from edge_fer.daemon.status_server import ask
from edge_fer.doctor.finding import Level
from edge_fer.errors import DaemonError
from edge_fer.live.own_daemon import OwnDaemon, own_daemon
from edge_fer.live.packet import Header
from edge_fer.live.reader import read_pictures, wait_for_socket
from edge_fer.paths import pictures_sockets
from edge_fer.redaction import redacted_uri

Shown = tuple[Header, NDArray[np.uint8] | None]


def check_driver(
    config_path: Path | None, report: Path | None, camera: str | None, console: Console
) -> tuple[Result, ...]:
    """Lead a person through the check; return the results, and write `report` (.md or .html).

    Pictures come from the running daemon, or from one that is started for the camera of the config
    or `camera`. UserError where neither shows any.
    """
    config = load_config(config_path, os.environ)
    running = next((path for path in pictures_sockets() if path.exists()), None)
    with contextlib.ExitStack() as stack:
        if camera is None and running is not None:
            pictures, path = read_pictures(running), running
            name = ask(running.with_name("status.socket"))
            uri = config.camera.uri if name is None else name.status.camera
        else:
            uri = camera or config.camera.uri
            daemon = stack.enter_context(own_daemon(uri, config_path))
            path = daemon.folder / "pictures.socket"
            pictures = _of_own(daemon, path)
        check = _lead(pictures, console)
    made = Report(
        datetime.now().astimezone(),
        redacted_uri(uri),
        __version__,
        check.results(),
        check.settings(),
    )
    console.print(f"\n{made.verdict}", markup=False)
    if made.settings:
        console.print(edited("", made.settings).strip(), style="dim", markup=False)
        for key, value in made.settings.items():
            console.print(f"edge-fer config set {key} {value}", markup=False)
    if report is not None:
        text = made.to_html() if report.suffix.lower() == ".html" else made.to_markdown()
        report.write_text(text, encoding="utf-8")
        console.print(f"report: {report}", markup=False)
    return tuple(made.results)


def _of_own(daemon: OwnDaemon, path: Path) -> Iterator[Shown]:
    wait_for_socket(path, lambda: daemon.ended)
    daemon.check()
    try:
        yield from read_pictures(path)
    except DaemonError:
        if daemon.ended:
            daemon.check()  # its own reason is the better one
        raise


def _lead(pictures: Iterator[Shown], console: Console) -> GuidedCheck:
    check: GuidedCheck | None = None
    said: tuple[int, bool] | None = None
    shown_results = 0
    for header, grey in pictures:
        now_s = time.monotonic()
        if check is None:
            if grey is None:
                continue  # the camera opens
            check = GuidedCheck(now_s)
            console.print(
                f"Seven steps, {check.length_s:.0f} s. Each begins after a pause and ends with a"
                " sound.",
                markup=False,
            )
        check.tick(now_s)
        if header.scene is not None:
            check.take(sample_of(header.scene, grey, header.width, header.height, now_s))
        results = check.results()
        for result in results[shown_results:]:
            console.bell()
            _print(result, console)
        shown_results = len(results)
        progress = check.progress()
        if progress is None:
            return check
        if (progress.number, progress.measuring) != said:
            said = progress.number, progress.measuring
            _ask(progress, console)
    raise AssertionError("read_pictures ends with an error")


def _ask(progress: Progress, console: Console) -> None:
    instruction = INSTRUCTIONS[progress.step]
    if progress.measuring:
        console.print(f"   measuring for {instruction.measure_s:.0f} s", style="dim")
    else:
        console.print(f"{progress.number}. {instruction.text}", style="bold", markup=False)


_COLOURS = {Level.OK: "green", Level.NOTE: "blue", Level.WARNING: "yellow", Level.FAILED: "red"}


def _print(result: Result, console: Console) -> None:
    console.print(
        f"   {result.level.value}: {result.text}", style=_COLOURS[result.level], markup=False
    )
    if result.remedy:
        console.print(f"   -> {result.remedy}", markup=False)
