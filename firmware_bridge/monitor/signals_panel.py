"""The monitor's page of signals: each message with every signal, in words and units. Pure."""

from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from firmware_bridge.monitor.parts import (
    LABEL,
    NO_VALUE,
    RECEIVER_COLOURS,
    number,
    panel,
    short_time,
)
from firmware_bridge.protocol.database import SignalDefinition, Value, definition
from firmware_bridge.protocol.frame import id_text
from firmware_bridge.reception.supervision import MessageStatistics
from firmware_bridge.reception.watching import Seen

_NAME_CELLS = 24


def signals_panel(seen: Seen, first: int, rows: int) -> Panel:
    """Return `rows` lines of the signals from line `first` on; the border counts those left out."""
    lines = _lines(seen)
    first = min(first, max(0, len(lines) - rows))
    shown = lines[first : first + rows]
    below = len(lines) - first - len(shown)
    made = panel(Group(*shown, *[Text("")] * (rows - len(shown))), "SIGNALS")
    said = [f"{first} rows above: pg up"] if first else []
    said += [f"{below} more rows: pg down"] if below else []
    made.subtitle = Text(", ".join(said), LABEL)
    made.subtitle_align = "left"
    return made


def _lines(seen: Seen) -> list[Text]:
    lines: list[Text] = []
    for message in seen.statistics:
        lines.append(_heading(message))
        content = seen.contents.get(message.name)
        values = {} if content is None else content[0].signal_values()
        for name, signal in definition(message.name).signals.items():
            text = Text(no_wrap=True, overflow="ellipsis")
            text.append(f"  {name:<{_NAME_CELLS}}", LABEL)
            lines.append(text.append(_worded(signal, values.get(name))))
    return lines


def _heading(message: MessageStatistics) -> Text:
    state = message.state.value.replace("_", " ")
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{id_text(message.can_id)} {message.name}  ", "bold")
    text.append(state, RECEIVER_COLOURS[message.state])
    if message.age_s is not None:
        text.append(f"  {short_time(message.age_s)} ago", LABEL)
    return text


def _worded(signal: SignalDefinition, value: Value) -> str:
    named = signal.named(value)
    if isinstance(named, str):
        return named
    if named is None:
        return NO_VALUE
    return number(named, signal.unit, 0 if named == int(named) else 1)
