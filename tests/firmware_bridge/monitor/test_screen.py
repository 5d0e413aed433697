import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from firmware_bridge.monitor.controls import MOST_SIDEWAYS_CELLS, Controls, Page, press
from firmware_bridge.monitor.frame_log import FrameLog, LoggedFrame
from firmware_bridge.monitor.panels import driver_panel, request_panel
from firmware_bridge.monitor.parts import bar, duration, state_colour, timeline
from firmware_bridge.monitor.screen import Screen
from firmware_bridge.protocol.database import definition, definitions, value_code
from firmware_bridge.protocol.frame import CanFrame, id_text
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverEvidenceMessage,
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    FaultCountersMessage,
    HealthMessage,
    Message,
    PipelineFiguresMessage,
)
from firmware_bridge.reception.frame_filter import FrameFilter
from firmware_bridge.reception.watching import Line, StateChange, Watch
from firmware_bridge.recording.recorder import RecordingStatus
from firmware_bridge.transports import TransportCounters
from tests.firmware_bridge.wire_ids import shown_id

MakeFrame = Callable[[Message, float], CanFrame]
LINE = Line("slcan:/dev/ttyUSB0", counters=TransportCounters(frames_received=99))


def draw(
    watch: Watch,
    line: Line,
    now_s: float,
    width: int = 80,
    height: int = 24,
    **options: Any,
) -> str:
    console = Console(
        file=io.StringIO(), record=True, width=width, height=height, force_terminal=True
    )
    console.print(Screen(watch.seen(now_s), line, **options))
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
    assert "vehicle: 72.3 km/h, ignition on" in "\n".join(lines)
    assert lines[-1].startswith(" q quit  tab frames  space pause")


def test_it_shows_what_is_known(watch: Watch) -> None:
    text = draw(watch, LINE, 1.95)

    for shown in (
        "UNCERTAIN   for 0.9 s",
        "neutral (87 %)",
        "detected  quality good",
        "71 %",
        "are you all right",
        "advice, id 3",
        "camera recovered, valid for 24 s",
        "camera good  model ok",
        "30 fps  latency 4 ms  temp 51 °C",
        f"{shown_id(DriverStateMessage)} DriverState",
        "jitter",
        "slcan:/dev/ttyUSB0",
        "● open",
    ):
        assert shown in text


@pytest.mark.parametrize(("height", "shown"), [(24, False), (30, False), (31, True), (40, True)])
def test_diagnostic_messages_are_left_out_where_there_is_no_room(
    watch: Watch, height: int, *, shown: bool
) -> None:
    text = draw(watch, LINE, 1.95, height=height, controls=Controls(page=Page.FRAMES))

    assert len(text.splitlines()) <= height
    for kind in (PipelineFiguresMessage, FaultCountersMessage):
        assert (f"{shown_id(kind)} {kind.NAME}" in text) is shown
    assert f"{shown_id(ControllerStatusMessage)} ControllerStatus" in text


@pytest.mark.parametrize(
    ("throttling", "stalls", "restarts", "line", "border"),
    [
        (0, 0, 0, "30 fps  latency 254 ms  temp 91 °C ", ""),
        (3, 2, 0, "30 fps  254 ms  91 °C  stalls 2/h", "heat and supply"),
        (0, 0, 7, "30 fps  latency 254 ms  temp 91 °C ", "restarts 7"),
        # The longest of each is whole at 80 columns.
        (4, 254, 254, "30 fps  254 ms  91 °C  stalls 254/h", "frequency capped  restarts 254"),
    ],
)
def test_it_shows_what_slows_the_unit_down_and_how_often_it_came_back(
    watch: Watch,
    make_frame: MakeFrame,
    throttling: int,
    stalls: int,
    restarts: int,
    line: str,
    border: str,
) -> None:
    for time_s in (1.96, 1.97):  # the second makes its sender a trusted one
        for message in (
            HealthMessage(1, 0, 0, 0, 91, 30, 254, 0),
            PipelineFiguresMessage(throttling, 30, 28, 6, 10, 12),
            FaultCountersMessage(stalls, 0, restarts, 0, 0, 0, 0),
        ):
            watch.take(make_frame(message, time_s))

    lines = draw(watch, LINE, 1.98).splitlines()

    assert len(lines) <= 24
    top = next(index for index, each in enumerate(lines) if "HEALTH" in each)
    assert line in lines[top + 2]
    assert lines[top + 4][40:].strip("╰─╯ ") == border


def test_the_history_is_shown_where_there_is_room(watch: Watch) -> None:
    text = draw(watch, LINE, 1.95, 100, 32)
    assert "0.9 s ago  uncertain" in text
    assert "1.8 s ago  attentive" in text


@pytest.mark.parametrize("height", range(24, 41))
def test_the_history_is_whole_and_messages_without_a_row_are_counted(
    watch: Watch, height: int
) -> None:
    text = draw(watch, LINE, 1.95, height=height)
    messages = len(definitions())
    rows = sum(
        any(f"{id_text(known.can_id)} {name} " in line for line in text.splitlines())
        for name, known in definitions().items()
    )

    assert len(text.splitlines()) <= height
    assert "uncertain" in text
    assert "attentive" in text
    assert "0.9 s ago" in text
    assert rows == min(messages, height - 22)
    assert (f"{messages - rows} more: s" in text) is (rows < messages)


@pytest.mark.parametrize("height", [24, 30, 60])
def test_every_signal_of_every_message_can_be_read(watch: Watch, height: int) -> None:
    shown, controls = "", Controls(Page.SIGNALS)
    for _ in range(40):
        text = draw(watch, LINE, 1.95, height=height, controls=controls)
        assert len(text.splitlines()) == height
        shown += text
        controls = press(controls, "page down")[0]

    for name, known in definitions().items():
        assert f"{id_text(known.can_id)} {name}" in shown
        assert all(f"  {signal}  " in shown for signal in known.signals)
    for said in ("87.2 %", "uncertain", "72.3 km/h", "are you all right", "51 °C"):
        assert said in shown
    assert "more rows: pg down" in draw(watch, LINE, 1.95, controls=Controls(Page.SIGNALS))
    assert "pg down" not in text
    assert "rows above: pg up" in text


def test_an_unknown_state_is_explained(watch: Watch, make_frame: MakeFrame) -> None:
    assert "no DriverState so far" in draw(Watch(0.0), LINE, 1.0)
    watch.check_overdue(5.0)
    assert "last DriverState 3 s ago" in draw(watch, LINE, 5.0)
    new = Watch(0.0)
    new.take(make_frame(DriverStateMessage(1), 0.0))
    assert "DriverState not trusted yet" in draw(new, LINE, 0.05)


def test_it_shows_that_pictures_are_being_recorded(watch: Watch, make_frame: MakeFrame) -> None:
    assert "RECORDING" not in draw(watch, LINE, 1.95)
    for code, word in ((0, None), (1, "RECORDING ON"), (2, "RECORDING EVENT")):
        watch.take(make_frame(HealthMessage(1, 0, 0, 0, 51, 30, 4, 0, code), 1.95))
        text = draw(watch, LINE, 1.96)
        assert (word or "HEALTH") in text
        assert ("RECORDING" in text) is (word is not None)


def test_it_shows_that_somebody_watches(watch: Watch, make_frame: MakeFrame) -> None:
    for code, shown in ((0, False), (None, False), (1, True)):
        watch.take(make_frame(HealthMessage(1, 0, 0, 0, 51, 30, 4, 0, 0, code), 1.95))
        assert ("WATCHED" in draw(watch, LINE, 1.96)) is shown


@pytest.mark.parametrize("width", [80, 120])
def test_the_scene_is_named_where_it_is_known(watch: Watch, width: int) -> None:
    line = replace(LINE, scene="closes the eyes")
    assert "scene: closes the eyes" in draw(watch, line, 1.95, width).splitlines()[0]
    assert "scene" not in draw(watch, LINE, 1.95, width).splitlines()[0]


@pytest.mark.parametrize(
    ("acknowledged_id", "answer", "shown"),
    [(3, 1, "answered: all right"), (3, 0, "acknowledged"), (2, 1, "")],
)
def test_the_vehicles_answer_is_shown_beside_the_request(
    watch: Watch, make_frame: MakeFrame, acknowledged_id: int, answer: int, shown: str
) -> None:
    message = ControllerStatusMessage(1, 1, acknowledged_id, answer, 2, 72.3, 1)
    for index in range(20, 43):
        watch.take(make_frame(message, index / 10))
        if index in (21, 42):  # while it stands, and after it
            text = draw(watch, LINE, index / 10)
            assert shown in text
            assert ("answered" in text) == shown.startswith("answered")


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


@pytest.mark.parametrize(
    "message", [EmotionProbabilitiesMessage(), HealthMessage(protocol_version=14)]
)
def test_that_the_dbc_is_another_is_shown_whole(
    make_frame: MakeFrame, make_foreign_frame: MakeFrame, message: Message
) -> None:
    make = make_frame if isinstance(message, HealthMessage) else make_foreign_frame
    made = Watch(0.0)
    for index in range(60):
        made.take(make(message, index * 0.1))
    warning = made.dbc_warning()

    assert warning is not None
    assert warning.endswith("same driver_state.dbc at both ends?")
    line = Line("slcan:x", warning=warning)
    assert draw(made, line, 6.0).splitlines()[-1].strip() == warning


@pytest.mark.parametrize(("width", "height"), [(20, 5), (60, 15), (300, 100)])
def test_any_terminal_gets_something(watch: Watch, width: int, height: int) -> None:
    assert "edge-fer monitor" in draw(watch, LINE, 1.95, max(width, 20), height)
    draw(Watch(0.0), LINE, 0.0, width, height)


def test_the_table_says_what_a_controller_would_notice(make_frame: MakeFrame) -> None:
    watch = Watch(0.0)
    for index, delay_s in enumerate((0.0, 0.0, 0.012, 0.0, 0.0)):
        frame = make_frame(DriverStateMessage(1), index / 10 + delay_s)
        if index != 3:
            watch.take(frame)
    watch.take(replace(frame, time_s=0.41))  # repeated
    watch.take(replace(frame, data=bytes(8), time_s=0.42))
    watch.take(CanFrame(0x123, b"", 0.43))
    line = replace(LINE, counters=TransportCounters(rejected_lines=2, rejected_bytes=31))

    text = draw(watch, line, 0.45, 100, 30)

    can_id = shown_id(DriverStateMessage)
    row = next(line for line in text.splitlines() if can_id in line).split()
    # id, name, state, rate, jitter, age, lost, repeated, crc, overdue, gaps, frames
    assert " ".join(row[1:-1]) == f"{can_id} DriverState valid 7.5/s 12 ms 50 ms 1 1 1 0 1 6"
    assert "other ids: 1" in text
    assert "rejected: 2 lines, 31 bytes" in text


def logged(watch: Watch, frames: list[CanFrame], *words: str) -> tuple[LoggedFrame, ...]:
    log = FrameLog(FrameFilter(words), changed_only=False)
    for frame in frames:
        log.take(watch.take(frame))
    return log.shown()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (132, 50)])
def test_the_list_of_frames_fills_the_terminal(
    make_frame: MakeFrame, width: int, height: int
) -> None:
    watch = Watch(0.0)
    frames = [make_frame(DriverStateMessage(1, 3), index / 10) for index in range(60)]
    shown = logged(watch, frames)

    text = draw(watch, LINE, 6.0, width, height, controls=Controls(Page.FRAMES), frames=shown)

    lines = text.splitlines()
    assert len(lines) == height
    assert max(len(line) for line in lines) <= width
    assert frames[-1].data.hex(" ").upper() in lines[-3]
    assert f"5.900  {shown_id(DriverStateMessage)}" in lines[-3]
    assert "ok" in lines[-3]
    assert "State=attentive" in draw(
        watch, LINE, 6.0, 132, 24, controls=Controls(Page.FRAMES), frames=shown
    )


def test_all_signals_of_a_frame_can_be_read_sideways(make_frame: MakeFrame) -> None:
    message = DriverStateMessage(10, 6, 2, 2, 87.2, 12.0, 3.0, 40, 7)
    watch = Watch(0.0)
    shown = logged(watch, [make_frame(message, 0.1)])
    pieces = ""
    controls = Controls(Page.FRAMES)
    while controls.sideways < MOST_SIDEWAYS_CELLS:
        pieces += draw(watch, LINE, 0.2, 100, controls=controls, frames=shown)
        controls, _ = press(controls, "right")
    for name in definition(DriverStateMessage.NAME).signals:
        assert f"{name}=" in pieces
    assert "EventSequence=" not in draw(
        watch, LINE, 0.2, controls=Controls(Page.FRAMES), frames=shown
    )


@pytest.mark.parametrize("temperature_c", [None, 61])
def test_each_figure_of_health_has_its_unit_and_label(
    make_frame: MakeFrame, temperature_c: int | None
) -> None:
    watch = Watch(0.0)
    for index in range(3):
        health = HealthMessage(1, 0, 0, 0, temperature_c, 30, 112, 0)
        watch.take(make_frame(health, index / 10))
    text = draw(watch, LINE, 0.25)
    temperature = "temp —" if temperature_c is None else "temp 61 °C"
    assert f"30 fps  latency 112 ms  {temperature}" in text


@pytest.mark.parametrize(
    ("inference", "model", "said"),
    [
        ("off", 0, "off: driver_state.emotion_states"),
        ("off", 2, "off: driver_state.emotion_states"),
        ("not available", 2, "the network failed"),
        ("on", 0, ""),  # a driver whose emotion is not clear is no riddle
        ("not reported", 0, ""),  # an earlier version
    ],
)
def test_emotions_that_are_not_inferred_are_explained(
    make_frame: MakeFrame, inference: str, model: int, said: str
) -> None:
    code = value_code(HealthMessage.NAME, "EmotionInference", inference)
    watch = Watch(0.0)
    for index in range(3):
        for message in (
            DriverStateMessage(state=1, face=1),
            HealthMessage(1, 0, model, 0, None, 30, 4, 0, emotion_inference=code),
        ):
            watch.take(make_frame(message, index / 10))
    text = draw(watch, LINE, 0.25)
    assert said in text
    assert ("NOT INFERRED" in text) == bool(said)


def test_a_sense_that_never_saw_anything_is_named(make_frame: MakeFrame) -> None:
    watch = Watch(0.0)
    for index in range(3):
        for message in (
            DriverStateMessage(1),
            DriverEvidenceMessage(head_unseen_s=0.0, reason=1),
        ):
            watch.take(make_frame(message, index / 10))
    assert "eyes never seen" in draw(watch, LINE, 0.25)


@pytest.mark.parametrize(
    ("reason", "eyes_s", "head_s", "width", "shown"),
    [
        ("enough evidence", None, None, 60, "enough evidence, eyes and head never seen"),
        ("enough evidence", None, None, 36, "enough evidence, eyes, head unseen"),
        ("enough evidence", 0.0, 12.0, 36, "enough evidence, head unseen 12 s"),
        ("seat looks empty", 3.0, 0.0, 36, "seat looks empty, eyes unseen 3 s"),
        ("head turned out of sight", 3.0, 14.0, 36, "head turned out of sight, …"),
        ("judged again", 0.0, 0.0, 36, "judged again"),
    ],
)
def test_a_reason_is_never_cut_off(
    make_frame: MakeFrame,
    reason: str,
    eyes_s: float | None,
    head_s: float | None,
    width: int,
    shown: str,
) -> None:
    watch = Watch(0.0)
    evidence = DriverEvidenceMessage(
        eyes_unseen_s=eyes_s,
        head_unseen_s=head_s,
        reason=value_code(DriverEvidenceMessage.NAME, "StateReason", reason),
    )
    for index in range(2):  # the second makes its sender a trusted one
        for message in (DriverStateMessage(1), evidence):
            watch.take(make_frame(message, index / 10))
    console = Console(file=io.StringIO(), record=True, width=width + 4)
    console.print(driver_panel(watch.seen(0.15), width))
    assert f"╰─ {shown} ─" in console.export_text()


def test_each_reason_of_the_wire_is_shown_in_words(make_frame: MakeFrame) -> None:
    reasons = dict(definition(DriverEvidenceMessage.NAME).signals["StateReason"].names)
    assert reasons == dict(definition(DriverRequestMessage.NAME).signals["Reason"].names)
    unknown = reasons.pop(255)
    assert len(reasons) > 50
    console = Console(file=io.StringIO(), record=True, width=40)  # half of a narrow terminal
    for code, words in reasons.items():
        watch = Watch(0.0)
        for index in range(2):  # the second makes its sender a trusted one
            for message in (
                DriverStateMessage(1),
                DriverEvidenceMessage(eyes_unseen_s=0.0, head_unseen_s=0.0, reason=code),
                DriverRequestMessage(1, 3, 1, 254, code),
            ):
                watch.take(make_frame(message, index / 10))
        seen = watch.seen(0.15)
        console.print(driver_panel(seen, 36))
        driver = console.export_text()
        console.print(request_panel(seen))
        request = console.export_text()
        # Whole, and no other reason that begins alike.
        assert f"╰─ {words} ─" in driver
        assert f"│ {words}, valid" in request
        assert unknown not in driver + request


def test_the_list_scrolls_back_and_says_what_it_leaves_out(make_frame: MakeFrame) -> None:
    watch = Watch(0.0)
    shown = logged(watch, [make_frame(DriverStateMessage(1), index / 10) for index in range(60)])
    can_id = shown_id(DriverStateMessage)
    controls = Controls(Page.FRAMES, True, can_id, None, True, 20)

    lines = draw(watch, LINE, 6.0, controls=controls, frames=shown).splitlines()

    assert f"3.900  {can_id}" in lines[-3]
    assert f"FRAMES with '{can_id}', only changes, 20 back" in "".join(lines)
    assert "PAUSED at 6.0 s" in lines[0]
    assert "space go on" in lines[-1]
    assert "nothing passes the filter" in draw(watch, LINE, 6.0, controls=controls)


def test_help_and_a_filter_that_is_typed(watch: Watch) -> None:
    assert "start or stop recording" in draw(watch, LINE, 1.95, controls=Controls(Page.HELP))
    typing = Controls(Page.FRAMES, typed="state=at")
    assert (
        draw(watch, LINE, 1.95, controls=typing).splitlines()[-1].startswith(" filter: state=at█")
    )


def test_a_recording_is_seen_and_so_is_its_end(watch: Watch) -> None:
    path = Path("drive.log")
    running = RecordingStatus(path, 17, running=True)
    failed = RecordingStatus(path, 17, running=False, trouble="recording: drive.log ended: full")

    assert "● REC drive.log 17" in draw(watch, LINE, 1.95, recording=running).splitlines()[0]
    assert "drive.log ended: full" in draw(watch, LINE, 1.95, recording=failed).splitlines()[-1]
    ended = replace(LINE, ended=True)
    assert "■ ended after 2.5 s" in draw(watch, ended, 2.5).splitlines()[0]


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
