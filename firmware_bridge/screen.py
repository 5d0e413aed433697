"""Draws what a watch has seen, for a terminal of 80x24 or more. Pure: renderables of rich."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from firmware_bridge.database import NOT_AVAILABLE, value_name
from firmware_bridge.e2e.sequence import ReceiverState
from firmware_bridge.messages import (
    EMOTION_SIGNALS,
    ControllerStatusMessage,
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    HealthMessage,
)
from firmware_bridge.supervision import MessageStatistics
from firmware_bridge.watching import Line, StateChange, Watch, course_name

MIN_HEIGHT = 24
TIMELINE_S = 60.0
# A pending request comes each second: after two it was answered, or is no longer asked.
REQUEST_SHOWN_S = 2.0

_STATE_COLOURS = {
    "not ready": "grey50",
    "attentive": "green3",
    "distracted": "orange1",
    "drowsy": "orange1",
    "microsleep": "red1",
    "asleep": "red1",
    "unresponsive": "red1",
    "agitated": "dark_orange",
    "anxious": "gold1",
    "low": "steel_blue1",
    "uncertain": "medium_purple1",
    "no driver": "deep_sky_blue1",
    "camera degraded": "dark_orange3",
    NOT_AVAILABLE: "grey50",
    "unknown": "grey35",
}
_RECEIVER_COLOURS = {
    ReceiverState.NO_DATA: "grey50",
    ReceiverState.INITIAL: "yellow",
    ReceiverState.VALID: "green3",
    ReceiverState.INVALID: "red1",
}
_LABEL = "grey62"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_NO_VALUE = "—"
_LABEL_CELLS = 13  # of the rows in the upper panels, with the space behind the label


@dataclass(frozen=True, slots=True)
class Screen:
    """The whole view as of `now_s`; adapts to the width and height that it is drawn into."""

    watch: Watch
    line: Line
    now_s: float

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        left = width // 2
        spare_rows = (options.height or console.height) - MIN_HEIGHT
        yield _header(self.watch, self.line, self.now_s, width)
        yield _beside(
            _driver_panel(self.watch, self.now_s, left - 4),
            _emotion_panel(self.watch, width - left - 4),
            left,
            width - left,
        )
        yield _beside(
            _request_panel(self.watch, self.now_s), _health_panel(self.watch), left, width - left
        )
        yield _message_panel(self.watch.statistics(self.now_s), wide=width >= 96)
        if spare_rows >= 3:
            yield _history_panel(self.watch, self.now_s, rows=min(spare_rows - 2, 12))
        yield _footer(self.watch, self.line, width)


def render(watch: Watch, line: Line, now_s: float) -> RenderableType:
    """Return what to draw."""
    return Screen(watch, line, now_s)


def state_colour(state: int | None) -> str:
    """Return the colour of a driver state; None is unknown."""
    return _STATE_COLOURS.get(course_name(state), "white")


def bar(share: float, cells: int, style: str) -> Text:
    """Return a bar of `cells` cells, filled to `share` (0..1) in eighths of a cell."""
    eighths = round(min(max(share, 0.0), 1.0) * cells * 8)
    full, part = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[part] if part else "")
    return Text.assemble((filled, style), ("·" * (cells - len(filled)), "grey27"))


def timeline(history: Sequence[StateChange], now_s: float, cells: int) -> Text:
    """Return the states of the last TIMELINE_S as `cells` coloured cells, the newest right."""
    text = Text()
    for cell in range(cells):
        cell_s = now_s - TIMELINE_S * (cells - 1 - cell) / cells
        # Looked up from the newest back: the last minute is all that counts.
        held = next((change for change in reversed(history) if change.time_s <= cell_s), None)
        if held is None:
            text.append("─", "grey27")
        else:
            text.append("█", state_colour(held.state))
    return text


def duration(seconds: float) -> str:
    """Return a duration as a reader takes it in: 3.4 s, 2:05 min, 1:10:00 h."""
    if seconds < 60:
        return f"{max(0.0, seconds):.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def _header(watch: Watch, line: Line, now_s: float, width: int) -> Text:
    left = Text.assemble((" edge-fer monitor ", "bold black on green3"), f"  {line.uri}")
    if line.connected:
        right = Text.assemble(("● ", "green3"), "open  ", duration(now_s - watch.start_s))
    else:
        right = Text.assemble(("○ ", "red1"), ("port lost, trying again", "red1"))
    return _spread(left, right, width)


def _footer(watch: Watch, line: Line, width: int) -> Text:
    controller = watch.latest(ControllerStatusMessage)
    left = Text(" vehicle: ", _LABEL)
    if controller is None:
        left.append("not heard", _LABEL)
    else:
        status = controller[0]
        left.append(
            f"{_number(status.speed_km_h, 'km/h', 1)}"
            f", ignition {_name(ControllerStatusMessage.NAME, 'Ignition', status.ignition)}",
            "default",
        )
    counters = line.counters
    if not line.connected and line.trouble:
        right = Text(line.trouble.removeprefix("link: "), "red1")
    elif counters.rejected_lines and not counters.frames_received:
        right = Text(
            f"{counters.rejected_bytes} bytes and no valid line: wrong baud rate?", "yellow"
        )
    else:
        rejected = f"rejected: {counters.rejected_lines} lines, {counters.rejected_bytes} bytes"
        right = Text(rejected, "yellow" if counters.rejected_lines else _LABEL)
    return _spread(left, right, width)


def _driver_panel(watch: Watch, now_s: float, width: int) -> Panel:
    known = watch.latest(DriverStateMessage)
    message = None if known is None else known[0]
    state = None if message is None else message.state
    colour = state_colour(state)
    since_s = watch.history[-1].time_s if watch.history else watch.start_s
    badge = Text.assemble(
        (f" {course_name(state).upper()} ", f"bold black on {colour}"),
        ("  for ", _LABEL),
        duration(now_s - since_s),
    )
    shown = DriverStateMessage() if message is None else message
    emotion = _name(shown.NAME, "Emotion", shown.emotion)
    face = _name(shown.NAME, "Face", shown.face)
    quality = _name(shown.NAME, "Quality", shown.quality)
    room = width - _LABEL_CELLS
    lines = (
        badge,
        _row(f"last {TIMELINE_S:.0f} s", timeline(watch.history, now_s, room)),
        _row("emotion", emotion + _in_brackets(shown.confidence_percent, "%")),
        _row("face", f"{face}  quality {quality}"),
        _row("drowsiness", _meter(shown.drowsiness_percent, room)),
        _row("distraction", _meter(shown.distraction_percent, room)),
        _row(
            "frame age",
            f"{_number(shown.source_age_ms, 'ms')}  event {_number(shown.event_sequence)}",
        ),
    )
    return _panel(Group(*lines), "DRIVER", colour)


def _emotion_panel(watch: Watch, width: int) -> Panel:
    known = watch.latest(EmotionProbabilitiesMessage)
    percents = (EmotionProbabilitiesMessage() if known is None else known[0]).probabilities_percent
    highest = max((percent for percent in percents if percent is not None), default=math.inf)
    room = width - _LABEL_CELLS
    lines = [
        _row(label.lower(), _meter(percent, room, strong=percent == highest))
        for label, percent in zip(EMOTION_SIGNALS, percents, strict=True)
    ]
    return _panel(Group(*lines), "EMOTION")


def _request_panel(watch: Watch, now_s: float) -> Panel:
    known = watch.latest(DriverRequestMessage)
    if known is None:
        return _panel(_lines(Text("none so far", _LABEL)), "REQUEST")
    request, time_s = known
    kind = _name(request.NAME, "Type", request.kind)
    if now_s - time_s > REQUEST_SHOWN_S:
        ago = f"last: {kind}, {duration(now_s - time_s)} ago"
        return _panel(_lines(Text("none pending", _LABEL), Text(ago, _LABEL)), "REQUEST")
    return _panel(
        _lines(
            Text(kind, "bold medium_purple1"),
            Text(f"{_name(request.NAME, 'Severity', request.severity)}, id {request.request_id}"),
            Text(
                f"valid for {_number(request.valid_for_s, 's')}, reason {_number(request.reason)}"
            ),
        ),
        "REQUEST",
        "medium_purple1",
    )


def _health_panel(watch: Watch) -> Panel:
    known = watch.latest(HealthMessage)
    if known is None:
        return _panel(_lines(Text("not heard", _LABEL)), "HEALTH")
    health = known[0]
    fault = _name(health.NAME, "Fault", health.fault)
    degraded = _name(health.NAME, "DegradedReason", health.degraded_reason)
    troubled = fault not in ("none", _NO_VALUE) or degraded not in ("none", _NO_VALUE)
    return _panel(
        _lines(
            Text(
                f"camera {_name(health.NAME, 'Camera', health.camera)}"
                f"  model {_name(health.NAME, 'Model', health.model)}"
            ),
            Text(
                f"{_number(health.fps, 'fps')}  {_number(health.latency_ms, 'ms')}"
                f"  {_number(health.temperature_c, '°C')}"
            ),
            Text(f"fault {fault}  degraded {degraded}", "red1" if troubled else _LABEL),
        ),
        "HEALTH",
        "red1" if troubled else "grey50",
    )


def _message_panel(seen: Sequence[MessageStatistics], *, wide: bool) -> Panel:
    table = Table(box=None, expand=True, padding=(0, 1), header_style=_LABEL, show_edge=False)
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
            Text(message.state.value.replace("_", " "), _RECEIVER_COLOURS[message.state]),
            f"{message.rate_hz:.1f}/s" if message.rate_hz else _NO_VALUE,
            _age(message),
            str(message.frames),
            _count(message.lost),
            _count(message.wrong_crc),
        ]
        if wide:
            cells += [_count(message.gaps), _count(message.repeated), _count(message.overdue)]
        table.add_row(*cells, style=None if message.frames else "grey50")
    return _panel(table, "MESSAGES")


def _history_panel(watch: Watch, now_s: float, rows: int) -> Panel:
    changes = list(watch.history)[-rows:]
    lines = [
        Text.assemble(
            (f"{duration(now_s - change.time_s) + ' ago':>14}  ", _LABEL),
            (course_name(change.state), state_colour(change.state)),
        )
        for change in reversed(changes)
    ]
    lines += [Text("")] * (rows - len(lines))
    return _panel(Group(*lines), "HISTORY")


def _panel(content: RenderableType, title: str, colour: str = "grey50") -> Panel:
    return Panel(content, title=f"[bold]{title}", title_align="left", border_style=colour)


def _beside(left: Panel, right: Panel, left_width: int, right_width: int) -> Table:
    grid = Table.grid()
    grid.add_column(width=left_width)
    grid.add_column(width=right_width)
    grid.add_row(left, right)
    return grid


def _row(label: str, value: str | Text) -> Text:
    """Return a labelled line of the upper panels; plain text, as nested tables draw slowly."""
    return Text.assemble((f"{label:<{_LABEL_CELLS}}", _LABEL), value, no_wrap=True)


def _lines(*lines: Text) -> Group:
    """Return three lines, so that panels beside each other are of one height."""
    for line in lines:
        line.no_wrap = True
        line.overflow = "ellipsis"
    return Group(*lines, *[Text("")] * (3 - len(lines)))


def _spread(left: Text, right: Text, width: int) -> Text:
    right.truncate(max(0, width - left.cell_len - 3), overflow="ellipsis")
    return Text.assemble(left, " " * max(1, width - left.cell_len - right.cell_len - 1), right)


def _meter(percent: float | None, cells: int, *, strong: bool = False) -> Text:
    """Return a bar and its number, together `cells` cells wide."""
    if percent is None:
        return Text(_NO_VALUE, _LABEL)
    number = f"{_number(percent, '%'):>6}"
    drawn = bar(percent / 100.0, cells - len(number), "green3" if strong else "steel_blue")
    return Text.assemble(drawn, (number, "bold" if strong else "default"))


def _name(message: str, signal: str, code: int | None) -> str:
    return _NO_VALUE if code is None else value_name(message, signal, code)


def _number(value: float | None, unit: str = "", decimals: int = 0) -> str:
    if value is None:
        return _NO_VALUE
    return f"{value:.{decimals}f} {unit}".rstrip()


def _in_brackets(value: float | None, unit: str) -> str:
    return "" if value is None else f" ({_number(value, unit)})"


def _age(message: MessageStatistics) -> Text:
    if message.age_s is None:
        return Text(_NO_VALUE)
    shown = f"{message.age_s * 1000:.0f} ms" if message.age_s < 1 else f"{message.age_s:.0f} s"
    return Text(shown, "red1" if message.is_overdue else "default")


def _count(number: int) -> Text:
    return Text(str(number), "yellow" if number else "grey50")
