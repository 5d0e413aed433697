"""`edge-fer benchmark states CLIPS`: runs annotated clips and prints what was wrong."""

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_fer.benchmark.clips import ClipMetrics, measure_clips, rate_interval, share_interval
from edge_fer.config.config import Config
from edge_fer.errors import UsageError, UsageReason
from firmware_bridge.benchmark.output import Output, announce


def run_clips_benchmark(
    *, clips: Path, annotations: Path | None, output: Output | None = None
) -> None:
    """Run the clips against the annotations and print the metrics."""
    if annotations is None:
        raise UsageError(
            UsageReason.CONTRADICTION, "clips need --annotations FILE: what a person sees in them"
        )
    metrics = measure_clips(clips, annotations, Config(), say=announce)
    (output or Output()).show(metrics.to_json(), lambda: render_clips(metrics))


def render_clips(metrics: ClipMetrics) -> RenderableType:
    """Return the metrics as tables."""
    hours = metrics.seconds / 3600
    alarms = _table("false alarms", "count", "an hour", "95 %", "where")
    for name, events in metrics.by_kind().items():
        interval = rate_interval(len(events), hours)
        alarms.add_row(
            name,
            str(len(events)),
            f"{len(events) / hours:.1f}" if hours else "—",
            "—" if interval is None else f"{interval[0]:.1f} to {interval[1]:.1f}",
            ", ".join(f"{event.clip} {event.time_s:.1f} s" for event in events[:3]),
        )
    dangers = _table("dangers", "due", "found", "95 %", "delays", "missed")
    for kind in ("closed", "away"):
        due = [danger for danger in metrics.dangers if danger.kind == kind]
        delays = [danger.delay_s for danger in due if danger.delay_s is not None]
        interval = share_interval(len(delays), len(due))
        dangers.add_row(
            kind,
            str(len(due)),
            str(len(delays)),
            "—" if interval is None else f"{interval[0]:.0%} to {interval[1]:.0%}",
            f"{min(delays):.1f} to {max(delays):.1f} s" if delays else "—",
            ", ".join(f"{d.clip} {d.begin_s:.1f} s" for d in due if d.delay_s is None),
        )
    unseen = metrics.unseen_s / metrics.seconds if metrics.seconds else 0.0
    return Group(
        Text(f"{len(metrics.clips)} clips, {metrics.seconds:.0f} s played", "bold"),
        Text(
            f"unseen {unseen:.1%} of the time; attentive with eyes shut for over 1 s:"
            f" {metrics.attentive_while_shut_s:.1f} s",
            "grey62",
        ),
        Text(""),
        alarms,
        Text(""),
        dangers,
    )


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="grey62")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number in (0, len(columns) - 1) else "right")
    return table
