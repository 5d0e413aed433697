"""Accuracy against multiply-adds: the project's networks, the published one, the search's trials.

`python -m tests.benchmarks.pareto` draws docs/pareto.png from what the repository holds: the cards
of the shipped networks, the histories of trainings that did not ship, the figures that the
reference published, and the table of the search.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_fer.models.card import load_card
from edge_fer.paths import shipped_emotion_networks
from firmware_bridge.plot_style import (
    BLUE,
    GREY,
    ORANGE,
    SMALL_PT,
    in_style,
    new_figure,
    write_figure,
)

DOCS = Path("docs")
_SEARCH = Path("search/search-edge.md")
# Trained, and not shipped: the folder of its history below docs/trainings.
_TRAINED = ("edge-small", "paper")


@dataclass(frozen=True, slots=True)
class Point:
    """A network: accuracy in 0..1, multiply-adds for a face of 48 px.

    `note` says on which images, and in which format.
    """

    name: str
    accuracy: float
    multiply_adds: int
    note: str = ""


def shipped() -> list[Point]:
    """Return the int8 networks that ship, as their cards give them."""
    points = []
    for path in shipped_emotion_networks():
        card = load_card(path)
        if card.multiply_adds is not None:
            note = f"int8, {card.accuracy.usage}"
            points.append(Point(path.stem, card.accuracy.int8, card.multiply_adds, note))
    return points


def trained(docs: Path = DOCS) -> list[Point]:
    """Return the float networks that were trained and did not ship, after their last epoch."""
    from quantize.networks.architectures import build  # it imports Keras
    from quantize.networks.complexity import multiply_adds

    there = {point.name for point in shipped()}
    points = []
    for name in _TRAINED:
        path = docs / "trainings" / name / "state.json"
        if name in there or not path.is_file():
            continue
        last = json.loads(path.read_text(encoding="utf-8"))["history"][-1]
        points.append(
            Point(
                name,
                last["validation_accuracy"],
                multiply_adds(build(name)),
                "float32, PublicTest, not shipped",
            )
        )
    return points


def published() -> list[Point]:
    """Return the reference's network with both figures that it published."""
    from quantize.report.comparison import PUBLISHED

    return [
        Point("paper", one.accuracy, one.multiply_adds, one.name.partition(", its ")[2])
        for one in PUBLISHED
        if one.multiply_adds is not None
    ]


def searched(page: str) -> list[Point]:
    """Return the trials of a page of `edge-fer search --report`."""
    points = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0].rstrip("*").isdecimal():
            cost = int(cells[4].replace(",", ""))
            points.append(Point(cells[0].rstrip("*"), float(cells[1][:-1]) / 100, cost))
    return points


def effort_of(page: str) -> str:
    """Return how a page of the search says that its trials were trained."""
    start = page.index("Each trial trained ") + len("Each trial trained ")
    return page[start : page.index(" and was measured", start)]


def front(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other beats in both accuracy and cost, the cheapest first."""
    best = 0.0
    kept = []
    for point in sorted(points, key=lambda point: (point.multiply_adds, -point.accuracy)):
        if point.accuracy > best:
            best = point.accuracy
            kept.append(point)
    return kept


@in_style
def draw(path: Path, docs: Path = DOCS) -> None:
    """Draw both panels into a picture file: whole trainings, and the search's short ones."""
    figure = new_figure(3.6)
    whole, short = figure.subplots(1, 2, width_ratios=(3, 2))
    for points, colour, marker, name in (
        (shipped(), BLUE, "o", "shipped"),
        (trained(docs), BLUE, "s", "trained here, not shipped"),
        (published(), ORANGE, "D", "published (Vulpe-Grigorași and Grigore 2021)"),
    ):
        if points:
            filled = colour if marker != "s" else "none"
            _scatter(whole, points, colour, marker, name, filled)
    for point in [*shipped(), *trained(docs), *published()]:
        right = point.multiply_adds > 1e9
        whole.annotate(
            f"{point.name}\n{point.note}",
            (point.multiply_adds / 1e6, 100 * point.accuracy),
            (-6 if right else 6, 0),
            textcoords="offset points",
            ha="right" if right else "left",
            va="center",
            size=SMALL_PT,
            color=GREY,
        )
    own = front([*shipped(), *trained(docs)])
    whole.plot(
        [point.multiply_adds / 1e6 for point in own],
        [100 * point.accuracy for point in own],
        color=BLUE,
        linewidth=0.8,
        linestyle=":",
    )
    whole.set_title("trained to the end")
    page = (docs / _SEARCH).read_text(encoding="utf-8")
    trials = searched(page)
    on_front = front(trials)
    _scatter(short, [one for one in trials if one not in on_front], GREY, "o", "trials", GREY)
    short.plot(
        [point.multiply_adds / 1e6 for point in on_front],
        [100 * point.accuracy for point in on_front],
        "o-",
        color=BLUE,
        label="their Pareto front",
    )
    short.set_title(f"the search's trials\n{effort_of(page)}", size=SMALL_PT)
    whole.set_xscale("log")
    whole.set_xticks([30, 100, 300, 1000, 4000], ["30", "100", "300", "1,000", "4,000"])
    whole.minorticks_off()
    whole.set_xlim(20, 6000)
    low, high = whole.get_ylim()
    whole.set_ylim(low - 0.3, high + 0.3)
    for axes in (whole, short):
        axes.set_xlabel("multiply-adds (millions)")
    whole.set_ylabel("accuracy (%)")
    for axes in (whole, short):
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncol=1)
    write_figure(figure, path)


def _scatter(
    axes: Any, points: Sequence[Point], colour: str, marker: str, name: str, filled: str
) -> None:
    axes.scatter(
        [point.multiply_adds / 1e6 for point in points],
        [100 * point.accuracy for point in points],
        color=colour,
        facecolor=filled,
        marker=marker,
        s=24,
        label=name,
        zorder=3,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the picture of the docs, or another one."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pareto", description=__doc__)
    parser.add_argument("--out", type=Path, default=DOCS / "pareto.png")
    draw(parser.parse_args(arguments).out)


if __name__ == "__main__":
    main()
