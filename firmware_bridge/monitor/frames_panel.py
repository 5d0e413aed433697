"""The monitor's list of frames, and its help. Pure."""

from collections.abc import Sequence

from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from firmware_bridge.monitor.controls import HELP, Controls
from firmware_bridge.monitor.frame_log import LoggedFrame, last_rows
from firmware_bridge.monitor.parts import LABEL, panel
from firmware_bridge.protocol.frame import id_text
from firmware_bridge.reception.frame_filter import signals_line
from firmware_bridge.reception.supervision import FrameStatus

_STATUS_COLOURS = {
    FrameStatus.OK: "green3",
    FrameStatus.SOME_LOST: "yellow",
    FrameStatus.UNKNOWN_ID: "grey50",
}
_STATUS_CELLS = 14
_DATA_CELLS = 24


def frames_panel(
    frames: Sequence[LoggedFrame], controls: Controls, start_s: float, rows: int
) -> Panel:
    """Return the frames in `rows` lines, the newest below; bytes that changed are marked."""
    shown = last_rows(frames, rows, controls.scrolled_rows)
    lines = [_frame_row(logged, start_s, controls.sideways) for logged in shown]
    if not lines:
        wanted = controls.filter_text or controls.changed_only
        lines = [Text("nothing passes the filter" if wanted else "nothing so far", LABEL)]
    lines += [Text("")] * (rows - len(lines))
    title = "FRAMES"
    if controls.filter_text:
        title += f" with {controls.filter_text!r}"
    if controls.changed_only:
        title += ", only changes"
    if controls.scrolled_rows:
        title += f", {controls.scrolled_rows} back"
    made = panel(Group(*lines), title)
    made.subtitle = Text("← → for the rest of the signals" if shown else "", LABEL)
    made.subtitle_align = "left"
    return made


def help_panel(rows: int) -> Panel:
    """Return what each key does."""
    lines = [
        Text.assemble((f"{key:>6}  ", "bold green3"), meaning, no_wrap=True, overflow="ellipsis")
        for key, meaning in HELP
    ]
    lines += [
        Text(""),
        Text("A filter looks at id, message, verdict and signals: 3a0 state=attentive -ok"),
        Text("and at the data, from its start: data=b4d0"),
        Text("jitter: how far the longest interval of the last 10 s exceeds the cycle"),
        Text("overdue, late: how often a message stayed away for more than 3.5 cycles"),
    ]
    lines += [Text("")] * (rows - len(lines))
    return panel(Group(*lines[:rows]), "HELP")


def _frame_row(logged: LoggedFrame, start_s: float, sideways: int) -> Text:
    judged = logged.judged
    frame = judged.frame
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{frame.time_s - start_s:>9.3f}  ", LABEL)
    text.append(f"{id_text(frame.can_id)}  ", "bold")
    for index, byte in enumerate(frame.data):
        # Not the CRC and the counter's byte: they change always.
        marked = index in logged.changed and (index > 1 or not judged.name)
        text.append(f"{byte:02X}", "bold black on gold3" if marked else "default")
        text.append(" ")
    text.append(" " * (_DATA_CELLS - 3 * len(frame.data)))
    status = judged.status.value.replace("_", " ")
    text.append(f" {status:<{_STATUS_CELLS}}", _STATUS_COLOURS.get(judged.status, "red1"))
    # The table above names the ids; a name in each row would leave no room for the signals.
    text.append(signals_line(judged)[sideways:], LABEL)
    return text
