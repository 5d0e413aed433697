"""`edge-fer benchmark states`: plays stories to the policy and prints its metrics."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_fer.benchmark.states import Detection, FalseAlarms, StateFigures, measure_states
from firmware_bridge.benchmark.output import Interrupted, Output, announce


def run_states_benchmark(*, hours: float, seed: int, output: Output | None = None) -> None:
    """Play `hours` of attentive driving, and the dangers, and print the figures.

    KeyboardInterrupt after the figures of what was played until then are printed.
    """
    interrupted: Interrupted | None = None
    try:
        figures = measure_states(hours=hours, seed=seed, say=announce)
    except Interrupted as end:
        interrupted, figures = end, end.partial
    (output or Output()).show(figures.to_json(), lambda: render_states(figures))
    if interrupted is not None:
        raise interrupted


def render_states(figures: StateFigures) -> RenderableType:
    """Return the figures as two tables, and what they are of."""
    noise = figures.noise
    return Group(
        Text(
            f"{figures.attentive_hours:.1f} hours of attentive drivers at {figures.fps} frames a"
            f" second, seed {figures.seed}",
            "bold",
        ),
        Text(
            f"noise: {noise.frames_lost:.0%} of frames lost, face missed in"
            f" {noise.face_missed:.0%}, eyes unseen in {noise.eyes_unseen:.0%} and misjudged in"
            f" {noise.eyes_misjudged:.0%}, head ±{noise.head_sd_deg:g}°",
            "grey62",
        ),
        Text("\nfalse alarms", "bold"),
        _alarms(figures.false_alarms),
        Text("\ndangers, delays in s after the state's own time", "bold"),
        _detections(figures.detections),
    )


def _alarms(alarms: tuple[FalseAlarms, ...]) -> Table:
    table = _table("state", "count", "an hour", "goal", "mostly in")
    for alarm in alarms:
        goal = "" if alarm.goal is None else f"≤ {alarm.goal:g}"
        style = "bold red1" if alarm.met is False else ""
        worst = alarm.stories[0][0] if alarm.stories else ""
        figures = (str(alarm.count), f"{alarm.per_hour:.2f}", goal, worst)
        table.add_row(alarm.state.label, *figures, style=style)
    return table


def _detections(detections: tuple[Detection, ...]) -> Table:
    table = _table("state", "due", "seen", "median delay", "longest")
    for found in detections:
        table.add_row(
            found.state.label,
            str(found.due),
            f"{found.seen / found.due:.1%}",
            _seconds(found.delay_p50_s),
            _seconds(found.delay_max_s),
        )
    return table


def _seconds(value: float | None) -> str:
    # Adding zero makes a rounded -0.0 a plain zero.
    return "—" if value is None else f"{round(value, 2) + 0.0:.2f}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="grey62")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    return table
