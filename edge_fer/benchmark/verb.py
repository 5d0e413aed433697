"""`edge-fer benchmark`: measures this device and prints."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from edge_fer.benchmark.boards import stored_result
from edge_fer.benchmark.conditions import read_conditions, read_machine, why_invalid
from edge_fer.benchmark.drift import CAMERA, FPS, measure_drift
from edge_fer.benchmark.figures import DeviceFigures, compare
from edge_fer.benchmark.model_speed import measure_model
from edge_fer.benchmark.operator_times import measure_operators
from edge_fer.benchmark.plot import check_plot, draw_device, draw_drift
from edge_fer.benchmark.running_daemon import measure_daemon
from edge_fer.benchmark.stages import measure_stages
from edge_fer.benchmark.table import render_changes, render_drift, render_figures
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.errors import UserError
from edge_fer.models.classifier import Classifier
from edge_fer.paths import SHIPPED_MODEL

EXIT_REGRESSION = 1
EXIT_INVALID = 3
STORED = Path("board")  # for --compare: the stored result of this board
_LEAST_WIDTH = 110  # of the tables in a file or a pipe, which has no width of its own


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured; the defaults take about a minute."""

    model_s: float = 4.0  # for each number of threads
    operators_s: float = 5.0
    frames: int = 780  # the whole demo scene
    daemon_s: float = 12.0
    fastest_s: float = 6.0


def run_device_benchmark(
    *,
    model: Path | None,
    json_output: bool,
    old: Path | None = None,
    tolerance: float = 0.1,
    operators: bool = False,
    plot: Path | None = None,
    effort: Effort | None = None,
    out: TextIO | None = None,
) -> int:
    """Measure the device and print the figures, as JSON or for people; return the exit code.

    0, EXIT_REGRESSION when a figure is worse than in the result `old` ("board": the stored one of
    this board) by more than the share `tolerance`, EXIT_INVALID when the device throttled.
    UserError for a wrong model or result, or a `plot` that cannot be drawn.
    """
    target = sys.stdout if out is None else out
    if plot is not None:
        check_plot(plot)
    if old == STORED:
        old = stored_result(read_machine())
    before = None if old is None else _read(old)
    figures = measure_device(model or SHIPPED_MODEL, effort or Effort(), _say, operators)
    values = json.loads(json.dumps(figures.to_json()))  # as it will be read back
    changes = () if before is None else compare(before, values)
    if json_output:
        print(json.dumps(values, indent=2), file=target)
    else:
        console = _console(target)
        console.print(render_figures(figures), highlight=False)
        if changes:
            console.print()
            console.print(render_changes(changes, tolerance), highlight=False)
    worse = [change for change in changes if change.factor > 1 + tolerance]
    for change in worse:
        print(
            f"edge-fer: {change.name}: {change.factor:.2f} times the older result "
            f"({change.before:.3f} before, {change.now:.3f} now)",
            file=sys.stderr,
        )
    if plot is not None:
        draw_device(figures, plot)
    if _said_invalid(figures.invalid):
        return EXIT_INVALID
    return EXIT_REGRESSION if worse else 0


def run_drift(
    *,
    model: Path | None,
    seconds: float,
    json_output: bool,
    plot: Path | None = None,
    out: TextIO | None = None,
) -> int:
    """Run the daemon for `seconds` and print how it drifted; return the exit code.

    0, or EXIT_INVALID when the device throttled. UserError as `run_device_benchmark`.
    """
    target = sys.stdout if out is None else out
    if plot is not None:
        check_plot(plot)
    figures = measure_drift(
        model or SHIPPED_MODEL,
        seconds,
        lambda window: _say(f"{window.end_s:.0f} of {seconds:.0f} s"),
    )
    if json_output:
        print(json.dumps(figures.to_json(), indent=2), file=target)
    else:
        _console(target).print(render_drift(figures), highlight=False)
    if plot is not None:
        draw_drift(figures, plot)
    return EXIT_INVALID if _said_invalid(figures.invalid) else 0


def measure_device(
    model: Path, effort: Effort, say: Callable[[str], None], operators: bool = False
) -> DeviceFigures:
    """Return the figures, with those of each operator if asked; `say` is told what comes next."""
    machine = read_machine()
    before = read_conditions()
    say("the model alone")
    threads = tuple(count for count in (1, 2, 4) if count <= machine.cores)
    speed = measure_model(model, effort.model_s, threads)
    by_operator = None
    if operators:
        say("its operators")
        by_operator = measure_operators(model, effort.operators_s)
    say("the stages")
    classifier = Classifier(model)
    policy = PolicySettings().for_model(classifier.card.uncertain_threshold)
    stages = measure_stages("demo:?speed=max", classifier, policy, effort.frames)
    say("the daemon at 30 frames a second")
    (daemon,) = measure_daemon(CAMERA, model, effort.daemon_s, interval_ms=1000.0 / FPS)
    say("the daemon as fast as it goes")
    (fastest,) = measure_daemon("demo:?speed=max&loop=1", model, effort.fastest_s)
    after = read_conditions()
    return DeviceFigures(
        machine,
        before,
        after,
        speed,
        stages,
        daemon,
        fastest,
        why_invalid(before, after),
        by_operator,
    )


def _console(target: TextIO) -> Console:
    console = Console(file=target)
    if not console.is_terminal:
        console.width = max(console.width, _LEAST_WIDTH)
    return console


def _said_invalid(reasons: Sequence[str]) -> bool:
    for reason in reasons:
        print(f"edge-fer: these figures are not the device's: {reason}", file=sys.stderr)
    return bool(reasons)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise UserError(f"--compare {path}: cannot be read ({reason})") from error


def _say(what: str) -> None:
    """Tell a person who waits; a log or a pipe needs no progress."""
    if sys.stderr.isatty():
        print(f"measuring: {what}", file=sys.stderr)
