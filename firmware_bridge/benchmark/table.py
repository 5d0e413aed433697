"""Shows the benchmark's figures to people."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from firmware_bridge.benchmark.figures import PEER, LinkFigures, Times

_DASH = "—"


def render_figures(figures: LinkFigures) -> RenderableType:
    """Return tables of rates and times, and how they compare with python-can's."""
    parts: list[RenderableType] = [
        Text("  ".join(f"{name} {value}" for name, value in figures.machine.items()), "grey62"),
        Text("\nframes a second, one thread", "bold"),
        _rates(figures),
    ]
    for title, times in (
        ("send to first byte on the port", figures.send_to_byte),
        ("change of state to first byte on the port, through the link", figures.event_to_byte),
        ("time between two driver states, off the cycle of 100 ms by", figures.jitter),
        ("port is back to first frame on it", figures.reconnect),
    ):
        if times:
            parts += [Text(f"\n{title}", "bold"), _times(times)]
    ratios = [f"{name} {ratio:.1f}x" for name, ratio in figures.ratios.items()]
    if ratios:
        parts += [Text(f"\nslcan over {PEER}, same run", "bold"), Text("  ".join(ratios))]
    parts += [Text(f"{name} left out: {why}", "yellow") for name, why in figures.skipped.items()]
    return Group(*parts)


def _rates(figures: LinkFigures) -> Table:
    table = _table("transport", "encode", "send", "receive")
    for rates in figures.rates:
        values = (rates.encode_per_s, rates.send_per_s, rates.receive_per_s)
        table.add_row(
            rates.transport, *(_DASH if value is None else f"{value:,.0f}" for value in values)
        )
    return table


def _times(times: list[Times]) -> Table:
    table = _table("transport", "times", "p50 ms", "p99 ms", "worst ms", "bound ms")
    for entry in times:
        bound = Text(_DASH)
        if entry.bound_ms is not None:
            bound = Text(f"{entry.bound_ms:.0f}", "green3" if entry.holds else "bold red1")
        table.add_row(
            entry.what,
            str(entry.count),
            f"{entry.p50_ms:.3f}",
            f"{entry.p99_ms:.3f}",
            f"{entry.max_ms:.3f}",
            bound,
        )
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="grey62")
    table.add_column(first, min_width=18)
    for name in others:
        table.add_column(name, justify="right", min_width=9)
    return table
