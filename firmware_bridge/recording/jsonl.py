"""A recording as JSON lines: what `edge-fer monitor --json` prints, behind a line about the drive.

Read back are the start of the drive, and of a frame id, data and time; what else a line says is for
people and scripts. Pure.
"""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from firmware_bridge.protocol.frame import MAX_CLASSIC_LENGTH, CanFrame, id_from_text
from firmware_bridge.recording.verdict import LineVerdict

_ID = re.compile("0x(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{8})", re.ASCII)
_DATA = re.compile(f"(?:[0-9A-Fa-f]{{2}}){{0,{MAX_CLASSIC_LENGTH}}}", re.ASCII)
_OTHER_KEYS = frozenset({"recording", "summary", "warning"})


def recording_header(port: str, wall_s: float, *, clock_synchronised: bool) -> dict[str, Any]:
    """Return the first line: where and when; `time_s` of the lines behind it counts from there."""
    return {
        "recording": {
            "port": port,
            "started": datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds"),
            "clock_synchronised": clock_synchronised,
        }
    }


def recording_start(line: str) -> float:
    """Return the Unix time that the times behind this first line count from; 0 if it says none."""
    try:
        return datetime.fromisoformat(json.loads(line)["recording"]["started"]).timestamp()
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return 0.0  # what `monitor --json` printed, or no recording at all


def parse_json_line(line: str) -> CanFrame | LineVerdict:
    """Return the frame of a line, or what the line is instead."""
    if not line:
        return LineVerdict.OTHER
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return LineVerdict.REJECTED
    if not isinstance(value, dict):
        return LineVerdict.REJECTED
    if "data" not in value:
        return LineVerdict.OTHER if _OTHER_KEYS & value.keys() else LineVerdict.REJECTED
    return _frame(value)


def _frame(value: dict[str, Any]) -> CanFrame | LineVerdict:
    can_id, data, time_s = value.get("id"), value["data"], value.get("time_s")
    if not isinstance(can_id, str) or _ID.fullmatch(can_id) is None:
        return LineVerdict.REJECTED
    if not isinstance(data, str) or _DATA.fullmatch(data) is None:
        return LineVerdict.REJECTED
    if not isinstance(time_s, int | float) or isinstance(time_s, bool):
        return LineVerdict.REJECTED
    if not math.isfinite(time_s):
        return LineVerdict.REJECTED
    try:
        number = id_from_text(can_id.removeprefix("0x"))
    except ValueError:
        return LineVerdict.REJECTED
    return CanFrame(number, bytes.fromhex(data), float(time_s))
