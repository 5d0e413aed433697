"""Lays out the monitor's view for a terminal of 80x24 or more. Pure: renderables of rich.

The view's layout is here; `screen_panels` and `screen_frames` have its panels, `screen_parts` what
they are made of.
"""

from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from firmware_bridge.monitor.controls import Controls, Page, key_line
from firmware_bridge.monitor.frame_log import LoggedFrame
from firmware_bridge.monitor.frames_panel import frames_panel, help_panel
from firmware_bridge.monitor.panels import (
    DIAGNOSTIC,
    driver_panel,
    emotion_panel,
    health_panel,
    history_panel,
    message_panel,
    request_panel,
)
from firmware_bridge.monitor.parts import LABEL, duration
from firmware_bridge.monitor.signals_panel import signals_panel
from firmware_bridge.reception.watching import Line, Seen
from firmware_bridge.recording.recorder import RecordingStatus

MIN_HEIGHT = 24
_LEAST_HISTORY_ROWS = 3  # its frame, and the latest changes in one line
_MOST_HISTORY_ROWS = 12
_ROWS_ABOVE = 16  # of the overview: header, driver, request, keys
_TABLE_ROWS = 3  # of the messages: border, header
_SIGNALS_ROWS_BESIDE = 4  # header, border, keys
_WIDE = 96
_NAME_CELLS = 18
_FRAMES_ROWS_BELOW = 12  # beside the list of frames: header, messages, border, keys


@dataclass(frozen=True, slots=True)
class Screen:
    """The whole view; adapts to the width and height that it is drawn into."""

    seen: Seen
    line: Line
    controls: Controls = field(default_factory=Controls)
    frames: tuple[LoggedFrame, ...] = ()  # that pass the filter, the oldest first
    recording: RecordingStatus | None = None
    has_keys: bool = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        height = options.height or console.height
        yield _header(self, width)
        if self.controls.page is Page.OVERVIEW:
            yield from self._overview(width, height)
        elif self.controls.page is Page.SIGNALS:
            rows = max(1, height - _SIGNALS_ROWS_BESIDE)
            yield signals_panel(self.seen, self.controls.first_signal, rows)
        else:
            more_rows = _diagnostic_rows(height)
            most = len(self.seen.statistics) - (0 if more_rows else len(DIAGNOSTIC))
            yield message_panel(self.seen, self.line, wide=width >= _WIDE, most=most)
            rows = max(1, height - _FRAMES_ROWS_BELOW - more_rows)
            if self.controls.page is Page.HELP:
                yield help_panel(rows)
            else:
                yield frames_panel(self.frames, self.controls, self.seen.start_s, rows)
        yield _footer(self, width)

    def _overview(self, width: int, height: int) -> RenderResult:
        seen, left = self.seen, width // 2
        # The history first: what does not fit of the messages is a key away.
        room = height - _ROWS_ABOVE - _TABLE_ROWS - _LEAST_HISTORY_ROWS
        most = max(1, min(len(seen.statistics), room))
        spare_rows = height - _ROWS_ABOVE - _TABLE_ROWS - most
        yield _beside(
            driver_panel(seen, left - 4), emotion_panel(seen, width - left - 4), left, width - left
        )
        yield _beside(request_panel(seen), health_panel(seen, width - left - 4), left, width - left)
        if spare_rows >= _LEAST_HISTORY_ROWS:
            yield history_panel(seen, rows=min(spare_rows - 2, _MOST_HISTORY_ROWS))
        yield message_panel(seen, self.line, wide=width >= _WIDE, most=most)


def render(seen: Seen, line: Line) -> RenderableType:
    """Return the view without a keyboard."""
    return Screen(seen, line)


def _diagnostic_rows(height: int) -> int:
    """Return how many rows of the messages have room that are the first to be left out."""
    rows = len(DIAGNOSTIC)
    return rows if height >= MIN_HEIGHT + rows + _LEAST_HISTORY_ROWS else 0


def _header(screen: Screen, width: int) -> Text:
    line, recording = screen.line, screen.recording
    scene = "" if line.scene is None else f"  scene: {line.scene}"
    left = Text.assemble(
        (" edge-fer monitor ", "bold black on green3"), (scene, "bold"), f"  {line.uri}"
    )
    right = Text()
    if recording is not None and recording.running:
        right.append(f"● REC {recording.path.name} {recording.frames}  ", "bold red1")
    passed = duration(screen.seen.now_s - screen.seen.start_s)
    if line.ended:
        right.append(f"■ ended after {passed}", "deep_sky_blue1")
    elif not line.connected:
        right.append("○ port lost, trying again", "red1")
    elif screen.controls.paused:
        right.append(f" PAUSED at {passed} ", "bold black on gold3")
    else:
        right.append("● ", "green3")
        right.append(f"open  {passed}", "default")
    # The name stays even where that hides the time.
    left.truncate(max(_NAME_CELLS, width - right.cell_len - 3), overflow="ellipsis")
    return _spread(left, right, width)


def _footer(screen: Screen, width: int) -> Text:
    """Return the last line: what is wrong, else what is typed, else the keys."""
    line, controls, recording = screen.line, screen.controls, screen.recording
    if controls.typed is not None:
        left = Text.assemble((" filter: ", "bold"), controls.typed, ("█", "blink"))
        return _spread(left, _keys(controls), width)
    if not line.connected and line.trouble:
        return _alarm(line.trouble.removeprefix("link: "), "bold white on red3", width)
    if line.connected and line.warning is not None:
        return _alarm(line.warning, "bold black on yellow", width)
    if recording is not None and recording.trouble is not None:
        return _alarm(recording.trouble, "bold black on yellow", width)
    if not screen.has_keys:
        return _spread(Text(" ctrl-c ends", LABEL), Text(), width)
    return _spread(Text.assemble(" ", _keys(controls)), Text(), width)


def _keys(controls: Controls) -> Text:
    text = Text()
    for key, meaning in key_line(controls):
        text.append(f"{key} ", "bold green3")
        text.append(f"{meaning}  ", LABEL)
    return text


def _alarm(what: str, style: str, width: int) -> Text:
    text = Text(f" {what}", style, no_wrap=True, overflow="ellipsis")
    text.truncate(max(0, width - 1), overflow="ellipsis", pad=True)
    return text


def _beside(left: Panel, right: Panel, left_width: int, right_width: int) -> Table:
    grid = Table.grid()
    grid.add_column(width=left_width)
    grid.add_column(width=right_width)
    grid.add_row(left, right)
    return grid


def _spread(left: Text, right: Text, width: int) -> Text:
    right.truncate(max(0, width - left.cell_len - 3), overflow="ellipsis")
    return Text.assemble(
        left, " " * max(1, width - left.cell_len - right.cell_len - 1), right, no_wrap=True
    )
