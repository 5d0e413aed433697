"""Stories for the schedule: a fake clock, and what is sent when."""

from dataclasses import replace

import pytest

from firmware_bridge.link.schedule import STALE_S, Schedule, Snapshot
from firmware_bridge.protocol.database import value_code
from firmware_bridge.protocol.messages import (
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    FaultCountersMessage,
    HealthMessage,
    LinkTimingMessage,
    Message,
    PipelineFiguresMessage,
)

Sent = list[tuple[float, Message]]
FIGURES = PipelineFiguresMessage(0, 30, 28, 6, 10, 12)
COUNTERS = FaultCountersMessage(1, 1, 0, 0, 0, 0, 0)
REQUEST = DriverRequestMessage(kind=1, request_id=7, severity=1, valid_for_s=5, reason=3)


def snapshot(
    time_s: float,
    state: int = 1,
    *,
    sequence: int = 0,
    request: DriverRequestMessage | None = None,
    source_time_s: float | None = None,
) -> Snapshot:
    return Snapshot(
        published_s=time_s,
        driver_state=DriverStateMessage(state, event_sequence=sequence),
        source_time_s=source_time_s,
        emotions=EmotionProbabilitiesMessage((1, 2, 3, 4, 5, 6, 79), 2),
        health=HealthMessage(camera=0, model=0, fault=0),
        figures=FIGURES,
        counters=COUNTERS,
        request=request,
    )


class Bench:
    """Runs a schedule as the link does: to the next due time, never in between."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.schedule = Schedule(0.0)
        self.sent: Sent = []
        self.refresh: Snapshot | None = None

    def run(self, until_s: float, *, fresh: bool = True) -> Sent:
        """Run until then; while `fresh`, the latest snapshot is published anew each 50 ms."""
        before = len(self.sent)
        refresh_s = self.now_s
        while self.now_s < until_s:
            if fresh and self.refresh is not None and self.now_s >= refresh_s:
                self.publish(self.refresh)
                refresh_s += 0.05
            self.sent += [(self.now_s, message) for message in self.schedule.take_due(self.now_s)]
            next_s = self.schedule.next_s(self.now_s)
            assert next_s > self.now_s, "the link would spin"
            if fresh and self.refresh is not None:
                next_s = min(next_s, refresh_s)
            self.now_s = min(next_s, until_s)
        return self.sent[before:]

    def publish(self, latest: Snapshot) -> None:
        """Publish `latest` as of now."""
        self.refresh = latest
        self.schedule.update(replace(latest, published_s=self.now_s), self.now_s)


def times(sent: Sent, kind: type[Message]) -> list[float]:
    return [round(time_s, 6) for time_s, message in sent if isinstance(message, kind)]


def driver_states(sent: Sent) -> list[DriverStateMessage]:
    return [message for _, message in sent if isinstance(message, DriverStateMessage)]


def requests(sent: Sent) -> list[tuple[float, DriverRequestMessage]]:
    return [
        (round(time_s, 6), message)
        for time_s, message in sent
        if isinstance(message, DriverRequestMessage)
    ]


def test_each_message_keeps_its_cycle() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0))

    sent = bench.run(0.99)

    assert times(sent, DriverStateMessage) == pytest.approx([index / 10 for index in range(10)])
    assert times(sent, EmotionProbabilitiesMessage) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert times(sent, HealthMessage) == pytest.approx([0, 0.5])
    sent += bench.run(2.99)
    for figures in (FIGURES, COUNTERS):
        assert times(sent, type(figures)) == pytest.approx([0, 1, 2])
        assert figures in [message for _, message in sent]
    assert times(sent, DriverRequestMessage) == []


def test_a_change_is_sent_at_once_and_does_not_shift_the_cycle() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0))
    bench.run(0.15)
    bench.publish(snapshot(0.15, 10, sequence=1))

    sent = bench.run(0.45)

    assert times(sent, DriverStateMessage) == pytest.approx([0.15, 0.2, 0.3, 0.4])
    assert {message.state for message in driver_states(sent)} == {10}


def test_changes_keep_the_minimum_gap_and_the_latest_wins() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0))
    bench.run(0.15)
    for index, state in enumerate((10, 11, 12)):
        bench.publish(snapshot(0, state, sequence=index + 1))
        bench.run(0.15 + (index + 1) * 0.004)

    sent = bench.run(0.19)
    changes = [(time_s, m) for time_s, m in bench.sent if 0.14 < time_s < 0.19]

    assert times(changes, DriverStateMessage) == pytest.approx([0.15, 0.17])
    assert [message.state for message in driver_states(changes)] == [10, 12]
    assert bench.schedule.superseded == 1
    assert times(sent, DriverStateMessage) == pytest.approx([0.17])


def test_a_change_does_not_wait_behind_a_cyclic_frame() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0))
    bench.run(0.305)
    bench.publish(snapshot(0.305, 10, sequence=1))

    assert times(bench.run(0.31), DriverStateMessage) == pytest.approx([0.305])


def test_a_cyclic_frame_waits_for_the_gap_behind_a_change() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0))
    bench.run(0.195)
    bench.publish(snapshot(0.195, 10, sequence=1))

    sent = bench.run(0.35)

    assert times(sent, DriverStateMessage) == pytest.approx([0.195, 0.215, 0.3])


def test_the_same_state_entered_again_is_a_change() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0, 1, sequence=1))
    bench.run(0.15)
    bench.publish(snapshot(0.15, 1, sequence=3))

    assert times(bench.run(0.16), DriverStateMessage) == pytest.approx([0.15])


def test_the_age_of_the_source_frame_is_that_at_sending() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0, source_time_s=-0.03))

    ages = [message.source_age_ms for message in driver_states(bench.run(0.25))]

    assert ages == pytest.approx([30, 130, 230])


def test_without_a_source_frame_there_is_no_age() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0))

    assert driver_states(bench.run(0.05))[0].source_age_ms is None


def test_before_the_first_snapshot_nothing_is_claimed() -> None:
    sent = Bench().run(0.25)

    assert driver_states(sent) == [DriverStateMessage()] * 3
    assert EmotionProbabilitiesMessage() in [message for _, message in sent]
    for nothing in (HealthMessage(), PipelineFiguresMessage(), FaultCountersMessage()):
        assert nothing in [message for _, message in sent]


def test_when_the_vision_loop_stalls_the_last_value_is_not_sent_any_more() -> None:
    bench = Bench()
    bench.run(0.05)
    bench.publish(snapshot(0.0, 10, sequence=4, source_time_s=0.0))

    sent = bench.run(2.02, fresh=False)

    stale_s = 0.05 + STALE_S
    fresh = [message for time_s, message in sent if time_s < stale_s]
    stale = [(time_s, message) for time_s, message in sent if time_s >= stale_s]
    assert {m.state for m in fresh if isinstance(m, DriverStateMessage)} == {10}
    assert set(driver_states(stale)) == {DriverStateMessage()}
    assert times(stale, DriverStateMessage)[0] == pytest.approx(stale_s)
    healths = [m for _, m in stale if isinstance(m, HealthMessage)]
    assert healths == [HealthMessage(fault=value_code("Health", "Fault", "vision stalled"))] * 2
    emotions = [m for _, m in stale if isinstance(m, EmotionProbabilitiesMessage)]
    assert set(emotions) == {EmotionProbabilitiesMessage()}
    for kind in (PipelineFiguresMessage, FaultCountersMessage):
        assert [m for _, m in stale if isinstance(m, kind)] == [kind()]


def test_when_the_vision_loop_goes_on_so_does_its_state_at_once() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0, 10, sequence=4))
    bench.run(1.55, fresh=False)
    bench.publish(snapshot(1.55, 10, sequence=4))

    sent = bench.run(1.57)

    assert times(sent, DriverStateMessage) == pytest.approx([1.55])
    assert driver_states(sent)[0].state == 10


def test_a_request_is_said_five_times_fast_and_then_each_second_until_it_expires() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0, request=REQUEST))

    said = requests(bench.run(10.0))

    assert [time_s for time_s, _ in said] == pytest.approx(
        [0, 0.02, 0.04, 0.06, 0.08, 1.08, 2.08, 3.08, 4.08]
    )
    # Each frame says for how long it is still valid.
    assert [message.valid_for_s for _, message in said] == [5, 5, 5, 5, 5, 4, 3, 2, 1]
    assert {message.request_id for _, message in said} == {7}


def test_an_acknowledged_request_is_not_repeated() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0, request=REQUEST))
    bench.run(1.5)
    bench.schedule.acknowledge(7)

    assert requests(bench.run(5.0)) == []


def test_the_acknowledgement_of_another_request_changes_nothing() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0, request=REQUEST))
    bench.run(0.5)
    bench.schedule.acknowledge(6)

    assert len(requests(bench.run(5.0))) == 4


def test_an_old_acknowledgement_does_not_silence_a_new_request() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0, request=REQUEST))
    bench.schedule.acknowledge(7)  # what the vehicle still shows from before our restart

    assert len(requests(bench.run(0.5))) == 5


def test_a_request_that_is_withdrawn_is_not_repeated() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0, request=REQUEST))
    bench.run(0.5)
    bench.publish(snapshot(0.5))

    assert requests(bench.run(5.0)) == []


def test_another_request_begins_anew() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0, request=REQUEST))
    bench.run(0.5)
    bench.schedule.acknowledge(7)
    bench.publish(snapshot(0.5, request=DriverRequestMessage(1, 8, 2, None, 3)))

    said = requests(bench.run(1.6))

    assert [time_s for time_s, _ in said] == pytest.approx([0.5, 0.52, 0.54, 0.56, 0.58, 1.58])
    assert {message.request_id for _, message in said} == {8}


def test_when_the_line_is_up_again_everything_is_said_anew() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0, request=REQUEST))
    bench.run(0.55)
    bench.schedule.restart(0.55)

    sent = bench.run(0.6)

    cyclic = (DriverStateMessage, EmotionProbabilitiesMessage, HealthMessage)
    for kind in (*cyclic, PipelineFiguresMessage, FaultCountersMessage):
        assert times(sent, kind) == pytest.approx([0.55])
    assert [time_s for time_s, _ in requests(sent)] == pytest.approx([0.55, 0.57, 0.59])


def test_an_answered_request_is_not_said_anew() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0, request=REQUEST))
    bench.run(0.5)
    bench.schedule.acknowledge(7)
    bench.schedule.restart(0.5)

    assert requests(bench.run(2.0)) == []


def test_what_was_missed_is_not_caught_up_on() -> None:
    bench = Bench()
    bench.publish(snapshot(0.0))
    bench.run(0.05)
    bench.now_s = 0.75  # the thread did not run
    bench.publish(snapshot(0.75))

    sent = bench.run(1.0)

    assert times(sent, DriverStateMessage) == pytest.approx([0.75, 0.85, 0.95])


def test_where_the_port_is_behind_cyclic_frames_are_left_out_and_changes_are_not() -> None:
    schedule = Schedule(0.0)
    schedule.update(snapshot(0.0, state=1, request=REQUEST), 0.0)
    schedule.take_due(0.0)

    due = schedule.take_due(0.99, is_behind=True)
    assert [type(message) for message in due] == [DriverRequestMessage]
    # Timing, state, emotions, health and evidence; the others are due each second.
    assert schedule.skipped == 5
    schedule.update(snapshot(1.05, state=4), 1.05)
    (change,) = schedule.take_due(1.05, is_behind=True)
    assert isinstance(change, DriverStateMessage)
    assert change.state == 4
    timing = schedule.take_due(1.15)[0]
    assert isinstance(timing, LinkTimingMessage)
    assert timing.frames_skipped == schedule.skipped > 5
