"""`edge-fer benchmark --faults`: counts corrupted frames that would be believed, and prints."""

import json
import sys
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from firmware_bridge.benchmark.corruption import Count, count_corrupted

# Of each of 16 kinds: over ten million in all.
FRAMES_EACH = 1_000_000


def run_fault_benchmark(
    *, json_output: bool, frames_each: int = FRAMES_EACH, out: TextIO | None = None
) -> int:
    """Count and print, as JSON or for people; return 0, or 1 where a bound was not kept."""
    target = sys.stdout if out is None else out
    counts: list[Count] = []
    for count in count_corrupted(frames_each):
        if sys.stderr.isatty():
            print(f"counted: {count.transport}, {count.error}", file=sys.stderr)
        counts.append(count)
    if json_output:
        print(json.dumps([count.to_json() for count in counts], indent=2), file=target)
    else:
        console = Console(file=target)
        total = sum(count.frames for count in counts)
        console.print(Text(f"{total:,} corrupted frames: how many were believed", "bold"))
        console.print(render_counts(counts), highlight=False)
    return 0 if all(count.holds for count in counts) else 1


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
