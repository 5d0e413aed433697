"""`edge-fer benchmark faults`: counts corrupted frames that would be accepted, and prints."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from firmware_bridge.benchmark.corruption import Count, count_corrupted
from firmware_bridge.benchmark.output import Output, announce

# Of each of 16 kinds: over ten million in all.
FRAMES_EACH = 1_000_000


def run_fault_benchmark(*, output: Output | None = None, frames_each: int = FRAMES_EACH) -> int:
    """Count and print, as JSON or for people; return 0, or 1 where a bound was not kept.

    KeyboardInterrupt after what was counted until then is printed.
    """
    counts: list[Count] = []
    try:
        for count in count_corrupted(frames_each):
            announce(f"{count.transport}, {count.error}: counted")
            counts.append(count)
    finally:
        if counts:
            (output or Output()).show([count.to_json() for count in counts], lambda: _view(counts))
    return 0 if all(count.holds for count in counts) else 1


def _view(counts: list[Count]) -> RenderableType:
    total = sum(count.frames for count in counts)
    return Group(
        Text(f"{total:,} corrupted frames: how many were accepted", "bold"), render_counts(counts)
    )


def render_counts(counts: list[Count]) -> Table:
    """Return a table for people."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="grey62")
    table.add_column("transport")
    table.add_column("error")
    for name in ("frames", "look whole", "accepted", "one in", "bound"):
        table.add_column(name, justify="right", no_wrap=True)
    for count in counts:
        wrong = count.accepted_wrong
        table.add_row(
            count.transport,
            count.error,
            f"{count.frames:,}",
            f"{count.passed:,}",
            Text(f"{wrong:,}", "green3" if count.holds else "bold red1"),
            f"{count.frames / wrong:,.0f}" if wrong else "—",
            "none" if count.bound_share == 0.0 else f"{1 / count.bound_share:.0f}",
        )
    return table
