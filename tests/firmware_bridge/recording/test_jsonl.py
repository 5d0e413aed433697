import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.recording.jsonl import parse_json_line, recording_header, recording_start
from firmware_bridge.recording.verdict import LineVerdict

LINE: dict[str, Any] = {"time_s": 1.25, "id": "0x3A0", "data": "b4d0"}


def test_a_frame_is_read_whatever_else_the_line_says() -> None:
    line = json.dumps(LINE | {"message": "DriverState", "signals": {"State": "attentive"}})

    assert parse_json_line(line) == CanFrame(0x3A0, b"\xb4\xd0", 1.25)


def test_the_header_and_other_lines_are_none_of_its_business() -> None:
    header = recording_header("slcan:/dev/ttyUSB0", 1_700_000_000.25, clock_synchronised=False)

    assert header["recording"]["started"] == "2023-11-14T22:13:20.250+00:00"
    assert recording_start(json.dumps(header)) == 1_700_000_000.25
    others: list[dict[str, Any]] = [header, {"summary": {}}, {"time_s": 1.0, "warning": "x"}]
    for other in others:
        assert parse_json_line(json.dumps(other)) is LineVerdict.OTHER
    assert parse_json_line("") is LineVerdict.OTHER


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "3A0"},
        {"id": "0x800"},
        {"id": 0x3A0},
        {"data": "b4d"},
        {"data": "00" * 9},
        {"data": None},
        {"time_s": "1.25"},
        {"time_s": True},
        {"time_s": float("nan")},
        {"time_s": None},
    ],
)
def test_what_is_rejected(wrong: dict[str, Any]) -> None:
    assert parse_json_line(json.dumps(LINE | wrong)) is LineVerdict.REJECTED


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(["id", "data", "time_s", "recording"])


@pytest.mark.parametrize(
    "line",
    ["", "{}", "[]", "7", '{"recording": 1}', '{"recording": {"started": "now"}}', "[" * 4000],
)
def test_a_first_line_without_a_start_begins_at_zero(line: str) -> None:
    assert recording_start(line) == 0.0


@given(st.text() | JSON.map(json.dumps) | st.dictionaries(KEYS, JSON).map(json.dumps))
def test_any_line_is_a_frame_or_a_verdict(line: str) -> None:
    assert isinstance(parse_json_line(line), CanFrame | LineVerdict)


def test_a_line_that_is_nested_too_deeply_is_rejected() -> None:
    assert parse_json_line("[" * 4000) is LineVerdict.REJECTED
