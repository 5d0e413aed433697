"""The lines of Vector's ASC: `   0.100000 1  3A0             Rx   d 8 B4 D0 03 AF 90 14 04 05`.

Read line by line and in any encoding: python-can 4.6 gives up at a name that is not UTF-8, takes
relative times for absolute ones, loses the first frame behind a short head, and takes the classic
frames that newer tools write as CANFD for FD frames. Pure.
"""

import re
from datetime import datetime

from firmware_bridge.protocol.database import definitions
from firmware_bridge.protocol.frame import EXTENDED, MAX_CLASSIC_LENGTH, CanFrame, is_can_id
from firmware_bridge.recording.verdict import LineVerdict

_BASE = re.compile(r"base\s+(hex|dec)(?:\s+timestamps\s+(absolute|relative))?\s*", re.IGNORECASE)
# The second is python-can's too, whose first one is when the file was made.
_DATE = re.compile(r"(?:date|begin triggerblock)\s+\S+\s+(.+)", re.IGNORECASE)
_EVENT = re.compile(r"([0-9]{1,10}\.[0-9]{1,9})\s+(.*)", re.ASCII)
_FD = "CANFD"
_FD_FRAME_FLAG = 0x1000  # EDL, of the flags behind the data
# English and German month names, as the language of the tool has them.
_MONTH_NAMES = "jan feb mar|mär|mrz apr may|mai jun jul aug sep oct|okt nov dec|dez"
_MONTHS = {
    name: number
    for number, names in enumerate(_MONTH_NAMES.split(), start=1)
    for name in names.split("|")
}
_DATE_PARTS = re.compile(
    r"(?P<month>\w{3})\w*\.?\s+(?P<day>[0-9]{1,2})\s+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r":(?P<second>[0-9]{2})(?:\.(?P<ms>[0-9]{1,3}))?(?:\s+(?P<half>am|pm))?\s+(?P<year>[0-9]{4})",
    re.IGNORECASE,
)


class AscLines:
    """Follows a file from its first line on: the head says how the others are to be read."""

    def __init__(self) -> None:
        self._number_base = 16
        self._is_relative = False
        self._start_s = 0.0
        self._now_s = 0.0  # since the start

    def parse(self, line: str) -> CanFrame | LineVerdict:
        """Return the frame of the next line, in Unix time where the head has a date."""
        event = _EVENT.fullmatch(line)
        if event is None:
            self._head(line)
            return LineVerdict.OTHER
        time_s = float(event[1])
        self._now_s = self._now_s + time_s if self._is_relative else time_s
        words = event[2].split()
        try:
            return self._fd_event(words) if words[:1] == [_FD] else self._event(words)
        except (ValueError, IndexError):
            return LineVerdict.REJECTED

    def _head(self, line: str) -> None:
        base = _BASE.fullmatch(line)
        if base is not None:
            self._number_base = 10 if base[1].lower() == "dec" else 16
            self._is_relative = (base[2] or "").lower() == "relative"
        date = _DATE.fullmatch(line)
        if date is not None:
            self._start_s = parse_date(date[1]) or 0.0

    def _event(self, words: list[str]) -> CanFrame | LineVerdict:
        # Channel, id, direction, d, length, data; others are statistics, errors, other buses.
        if len(words) < 5 or not words[0].isdecimal() or words[2].lower() not in _DIRECTIONS:
            return LineVerdict.OTHER
        if words[3].lower() != "d":
            return LineVerdict.OTHER  # a remote frame
        length = int(words[4], self._number_base)
        return self._frame(words[0], words[1], words[5 : 5 + length], length)

    def _fd_event(self, words: list[str]) -> CanFrame | LineVerdict:
        """Read a line of CANFD: classic frames too, by their flags."""
        _, channel, direction, can_id, *rest = words
        if direction.lower() not in _DIRECTIONS:
            return LineVerdict.OTHER
        if rest[0] not in ("0", "1"):
            rest = rest[1:]  # the message's name; then BRS, ESI, DLC and length
        length = int(rest[3])
        data, behind = rest[4 : 4 + length], rest[4 + length :]
        if len(behind) < 3 or int(behind[2], 16) & _FD_FRAME_FLAG or rest[0] == "1":
            return LineVerdict.OTHER
        return self._frame(channel, can_id, data, length)

    def _frame(self, channel: str, id_text: str, data: list[str], length: int) -> CanFrame:
        payload = bytes(int(byte, self._number_base) for byte in data)
        if len(payload) != length or length > MAX_CLASSIC_LENGTH:
            raise ValueError(f"{len(payload)} bytes of {length}")
        known = definitions().get(id_text)  # where the tool wrote names in place of ids
        can_id = self._can_id(id_text) if known is None else known.can_id
        return CanFrame(
            can_id, payload, self._start_s + self._now_s, channel=f"can{int(channel) - 1}"
        )

    def _can_id(self, text: str) -> int:
        is_long = text[-1:] in ("x", "X")
        can_id = int(text.rstrip("xX"), self._number_base) | (EXTENDED if is_long else 0)
        if not is_can_id(can_id):
            raise ValueError(text)
        return can_id


_DIRECTIONS = ("rx", "tx", "txrq")


def parse_date(text: str) -> float | None:
    """Return the Unix time of "Sep 30 03:06:13.191 pm 2017", in the local time zone; or None."""
    found = _DATE_PARTS.fullmatch(text.strip())
    if found is None or found["month"].lower() not in _MONTHS:
        return None
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "pm" else 0)
    try:
        date = datetime(
            int(found["year"]),
            _MONTHS[found["month"].lower()],
            int(found["day"]),
            hour,
            int(found["minute"]),
            int(found["second"]),
            int(found["ms"] or 0) * 1000,
        )
    except ValueError:
        return None
    return date.timestamp()
