"""Vector's ASC as several tools write it, and files that are something else."""

from datetime import datetime
from pathlib import Path

import can
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import BridgeError
from firmware_bridge.protocol.frame import EXTENDED, CanFrame
from firmware_bridge.recording.asc import AscLines, parse_date
from firmware_bridge.recording.reader import RecordingReader
from firmware_bridge.recording.verdict import LineVerdict

DATA = bytes.fromhex("b4d003af90140405")
HEAD = "date Sat Sep 30 15:06:13.191 2017\nbase hex  timestamps {mode}\n"
LINE = "{time} 1  3A0             Rx   d 8 B4 D0 03 AF 90 14 04 05\n"


def read(path: Path, content: str | bytes, channel: str | None = None) -> list[CanFrame]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode("latin-1"))
    return list(RecordingReader(path, channel))


def one(line: str, head: str = "base hex timestamps absolute") -> CanFrame | LineVerdict:
    lines = AscLines()
    for each in head.splitlines():
        assert lines.parse(each) is LineVerdict.OTHER
    return lines.parse(line)


def test_times_are_those_behind_the_date(tmp_path: Path) -> None:
    start_s = datetime(2017, 9, 30, 15, 6, 13, 191_000).timestamp()
    text = HEAD.format(mode="absolute") + "".join(
        LINE.format(time=f"{time_s:.6f}") for time_s in (0.1, 0.2, 0.35)
    )
    frames = read(tmp_path / "a.asc", text)

    assert [frame.time_s - start_s for frame in frames] == pytest.approx([0.1, 0.2, 0.35], abs=1e-5)
    assert {(frame.can_id, frame.data, frame.channel) for frame in frames} == {
        (0x3A0, DATA, "can0")
    }


def test_relative_times_add_up_over_all_events(tmp_path: Path) -> None:
    text = "base hex timestamps relative\n" + LINE.format(time="0.100000")
    text += "0.050000 1  Statistic: D 1 R 0 XD 0 XR 0 E 0 O 0 B 0.1%\n" + LINE.format(
        time="0.100000"
    )

    assert [frame.time_s for frame in read(tmp_path / "r.asc", text)] == pytest.approx([0.1, 0.25])


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252", "utf-8-sig", "shift-jis"])
def test_a_comment_in_any_encoding_costs_no_frame(tmp_path: Path, encoding: str) -> None:
    comment = "// \u8eca\u4e21" if encoding == "shift-jis" else "// Fahrer m\u00fcde, 40 \u00b0C"
    text = f"{HEAD.format(mode='absolute')}{comment}\n{LINE.format(time='0.100000')}{comment}\n"
    frames = read(tmp_path / "c.asc", (text + LINE.format(time="0.2")).encode(encoding))

    assert len(frames) == 2


def test_a_short_head_or_none_costs_no_frame(tmp_path: Path) -> None:
    assert len(read(tmp_path / "n.asc", LINE.format(time="0.1") * 3)) == 3


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0.1 2 18FF3A00x Tx d 2 01 FF", CanFrame(EXTENDED | 0x18FF3A00, b"\x01\xff", 0.1)),
        ("0.1 1 DriverState Rx d 8 B4 D0 03 AF 90 14 04 05", CanFrame(0x3A0, DATA, 0.1)),
        (
            "0.1 1 3A0 Rx d 1 B4  Length = 230000 BitCount = 119 ID = 928",
            CanFrame(0x3A0, DATA[:1], 0.1),
        ),
        (
            "0.1 CANFD 1 Rx 3A0 DriverState 0 0 8 8 b4 d0 03 af 90 14 04 05 230000 119 0 0 0 0 0 0",
            CanFrame(0x3A0, DATA, 0.1),
        ),
        (
            "0.1 CANFD 1 Rx 3A0 0 0 8 8 b4 d0 03 af 90 14 04 05 230000 119 0 0 0 0 0 0",
            CanFrame(0x3A0, DATA, 0.1),
        ),
        ("0.1 CANFD 1 Rx 3A0 1 0 8 8 b4 d0 03 af 90 14 04 05 1 1 1000 0", LineVerdict.OTHER),
        ("0.1 1 3A0 Rx r", LineVerdict.OTHER),
        ("0.1 1 ErrorFrame", LineVerdict.OTHER),
        ("0.1 Start of measurement", LineVerdict.OTHER),
        ("Begin Triggerblock Sat Sep 30 15:06:13.191 2017", LineVerdict.OTHER),
        ("0.1 1 3A0 Rx d 8 B4 D0", LineVerdict.REJECTED),
        ("0.1 1 3A0 Rx d 2 B4 1D0", LineVerdict.REJECTED),
        ("0.1 1 8A0 Rx d 1 B4", LineVerdict.REJECTED),
        ("0.1 1 Unknown Rx d 1 B4", LineVerdict.REJECTED),
    ],
)
def test_lines_of_all_kinds(line: str, expected: CanFrame | LineVerdict) -> None:
    assert one(line) == expected


def test_numbers_may_be_decimal() -> None:
    assert one("0.1 1 928 Rx d 2 180 5", "base dec timestamps absolute") == CanFrame(
        0x3A0, b"\xb4\x05", 0.1
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sep 30 03:06:13.191 pm 2017", datetime(2017, 9, 30, 15, 6, 13, 191_000)),
        ("Sep 30 12:06:13 AM 2017", datetime(2017, 9, 30, 0, 6, 13)),
        ("M\u00e4r 1 15:06:13.5 2024", datetime(2024, 3, 1, 15, 6, 13, 5000)),
        ("Dez 31 23:59:59.999 2024", datetime(2024, 12, 31, 23, 59, 59, 999_000)),
    ],
)
def test_dates_of_english_and_german_tools(text: str, expected: datetime) -> None:
    assert parse_date(text) == expected.timestamp()


@pytest.mark.parametrize("text", ["", "yesterday", "Foo 1 10:00:00 2024", "Feb 31 10:00:00 2024"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@given(line=st.text(max_size=80))
def test_no_line_raises(line: str) -> None:
    lines = AscLines()
    assert isinstance(lines.parse(line), CanFrame | LineVerdict)
    assert isinstance(lines.parse(f"0.5 1 {line}"), CanFrame | LineVerdict)
    assert isinstance(lines.parse(f"0.5 CANFD 1 Rx {line}"), CanFrame | LineVerdict)


@pytest.mark.parametrize("ending", [".asc", ".blf", ".log"])
def test_what_python_can_writes_is_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"drive{ending}"
    sent = [(0x3A0, False), (0x18FF3A00, True), (0x7FF, False)]
    with can.Logger(path) as logger:
        for index, (can_id, extended) in enumerate(sent):
            logger(
                can.Message(
                    timestamp=1_700_000_000.0 + index / 10,
                    arbitration_id=can_id,
                    is_extended_id=extended,
                    data=DATA,
                    channel=1,
                )
            )
    frames = list(RecordingReader(path))

    assert [frame.can_id for frame in frames] == [
        can_id | (EXTENDED if extended else 0) for can_id, extended in sent
    ]
    assert [frame.time_s - frames[0].time_s for frame in frames] == pytest.approx([0.0, 0.1, 0.2])


def test_of_several_buses_one_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "two.log"
    lines = "".join(f"({index}.0) can{index % 2} 3A{index}#0{index}\n" for index in range(6))

    assert [frame.channel for frame in read(path, lines)] == ["can0", "can1"] * 3
    assert [frame.can_id for frame in read(path, lines, "can1")] == [0x3A1, 0x3A3, 0x3A5]
    with pytest.raises(BridgeError, match="holds no frame of can7"):
        read(path, lines, "can7")


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        ("  can0  3A0   [8]  B4 D0 03 AF 90 14 04 05\n" * 3, "a.log", "candump -L or -l"),
        (" (1436509052.249713)  can0  3A0   [2]  B4 D0\n", "a.log", "candump -L or -l"),
        (";$FILEVERSION=1.1\n", "a.log", "PEAK trace"),
        ("Time Stamp,ID,Extended,Dir,Bus,LEN,D1\n", "a.log", "SavvyCAN"),
        ("timestamp,arbitration_id,extended\n", "a.log", "python-can CSV"),
        ("(1436509052.249713) can0 3A0#B4\n", "a.asc", "candump log: name it .log"),
        (HEAD.format(mode="absolute"), "a.log", "Vector ASC: name it .asc"),
        ("LOGG" + "\0" * 200, "a.log", "Vector BLF: name it .blf"),
        ("\x1f\x8b\x08", "a.blf", "compressed"),
        ("MDF     4.10", "a.log", "MDF measurement: .*can_logconvert"),
        ("PK\x03\x04", "a.asc", "ZIP archive: unpack it"),
        ("\xd4\xc3\xb2\xa1\x02\x00", "a.log", r"packet capture \(pcap\): record .* candump -l"),
        # With an ending that is none of a recording, too.
        ("\xa1\xb2\x3c\x4d\x00\x02", "a.pcap", r"packet capture \(pcap\): .* candump -l"),
        ("\n\r\r\n\x1c\x00", "a.pcapng", r"packet capture \(pcapng\): .* candump -l"),
        ("SQLite format 3\0", "a.db", "python-can database: can_logconvert"),
        ("(1436509052.249713) can0 3A0#B4\n", "a.txt", "candump log: name it .log"),
        ("  can0  3A0   [8]  B4 D0 03 AF 90 14 04 05\n", "a.txt", "candump -L or -l"),
        ("a letter\n", "a.txt", "'.txt' is not a kind of recording; use .log"),
    ],
)
def test_what_cannot_be_read_says_what_it_is(
    tmp_path: Path, content: str, name: str, told: str
) -> None:
    with pytest.raises(BridgeError, match=told):
        read(tmp_path / name, content)
