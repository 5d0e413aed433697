"""The report's part on robustness: accuracy under what a cabin does to the picture."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.plot_style import GREY, INK, ORANGE, in_style, legend_below
from quantize.data.corruptions import CORRUPTIONS, SEVERITIES
from quantize.evaluation.render_robustness import confidence_verdict, verdict
from quantize.evaluation.robustness import JUDGED_SEVERITY, LEAST_SHARE, Robustness, corrupted
from quantize.plots.colour_maps import white_to_blue
from quantize.plots.figures import open_figure, save_figure
from quantize.report.filters import portrait_face
from quantize.report.markdown import paragraphs, picture, table
from quantize.report.tiles import Tile, draw_tiles, in_rows

_TILE_IN = 0.8
_KINDS_A_ROW = 7
_SHOWN_SEVERITIES = (1, 3, 5)


def corruptions_section(robustness: Robustness, folder: Path) -> str:
    """Draw accuracy and examples into `folder` and return what the page says of them."""
    draw_robustness(robustness, folder / "corruptions.png")
    draw_examples(portrait_face(), robustness.seed, folder / "corruptions-of-the-portrait.png")
    return paragraphs(
        "Accuracy where the same images are spoiled as a cabin spoils them, "
        f"{len(CORRUPTIONS)} kinds in five severities after Hendrycks and Dietterich 2019 "
        f"([arXiv:1903.12261](https://arxiv.org/abs/1903.12261)), seed {robustness.seed}. "
        f"**{verdict(robustness)}**",
        picture("corruptions.png", "accuracy by corruption and severity"),
        robustness_table(robustness),
        confidence_verdict(robustness),
        "One face (the portrait of the feature maps below) under each of them, in severity "
        f"{', '.join(map(str, _SHOWN_SEVERITIES[:-1]))} and {_SHOWN_SEVERITIES[-1]}:",
        picture("corruptions-of-the-portrait.png", "a face under each corruption"),
    )


def robustness_table(robustness: Robustness) -> str:
    """Return the accuracies as a Markdown table, with what severity 3 keeps of the clean one."""
    judged = f"of clean at {JUDGED_SEVERITY}"
    sure = f"confidence at {JUDGED_SEVERITY}"
    at = JUDGED_SEVERITY - 1
    means = tuple(robustness.mean(severity) for severity in SEVERITIES)
    confidence = {kind: values[at] for kind, values in robustness.confidence.items()}
    confidence["**mean**"] = float(np.mean(list(confidence.values())))
    rows = [*robustness.accuracy.items(), ("**mean**", means)]
    return table(
        ("corruption", *(f"severity {severity}" for severity in SEVERITIES), judged, sure),
        [
            (
                kind,
                *(f"{value:.1%}" for value in values),
                f"{values[at] / (robustness.clean or 1.0):.1%}",
                f"{confidence[kind]:.1%}",
            )
            for kind, values in rows
        ],
    )


@in_style
def draw_robustness(robustness: Robustness, path: Path) -> None:
    """Draw a line of five dots for each kind, the hardest at the bottom, into a PNG file."""
    figure = open_figure(5.2)
    axes = figure.subplots()
    by_severity_3 = sorted(
        robustness.accuracy.items(), key=lambda item: -item[1][JUDGED_SEVERITY - 1]
    )
    means = tuple(robustness.mean(severity) for severity in SEVERITIES)
    rows = [("mean of all", means), *by_severity_3]
    places = np.arange(len(rows))
    for place, (_, values) in zip(places, rows, strict=True):
        axes.plot(
            [100 * min(values), 100 * max(values)], [place, place], color=GREY, alpha=0.35, zorder=1
        )
    shades = white_to_blue()
    for severity in SEVERITIES:
        axes.scatter(
            [100 * values[severity - 1] for _, values in rows],
            places,
            s=60 if severity == JUDGED_SEVERITY else 26,
            color=ORANGE if severity == JUDGED_SEVERITY else shades(0.2 + 0.16 * severity),
            edgecolor="white",
            linewidth=0.6,
            zorder=3 if severity == JUDGED_SEVERITY else 2,
            label=f"severity {severity}",
        )
    axes.axvline(100 * robustness.clean, color=INK, linewidth=1, label="clean")
    axes.axvline(
        100 * LEAST_SHARE * robustness.clean,
        color=GREY,
        linestyle="--",
        linewidth=1,
        label=f"{LEAST_SHARE:.0%} of clean",
    )
    axes.axhline(0.5, color=GREY, linewidth=0.6, alpha=0.5)
    axes.set_yticks(places, [kind for kind, _ in rows])
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.invert_yaxis()
    axes.set_xlabel(f"accuracy on {robustness.usage} (%)")
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    legend_below(figure, 4)
    save_figure(figure, path)


@in_style
def draw_examples(face: NDArray[np.uint8], seed: int, path: Path) -> None:
    """Draw `face` (uint8[48, 48]) under each kind, a column a kind, into a PNG file."""
    rows = [
        [
            Tile(
                corrupted(face[np.newaxis], kind, severity, seed)[0],
                ((kind, INK),) if severity == _SHOWN_SEVERITIES[-1] else (),
            )
            for kind in kinds
        ]
        for kinds in in_rows(list(CORRUPTIONS), _KINDS_A_ROW)
        for severity in _SHOWN_SEVERITIES
    ]
    names = [f"severity {severity}" for severity in _SHOWN_SEVERITIES]
    draw_tiles(rows, path, tile_in=_TILE_IN, names=names * (len(rows) // len(names)))
