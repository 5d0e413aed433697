"""`edge-fer benchmark growth`: measures how the cost grows, and prints, draws and predicts."""

from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from edge_fer.benchmark.growth import Growth, GrowthEffort, measure_growth
from edge_fer.benchmark.operator_times import multiply_adds
from edge_fer.benchmark.plot import draw_growth
from edge_fer.benchmark.prediction import BOARDS, Prediction, predict
from edge_fer.models.operators import list_operators
from edge_fer.paths import SHIPPED_MODEL
from firmware_bridge.benchmark.output import Interrupted, Output, announce

_REST_OF = "640x480"
_EVERY_S, _FPS = 0.5, 30  # so often the detector looks, at so many frames a second


def run_growth_benchmark(
    *,
    model: Path | None,
    output: Output | None = None,
    plot: Path | None = None,
    effort: GrowthEffort | None = None,
) -> None:
    """Measure and print; UserError for a wrong model.

    KeyboardInterrupt after what was measured until then is printed.
    """
    path = model or SHIPPED_MODEL
    interrupted: Interrupted | None = None
    try:
        growth = measure_growth(path, effort or GrowthEffort(), announce)
    except Interrupted as end:
        interrupted, growth = end, end.partial
    predictions: tuple[Prediction, ...] = ()
    if _REST_OF in growth.sizes and 1 in growth.threads:
        total = sum(map(multiply_adds, list_operators(path.read_bytes(), str(path))))
        predictions = tuple(predict(board, total, rest_ms(growth)) for board in BOARDS)
    (output or Output()).show(
        _as_json(growth, predictions), lambda: render_growth(growth, predictions)
    )
    if interrupted is not None:
        raise interrupted
    if plot is not None:
        draw_growth(growth, predictions, plot)


def rest_ms(growth: Growth) -> float:
    """Return what a frame of 640x480 takes beside the network, detections included, by the mean."""
    cost = growth.sizes[_REST_OF]
    detections = 1 / (_EVERY_S * _FPS)
    whole = cost.tracked_ms + detections * (cost.detected_ms - cost.tracked_ms)
    return max(whole - growth.threads[1], 0.0) + cost.copy_ms


def _as_json(growth: Growth, predictions: tuple[Prediction, ...]) -> dict[str, Any]:
    return growth.to_json() | {
        "predictions": [
            {
                "board": one.board.name,
                "core": one.board.core,
                "network_ms": one.network_ms,
                "frame_ms": one.frame_ms,
                "fps": one.fps,
            }
            for one in predictions
        ]
    }


def render_growth(growth: Growth, predictions: tuple[Prediction, ...]) -> RenderableType:
    """Return a table for each thing that grows, and one of the predictions."""
    parts: list[RenderableType] = []
    heads = ("followed", "looked for near", "whole search", "copy")
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
    table = _table("PREDICTED, one core, not measured", ("network, ms", "frame, ms", "frames/s"))
    for prediction in predictions:
        table.add_row(
            f"{prediction.board.name} ({prediction.board.core})",
            _range(prediction.network_ms, ".1f"),
            _range(prediction.frame_ms, ".1f"),
            _range(prediction.fps, ".0f"),
        )
    return Group(*parts, table)


def _range(values: tuple[float, float], form: str) -> str:
    return f"{values[0]:{form}} to {values[1]:{form}}"


def _table(first: str, others: tuple[str, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="grey62")
    table.add_column(first, min_width=24)
    for name in others:
        table.add_column(name, justify="right")
    return table
