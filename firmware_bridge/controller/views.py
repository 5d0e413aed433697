"""Shows what happens at the controller: live in a terminal, else line by line or as JSON."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Protocol, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from firmware_bridge.controller.action import Action
from firmware_bridge.controller.events import Event, event_text
from firmware_bridge.controller.key_map import KEYS
from firmware_bridge.controller.side import ControllerSide
from firmware_bridge.controller.vehicle import describe
from firmware_bridge.protocol.database import value_name
from firmware_bridge.protocol.messages import DriverRequestMessage, DriverStateMessage
from firmware_bridge.reception.watching import course_name
from firmware_bridge.terminal.json_line import write_json_line

_EVENTS_SHOWN = 10
_KEY_LINE = "   ".join(f"{key} {name}" for key, name, _ in KEYS)
_COLOURS = {
    Action.UNKNOWN: "grey62",
    Action.NOTHING: "green3",
    Action.CHIME: "gold1",
    Action.WARNING: "dark_orange",
    Action.SLOW_DOWN: "red1",
    Action.STOP: "red1",
}


@dataclass(frozen=True, slots=True)
class Totals:
    """What the last line shows. What was received counts from the last reboot on."""

    seconds: float
    frames_sent: int
    frames_dropped: int  # the port did not take them
    frames_heard: int
    frames_good: int
    rejected_bytes: int
    connections_lost: int
    states: list[str]
    actions: list[str]
    faults: dict[str, int]  # that were made, and how often


class ControllerView(Protocol):
    """Where what happens goes. Times are seconds since the start."""

    def event(self, event: Event, time_s: float) -> None:
        """Show that something changed."""
        ...

    def refresh(self, side: ControllerSide, uri: str, time_s: float) -> None:
        """Show how things stand; called several times a second."""
        ...

    def toggle_help(self) -> None:
        """Show what the keys do, or hide it."""
        ...

    def end(self, totals: Totals) -> None:
        """Show the totals."""
        ...


class JsonEvents:
    """One JSON object an event, and the totals at the end."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def event(self, event: Event, time_s: float) -> None:
        """Print the event."""
        self._print({"time_s": round(time_s, 3), **event})

    def refresh(self, side: ControllerSide, uri: str, time_s: float) -> None:
        """Say nothing: lines are for what changed."""

    def toggle_help(self) -> None:
        """Show nothing: a program reads."""

    def end(self, totals: Totals) -> None:
        """Print the totals."""
        self._print({"summary": asdict(totals)})

    def _print(self, value: object) -> None:
        write_json_line(self._out, value)


class EventLines:
    """One line an event, for a log; `live` draws instead, and leaves the last lines behind."""

    def __init__(self, console: Console, live: Live | None) -> None:
        self._console = console
        self._live = live
        self._latest: deque[str] = deque(maxlen=_EVENTS_SHOWN)
        self._help = False

    def event(self, event: Event, time_s: float) -> None:
        """Print the event, or keep it for the next redraw."""
        line = f"{time_s:7.1f} s  {event_text(event)}"
        self._latest.append(line)
        if self._live is None:
            self._say(line)

    def refresh(self, side: ControllerSide, uri: str, time_s: float) -> None:
        """Draw anew."""
        if self._live is not None:
            self._live.update(render(side, uri, self._latest, help_page=self._help), refresh=True)

    def toggle_help(self) -> None:
        """Draw the help from the next redraw on, or no more."""
        self._help = not self._help

    def end(self, totals: Totals) -> None:
        """Print the totals."""
        if self._live is not None:
            self._live.stop()
        self._say(
            f"{totals.frames_good} good frames of {totals.frames_heard} received,"
            f" {totals.frames_sent} sent in {totals.seconds:.1f} s"
        )
        self._say("driver: " + (" → ".join(totals.states) or "none received"))
        self._say("vehicle would do: " + " → ".join(totals.actions))
        if totals.faults:
            faults = ", ".join(f"{name} {count}" for name, count in totals.faults.items())
            self._say(f"faults made: {faults}")

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def render(
    side: ControllerSide, uri: str, events: deque[str], *, help_page: bool = False
) -> RenderableType:
    """Return what to draw: the controller, or what the keys do."""
    if help_page:
        return Panel(_help(), title="keys")
    heard = side.watch.latest(DriverStateMessage)
    advice = side.advice()
    says = describe(side.vehicle)
    rows = [
        _row("vehicle", ", ".join(f"{name} {value}" for name, value in says.items())),
        _row(
            "driver",
            f"{course_name(None if heard is None else heard[0].state)}"
            f"  (end-to-end: {side.watch.receiver_state(DriverStateMessage.NAME).value})",
        ),
        _row("request", _request(side)),
        _row("would do", f"{advice.action.upper()}", f"bold {_COLOURS[advice.action]}"),
        _row("", advice.why),
    ]
    return Group(
        Text.assemble((" edge-fer controller ", "bold black on deep_sky_blue1"), f"  {uri}"),
        Panel(Group(*rows), border_style="grey50"),
        *(Text(line, "grey70", no_wrap=True, overflow="ellipsis") for line in events),
        *[Text("")] * (_EVENTS_SHOWN - len(events)),
        Text(_KEY_LINE, "grey62"),
    )


def _help() -> Table:
    table = Table.grid(padding=(0, 3, 0, 0))
    for key, _, meaning in KEYS:
        table.add_row(Text(key, "bold"), meaning)
    return table


def _row(label: str, value: str, style: str = "default") -> Text:
    return Text.assemble(
        (f"{label:<14}", "grey62"), (value, style), no_wrap=True, overflow="ellipsis"
    )


def _request(side: ControllerSide) -> str:
    shown = side.desk.shown
    if shown is None:
        return "none"
    kind = value_name(DriverRequestMessage.NAME, "Type", shown.request.kind)
    answer = "y or n?" if shown.is_open else value_name("ControllerStatus", "Answer", shown.answer)
    return f"{shown.request.request_id}: {kind}  →  {answer}"
