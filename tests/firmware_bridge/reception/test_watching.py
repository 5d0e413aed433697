import json
from collections.abc import Callable
from dataclasses import replace

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    HealthMessage,
    Message,
)
from firmware_bridge.reception.watching import Line, Watch, frame_as_json
from firmware_bridge.transports import TransportCounters
from tests.firmware_bridge.wire_ids import shown_id

MakeFrame = Callable[[Message, float], CanFrame]


def watch_states(make_frame: MakeFrame, states: list[int]) -> Watch:
    """Return a watch that saw these states, 100 ms apart, beginning at 10 s."""
    watch = Watch(10.0)
    for index, state in enumerate(states):
        watch.take(make_frame(DriverStateMessage(state), 10.0 + index / 10))
    return watch


def test_the_states_are_kept_in_order(make_frame: MakeFrame) -> None:
    watch = watch_states(make_frame, [0, 0, 1, 1, 10, 1])

    assert [change.state for change in watch.history] == [0, 1, 10, 1]
    assert watch.summary(10.6, Line("x")).states == [
        "not ready",
        "attentive",
        "uncertain",
        "attentive",
    ]


def test_the_latest_content_is_known_while_its_sender_is_trusted(make_frame: MakeFrame) -> None:
    watch = watch_states(make_frame, [1, 1])
    seen = watch.seen(10.15)
    assert seen.latest(DriverStateMessage) == (DriverStateMessage(1), 10.1)
    assert seen.latest(HealthMessage) is None

    assert watch.seen(10.5).latest(DriverStateMessage) is None
    assert seen.latest(DriverStateMessage) is not None  # what was seen stays as it was
    assert watch.summary(10.5, Line("x")).states == ["attentive", "unknown"]


def test_a_frame_that_cannot_be_trusted_changes_nothing(make_frame: MakeFrame) -> None:
    watch = watch_states(make_frame, [1, 1])
    frame = make_frame(DriverStateMessage(5), 10.2)

    watch.take(replace(frame, data=b"\0" + frame.data[1:]))

    assert watch.seen(10.2).latest(DriverStateMessage) == (DriverStateMessage(1), 10.1)
    assert [change.state for change in watch.history] == [1]


def test_the_summary_adds_everything_up(make_frame: MakeFrame) -> None:
    watch = watch_states(make_frame, [1, 1])
    lost = make_frame(DriverStateMessage(1), 10.2)
    watch.take(make_frame(DriverStateMessage(1), 10.3))
    watch.take(replace(lost, time_s=10.3))  # late, behind its successor
    watch.take(replace(lost, data=bytes(8)))
    watch.take(replace(lost, data=b""))
    watch.take(CanFrame(0x111, b"", 10.3))
    watch.take(make_frame(HealthMessage(), 10.4))
    counters = TransportCounters(rejected_lines=2, rejected_bytes=9)

    summary = watch.summary(10.4, Line("x", connections_lost=1, counters=counters))

    assert summary.seconds == 0.4
    assert (summary.frames, summary.good_frames) == (7, 4)
    assert (summary.crc_failures, summary.wrong_length, summary.unknown_ids) == (1, 1, 1)
    assert (summary.counter_gaps, summary.lost_frames, summary.repeated_frames) == (2, 1, 0)
    assert (summary.rejected_lines, summary.rejected_bytes) == (2, 9)
    assert summary.connections_lost == 1
    assert summary.frames_by_message["DriverState"] == 6
    assert summary.frames_by_message["Health"] == 1
    assert (summary.jitter_ms["DriverState"], summary.jitter_ms["Health"]) == (0.0, None)


def test_a_frame_as_json_reads_as_the_dbc_names_it(make_frame: MakeFrame) -> None:
    watch = Watch(10.0)
    message = DriverStateMessage(1, 6, 2, None, 87.2, None, None, 40, 3)

    line = frame_as_json(watch.take(make_frame(message, 10.25)), watch.start_s)

    assert json.loads(json.dumps(line)) == {
        "time_s": 0.25,
        "id": f"0x{shown_id(DriverStateMessage)}",
        "message": "DriverState",
        "status": "ok",
        "receiver": "init",
        "age_ms": None,
        "data": line["data"],
        "signals": {
            "State": "attentive",
            "Emotion": "neutral",
            "Face": "detected",
            "DriverStateQuality": None,
            "Confidence": 87.2,
            "Drowsiness": None,
            "Distraction": None,
            "SourceAge": 40.0,
            "EventSequence": 3,
        },
    }


def test_an_unnamed_code_is_shown_as_one(make_frame: MakeFrame) -> None:
    watch = Watch(0.0)
    line = frame_as_json(watch.take(make_frame(DriverStateMessage(14), 0.0)), 0.0)

    assert line["signals"]["State"] == "code 14"


def test_a_broken_or_unknown_frame_has_no_signals(make_frame: MakeFrame) -> None:
    watch = Watch(0.0)
    good = make_frame(EmotionProbabilitiesMessage(), 0.0)

    broken = frame_as_json(watch.take(replace(good, data=bytes(8))), 0.0)
    unknown = frame_as_json(watch.take(CanFrame(0x7, b"", 0.0)), 0.0)

    assert (broken["status"], broken["signals"]) == ("wrong_crc", None)
    assert (unknown["message"], unknown["status"], unknown["id"]) == (None, "unknown_id", "0x007")
