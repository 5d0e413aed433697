import io
from collections.abc import Callable

import pytest
from rich.console import Console

from firmware_bridge.frame import CanFrame
from firmware_bridge.messages import (
    ControllerStatusMessage,
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    HealthMessage,
    Message,
)
from firmware_bridge.screen import render
from firmware_bridge.screen_parts import bar, duration, state_colour, timeline
from firmware_bridge.transports import TransportCounters
from firmware_bridge.watching import Line, StateChange, Watch

MakeFrame = Callable[[Message, float], CanFrame]
LINE = Line("slcan:/dev/ttyUSB0", counters=TransportCounters(frames_received=99))


def draw(watch: Watch, line: Line, now_s: float, width: int = 80, height: int = 24) -> str:
    console = Console(
        file=io.StringIO(), record=True, width=width, height=height, force_terminal=True
    )
    console.print(render(watch, line, now_s))
    return console.export_text()


@pytest.fixture
def watch(make_frame: MakeFrame) -> Watch:
    """Two seconds of a driver who is asked whether all is well."""
    made = Watch(0.0)
    for index in range(20):
        time_s = index / 10
        for message in (
            DriverStateMessage(10 if index > 9 else 1, 6, 2, 2, 87.2, 12.0, None, 40, 7),
            EmotionProbabilitiesMessage((3, 0, 5, 9, 11, 1, 71), 2),
            HealthMessage(1, 0, 0, 0, 51, 30, 4, 0),
            DriverRequestMessage(1, 3, 1, 24, 10),
            ControllerStatusMessage(1, 1, None, 0, 2, 72.3, 1),
        ):
            made.take(make_frame(message, time_s))
    return made


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (132, 50)])
def test_the_view_fills_the_terminal_and_no_more(watch: Watch, width: int, height: int) -> None:
    lines = draw(watch, LINE, 1.95, width, height).splitlines()

    assert len(lines) <= height
    assert max(len(line) for line in lines) <= width
    assert lines[-1].startswith(" vehicle: 72.3 km/h, ignition on")


def test_it_shows_what_is_known(watch: Watch) -> None:
    text = draw(watch, LINE, 1.95)

    for shown in (
        "UNCERTAIN   for 0.9 s",
        "neutral (87 %)",
        "detected  quality good",
        "71 %",
        "are you all right",
        "advice, id 3",
        "valid for 24 s, reason 10",
        "camera good  model ok",
        "30 fps  4 ms  51 °C",
        "3A0  DriverState",
        "slcan:/dev/ttyUSB0",
        "● open",
    ):
        assert shown in text


def test_the_history_is_shown_where_there_is_room(watch: Watch) -> None:
    assert "HISTORY" not in draw(watch, LINE, 1.95)
    text = draw(watch, LINE, 1.95, 100, 30)
    assert "0.9 s ago  uncertain" in text
    assert "1.8 s ago  attentive" in text


def test_nothing_old_is_shown_as_if_it_were_true(watch: Watch) -> None:
    watch.check_overdue(5.0)
    text = draw(watch, Line("slcan:x", connected=False, trouble="link: x: no such port"), 5.0)

    assert "UNKNOWN" in text
    assert "87 %" not in text
    assert "71 %" not in text
    assert "last: are you all right, 3.1 s ago" in text
    assert "○ port lost, trying again" in text
    assert "x: no such port" in text
    assert "invalid" in text


def test_a_fault_is_named(watch: Watch, make_frame: MakeFrame) -> None:
    watch.take(make_frame(HealthMessage(1, 5, 0, 1, 51, 0, None, 2), 1.95))

    assert "fault camera lost  degraded camera" in draw(watch, LINE, 1.95)


def test_a_warning_about_the_line_is_shown_whole() -> None:
    warning = "412345 bytes, none of them SLCAN: wrong baud rate, or not a SLCAN port?"
    line = Line("slcan:x", warning=warning)

    assert draw(Watch(0.0), line, 1.0).splitlines()[-1].strip() == warning


@pytest.mark.parametrize(("width", "height"), [(20, 5), (60, 15), (300, 100)])
def test_any_terminal_gets_something(watch: Watch, width: int, height: int) -> None:
    assert "edge-fer monitor" in draw(watch, LINE, 1.95, max(width, 20), height)
    draw(Watch(0.0), LINE, 0.0, width, height)


def test_a_bar_is_exact_to_an_eighth_of_a_cell() -> None:
    assert bar(0.0, 4, "red").plain == "····"
    assert bar(1.0, 4, "red").plain == "████"
    assert bar(0.5, 4, "red").plain == "██··"
    assert bar(17 / 32, 4, "red").plain == "██▏·"
    assert bar(-1.0, 2, "red").plain == "··"
    assert bar(9.0, 2, "red").plain == "██"


def test_the_timeline_shows_the_last_minute() -> None:
    text = timeline([StateChange(30.0, 1), StateChange(60.0, 11)], 60.0, 4)

    assert text.plain == "─███"
    assert [span.style for span in text.spans[-2:]] == [state_colour(1), state_colour(11)]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "0.0 s"), (59.94, "59.9 s"), (125, "2:05 min"), (4200, "1:10:00 h"), (-1, "0.0 s")],
)
def test_durations_read_well(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
