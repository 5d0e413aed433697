"""Draws what a watch has seen, for a terminal of 80x24 or more. Pure: renderables of rich.

The view's layout is here; `screen_panels` has its panels, `screen_parts` what they are made of.
"""

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from firmware_bridge.messages import ControllerStatusMessage
from firmware_bridge.screen_panels import (
    driver_panel,
    emotion_panel,
    health_panel,
    history_panel,
    message_panel,
    request_panel,
)
from firmware_bridge.screen_parts import LABEL, duration, named, number
from firmware_bridge.watching import Line, Watch

MIN_HEIGHT = 24


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
            driver_panel(self.watch, self.now_s, left - 4),
            emotion_panel(self.watch, width - left - 4),
            left,
            width - left,
        )
        yield _beside(
            request_panel(self.watch, self.now_s), health_panel(self.watch), left, width - left
        )
        yield message_panel(self.watch.statistics(self.now_s), wide=width >= 96)
        if spare_rows >= 3:
            yield history_panel(self.watch, self.now_s, rows=min(spare_rows - 2, 12))
        yield _footer(self.watch, self.line, width)


def render(watch: Watch, line: Line, now_s: float) -> RenderableType:
    """Return what to draw."""
    return Screen(watch, line, now_s)


def _header(watch: Watch, line: Line, now_s: float, width: int) -> Text:
    left = Text.assemble((" edge-fer monitor ", "bold black on green3"), f"  {line.uri}")
    if line.connected:
        right = Text.assemble(("● ", "green3"), "open  ", duration(now_s - watch.start_s))
    else:
        right = Text.assemble(("○ ", "red1"), ("port lost, trying again", "red1"))
    return _spread(left, right, width)


def _footer(watch: Watch, line: Line, width: int) -> Text:
    if line.connected and line.warning is not None:
        # Nothing is understood, so there is nothing of the vehicle to tell; it takes all the width.
        return _spread(Text(""), Text(line.warning, "yellow"), width)
    controller = watch.latest(ControllerStatusMessage)
    left = Text(" vehicle: ", LABEL)
    if controller is None:
        left.append("not heard", LABEL)
    else:
        status = controller[0]
        left.append(
            f"{number(status.speed_km_h, 'km/h', 1)}"
            f", ignition {named(ControllerStatusMessage.NAME, 'Ignition', status.ignition)}",
            "default",
        )
    counters = line.counters
    if not line.connected and line.trouble:
        right = Text(line.trouble.removeprefix("link: "), "red1")
    else:
        rejected = f"rejected: {counters.rejected_lines} lines, {counters.rejected_bytes} bytes"
        right = Text(rejected, "yellow" if counters.rejected_lines else LABEL)
    return _spread(left, right, width)


def _beside(left: Panel, right: Panel, left_width: int, right_width: int) -> Table:
    grid = Table.grid()
    grid.add_column(width=left_width)
    grid.add_column(width=right_width)
    grid.add_row(left, right)
    return grid


def _spread(left: Text, right: Text, width: int) -> Text:
    right.truncate(max(0, width - left.cell_len - 3), overflow="ellipsis")
    return Text.assemble(left, " " * max(1, width - left.cell_len - right.cell_len - 1), right)
