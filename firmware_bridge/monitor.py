"""`edge-fer monitor`: decode and check what arrives, as a live view or as JSON lines."""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TextIO

from rich.console import Console
from rich.live import Live

from firmware_bridge.connection import Connection
from firmware_bridge.errors import TransportError
from firmware_bridge.frame import CanFrame
from firmware_bridge.garbled_line import LineJudge
from firmware_bridge.interrupts import sigterm_interrupts
from firmware_bridge.transports import Transport, open_transport
from firmware_bridge.views import JsonView, ScreenView, View
from firmware_bridge.watching import Line, Summary, Watch

REDRAW_S = 0.2  # a redraw costs some 10 ms of a desktop's core


def watch_bus(
    uri: str,
    view: View,
    *,
    seconds: float | None = None,
    until: Callable[[], bool] = lambda: False,
    open_transport: Callable[[str], Transport] = open_transport,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Show what arrives over `uri` until the time is up, `until()` is true, or an interrupt.

    BridgeError where the port does not open at first; when it vanishes later it is opened again.
    """
    connection = Connection(uri, open_transport)
    start_s = clock()
    connection.open(start_s)
    watch = Watch(start_s)
    judge = LineJudge(uri)
    redraw_s = start_s
    try:
        while not until():
            now_s = clock()
            if seconds is not None and now_s >= start_s + seconds:
                break
            if now_s >= redraw_s:
                watch.check_overdue(now_s)
                view.refresh(watch, _line(connection, judge), now_s)
                redraw_s = now_s + REDRAW_S
            for frame in _receive(connection, clock, redraw_s - now_s):
                view.frame(watch.take(frame), watch)
    except KeyboardInterrupt:
        pass  # how a watch usually ends
    finally:
        connection.close()
    summary = watch.summary(clock(), _line(connection, judge))
    view.end(summary)
    return summary


def run_monitor(
    uri: str,
    *,
    json_lines: bool,
    seconds: float | None = None,
    until: Callable[[], bool] = lambda: False,
    open_transport: Callable[[str], Transport] = open_transport,
    out: TextIO | None = None,
) -> int:
    """Run the monitor on standard output, or `out`; return 0, or 1 if no good frame arrived.

    Ends after `seconds`, when `until()` is true, on SIGINT and on SIGTERM, with a summary.
    """
    target = sys.stdout if out is None else out
    with ExitStack() as stack:
        stack.enter_context(sigterm_interrupts())
        if json_lines:
            view: View = JsonView(target)
        else:
            console = Console(file=target)
            live = None
            if console.is_terminal:
                live = stack.enter_context(Live(console=console, screen=True, auto_refresh=False))
            view = ScreenView(console, live)
        summary = watch_bus(uri, view, seconds=seconds, until=until, open_transport=open_transport)
    return 0 if summary.good_frames else 1


def _receive(connection: Connection, clock: Callable[[], float], wait_s: float) -> list[CanFrame]:
    """Return the frames that arrive within `wait_s`; opens a lost port again meanwhile."""
    now_s = clock()
    connection.reopen_if_due(now_s)
    transport = connection.transport
    if transport is None:
        time.sleep(max(0.0, min(wait_s, connection.next_try_s - now_s)))
        return []
    try:
        return transport.receive(wait_s)
    except TransportError as error:
        connection.lose(error, clock())
        return []


def _line(connection: Connection, judge: LineJudge) -> Line:
    return Line(
        uri=connection.uri,
        connected=connection.transport is not None,
        trouble=connection.trouble,
        connections_lost=connection.lost_count,
        counters=connection.counters,
        warning=judge.judge(connection.counters),
    )
