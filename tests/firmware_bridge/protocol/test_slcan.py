from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.protocol.adapter_clock import AdapterClock
from firmware_bridge.protocol.frame import EXTENDED, MAX_EXTENDED_ID, CanFrame
from firmware_bridge.protocol.slcan import (
    MAX_LINE_LENGTH,
    SlcanCounters,
    SlcanParser,
    encode_line,
    parse_line,
)

EXAMPLE = CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 1.5)
EXAMPLE_LINE = b"t3A08B4D003AF90140405\r"

frames = st.builds(
    CanFrame,
    can_id=st.one_of(st.integers(0, 0x7FF), st.integers(EXTENDED, EXTENDED | MAX_EXTENDED_ID)),
    data=st.binary(max_size=8),
    time_s=st.just(1.5),
)
# Lines that nearly are frames: what a parser gets wrong is here and not in random bytes.
near_lines = st.text("0123456789ABCDEFabcdefgtTrR \n", max_size=30).map(
    lambda rest: f"t{rest}".encode("ascii")
)
noise = st.one_of(
    st.binary(max_size=60), st.text("tTrRCSO0189AF\r\x07", max_size=60).map(str.encode)
)


def test_the_line_of_the_design() -> None:
    assert encode_line(EXAMPLE) == EXAMPLE_LINE
    assert SlcanParser().feed(EXAMPLE_LINE, 1.5) == [EXAMPLE]


@given(frame=frames)
def test_a_frame_survives_the_line(frame: CanFrame) -> None:
    parser = SlcanParser()

    assert parser.feed(encode_line(frame), frame.time_s) == [frame]
    assert parser.counters == SlcanCounters(frames=1)


def test_lower_case_digits_are_as_good() -> None:
    assert SlcanParser().feed(EXAMPLE_LINE.lower(), 1.5) == [EXAMPLE]


@pytest.mark.parametrize(
    "line",
    [
        b"t",
        b"t3A",
        b"t3A0",
        b"t3A09B4D003AF9014040500",  # length 9
        b"t3A0F",
        b"t8000",  # an id of twelve bits
        b"tFFF0",
        b"t3A08B4D003AF901404",  # a byte too few
        b"t3A08B4D003AF9014040",  # half a byte too few
        b"t3A08B4D003AF901404050",  # half a byte too many
        b"t3A08B4D003AF9014040506",
        b"t3A08B4D003AF9014040G",
        b"t3A08 4D003AF90140405",
        b"t 3A08B4D003AF9014040",
        b"t3A0+B4D003AF90140405",
        b"t3A08B4D003AF901404\xff5",
        b"\xff\xfe\xfd",
        b"t3A08B4D003AF90140405AB123",  # no whole time-stamp
        b"3A08B4D003AF90140405",
        b"time 12:31",
        b"x3A08B4D003\x80",
        b"t3A08B4D0\x0703AF90140405",  # an adapter's refusal in the middle
        b"T3A08B4D003AF90140405",  # an extended frame has eight digits of id
    ],
)
def test_what_is_not_exactly_a_frame_is_rejected_and_counted(line: bytes) -> None:
    parser = SlcanParser()

    assert parser.feed(line + b"\r", 0.0) == []
    assert parser.counters == SlcanCounters(rejected_lines=1, rejected_bytes=len(line) + 1)
    assert parser.feed(EXAMPLE_LINE, 1.5) == [EXAMPLE]


@given(line=near_lines)
def test_an_accepted_line_says_exactly_what_its_frame_says(line: bytes) -> None:
    frame = parse_line(line, 0.0)

    if frame is not None:
        assert encode_line(frame).lower() == line.lower() + b"\r"


@pytest.mark.parametrize(
    "sentence",
    [
        b"C\r",
        b"S6\r",
        b"O\r",
        b"V\r",
        b"V1013\r",
        b"NA123\r",
        b"F00\r",
        b"Z0\r",
        b"z\r",
        b"\r",
        b"\x07",
        b"r3A08\r",
        b"d1239" + b"0" * 24 + b"\r",
        b"D1ABCDEF0F" + b"a5" * 64 + b"\r",
        b"b123F" + b"5A" * 64 + b"12AB\r",
        b"B000000012AABB\r",
    ],
)
def test_legal_sentences_that_are_not_for_us_are_ignored(sentence: bytes) -> None:
    parser = SlcanParser()

    assert parser.feed(sentence, 0.0) == []
    counters = parser.counters
    assert replace(counters, taken=0, refused=0, statuses=0) == SlcanCounters(ignored_lines=1)


@pytest.mark.parametrize(
    "line",
    [
        b"rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
        b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47",
        b"error: bus off",
        b"S9x",
        b"V1.5.2-g1a2b",
        b"x",
        b"\tstatus: to be told",
    ],
)
@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_text_is_foreign(line: bytes, end: bytes) -> None:
    parser = SlcanParser()

    assert parser.feed(line + end, 0.0) == []
    assert parser.counters == SlcanCounters(foreign_lines=1, foreign_bytes=len(line) + 1)
    assert parser.feed(EXAMPLE_LINE, 1.5) == [EXAMPLE]


def test_the_replies_of_an_adapter_are_counted() -> None:
    parser = SlcanParser()
    parser.feed(b"\r\rz\rZ\r\x07\x07F24\rF\rF4\r", 0.0)

    assert parser.counters == SlcanCounters(
        ignored_lines=9, taken=4, refused=2, statuses=1, status=0x24
    )


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_line_feeds_are_ends_of_lines_too(end: bytes) -> None:
    parser = SlcanParser()

    assert parser.feed((EXAMPLE_LINE[:-1] + end) * 3, 1.5) == [EXAMPLE] * 3
    assert parser.counters == SlcanCounters(frames=3)


@pytest.mark.parametrize("stamp", [b"0000", b"EA5F", b"ffff", b"00012345"])
def test_a_time_stamp_is_no_part_of_the_data(stamp: bytes) -> None:
    assert SlcanParser().feed(EXAMPLE_LINE[:-1] + stamp + b"\r", 1.5) == [EXAMPLE]


def test_a_time_stamp_takes_out_how_long_a_frame_was_on_its_way() -> None:
    """Three frames that the adapter saw 10 ms apart are handed over by USB in one piece."""
    parser = SlcanParser()
    line = EXAMPLE_LINE[:-1]
    first = parser.feed(line + b"EA50\r", 100.000)  # 15 ms before the minute of the stamps ends
    bundle = parser.feed(line + b"EA5A\r" + line + b"0004\r" + line + b"000E\r", 100.030)

    assert [frame.time_s for frame in first + bundle] == pytest.approx(
        [100.0, 100.010, 100.020, 100.030], abs=2e-5
    )


@given(ways=st.lists(st.floats(0.0, 0.2), min_size=2, max_size=50), gaps=st.floats(0.0, 100.0))
def test_a_stamped_time_is_never_in_the_future_nor_long_ago(ways: list[float], gaps: float) -> None:
    clock = AdapterClock()
    for index, way_s in enumerate(ways):
        seen_s = 50.0 + index * gaps
        sent_s = clock.sent_s(seen_s * 1000 % 60_000, seen_s + way_s)
        assert seen_s - 0.2 - 2e-4 * 100 <= sent_s <= seen_s + way_s


def test_the_commands_that_open_and_close_a_channel_are_ignored_by_a_receiver() -> None:
    parser = SlcanParser()

    assert parser.feed(b"C\rS6\rO\r" + EXAMPLE_LINE + b"C\r", 1.5) == [EXAMPLE]
    assert parser.counters == SlcanCounters(frames=1, ignored_lines=4)


def test_a_frame_behind_one_that_lost_its_end_is_kept() -> None:
    parser = SlcanParser()

    assert parser.feed(b"t3A08B4D0" + EXAMPLE_LINE, 1.5) == [EXAMPLE]
    assert parser.counters == SlcanCounters(frames=1, rejected_lines=1, rejected_bytes=9)


def test_an_endless_line_is_bounded_and_counted_once() -> None:
    parser = SlcanParser()

    assert parser.feed(b"x" * 100_000, 0.0) == []
    assert len(parser._kept) <= MAX_LINE_LENGTH
    assert parser.feed(b"\r", 0.0) == []
    assert parser.counters == SlcanCounters(rejected_lines=1, rejected_bytes=100_001)


def test_a_frame_behind_an_endless_line_is_kept() -> None:
    parser = SlcanParser()

    assert parser.feed(b"x" * 100 + EXAMPLE_LINE, 1.5) == [EXAMPLE]
    assert parser.counters == SlcanCounters(frames=1, rejected_lines=1, rejected_bytes=100)


@given(data=noise)
def test_after_any_bytes_a_whole_line_is_received(data: bytes) -> None:
    parser = SlcanParser()
    parser.feed(data, 0.0)

    assert parser.feed(EXAMPLE_LINE, 1.5)[-1:] == [EXAMPLE]


@given(data=noise, cuts=st.lists(st.integers(0, 60), max_size=8))
def test_it_does_not_matter_in_which_pieces_the_bytes_come(data: bytes, cuts: list[int]) -> None:
    whole, pieces = SlcanParser(), SlcanParser()
    edges = [0, *sorted(cuts), len(data)]

    at_once = whole.feed(data, 0.0)
    one_by_one = [
        frame for start, end in pairwise(edges) for frame in pieces.feed(data[start:end], 0.0)
    ]

    assert one_by_one == at_once
    assert pieces.counters == whole.counters


@given(data=noise)
def test_rejected_bytes_are_counted_to_the_byte(data: bytes) -> None:
    parser = SlcanParser()
    data = data.replace(b"\n", b"")
    accepted = sum(len(encode_line(frame)) for frame in parser.feed(data, 0.0))
    counters = parser.counters

    thrown = counters.rejected_bytes + counters.foreign_bytes
    rest = len(data) - accepted - thrown - parser.pending_bytes
    # What is left belongs to ignored sentences: at least a byte each.
    assert rest >= counters.ignored_lines
    if not counters.ignored_lines and not counters.frames:  # frames may have time-stamps
        assert rest == 0


@pytest.mark.parametrize("can_id", [-1, 0x800, EXTENDED | (MAX_EXTENDED_ID + 1)])
def test_only_ids_are_sent(can_id: int) -> None:
    with pytest.raises(ValueError, match="is not in"):
        encode_line(CanFrame(can_id, b"", 0.0))


def test_only_eight_bytes_are_sent() -> None:
    with pytest.raises(ValueError, match="at most 8"):
        encode_line(CanFrame(1, bytes(9), 0.0))
