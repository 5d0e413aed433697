"""The elements of the monitor's panels: colours, bars, numbers. Pure."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from firmware_bridge.e2e.state_machine import ReceiverState
from firmware_bridge.protocol.database import NOT_AVAILABLE, value_name
from firmware_bridge.reception.watching import StateChange, course_name

TIMELINE_S = 60.0
LABEL = "grey62"  # the colour of what is said beside a value
NO_VALUE = "—"
LABEL_CELLS = 13  # of the rows in the upper panels, with the space behind the label

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
    "unseen": "light_slate_grey",
    NOT_AVAILABLE: "grey50",
    "unknown": "grey35",
}
RECEIVER_COLOURS = {
    ReceiverState.NODATA: "grey50",
    ReceiverState.INIT: "yellow",
    ReceiverState.VALID: "green3",
    ReceiverState.INVALID: "red1",
}
_EIGHTHS = " ▏▎▍▌▋▊▉"


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
    """Return a duration in a readable unit: 3.4 s, 2:05 min, 1:10:00 h."""
    if seconds < 60:
        return f"{max(0.0, seconds):.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def short_time(seconds: float | None) -> str:
    """Return a time for a table: 0.4 ms, 120 ms, 34 s; a dash if there is none."""
    if seconds is None:
        return NO_VALUE
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.0f} s"


def panel(content: RenderableType, title: str, colour: str = "grey50") -> Panel:
    """Return a frame around `content`, its title in the upper left corner."""
    return Panel(content, title=f"[bold]{title}", title_align="left", border_style=colour)


def row(label: str, value: str | Text) -> Text:
    """Return a labelled line of the upper panels; plain text, as nested tables draw slowly."""
    return Text.assemble((f"{label:<{LABEL_CELLS}}", LABEL), value, no_wrap=True)


def three_lines(*lines: Text) -> Group:
    """Return three lines, so that panels beside each other are of one height."""
    for line in lines:
        line.no_wrap = True
        line.overflow = "ellipsis"
    return Group(*lines, *[Text("")] * (3 - len(lines)))


def meter(percent: float | None, cells: int, *, strong: bool = False) -> Text:
    """Return a bar and its number, together `cells` cells wide."""
    if percent is None:
        return Text(NO_VALUE, LABEL)
    shown = f"{number(percent, '%'):>6}"
    drawn = bar(percent / 100.0, cells - len(shown), "green3" if strong else "steel_blue")
    return Text.assemble(drawn, (shown, "bold" if strong else "default"))


def named(message: str, signal: str, code: int | None) -> str:
    """Return the DBC's name of a value; a dash if it is not available."""
    return NO_VALUE if code is None else value_name(message, signal, code)


def number(value: float | None, unit: str = "", decimals: int = 0) -> str:
    """Return a value with its unit; a dash if it is not available."""
    if value is None:
        return NO_VALUE
    return f"{value:.{decimals}f} {unit}".rstrip()


def in_brackets(value: float | None, unit: str) -> str:
    """Return a value in brackets; an empty text if it is not available."""
    return "" if value is None else f" ({number(value, unit)})"
