"""What changed at the controller since the last look, as plain values for JSON and people."""

from collections.abc import Mapping
from typing import Any

from firmware_bridge.controller.action import Advice
from firmware_bridge.controller.request_desk import Shown
from firmware_bridge.controller.side import ControllerSide
from firmware_bridge.controller.vehicle import VehicleState, describe
from firmware_bridge.protocol.database import value_name
from firmware_bridge.protocol.messages import ControllerStatusMessage, DriverStateMessage
from firmware_bridge.reception.watching import course_name, message_as_json

Event = dict[str, Any]


class Changes:
    """Remembers what was said, so that each change is an event once."""

    def __init__(self) -> None:
        self._vehicle: VehicleState | None = None
        self._driver: tuple[str, Advice] | None = None
        self._shown: Shown | None = None
        self._warnings: frozenset[str] = frozenset()
        self._line: tuple[bool, str | None] = (True, None)

    def since(self, side: ControllerSide) -> list[Event]:
        """Return the events since the last call, in the order of cause and effect."""
        events: list[Event] = []
        if side.vehicle != self._vehicle:
            self._vehicle = side.vehicle
            events.append({"event": "vehicle", **describe(side.vehicle)})
        events += self._of_driver(side)
        events += self._of_request(side.desk.shown)
        return events

    def of_warnings(self, warnings: Mapping[str, str]) -> list[Event]:
        """Return an event for each warning, by its subject, that was not there at the last call."""
        before, self._warnings = self._warnings, frozenset(warnings)
        new = sorted(self._warnings - before)
        return [{"event": "warning", "about": about, "what": warnings[about]} for about in new]

    def of_line(self, *, connected: bool, trouble: str | None) -> list[Event]:
        """Return an event where the port went or came back."""
        if connected == self._line[0]:
            return []
        self._line = (connected, trouble)
        if connected:
            return [{"event": "line", "connected": True}]
        return [{"event": "line", "connected": False, "why": trouble}]

    def _of_driver(self, side: ControllerSide) -> list[Event]:
        heard = side.watch.latest(DriverStateMessage)
        state = course_name(None if heard is None else heard[0].state)
        advice = side.advice()
        if (state, advice) == self._driver:
            return []
        self._driver = (state, advice)
        return [{"event": "driver", "state": state, "action": advice.action, "why": advice.why}]

    def _of_request(self, shown: Shown | None) -> list[Event]:
        before, self._shown = self._shown, shown
        if shown is None:
            return []
        events: list[Event] = []
        if before is None or before.shown_s != shown.shown_s:
            events.append({"event": "request", **message_as_json(shown.request)})
            was_open = True
        else:
            was_open = before.is_open
        if was_open and not shown.is_open:
            events.append(
                {
                    "event": "answer",
                    "id": shown.request.request_id,
                    "answer": value_name(ControllerStatusMessage.NAME, "Answer", shown.answer),
                }
            )
        return events


def event_text(event: Event) -> str:
    """Return an event for a reader, on one line."""
    kind = event["event"]
    if kind == "vehicle":
        values = ", ".join(f"{name} {event[name]}" for name in event if name != "event")
        return f"vehicle: {values}"
    if kind == "line":
        back = f"{event.get('why')}; it is opened again as soon as it is back"
        return "the port is back" if event["connected"] else back
    return _TEXTS[kind].format_map(event)


_TEXTS = {
    "driver": "vehicle would do: {action} ({why})",
    "request": "request {Id}: {Type} ({Severity}, for {ValidFor} s)",
    "answer": "request {id} answered: {answer}",
    "warning": "warning: {what}",
    "reboot": "the controller begins anew",
}
