"""`edge-fer monitor`: decodes and checks received frames, as a live view or as JSON lines."""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.live import Live

from firmware_bridge.errors import EndOfStream, InputError, InputReason, TransportError
from firmware_bridge.link.connection import Connection
from firmware_bridge.monitor.plot import PlotView
from firmware_bridge.monitor.signal_names import parse_signals
from firmware_bridge.monitor.sources import Source, open_source
from firmware_bridge.monitor.views import JsonView, ScreenView, View, Views
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.reception.frame_filter import parse_filter
from firmware_bridge.reception.garbled_line import LineJudge
from firmware_bridge.reception.watching import Line, Summary, Watch
from firmware_bridge.recording.recorder import Recorder
from firmware_bridge.terminal.interrupts import EndingSignal, ending_signals_interrupt
from firmware_bridge.terminal.keyboard import Keyboard, find_keyboard

# How late a key is noticed, and a watch that is to end; each turn costs next to nothing.
SLICE_S = 0.05


def watch_bus(
    source: Source,
    view: View,
    *,
    seconds: float | None = None,
    until: Callable[[], bool] = lambda: False,
    recorder: Recorder | None = None,
    stay: bool = False,
    scene: Callable[[], str | None] = lambda: None,
) -> Summary:
    """Show the frames of `source` until the time is up, `until()` is true, or a signal arrives.

    It also ends with the source, unless `stay` keeps the last view. `scene` describes what happens
    before the camera, if that is known. BridgeError if the port does not open at first; a port that
    vanishes later is reopened. KeyboardInterrupt on Ctrl-C, after the summary.
    """
    connection = Connection(source.uri, source.open)
    start_s = time.monotonic()
    watch = Watch(source.now_s())  # before: frames come while an adapter is being opened, too
    connection.open(start_s)
    judge = LineJudge(source.uri)
    ended: EndOfStream | None = None
    interrupt: KeyboardInterrupt | None = None
    try:
        while not until() and (stay or ended is None):
            if seconds is not None and time.monotonic() >= start_s + seconds:
                break
            watch.check_overdue(source.now_s())
            line = replace(_line(connection, judge, ended, watch), scene=scene())
            view.refresh(watch, line, source.now_s())
            if recorder is not None:
                recorder.tick()
            if ended is not None:
                time.sleep(SLICE_S)
                continue
            try:
                frames = _receive(connection, SLICE_S)
            except EndOfStream as end:
                ended = end
                continue
            for frame in frames:
                judged = watch.take(frame)
                if recorder is not None:
                    recorder.take(judged)
                view.frame(judged, watch)
    except EndingSignal:
        pass
    except KeyboardInterrupt as error:
        interrupt = error
    finally:
        if recorder is not None:
            recorder.stop()
        line = _line(connection, judge, ended, watch)  # what a bus said is gone when it is closed
        connection.close()
    summary = watch.summary(source.now_s(), line)
    view.end(summary)
    if interrupt is not None:
        raise interrupt
    return summary


def run_monitor(
    uri: str,
    *,
    json_lines: bool,
    seconds: float | None = None,
    until: Callable[[], bool] = lambda: False,
    record: Path | None = None,
    filter_text: str = "",
    changed_only: bool = False,
    plot: Path | None = None,
    signals: str = "",
    out: TextIO | None = None,
    source: Source | None = None,
    scene: Callable[[], str | None] = lambda: None,
) -> int:
    """Run the monitor on standard output, or `out`; return 0, or 1 if no good frame arrived.

    Ends after `seconds`, when `until()` is true, with the recording or stream that `uri` names, on
    the key q, on SIGTERM and SIGHUP, with a summary; on SIGINT with KeyboardInterrupt after it.
    `signals` are those that `plot` draws, by name; empty: the usual ones.
    `source` is what `uri` names where it is open already; `scene` as in `watch_bus`.
    """
    target = sys.stdout if out is None else out
    wanted = parse_signals(signals) if signals else ()
    if wanted and plot is None:
        raise InputError(
            InputReason.BAD_VALUE, "--signals names what --plot draws: add --plot FILE"
        )
    with ExitStack() as stack:
        stack.enter_context(ending_signals_interrupt())
        # A recording that is only to be drawn is not watched.
        unwatched = plot is not None and uri.startswith("replay:")
        source = source or open_source(uri, at_once=unwatched)
        drawing = None if plot is None else PlotView(plot, source, wanted)
        recorder = Recorder(uri, source.wall_s)
        if record is not None:
            recorder.start(record, source.now_s())
            stack.callback(recorder.stop)
        screen: ScreenView | None = None
        if json_lines:
            view: View = JsonView(
                target, recorder, wanted=parse_filter(filter_text), changed_only=changed_only
            )
        else:
            console = Console(file=target)
            live, keyboard = (None, None) if unwatched else _enter_terminal(stack, console)
            view = screen = ScreenView(
                console,
                live,
                source,
                recorder,
                keyboard=keyboard,
                filter_text=filter_text,
                changed_only=changed_only,
            )
        summary = watch_bus(
            source,
            view if drawing is None else Views(view, drawing),
            seconds=seconds,
            until=lambda: until() or (screen is not None and screen.is_left),
            recorder=recorder,
            stay=screen is not None and screen.has_keys,
            scene=scene,
        )
    return 0 if summary.good_frames else 1


def _enter_terminal(stack: ExitStack, console: Console) -> tuple[Live | None, Keyboard | None]:
    """Return the terminal's screen and keys, which `stack` gives back, where there are any."""
    if not console.is_terminal:
        return None, None
    keyboard = find_keyboard()
    if keyboard is not None:
        stack.enter_context(keyboard)
    live = stack.enter_context(Live(console=console, screen=True, auto_refresh=False))
    return live, keyboard


def _receive(connection: Connection, wait_s: float) -> list[CanFrame]:
    """Return the frames that arrive within `wait_s`; opens a lost port again meanwhile.

    EndOfStream where none will come any more.
    """
    now_s = time.monotonic()
    connection.reopen_if_due(now_s)
    transport = connection.transport
    if transport is None:
        time.sleep(max(0.0, min(wait_s, connection.next_try_s - now_s)))
        return []
    try:
        return transport.receive(wait_s)
    except EndOfStream:
        raise
    except TransportError as error:
        connection.lose(error, time.monotonic())
        return []


def _line(
    connection: Connection, judge: LineJudge, ended: EndOfStream | None, watch: Watch
) -> Line:
    damage = None if ended is None else ended.damage
    transport = connection.transport
    trouble = None if transport is None else transport.trouble
    garbled = judge.judge(connection.counters)
    return Line(
        uri=connection.uri,
        connected=connection.transport is not None,
        trouble=connection.trouble,
        connections_lost=connection.lost_count,
        counters=connection.counters,
        warning=garbled or trouble or damage or watch.dbc_warning(),
        ended=ended is not None,
    )
