"""`edge-fer benchmark growth`: measures how the cost grows, and prints and draws it."""

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table

from edge_fer.benchmark.growth import Growth, GrowthEffort, measure_growth
from edge_fer.benchmark.plot import draw_growth
from edge_fer.paths import SHIPPED_MODEL
from firmware_bridge.benchmark.output import Interrupted, Output, announce


def run_growth_benchmark(
    *,
    model: Path | None,
    output: Output | None = None,
    plot: Path | None = None,
    effort: GrowthEffort | None = None,
) -> None:
    """Measure and print; UserError for a wrong model.

    KeyboardInterrupt after what was measured until then is printed and drawn.
    """
    path = model or SHIPPED_MODEL
    interrupted: Interrupted | None = None
    try:
        growth = measure_growth(path, effort or GrowthEffort(), announce)
    except Interrupted as end:
        interrupted, growth = end, end.partial
    (output or Output()).show(growth.to_json(), lambda: render_growth(growth))
    if plot is not None:
        draw_growth(growth, plot)
    if interrupted is not None:
        raise interrupted


def render_growth(growth: Growth) -> RenderableType:
    """Return a table for each thing that grows."""
    parts: list[RenderableType] = []
    heads = ("followed", "found anew", "whole search", "copy")
    for title, costs in (("frame", growth.sizes), ("faces in view", growth.faces)):
        table = _table(f"{title}, ms of the processor", heads)
        for name, cost in costs.items():
            values = (cost.tracked_ms, cost.detected_ms, cost.search_ms, cost.copy_ms)
            table.add_row(str(name), *(f"{value:.2f}" for value in values))
        parts += [table, ""]
    table = _table("threads", ("the network, ms",))
    for count, milliseconds in growth.threads.items():
        table.add_row(str(count), f"{milliseconds:.3f}")
    parts += [table, ""]
    heads = ("frames a second each", "cores", "ms a frame", "MB")
    for title, daemons in (("frames a second asked", growth.rates), ("cameras", growth.cameras)):
        table = _table(title, heads)
        for count, one in daemons.items():
            table.add_row(
                str(count),
                f"{one.fps:.1f}",
                f"{one.cores:.2f}",
                f"{one.frame_ms:.1f}",
                f"{one.rss_mb:.0f}",
            )
        parts += [table, ""]
    return Group(*parts)


def _table(first: str, others: tuple[str, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="grey62")
    table.add_column(first, min_width=24)
    for name in others:
        table.add_column(name, justify="right")
    return table
