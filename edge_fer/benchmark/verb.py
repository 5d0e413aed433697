"""`edge-fer benchmark device`, `compare` and `soak TIME`: measures this device and prints."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Group

from edge_fer.benchmark.boards import stored_result
from edge_fer.benchmark.conditions import Machine, read_conditions, read_machine, why_invalid
from edge_fer.benchmark.drift import CAMERA, FPS, measure_drift
from edge_fer.benchmark.figures import (
    DeviceFigures,
    check_same_processor,
    compare,
    names_model,
    read_result,
)
from edge_fer.benchmark.model_speed import ModelSpeed, measure_model, time_classifier
from edge_fer.benchmark.operator_times import measure_operators
from edge_fer.benchmark.plot import draw_device, draw_drift
from edge_fer.benchmark.recommendation import NetworkChoice, Recommendation, recommend
from edge_fer.benchmark.running_daemon import measure_daemon
from edge_fer.benchmark.stages import measure_stages
from edge_fer.benchmark.table import (
    render_changes,
    render_drift,
    render_figures,
    render_parts,
)
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.models.classifier import Classifier
from edge_fer.paths import SHIPPED_MODEL, shipped_emotion_networks
from firmware_bridge.benchmark.output import Interrupted, Output, announce

EXIT_REGRESSION = 1
EXIT_INVALID = 3
STORED = "board"  # to compare with: the stored result of this board


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured; the defaults take about a minute."""

    model_s: float = 4.0  # for each number of threads
    operators_s: float = 5.0
    networks_s: float = 2.0  # for each other network that is shipped
    frames: int = 780  # the whole demo scene
    daemon_s: float = 12.0
    fastest_s: float = 6.0


def run_device_benchmark(
    *,
    model: Path | None,
    output: Output | None = None,
    operators: bool = False,
    plot: Path | None = None,
    effort: Effort | None = None,
) -> int:
    """Measure the device and print the figures; return the exit code: 0, or EXIT_INVALID.

    It is that when the device throttled. UserError for a wrong model, KeyboardInterrupt after what
    was measured until then is printed.
    """
    where = output or Output()
    figures = _measured(model, effort, operators, where)
    values = json.loads(json.dumps(figures.to_json()))  # as it will be read back
    where.show(values, lambda: render_figures(figures))
    if plot is not None:
        draw_device(figures, plot)
    return EXIT_INVALID if _said_invalid(figures.invalid) else 0


def run_compare(
    *,
    old: str,
    new: Path | None = None,
    model: Path | None = None,
    tolerance: float = 0.1,
    output: Output | None = None,
    effort: Effort | None = None,
) -> int:
    """Compare the result `old` with `new`, or with this device now; return the exit code.

    `old` is a file or "board": the stored result of this board. 0, EXIT_REGRESSION when a figure is
    worse by more than the share `tolerance`, EXIT_INVALID when the device throttled. UserError for
    what is not a result, and for results of two different processors.
    """
    where = output or Output()
    machine = read_machine()
    before = read_result(stored_result(machine) if old == STORED else Path(old))
    figures = None
    if new is not None:
        now = read_result(new)
        check_same_processor(before, now)
    else:
        check_same_processor(before, {"machine": asdict(machine)})
        figures = _measured(model, effort, False, where)
        now = json.loads(json.dumps(figures.to_json()))
    if not names_model(before):
        print(
            f"edge-fer: warning: {old} names no model of its processor: it may be another "
            f"{before['machine']['processor']} than this one",
            file=sys.stderr,
        )
    changes = compare(before, now)
    worse = [change for change in changes if change.factor > 1 + tolerance]
    values = {
        "tolerance": tolerance,
        "changes": [asdict(change) | {"factor": change.factor} for change in changes],
        "worse": [change.name for change in worse],
    }
    where.show(
        values | ({} if figures is None else {"now": now}),
        lambda: Group(
            *(() if figures is None else (render_figures(figures), "")),
            render_changes(changes, tolerance),
        ),
    )
    for change in worse:
        print(
            f"edge-fer: {change.name}: {change.factor:.2f} times the older result "
            f"({change.before:.3f} before, {change.now:.3f} now)",
            file=sys.stderr,
        )
    if _said_invalid(tuple(now.get("invalid", ()))):
        return EXIT_INVALID
    return EXIT_REGRESSION if worse else 0


def run_drift(
    *,
    model: Path | None,
    seconds: float,
    output: Output | None = None,
    plot: Path | None = None,
) -> int:
    """Run the daemon for `seconds` and print how it drifted; return the exit code.

    0, or EXIT_INVALID when the device throttled. UserError and KeyboardInterrupt as
    `run_device_benchmark`.
    """
    where = output or Output()
    interrupted: Interrupted | None = None
    try:
        figures = measure_drift(
            model or SHIPPED_MODEL,
            seconds,
            lambda window: announce(f"{window.end_s:.0f} of {seconds:.0f} s"),
        )
    except Interrupted as end:
        interrupted, figures = end, end.partial
    where.show(figures.to_json(), lambda: render_drift(figures))
    if plot is not None:
        draw_drift(figures, plot)
    if interrupted is not None:
        raise interrupted
    return EXIT_INVALID if _said_invalid(figures.invalid) else 0


def _measured(
    model: Path | None, effort: Effort | None, operators: bool, output: Output
) -> DeviceFigures:
    try:
        return measure_device(model or SHIPPED_MODEL, effort or Effort(), announce, operators)
    except Interrupted as end:
        parts = end.partial
        if parts:
            values = {name: asdict(part) for name, part in parts.items()}
            values = json.loads(json.dumps({"interrupted": True, **values}))
            output.show(values, lambda: render_parts(parts))
        raise


def measure_device(
    model: Path, effort: Effort, say: Callable[[str], None], operators: bool = False
) -> DeviceFigures:
    """Return the figures, with those of each operator if asked; `say` gets each step's name.

    Interrupted by Ctrl-C, with the parts that were measured, by the names of their fields.
    """
    machine = read_machine()
    before = read_conditions()
    done: dict[str, Any] = {}
    try:
        say("the model alone")
        threads = tuple(count for count in (1, 2, 4) if count <= machine.cores)
        done["model"] = measure_model(model, effort.model_s, threads)
        say("the shipped networks")
        done["recommendation"] = _recommendation(machine, model, done["model"], effort.networks_s)
        if operators:
            say("its operators")
            done["operators"] = measure_operators(model, effort.operators_s)
        say("the stages")
        classifier = Classifier(model)
        policy = PolicySettings().for_model(classifier.card.uncertain_threshold)
        done["stages"] = measure_stages("demo:?speed=max", classifier, policy, effort.frames)
        say("the daemon at 30 frames a second")
        (done["daemon"],) = measure_daemon(CAMERA, model, effort.daemon_s, interval_ms=1000.0 / FPS)
        say("the daemon as fast as it goes")
        (done["fastest"],) = measure_daemon("demo:?speed=max&loop=1", model, effort.fastest_s)
    except KeyboardInterrupt:
        raise Interrupted(done) from None
    after = read_conditions()
    return DeviceFigures(machine, before, after, invalid=why_invalid(before, after), **done)


def _recommendation(
    machine: Machine, model: Path, measured: ModelSpeed, seconds: float
) -> Recommendation:
    """Compare the shipped networks; that of `model` was `measured` already."""
    choices = []
    for path in shipped_emotion_networks():
        classifier = Classifier(path, threads=1)
        card = classifier.card
        same = path.resolve() == model.resolve()
        times = measured.by_threads[1] if same else time_classifier(classifier, seconds)
        choices.append(
            NetworkChoice(path.name, card.accuracy.int8, card.multiply_adds, times.p50_ms)
        )
    return recommend(choices, machine.flags)


def _said_invalid(reasons: Sequence[str]) -> bool:
    for reason in reasons:
        print(f"edge-fer: these figures are not the device's: {reason}", file=sys.stderr)
    return bool(reasons)
