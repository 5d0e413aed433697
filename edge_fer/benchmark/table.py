"""Shows the device's figures to people."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_fer.benchmark.conditions import Conditions, warnings
from edge_fer.benchmark.distribution import Distribution
from edge_fer.benchmark.drift import FPS as DRIFT_FPS
from edge_fer.benchmark.drift import DriftFigures
from edge_fer.benchmark.figures import Change, DeviceFigures
from edge_fer.benchmark.operator_times import OperatorTimes
from edge_fer.benchmark.recommendation import FPS, Recommendation
from edge_fer.benchmark.running_daemon import DaemonFigures
from edge_fer.paths import SHIPPED_MODEL
from firmware_bridge.counted import counted

_DASH = "—"
_LEAST_RATED = 100_000  # multiply-adds: with fewer the time is that of the call


def render_figures(figures: DeviceFigures) -> RenderableType:
    """Return all figures as tables, and first what has to be known of them."""
    machine, model, stages = figures.machine, figures.model, figures.stages
    cold = model.cold_start
    width, height = stages.frame_size
    parts: list[RenderableType] = [
        Text(f"{machine.board}, {machine.processor}, {counted(machine.cores, 'core')}", "bold"),
        Text(
            f"kernel {machine.kernel}  python {machine.python}  {model.runtime} "
            f"({model.delegate or 'no delegate'})  {model.path} {model.sha256[:12]}",
            "grey62",
        ),
        Text(f"before  {_conditions(figures.before)}", "grey62"),
        Text(f"after   {_conditions(figures.after)}", "grey62"),
        *(Text(f"INVALID: {reason}", "bold red1") for reason in figures.invalid),
        *(Text(f"note: {warning}", "yellow") for warning in warnings(figures.before)),
        Text(
            f"\ncold start: import {cold.import_ms:.0f} ms, load {cold.load_ms:.0f} ms, "
            f"first inference {cold.first_inference_ms:.2f} ms"
        ),
        Text("\nmodel alone, one face, ms", "bold"),
        _distributions(
            {f"{counted(threads, 'thread')}": times for threads, times in model.by_threads.items()}
        ),
        Text(
            f"\nstages on {stages.frames} frames of {width}x{height} "
            f"(a face in {stages.face_share:.0%}), ms",
            "bold",
        ),
        _distributions(stages.stages),
    ]
    if figures.operators is not None:
        parts[-2:-2] = [
            Text(
                f"\noperators of {model.path}, {counted(figures.operators.threads, 'thread')}, "
                f"{1000 * figures.operators.total_ms:.0f} µs in all ({figures.operators.method})",
                "bold",
            ),
            _operators(figures.operators),
        ]
    if figures.recommendation is not None:
        parts[-2:-2] = _recommended(figures.recommendation)
    if stages.overhead is not None:
        parts.append(Text(f"the pipeline takes {stages.overhead:+.1%} over its stages"))
    parts += [
        Text("\nthe daemon, with a terminal device for a port", "bold"),
        _daemons([figures.daemon, figures.fastest]),
    ]
    return Group(*parts)


def render_parts(parts: Mapping[str, Any]) -> RenderableType:
    """Return tables of those parts of DeviceFigures that were measured before an interrupt."""
    shown: list[RenderableType] = [Text("interrupted: what was measured until then", "yellow")]
    if "model" in parts:
        by_threads = parts["model"].by_threads
        shown += [
            Text("\nmodel alone, one face, ms", "bold"),
            _distributions({counted(count, "thread"): by_threads[count] for count in by_threads}),
        ]
    if "recommendation" in parts:
        shown += _recommended(parts["recommendation"])
    if "operators" in parts:
        shown += [Text("\noperators", "bold"), _operators(parts["operators"])]
    if "stages" in parts:
        shown += [Text("\nstages, ms", "bold"), _distributions(parts["stages"].stages)]
    columns = [parts[name] for name in ("daemon", "fastest") if name in parts]
    if columns:
        shown += [Text("\nthe daemon", "bold"), _daemons(columns)]
    return Group(*shown)


def render_drift(figures: DriftFigures) -> RenderableType:
    """Return how a long run began and how it ended."""
    machine, whole_s = figures.machine, figures.windows[-1].end_s
    table = _table(
        f"over {whole_s / 60:.1f} minutes at {DRIFT_FPS} frames a second",
        *("first third", "last third", "change"),
    )
    for name, drift in figures.drift.items():
        table.add_row(name, f"{drift.first:.2f}", f"{drift.last:.2f}", f"{drift.change:+.1%}")
    daemons = [window.daemon for window in figures.windows]
    return Group(
        Text(f"{machine.board}, {machine.processor}, {counted(machine.cores, 'core')}", "bold"),
        Text(f"before  {_conditions(figures.before)}", "grey62"),
        Text(f"after   {_conditions(figures.after)}", "grey62"),
        *(Text(f"INVALID: {reason}", "bold red1") for reason in figures.invalid),
        *(Text(f"note: {warning}", "yellow") for warning in warnings(figures.before)),
        table,
        Text(
            f"{sum(one.frames for one in daemons):,} frames, "
            f"{sum(one.dropped or 0 for one in daemons)} dropped; "
            f"{sum(one.frames_on_port for one in daemons):,} on the port, "
            f"{sum(one.bad_frames_on_port for one in daemons)} bad, "
            f"{sum(one.late or 0 for one in daemons)} late"
        ),
    )


def render_changes(changes: Sequence[Change], tolerance: float) -> RenderableType:
    """Return what changed against an older result; worse than `tolerance` (a share) is red."""
    table = _table("against the older result", "before", "now", "factor")
    for change in changes:
        style = "bold red1" if change.factor > 1 + tolerance else ""
        table.add_row(
            change.name,
            f"{change.before:.3f}",
            f"{change.now:.3f}",
            Text(f"{change.factor:.2f}", style),
        )
    return table


def _conditions(conditions: Conditions) -> str:
    parts = [
        f"load {conditions.load:.1f}",
        f"governor {conditions.governor}" if conditions.governor else None,
        f"{conditions.clock_mhz:.0f} MHz" if conditions.clock_mhz else None,
        f"{conditions.temperature_c:.0f} degC" if conditions.temperature_c is not None else None,
        f"throttle bits {conditions.throttle_bits:#x}"
        if conditions.throttle_bits is not None
        else None,
    ]
    return "  ".join(part for part in parts if part is not None)


def _chosen_by(network: str) -> str:
    if network == SHIPPED_MODEL.name:
        return "the default"
    return f'model.path = "{SHIPPED_MODEL.with_name(network)}"'


def _recommended(recommendation: Recommendation) -> list[RenderableType]:
    table = _table("", "accuracy", "multiply-adds", "ms", "multiply-adds/ns", f"share at {FPS} fps")
    for choice in recommendation.choices:
        cost = choice.multiply_adds
        table.add_row(
            choice.name,
            f"{choice.accuracy:.2%}",
            f"{cost:,}" if cost else _DASH,
            f"{choice.ms:.3f}",
            f"{cost / (1e6 * choice.ms):.0f}" if cost and choice.ms > 0 else _DASH,
            f"{choice.share:.1%}",
        )
    return [
        Text("\nshipped emotion networks, one thread", "bold"),
        table,
        Text(f"recommended: {recommendation.network} ({_chosen_by(recommendation.network)})"),
        Text(recommendation.reason, "grey62"),
    ]


def _distributions(rows: dict[str, Distribution]) -> Table:
    heads = ("min", "p50", "p90", "p95", "p99", "max", "mean", "std")
    table = _table("", "times", *heads)
    for name, times in rows.items():
        values = (getattr(times, f"{head}_ms") for head in heads)
        table.add_row(name, f"{times.count:,}", *(f"{value:.3f}" for value in values))
    return table


def _operators(times: OperatorTimes) -> Table:
    table = _table("", "output", "multiply-adds", "µs", "share", "multiply-adds/ns")
    for place, one in enumerate(times.operators, 1):
        rate = one.multiply_adds / (1e6 * one.ms) if one.multiply_adds and one.ms > 0 else None
        table.add_row(
            f"{place:2} {one.name}",
            "x".join(map(str, one.output[1:])),
            f"{one.multiply_adds:,}" if one.multiply_adds else "",
            f"{1000 * one.ms:.1f}",
            f"{one.share:.1%}",
            "" if rate is None or one.multiply_adds < _LEAST_RATED else f"{rate:.0f}",
        )
    return table


def _daemons(columns: Sequence[DaemonFigures]) -> Table:
    table = _table("", *(f"--camera {column.camera}" for column in columns))
    rows: tuple[tuple[str, list[str]], ...] = (
        ("frames a second", [f"{column.fps:.1f}" for column in columns]),
        ("ready after", [f"{column.ready_s:.2f} s" for column in columns]),
        ("capture to decision", [_ms(column.latency_ms) for column in columns]),
        ("glass to wire, p50 and p99", [_ages(column) for column in columns]),
        ("daemon", [_cost(column.cpu_daemon, column.rss_daemon_mb) for column in columns]),
        ("camera process", [_cost(column.cpu_camera, column.rss_camera_mb) for column in columns]),
        (
            "frames on the port",
            [f"{one.frames_on_port:,}, {one.bad_frames_on_port} bad" for one in columns],
        ),
        ("frames dropped", [_of(one.dropped, one.frames) for one in columns]),
        ("states sent late", [_of(one.late, one.frames_on_port) for one in columns]),
    )
    for name, values in rows:
        table.add_row(name, *values)
    return table


def _of(count: int | None, whole: int) -> str:
    return _DASH if count is None else f"{count} of {whole:,}"


def _ages(one: DaemonFigures) -> str:
    return f"{_ms(one.source_age_p50_ms)}, {_ms(one.source_age_p99_ms)}"


def _ms(value: float | None) -> str:
    return _DASH if value is None else f"{value:.0f} ms"


def _cost(share: float, megabytes: float) -> str:
    return f"{share:.0%} of a core, {megabytes:.0f} MB"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="grey62")
    table.add_column(first, min_width=24)
    for name in others:
        table.add_column(name, justify="right")
    return table
