"""What becomes of what the monitor sees: a live view in a terminal, or JSON lines."""

import json
from dataclasses import asdict
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live

from firmware_bridge.screen import render
from firmware_bridge.supervision import JudgedFrame
from firmware_bridge.watching import Line, Summary, Watch, frame_as_json


class View(Protocol):
    """Where what is seen goes."""

    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        """Show one frame, as it arrives."""
        ...

    def refresh(self, watch: Watch, line: Line, now_s: float) -> None:
        """Show how things stand; called several times a second."""
        ...

    def end(self, summary: Summary) -> None:
        """Show the totals."""
        ...


class JsonView:
    """One JSON object a frame, and a summary at the end."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._warning: str | None = None  # the last one printed

    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        """Print the frame."""
        self._print(frame_as_json(judged, watch.start_s))

    def refresh(self, watch: Watch, line: Line, now_s: float) -> None:
        """Print a warning when it appears; else lines are for what arrived."""
        if line.warning is not None and self._warning is None:
            self._print({"time_s": round(now_s - watch.start_s, 4), "warning": line.warning})
        self._warning = line.warning

    def end(self, summary: Summary) -> None:
        """Print the totals."""
        self._print({"summary": asdict(summary)})

    def _print(self, value: object) -> None:
        print(json.dumps(value), file=self._out, flush=True)  # a reader wants it as it happens


class ScreenView:
    """The live view of a terminal; where there is no terminal, only the totals."""

    def __init__(self, console: Console, live: Live | None) -> None:
        self._console = console
        self._live = live

    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        """Wait for the next redraw."""

    def refresh(self, watch: Watch, line: Line, now_s: float) -> None:
        """Draw anew."""
        if self._live is not None:
            self._live.update(render(watch, line, now_s), refresh=True)

    def end(self, summary: Summary) -> None:
        """Leave the totals behind on the terminal."""
        if self._live is not None:
            self._live.stop()
        for line in summary_lines(summary):
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def summary_lines(summary: Summary) -> list[str]:
    """Return the totals for a reader."""
    lines = [
        f"{summary.good_frames} good frames of {summary.frames} in {summary.seconds:.1f} s;"
        f" wrong CRC {summary.crc_failures}, counter gaps {summary.counter_gaps},"
        f" overdue {summary.overdue}, bytes rejected {summary.rejected_bytes}",
        "driver: " + (" → ".join(summary.states) or "nothing heard"),
    ]
    if summary.line_warning is not None:
        lines.append(f"warning: {summary.line_warning}")
    return lines
