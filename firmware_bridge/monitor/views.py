"""The outputs of the monitor: a live view in a terminal, or JSON lines."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.live import Live

from firmware_bridge.counted import counted
from firmware_bridge.monitor.controls import Controls, Wish, press
from firmware_bridge.monitor.frame_log import ChangeFinder, FrameLog, LoggedFrame, is_shown
from firmware_bridge.monitor.screen import Screen
from firmware_bridge.monitor.sources import Source
from firmware_bridge.reception.frame_filter import FrameFilter, parse_filter
from firmware_bridge.reception.supervision import JudgedFrame
from firmware_bridge.reception.watching import Line, Seen, Summary, Watch, frame_as_json
from firmware_bridge.recording.recorder import Recorder, RecordingStatus
from firmware_bridge.terminal.json_line import write_json_line
from firmware_bridge.terminal.keyboard import Keyboard

REDRAW_S = 0.2  # a redraw costs some 10 ms of a desktop's core

_COURSE_STATES = 12


class View(Protocol):
    """The interface of an output."""

    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        """Show one frame, as it arrives."""
        ...

    def refresh(self, watch: Watch, line: Line, now_s: float) -> None:
        """Show the present status; called many times a second."""
        ...

    def end(self, summary: Summary) -> None:
        """Show the totals."""
        ...


class Views:
    """Several outputs at the same time."""

    def __init__(self, *views: View) -> None:
        self._views = views

    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        """Show one frame in each."""
        for view in self._views:
            view.frame(judged, watch)

    def refresh(self, watch: Watch, line: Line, now_s: float) -> None:
        """Refresh each."""
        for view in self._views:
            view.refresh(watch, line, now_s)

    def end(self, summary: Summary) -> None:
        """Show the totals in each."""
        for view in self._views:
            view.end(summary)


class JsonView:
    """One JSON object for each frame that passes the filter, and a summary at the end."""

    def __init__(
        self,
        out: TextIO,
        recorder: Recorder,
        *,
        wanted: FrameFilter,
        changed_only: bool,
    ) -> None:
        self._out = out
        self._recorder = recorder
        self._wanted = wanted
        self._changed_only = changed_only
        self._changes = ChangeFinder()
        self._warning: str | None = None  # the last one printed
        self._recording_trouble: str | None = None
        self._scene: str | None = None

    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        """Print the frame."""
        logged = self._changes.take(judged)
        if is_shown(logged, self._wanted, changed_only=self._changed_only):
            self._print(frame_as_json(judged, watch.start_s))

    def refresh(self, watch: Watch, line: Line, now_s: float) -> None:
        """Print a warning or a scene when it begins; all other lines are received frames."""
        time_s = round(now_s - watch.start_s, 4)
        if line.warning is not None and self._warning is None:
            self._print({"time_s": time_s, "warning": line.warning})
        self._warning = line.warning
        if line.scene is not None and line.scene != self._scene:
            self._print({"time_s": time_s, "scene": line.scene})
            self._scene = line.scene
        recording = self._recorder.status
        trouble = None if recording is None else recording.trouble
        if trouble is not None and self._recording_trouble is None:
            self._print({"time_s": time_s, "warning": trouble})
        self._recording_trouble = trouble

    def end(self, summary: Summary) -> None:
        """Print the totals."""
        totals: dict[str, Any] = {"summary": asdict(summary)}
        recording = self._recorder.status
        if recording is not None:
            totals["recording"] = {
                "path": str(recording.path),
                "frames": recording.frames,
                "trouble": recording.trouble,
            }
        self._print(totals)

    def _print(self, value: object) -> None:
        write_json_line(self._out, value)


class ScreenView:
    """The live view in a terminal, with keys; without a terminal, only the totals."""

    def __init__(
        self,
        console: Console,
        live: Live | None,
        source: Source,
        recorder: Recorder,
        *,
        keyboard: Keyboard | None = None,
        filter_text: str = "",
        changed_only: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._live = live
        self._source = source
        self._recorder = recorder
        self._keyboard = keyboard
        self._clock = clock
        self._controls = Controls(filter_text=filter_text, changed_only=changed_only)
        self._log = FrameLog(parse_filter(filter_text), changed_only=changed_only)
        self._held: tuple[Seen, tuple[LoggedFrame, ...]] | None = None  # while paused
        self._redraw_s = 0.0
        self.has_keys = keyboard is not None
        self.is_left = False  # the user wants no more

    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        """Store the frame for the next redraw."""
        if self._live is not None:
            self._log.take(judged)

    def refresh(self, watch: Watch, line: Line, now_s: float) -> None:
        """Apply the pressed keys, and redraw if it is time to."""
        if self._live is None:
            return
        pressed = [] if self._keyboard is None else self._keyboard.pressed()
        for key in pressed:
            self._press(key, watch, now_s)
        if not pressed and self._clock() < self._redraw_s:
            return
        self._redraw_s = self._clock() + REDRAW_S
        seen, frames = self._held or (watch.seen(now_s), self._log.shown())
        screen = Screen(
            seen,
            line,
            self._controls,
            frames,
            self._recorder.status,
            has_keys=self.has_keys,
        )
        self._live.update(screen, refresh=True)

    def end(self, summary: Summary) -> None:
        """Print the totals to the terminal."""
        if self._live is not None:
            self._live.stop()
        lines = summary_lines(summary, self._recorder.status)
        for line in lines:
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _press(self, key: str, watch: Watch, now_s: float) -> None:
        before = self._controls
        self._controls, wish = press(before, key)
        after = self._controls
        self.is_left = self.is_left or wish is Wish.QUIT
        if wish is Wish.RECORD:
            self._recorder.toggle(now_s)
        self._log.choose(parse_filter(after.filter_text), changed_only=after.changed_only)
        if not after.paused:
            self._held = None
        elif self._held is None:
            self._held = (watch.seen(now_s), self._log.shown())
        elif before != after:
            # What is held stays, but another filter may ask for other frames of it.
            seen = self._held[0]
            held = tuple(
                logged for logged in self._log.shown() if logged.judged.frame.time_s <= seen.now_s
            )
            self._held = (seen, held)
        self._source.pause(after.paused)


def summary_lines(summary: Summary, recording: RecordingStatus | None = None) -> list[str]:
    """Return the totals as text."""
    lines = [
        f"{summary.good_frames} good frames of {summary.frames} in {summary.seconds:.1f} s;"
        f" wrong CRC {summary.crc_failures}, counter gaps {summary.counter_gaps},"
        f" overdue {summary.overdue}, bytes rejected {summary.rejected_bytes}",
        "driver: " + (_course(summary.states) or "none received"),
    ]
    if recording is not None and recording.frames:
        lines.append(f"recorded: {counted(recording.frames, 'frame')} in {recording.path}")
    if recording is not None and recording.trouble is not None:
        lines.append(f"warning: {recording.trouble}")
    if summary.line_warning is not None:
        lines.append(f"warning: {summary.line_warning}")
    return lines


def _course(states: list[str]) -> str:
    """Return the latest states; a day has hundreds of them."""
    earlier = len(states) - _COURSE_STATES
    begin = [f"({earlier} before)"] if earlier > 0 else []
    return " → ".join(begin + states[-_COURSE_STATES:])
