"""The panels of the monitor's view: driver, emotion, request, health, messages, history. Pure."""

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from firmware_bridge.messages import (
    EMOTION_SIGNALS,
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    HealthMessage,
)
from firmware_bridge.screen_parts import (
    LABEL,
    LABEL_CELLS,
    NO_VALUE,
    RECEIVER_COLOURS,
    TIMELINE_S,
    duration,
    in_brackets,
    meter,
    named,
    number,
    panel,
    row,
    state_colour,
    three_lines,
    timeline,
)
from firmware_bridge.supervision import MessageStatistics
from firmware_bridge.watching import Watch, course_name

# A pending request comes each second: after two it was answered, or is no longer asked.
REQUEST_SHOWN_S = 2.0


def driver_panel(watch: Watch, now_s: float, width: int) -> Panel:
    """Return the driver's state, its last minute and what it rests on."""
    known = watch.latest(DriverStateMessage)
    message = None if known is None else known[0]
    state = None if message is None else message.state
    colour = state_colour(state)
    since_s = watch.history[-1].time_s if watch.history else watch.start_s
    badge = Text.assemble(
        (f" {course_name(state).upper()} ", f"bold black on {colour}"),
        ("  for ", LABEL),
        duration(now_s - since_s),
    )
    shown = DriverStateMessage() if message is None else message
    emotion = named(shown.NAME, "Emotion", shown.emotion)
    face = named(shown.NAME, "Face", shown.face)
    quality = named(shown.NAME, "Quality", shown.quality)
    room = width - LABEL_CELLS
    lines = (
        badge,
        row(f"last {TIMELINE_S:.0f} s", timeline(watch.history, now_s, room)),
        row("emotion", emotion + in_brackets(shown.confidence_percent, "%")),
        row("face", f"{face}  quality {quality}"),
        row("drowsiness", meter(shown.drowsiness_percent, room)),
        row("distraction", meter(shown.distraction_percent, room)),
        row(
            "frame age",
            f"{number(shown.source_age_ms, 'ms')}  event {number(shown.event_sequence)}",
        ),
    )
    return panel(Group(*lines), "DRIVER", colour)


def emotion_panel(watch: Watch, width: int) -> Panel:
    """Return a bar for each emotion, the strongest one marked."""
    known = watch.latest(EmotionProbabilitiesMessage)
    percents = (EmotionProbabilitiesMessage() if known is None else known[0]).probabilities_percent
    highest = max((percent for percent in percents if percent is not None), default=math.inf)
    room = width - LABEL_CELLS
    lines = [
        row(label.lower(), meter(percent, room, strong=percent == highest))
        for label, percent in zip(EMOTION_SIGNALS, percents, strict=True)
    ]
    return panel(Group(*lines), "EMOTION")


def request_panel(watch: Watch, now_s: float) -> Panel:
    """Return what the driver unit asks for, or asked for last."""
    known = watch.latest(DriverRequestMessage)
    if known is None:
        return panel(three_lines(Text("none so far", LABEL)), "REQUEST")
    request, time_s = known
    kind = named(request.NAME, "Type", request.kind)
    if now_s - time_s > REQUEST_SHOWN_S:
        ago = f"last: {kind}, {duration(now_s - time_s)} ago"
        return panel(three_lines(Text("none pending", LABEL), Text(ago, LABEL)), "REQUEST")
    return panel(
        three_lines(
            Text(kind, "bold medium_purple1"),
            Text(f"{named(request.NAME, 'Severity', request.severity)}, id {request.request_id}"),
            Text(f"valid for {number(request.valid_for_s, 's')}, reason {number(request.reason)}"),
        ),
        "REQUEST",
        "medium_purple1",
    )


def health_panel(watch: Watch) -> Panel:
    """Return what the driver unit says about itself."""
    known = watch.latest(HealthMessage)
    if known is None:
        return panel(three_lines(Text("not heard", LABEL)), "HEALTH")
    health = known[0]
    fault = named(health.NAME, "Fault", health.fault)
    degraded = named(health.NAME, "DegradedReason", health.degraded_reason)
    troubled = fault not in ("none", NO_VALUE) or degraded not in ("none", NO_VALUE)
    return panel(
        three_lines(
            Text(
                f"camera {named(health.NAME, 'Camera', health.camera)}"
                f"  model {named(health.NAME, 'Model', health.model)}"
            ),
            Text(
                f"{number(health.fps, 'fps')}  {number(health.latency_ms, 'ms')}"
                f"  {number(health.temperature_c, '°C')}"
            ),
            Text(f"fault {fault}  degraded {degraded}", "red1" if troubled else LABEL),
        ),
        "HEALTH",
        "red1" if troubled else "grey50",
    )


def message_panel(seen: Sequence[MessageStatistics], *, wide: bool) -> Panel:
    """Return a table of the messages: trust, rate, age and what was wrong."""
    table = Table(box=None, expand=True, padding=(0, 1), header_style=LABEL, show_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("message", no_wrap=True, ratio=1)
    for column in ("state", "rate", "age", "frames", "lost", "crc"):
        table.add_column(column, justify="right", no_wrap=True)
    if wide:
        for column in ("gaps", "repeated", "overdue"):
            table.add_column(column, justify="right", no_wrap=True)
    for message in seen:
        cells: list[RenderableType] = [
            f"{message.can_id:03X}",
            message.name,
            Text(message.state.value.replace("_", " "), RECEIVER_COLOURS[message.state]),
            f"{message.rate_hz:.1f}/s" if message.rate_hz else NO_VALUE,
            _age(message),
            str(message.frames),
            _count(message.lost),
            _count(message.wrong_crc),
        ]
        if wide:
            cells += [_count(message.gaps), _count(message.repeated), _count(message.overdue)]
        table.add_row(*cells, style=None if message.frames else "grey50")
    return panel(table, "MESSAGES")


def history_panel(watch: Watch, now_s: float, rows: int) -> Panel:
    """Return the last changes of state, the newest above, in `rows` lines."""
    changes = list(watch.history)[-rows:]
    lines = [
        Text.assemble(
            (f"{duration(now_s - change.time_s) + ' ago':>14}  ", LABEL),
            (course_name(change.state), state_colour(change.state)),
        )
        for change in reversed(changes)
    ]
    lines += [Text("")] * (rows - len(lines))
    return panel(Group(*lines), "HISTORY")


def _age(message: MessageStatistics) -> Text:
    if message.age_s is None:
        return Text(NO_VALUE)
    shown = f"{message.age_s * 1000:.0f} ms" if message.age_s < 1 else f"{message.age_s:.0f} s"
    return Text(shown, "red1" if message.is_overdue else "default")


def _count(number: int) -> Text:
    return Text(str(number), "yellow" if number else "grey50")
