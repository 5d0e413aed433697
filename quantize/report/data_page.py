"""The verb `data`: what a data set holds."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.bar import Bar
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from firmware_bridge.counted import counted
from quantize.data.checks import find_doubts, notes_of
from quantize.data.fer2013 import Fer2013
from quantize.data.load import Reading, load_fer2013
from quantize.plots.figures import draw_distribution


def report_data(
    path: Path,
    *,
    json_output: bool,
    plot: Path | None,
    reading: Reading | None = None,
    skip_bad: bool = False,
) -> None:
    """Read a data set and print rows by usage and class; draw them into `plot` if that is given."""
    reading = reading or Reading(skip_bad=skip_bad)
    dataset = load_fer2013(path, progress=True, reading=reading)
    if plot is not None:
        draw_distribution(dataset, plot)
    if json_output:
        print(json.dumps(describe(dataset, path), indent=2))
    else:
        Console().print(render_data(dataset, path))


def describe(dataset: Fer2013, path: Path) -> dict[str, Any]:
    """Return plain values for JSON: rows by usage and class, what was left out, doubts, sha256."""
    return {
        "path": str(path),
        "rows": len(dataset),
        "usages": {
            usage: {"rows": sum(classes.values()), "classes": classes}
            for usage, classes in dataset.counts().items()
        },
        "skipped": dict(dataset.skipped),
        "passed_over": dict(dataset.passed_over),
        "notes": list(dataset.notes),
        "doubts": asdict(find_doubts(dataset)),
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
    for label in dataset.classes:
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
    title = Text.assemble((str(path), "bold"), f": {counted(len(dataset), 'row')}\n")
    lines = [Text(line, "yellow") for line in notes_of(dataset, near=True)]
    return Group(title, table, Text(f"\nsha256 {dataset.digest()}", "dim"), *lines)
