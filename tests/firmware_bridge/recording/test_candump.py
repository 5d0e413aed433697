import io
from itertools import pairwise

import can
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.recording.candump import candump_line, parse_candump_line
from firmware_bridge.recording.lines import MAX_LINE_LENGTH, LineFormat, LineParser
from firmware_bridge.recording.verdict import LineVerdict

EXAMPLE = "(1436509052.249713) can0 3A0#B4D003AF90140405"
WALL_S = st.integers(0, 4_000_000_000 * 1_000_000).map(lambda microseconds: microseconds / 1e6)
FRAMES = st.builds(CanFrame, st.integers(0, 0x7FF), st.binary(max_size=8), WALL_S)


def test_a_line_of_candump() -> None:
    frame = parse_candump_line(EXAMPLE)

    assert frame == CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 1436509052.249713)
    assert candump_line(frame, frame.time_s, "can0") == EXAMPLE


@pytest.mark.parametrize(
    "line",
    [
        "(1436509052.249713) can0 3A0#",
        "(1436509052.249713) can0 3a0#b4",
        "(1436509052.249713) slcan0 3A0#B4 R",
        "(1436509052.249713)  vcan0  3A0#B4 T",
        "(0000000000.000000) 1 000#1122334455667788",
        "(1436509052.249713512) can0 3A0#B4",
        "(1436509052.249713) can0 3A0#1122334455667788_F",
    ],
)
def test_other_spellings_of_frames(line: str) -> None:
    assert isinstance(parse_candump_line(line), CanFrame)


@pytest.mark.parametrize(
    "line",
    [
        "(1436509052.249713) can0 20000004#0000000000000000",  # an error frame
        "(1436509052.249713) can0 3A0#R",
        "(1436509052.249713) can0 3A0#R8",
        "(1436509052.249713) can0 3A0##1112233",  # CAN FD
        "(1436509052.249713) can0 1F334455##0",
        "(1436509052.249713) can0 45123#81:00:12345678#112233",  # CAN XL
        "",
    ],
)
def test_legal_lines_that_are_none_of_our_business(line: str) -> None:
    assert parse_candump_line(line) is LineVerdict.OTHER


@pytest.mark.parametrize(
    "line",
    [
        "  can0  3A0   [8]  B4 D0 03 AF 90 14 04 05",  # candump without -L
        "(1436509052.249713) can0 3A0#B4D",
        "(1436509052.249713) can0 3A0#112233445566778899",
        "(1436509052.249713) can0 800#",
        "(1436509052.249713) can0 3A0",
        "(1436509052) can0 3A0#B4",
        "(1436509052.249713) 3A0#B4",
        "(1436509052.249713) can0 3A0#B4 X",
        "(١٢.٣) can0 3A0#B4",  # digits, but not ASCII
        "# a comment",
    ],
)
def test_what_is_rejected(line: str) -> None:
    assert parse_candump_line(line) is LineVerdict.REJECTED


@given(FRAMES)
def test_what_is_written_is_read_back_to_the_microsecond(frame: CanFrame) -> None:
    read = parse_candump_line(candump_line(frame, frame.time_s, "can0"))

    assert isinstance(read, CanFrame)
    assert (read.can_id, read.data) == (frame.can_id, frame.data)
    assert read.time_s == pytest.approx(frame.time_s, abs=1e-6)


@given(st.lists(FRAMES, max_size=5))
def test_python_can_reads_and_writes_the_same_lines(frames: list[CanFrame]) -> None:
    written = io.StringIO()
    log = can.CanutilsLogWriter(written, channel="can0")
    for frame in frames:
        log.on_message_received(
            can.Message(frame.time_s, frame.can_id, is_extended_id=False, data=frame.data)
        )
    ours = "".join(candump_line(frame, frame.time_s, "can0") + "\n" for frame in frames)

    parser = LineParser(LineFormat.CANDUMP)
    read = parser.feed(written.getvalue().encode())
    assert [(f.can_id, f.data) for f in read] == [(f.can_id, f.data) for f in frames]
    theirs = list(can.CanutilsLogReader(io.StringIO(ours)))
    assert [(m.arbitration_id, bytes(m.data)) for m in theirs] == [
        (f.can_id, f.data) for f in frames
    ]


# Lines that almost are frames find more than random text does.
ALMOST = st.builds(
    lambda base, at, put: base[:at] + put + base[at + 1 :],
    st.just(EXAMPLE),
    st.integers(0, len(EXAMPLE)),
    st.text(max_size=3),
)


@given(st.one_of(st.text(), ALMOST))
def test_any_line_is_a_frame_or_a_verdict(line: str) -> None:
    verdict = parse_candump_line(line)
    if isinstance(verdict, CanFrame):
        assert 0 <= verdict.can_id <= 0x7FF
        assert len(verdict.data) <= 8
    else:
        assert verdict in (LineVerdict.OTHER, LineVerdict.REJECTED)


@pytest.mark.parametrize("line_format", LineFormat)
@given(
    lines=st.lists(st.one_of(st.binary(max_size=80), ALMOST.map(str.encode)), max_size=8),
    cuts=st.lists(st.integers(0, 400), max_size=6),
)
def test_any_bytes_in_any_pieces_are_taken_or_counted(
    line_format: LineFormat, lines: list[bytes], cuts: list[int]
) -> None:
    data = b"\n".join(lines)
    whole, pieces = LineParser(line_format), LineParser(line_format)
    expected = whole.feed(data) + whole.end()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]

    frames = [frame for start, end in pairwise(edges) for frame in pieces.feed(data[start:end])]
    frames += pieces.end()

    assert frames == expected
    assert pieces.counters == whole.counters
    counters = whole.counters
    assert counters.received_bytes == len(data)
    assert counters.understood_bytes + counters.rejected_bytes == len(data)
    filled = [line for line in data.split(b"\n") if line.decode("ascii", "replace").strip()]
    assert counters.frames_received + counters.rejected_lines <= len(filled)


def test_a_line_without_end_is_not_kept() -> None:
    parser = LineParser(LineFormat.CANDUMP)
    for _ in range(100):
        assert parser.feed(b"x" * MAX_LINE_LENGTH) == []
        assert parser.counters.rejected_bytes + MAX_LINE_LENGTH >= parser.counters.received_bytes

    frames = parser.feed(b"x\n" + EXAMPLE.encode() + b"\n")

    assert [frame.can_id for frame in frames] == [0x3A0]
    assert parser.counters.rejected_lines == 1
    assert parser.counters.rejected_bytes == 100 * MAX_LINE_LENGTH + 2
