"""The lines of `candump -L` and of its log files: (1436509052.249713) can0 3A0#B4D003AF90140405.

As in can-utils: lib.c (`snprintf_canframe`) and candump.c. Pure.
"""

import re

from firmware_bridge.protocol.frame import CanFrame, id_from_text, id_text
from firmware_bridge.recording.verdict import LineVerdict

_MICROSECONDS = 1_000_000
_LINE = re.compile(
    r"""
    \( (?P<seconds>[0-9]{1,12}) \. (?P<fraction>[0-9]{1,9}) \)
    \s+ (?P<channel>[^\s#]{1,32}) \s+                                 # the interface
    (?P<frame>[^\s]+)
    (?: \s+ [RT] )?                                            # received, sent: candump -x
    """,
    re.VERBOSE | re.ASCII,
)
_CLASSIC = re.compile(
    r"(?P<can_id>[0-9A-Fa-f]{3}|[01][0-9A-Fa-f]{7})\#(?P<data>(?:[0-9A-Fa-f]{2}){0,8})(?:_[9A-Fa-f])?",
    re.ASCII,
)
# What candump prints for people, without -L: "  can0  3A0   [8]  B4 D0 03 AF 90 14 04 05", by its
# options with a time before it (-t), or where it came from (-x).
_SCREEN_LINE = re.compile(
    rb"""
    ^[ ]* (?: \( [^)\n]{1,40} \) [ ]+ )? [^\s\#]{1,32} [ ]+ (?: [RT]X [ ]+ \S [ ]+ \S [ ]+ )?
    [0-9A-F]{3,8} [ ]+ \[ [0-9]{1,2} \]
    """,
    re.VERBOSE | re.MULTILINE,
)
# Error frames, remote frames, CAN FD and CAN XL.
_NOT_FOR_US = re.compile(
    r"""
    [2-9A-Fa-f][0-9A-Fa-f]{7} \# (?:[0-9A-Fa-f]{2}){0,8} (?:_[9A-Fa-f])?
    | (?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{8}) \# R [0-9A-Fa-f]? (?:_[9A-Fa-f])?
    | (?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{8}) \#\# [0-9A-Fa-f] (?:[0-9A-Fa-f]{2}){0,64}
    | [0-9A-Fa-f]{5} \# [0-9A-Fa-f]{2} : [0-9A-Fa-f]{2} : [0-9A-Fa-f]{8} \# [0-9A-Fa-f]*
    """,
    re.VERBOSE | re.ASCII,
)


def candump_line(frame: CanFrame, wall_s: float, interface: str) -> str:
    """Return the line of a frame that came at `wall_s` (Unix time), without its end."""
    seconds, fraction = divmod(round(wall_s * _MICROSECONDS), _MICROSECONDS)
    data = frame.data.hex().upper()
    return f"({seconds:010}.{fraction:06}) {interface} {id_text(frame.can_id)}#{data}"


def holds_screen_line(data: bytes) -> bool:
    """Return whether there is a line as candump prints it for people, without -L."""
    return _SCREEN_LINE.search(data) is not None


def parse_candump_line(line: str) -> CanFrame | LineVerdict:
    """Return the frame of a line, its time as in the line, or what the line is instead."""
    found = _LINE.fullmatch(line)
    if found is None:
        return LineVerdict.REJECTED if line else LineVerdict.OTHER
    classic = _CLASSIC.fullmatch(found["frame"])
    if classic is None:
        known = _NOT_FOR_US.fullmatch(found["frame"])
        return LineVerdict.REJECTED if known is None else LineVerdict.OTHER
    try:
        can_id = id_from_text(classic["can_id"])
    except ValueError:
        return LineVerdict.REJECTED
    time_s = int(found["seconds"]) + int(found["fraction"]) / 10 ** len(found["fraction"])
    return CanFrame(can_id, bytes.fromhex(classic["data"]), time_s, found["channel"])
