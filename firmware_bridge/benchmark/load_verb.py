"""`edge-fer benchmark load`: puts the link under load, and prints what the other side saw."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from firmware_bridge.benchmark.load import (
    AGE_BOUND_S,
    GAP_BOUND_MS,
    GROWTH_BOUND_MB,
    LoadEffort,
    LoadPart,
    measure_load,
)
from firmware_bridge.benchmark.output import Output, announce

_DASH = "—"


def run_load_benchmark(*, effort: LoadEffort, output: Output | None = None) -> int:
    """Measure and print, as JSON or for people; return 0, or 1 where a bound was not kept.

    KeyboardInterrupt after what was measured until then is printed.
    """
    parts: list[LoadPart] = []
    try:
        for part in measure_load(effort, announce):
            parts.append(part)
    finally:
        if parts:
            (output or Output()).show([part.to_json() for part in parts], lambda: _view(parts))
    return 0 if all(part.holds for part in parts) else 1


def _view(parts: list[LoadPart]) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="grey62")
    table.add_column("load")
    for name in ("seconds", "states", "longest gap ms", "oldest fresh s", "grew MB", "descriptors"):
        table.add_column(name, justify="right", no_wrap=True)
    for part in parts:
        oldest = part.oldest_believed_s
        table.add_row(
            f"{part.amount:,.0f} {part.name}",
            f"{part.seconds:.0f}",
            f"{part.driver_states:,}",
            Text(f"{part.longest_gap_ms:.0f}", _style(part.longest_gap_ms, GAP_BOUND_MS)),
            Text(_DASH) if oldest is None else Text(f"{oldest:.1f}", _style(oldest, AGE_BOUND_S)),
            Text(f"{part.growth_mb:.1f}", _style(part.growth_mb, GROWTH_BOUND_MB)),
            Text(str(part.growth_descriptors), _style(part.growth_descriptors, 0)),
        )
    bounds = (
        f"bounds: {GAP_BOUND_MS:.0f} ms without a driver state, {AGE_BOUND_S} s of a state that"
        f" is believed, {GROWTH_BOUND_MB:.0f} MB, no descriptor"
    )
    return Group(Text("the link under load", "bold"), table, Text(bounds, "grey62"))


def _style(value: float, bound: float) -> str:
    return "green3" if value <= bound else "bold red1"
