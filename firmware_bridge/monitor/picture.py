"""Writes the monitor's view to an SVG file, for documents."""

import io
import re
from pathlib import Path

from rich.console import Console

from firmware_bridge.errors import OutputError, OutputReason
from firmware_bridge.monitor.screen import render
from firmware_bridge.protocol.messages import DriverStateMessage
from firmware_bridge.reception.supervision import JudgedFrame
from firmware_bridge.reception.watching import Line, Seen, Summary, Watch

COLUMNS, LINES = 100, 30
# rich has the viewer fetch a font from a server; any monospaced one of the reader's own will do.
_FETCHED_FONT = re.compile(r"@font-face\s*\{[^}]*\}")


class PictureView:
    """A view of the monitor that is written to an SVG file at the end.

    The file shows the view when the driver's state was last known, because the state becomes
    overdue before the other side has ended. BridgeError unless the name ends in .svg.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix != ".svg":
            raise OutputError(
                OutputReason.BAD_NAME, f"picture: {path}: use a name that ends in .svg"
            )
        self._path = path
        self._last: tuple[Seen, Line] | None = None

    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        """Wait for the next redraw."""

    def refresh(self, watch: Watch, line: Line, now_s: float) -> None:
        """Store the present view."""
        seen = watch.seen(now_s)
        if self._last is None or seen.latest(DriverStateMessage) is not None:
            self._last = (seen, line)

    def end(self, summary: Summary) -> None:
        """Write the file; BridgeError on failure."""
        if self._last is None:
            raise OutputError(
                OutputReason.NOTHING_RECEIVED, f"{self._path}: nothing was seen that could be drawn"
            )
        console = Console(
            record=True, width=COLUMNS, height=LINES, file=io.StringIO(), color_system="truecolor"
        )
        console.print(render(*self._last))
        drawing = _FETCHED_FONT.sub("", console.export_svg(title="edge-fer monitor"))
        try:
            self._path.write_text(drawing, encoding="utf-8")
        except OSError as error:
            raise OutputError(
                OutputReason.NOT_WRITABLE, f"{self._path}: cannot be written ({error.strerror})"
            ) from error
