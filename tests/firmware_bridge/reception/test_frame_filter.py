from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, Message
from firmware_bridge.reception.frame_filter import FrameFilter, parse_filter, signals_line
from firmware_bridge.reception.supervision import BusSupervisor, JudgedFrame
from tests.firmware_bridge.wire_ids import id_of, shown_id

MakeFrame = Callable[[Message, float], CanFrame]


@pytest.fixture
def judged(make_frame: MakeFrame) -> JudgedFrame:
    return BusSupervisor().judge(make_frame(DriverStateMessage(11, confidence_percent=40.0), 0.0))


def test_what_a_user_types() -> None:
    assert parse_filter(" 3A0  state=Attentive -OK - ") == FrameFilter(
        ("3a0", "state=attentive"), ("ok",)
    )
    assert parse_filter("").is_empty
    assert not parse_filter("-ok").is_empty


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", True),
        ("{id}", True),
        ("{ID} DriverState", True),
        ("driver confidence=40", True),
        ("state=no_driver", True),
        ("state=attentive", False),
        ("{id} health", False),
        ("ok", True),
        ("-ok", False),
        ("-wrong_crc", True),
        ("{id} -{id}", False),
    ],
)
def test_which_frames_pass(judged: JudgedFrame, text: str, shown: bool) -> None:
    can_id = shown_id(DriverStateMessage)
    typed = text.format(id=can_id.lower(), ID=can_id)
    assert parse_filter(typed).passes(judged) is shown


def test_an_id_is_not_found_in_the_data_of_others() -> None:
    other = BusSupervisor().judge(CanFrame(0x123, b"\x3a\x1b", 0.0))

    assert not parse_filter("3a1").passes(other)
    assert parse_filter("-3a1").passes(other)
    assert parse_filter("123 other unknown_id").passes(other)
    assert parse_filter("data=3A1").passes(other)
    assert not parse_filter("data=a1").passes(other)
    assert not parse_filter("-data=3a1b").passes(other)
    assert not parse_filter("data").passes(other)


def test_only_signals_with_a_value_are_named(judged: JudgedFrame) -> None:
    assert "State=no_driver" in signals_line(judged)
    assert "Confidence=40.0" in signals_line(judged)
    assert "Drowsiness" not in signals_line(judged)
    broken = BusSupervisor().judge(CanFrame(id_of(DriverStateMessage), bytes(8), 0.0))
    assert signals_line(broken) == ""


@given(st.text())
def test_every_text_is_a_filter(text: str) -> None:
    judged = BusSupervisor().judge(CanFrame(0x123, b"", 0.0))
    wanted = parse_filter(text)

    assert wanted.passes(judged) in (True, False)
    assert wanted.is_empty is (wanted == FrameFilter())
