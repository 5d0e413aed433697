"""The verb `data`: what a data set holds."""

import json
from pathlib import Path
from typing import Any

from rich.bar import Bar
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_fer.emotions import LABELS
from quantize.data.fer2013 import Fer2013
from quantize.data.load import load_fer2013
from quantize.plots.figures import draw_distribution


def report_data(path: Path, *, json_output: bool, skip_bad: bool, plot: Path | None) -> None:
    """Read a data set and print rows by usage and class; draw them into `plot` if that is given."""
    dataset = load_fer2013(path, skip_bad=skip_bad, progress=True)
    if plot is not None:
        draw_distribution(dataset, plot)
    if json_output:
        print(json.dumps(describe(dataset, path), indent=2))
    else:
        Console().print(render_data(dataset, path))


def describe(dataset: Fer2013, path: Path) -> dict[str, Any]:
    """Return plain values for JSON: rows by usage and class, rows left out by reason, sha256."""
    return {
        "path": str(path),
        "rows": len(dataset),
        "usages": {
            usage: {"rows": sum(classes.values()), "classes": classes}
            for usage, classes in dataset.counts().items()
        },
        "skipped": dict(dataset.skipped),
        "sha256": dataset.digest(),
    }


def render_data(dataset: Fer2013, path: Path) -> RenderableType:
    """Return a table of rows by class and usage with a bar for each share of its usage."""
    usages = dataset.counts()
    longest = max(max(classes.values()) / sum(classes.values()) for classes in usages.values())
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("class")
    for usage in usages:
        table.add_column(usage, justify="right")
        table.add_column("")
        table.add_column("")
    for label in LABELS:
        cells: list[RenderableType] = [label]
        for classes in usages.values():
            share = classes[label] / sum(classes.values())
            bar = Bar(longest, 0, share, width=36 // len(usages), color="cyan")
            cells += [f"{classes[label]:,}", f"{share:6.1%}", bar]
        table.add_row(*cells)
    totals: list[RenderableType] = [Text("all", "bold")]
    for classes in usages.values():
        totals += [Text(f"{sum(classes.values()):,}", "bold"), "", ""]
    table.add_row(*totals)
    title = Text.assemble((str(path), "bold"), f": {len(dataset):,} rows\n")
    lines = [
        Text(f"left out: {count:,} with {reason}", "yellow")
        for reason, count in dataset.skipped.items()
    ]
    return Group(title, table, Text(f"\nsha256 {dataset.digest()}", "dim"), *lines)
