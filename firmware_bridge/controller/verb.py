"""`edge-fer controller PORT`: the port, the clock and the keys around the controller's side."""

import math
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.live import Live

from firmware_bridge.controller.events import Changes, Event
from firmware_bridge.controller.key_map import HELP_KEY, QUIT, press
from firmware_bridge.controller.script import ScriptPlayer, read_script
from firmware_bridge.controller.side import ControllerSide
from firmware_bridge.controller.vehicle import VehicleState
from firmware_bridge.controller.views import ControllerView, EventLines, JsonEvents, Totals
from firmware_bridge.errors import LinkError, LinkReason, SendTimeoutError, TransportError
from firmware_bridge.faults.outages import Outages
from firmware_bridge.faults.spec import FaultSpec
from firmware_bridge.faults.wire import FaultyWire
from firmware_bridge.link.connection import Connection
from firmware_bridge.reception.garbled_line import LineJudge
from firmware_bridge.reception.watching import course_name
from firmware_bridge.terminal.interrupts import EndingSignal, ending_signals_interrupt
from firmware_bridge.terminal.keyboard import standard_keyboard
from firmware_bridge.transports import open_transport

REDRAW_S = 0.2
_SERIAL = ("slcan", "cobs")
_KEYS_S = 0.05  # so often keys are looked at


class ControllerRun:
    """One run at one port. `player` changes the vehicle by a script; of `faults`, it reboots."""

    def __init__(
        self,
        uri: str,
        vehicle: VehicleState,
        player: ScriptPlayer,
        view: ControllerView,
        faults: FaultSpec,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._start_s = clock()
        self._connection = Connection(uri, open_transport)
        self._side = ControllerSide(player.advance(vehicle, 0.0), self._start_s)
        self._player = player
        self._view = view
        self._changes = Changes()
        self._redraw_s = self._start_s
        self._frames_sent = 0
        self._frames_dropped = 0
        self._actions: list[str] = []
        self._reboots = Outages(faults, "reboot", self._start_s)
        self._is_down = False
        self._line_judge = LineJudge(uri)

    def open(self) -> None:
        """Open the port; BridgeError where that fails."""
        self._connection.open(self._start_s)

    def run(
        self, pressed: Callable[[], list[str]], seconds: float | None, until: Callable[[], bool]
    ) -> None:
        """Go on until the time is up, `until()` is true or somebody quits; `pressed` has the keys.

        What goes wrong with the port is shown.
        """
        end_s = math.inf if seconds is None else self._start_s + seconds
        while self._clock() < end_s and not until():
            for key in pressed():
                if key == QUIT:
                    return
                if key == HELP_KEY:
                    self._view.toggle_help()
                press(self._side, key, self._clock())
            self._step()

    def end(self, faults_done: Mapping[str, int]) -> Totals:
        """Close the port and show the totals."""
        now_s = self._clock()
        line = self._connection.counters
        self._connection.close()
        heard = self._side.watch.statistics(now_s)
        reboots = self._reboots.count
        totals = Totals(
            seconds=round(now_s - self._start_s, 3),
            frames_sent=self._frames_sent,
            frames_dropped=self._frames_dropped,
            frames_heard=sum(message.frames for message in heard),
            frames_good=sum(message.good for message in heard),
            rejected_bytes=line.rejected_bytes,
            connections_lost=self._connection.lost_count,
            states=[course_name(change.state) for change in self._side.watch.history],
            actions=self._actions,
            faults=dict(faults_done) | ({"reboot": reboots} if reboots else {}),
        )
        self._view.end(totals)
        return totals

    def _step(self) -> None:
        now_s = self._clock()
        side = self._side
        self._connection.reopen_if_due(now_s)
        self._reboot(now_s)
        side.vehicle = self._player.advance(side.vehicle, now_s - self._start_s)
        side.pass_time(now_s)
        try:
            self._send_due(now_s)
            self._listen(max(0.0, min(_KEYS_S, side.due_s - now_s)))
        except TransportError as error:
            self._connection.lose(error, self._clock())
        self._show()

    def _reboot(self, now_s: float) -> None:
        """Be down while a reboot lasts, and begin anew after it."""
        was_down, self._is_down = self._is_down, self._reboots.active(now_s)
        if was_down and not self._is_down:
            self._side.reboot(now_s)
            self._tell([{"event": "reboot"}])

    def _send_due(self, now_s: float) -> None:
        frame = self._side.take_due(now_s)
        transport = self._connection.transport
        if frame is None or transport is None or self._is_down:
            return
        try:
            transport.send(frame)
            self._frames_sent += 1
        except SendTimeoutError:
            self._frames_dropped += 1

    def _listen(self, wait_s: float) -> None:
        transport = self._connection.transport
        if transport is None:
            time.sleep(wait_s)
            return
        for frame in transport.receive(wait_s):
            if self._is_down:
                continue
            self._side.take(frame)
            self._tell(self._changes.since(self._side))

    def _show(self) -> None:
        connection = self._connection
        self._tell(self._changes.since(self._side))
        connected = connection.transport is not None
        warnings = self._side.warnings()
        garbled = self._line_judge.judge(connection.counters)
        if garbled is not None:
            warnings["line"] = garbled
        transport = connection.transport
        if transport is not None and transport.trouble is not None:
            warnings["bus"] = transport.trouble
        self._tell(self._changes.of_warnings(warnings))
        self._tell(self._changes.of_line(connected=connected, trouble=connection.trouble))
        now_s = self._clock()
        if now_s >= self._redraw_s:
            self._redraw_s = now_s + REDRAW_S
            self._view.refresh(self._side, connection.uri, now_s - self._start_s)

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            if event["event"] == "driver" and self._actions[-1:] != [event["action"]]:
                self._actions.append(str(event["action"]))
            self._view.event(event, self._clock() - self._start_s)


def run_controller(
    uri: str,
    vehicle: VehicleState,
    *,
    script: Path | None,
    faults: FaultSpec | None = None,
    json_lines: bool,
    seconds: float | None,
    until: Callable[[], bool] = lambda: False,
    out: TextIO | None = None,
) -> int:
    """Act as the vehicle controller at `uri`; return 0, or 1 if no good frame was received.

    Ends after `seconds`, when `until()` is true, on the key q, on SIGINT, SIGTERM and SIGHUP.
    BridgeError where the port does not open at first or the script is wrong. With `faults` the
    port is made here, at a path that does not exist yet, and the line to it has these faults.
    """
    target = sys.stdout if out is None else out
    player = ScriptPlayer(() if script is None else read_script(script))
    with ExitStack() as stack:
        stack.enter_context(ending_signals_interrupt())
        console = Console(file=target)
        live: Live | None = None
        if not json_lines and console.is_terminal:
            live = Live(console=console, screen=True, auto_refresh=False)
        view: ControllerView = JsonEvents(target) if json_lines else EventLines(console, live)
        wire = None if faults is None else stack.enter_context(_faulty_wire(uri, faults))
        if wire is not None:
            uri = f"{uri.partition(':')[0]}:{wire.end_b}"
        run = ControllerRun(uri, vehicle, player, view, faults or FaultSpec())
        run.open()
        if live is not None:
            stack.enter_context(live)
        keyboard = standard_keyboard()
        pressed = list if keyboard is None else stack.enter_context(keyboard).pressed
        interrupt: KeyboardInterrupt | None = None
        try:
            run.run(pressed, seconds, until)
        except EndingSignal:
            pass
        except KeyboardInterrupt as error:
            interrupt = error
        totals = run.end({} if wire is None else wire.done)
    if interrupt is not None:
        raise interrupt
    return 0 if totals.frames_good else 1


def _faulty_wire(uri: str, faults: FaultSpec) -> FaultyWire:
    scheme, _, address = uri.partition(":")
    if scheme not in _SERIAL or not address or "://" in address:
        ways = " or ".join(f"{known}:PATH" for known in _SERIAL)
        raise LinkError(
            LinkReason.BAD_ADDRESS,
            f"faults: {uri!r} is not a serial line; use {ways}, a path to be made",
        )
    return FaultyWire(faults, Path(address.partition("?")[0]))
