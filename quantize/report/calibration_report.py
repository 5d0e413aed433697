"""Writes the curve of the representative set's size: figure, page and figures as JSON."""

import json
from dataclasses import asdict
from pathlib import Path

from edge_fer.atomic_write import write_atomically
from firmware_bridge.plot_style import BLUE, GREY, in_style, legend_below
from quantize.data.calibration_set import DEFAULT_COUNT
from quantize.int8.calibration_curve import CalibrationCurve, SizeSummary, summarise
from quantize.plots.figures import open_figure, save_figure

NAME = "calibration-size"


def write_report(curve: CalibrationCurve, folder: Path, *, command: str) -> None:
    """Write page, figure and JSON into `folder`; UserError when that cannot be done."""
    draw_curve(curve, folder / f"{NAME}.png")
    write_atomically(folder / f"{NAME}.json", (json.dumps(asdict(curve), indent=2) + "\n").encode())
    write_atomically(folder / f"{NAME}.md", page(curve, command=command).encode())


def page(curve: CalibrationCurve, *, command: str) -> str:
    """Return the page in Markdown: what was measured, the table, and what follows from it."""
    summaries = summarise(curve)
    seeds = max(summary.seeds for summary in summaries)
    lines = [
        "# How many images the int8 conversion has to see",
        "",
        f"Written by `{command}`. Network `{curve.network}`, {curve.n:,} images of {curve.usage}, "
        f"{seeds} seeds a size; float32 is right on {curve.float32_accuracy:.2%} of them.",
        "",
        f"![int8 accuracy over the size of the set]({NAME}.png)",
        "",
        "| images | int8 accuracy, mean | lowest | highest | against float | same answer "
        "| mean difference of probabilities |",
        "|---|---|---|---|---|---|---|",
        *(_row(summary, curve.float32_accuracy) for summary in summaries),
        "",
        _verdict(summaries, curve.float32_accuracy),
    ]
    return "\n".join(lines) + "\n"


@in_style
def draw_curve(curve: CalibrationCurve, path: Path) -> None:
    """Draw each conversion as a dot, the mean of each size as a line, float32 as a dashed one."""
    figure = open_figure(4.2)
    axes = figure.subplots()
    summaries = summarise(curve)
    axes.scatter(
        [point.count for point in curve.points],
        [100 * point.accuracy for point in curve.points],
        s=14,
        color=BLUE,
        alpha=0.5,
        label="one conversion",
    )
    axes.plot(
        [summary.count for summary in summaries],
        [100 * summary.accuracy for summary in summaries],
        color=BLUE,
        label="mean of the seeds",
    )
    axes.axhline(100 * curve.float32_accuracy, color=GREY, linestyle="--", label="float32")
    axes.set_xscale("log")
    axes.set_xticks(curve.sizes, [str(count) for count in curve.sizes])
    axes.minorticks_off()
    axes.set_xlabel("images of the representative set")
    axes.set_ylabel(f"accuracy on {curve.usage} (%)")
    legend_below(figure, 3)
    save_figure(figure, path)


def _row(summary: SizeSummary, exact: float) -> str:
    return (
        f"| {summary.count} | {summary.accuracy:.2%} | {summary.lowest_accuracy:.2%} "
        f"| {summary.highest_accuracy:.2%} | {(summary.accuracy - exact) * 100:+.2f} points "
        f"| {summary.agreement:.2%} | {summary.mean_difference:.4f} |"
    )


def _verdict(summaries: list[SizeSummary], exact: float) -> str:
    spread = {s.count: (s.highest_accuracy - s.lowest_accuracy) * 100 for s in summaries}
    best = max(summaries, key=lambda summary: summary.agreement)
    text = (
        f"Sets of {best.count} images agree best with float32 ({best.agreement:.2%}); between the "
        f"seeds of a size lie {min(spread.values()):.2f} to {max(spread.values()):.2f} points."
    )
    chosen = next((summary for summary in summaries if summary.count == DEFAULT_COUNT), None)
    if chosen is None:
        return text
    worst = (chosen.lowest_accuracy - exact) * 100
    return (
        f"{text} The default of {DEFAULT_COUNT} agrees on {chosen.agreement:.2%}, and its worst "
        f"seed is {worst:+.2f} points against float32."
    )
