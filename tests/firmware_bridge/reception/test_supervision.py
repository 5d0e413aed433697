from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.e2e.state_machine import ReceiverState
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverRequestMessage,
    DriverStateMessage,
    Message,
    encode,
)
from firmware_bridge.reception.supervision import (
    JUDGED_FRAMES,
    BusSupervisor,
    FrameStatus,
    JudgedFrame,
    MessageStatistics,
)
from tests.firmware_bridge.wire_ids import id_of

KNOWN_IDS = [id_of(DriverStateMessage), id_of(ControllerStatusMessage)]
MakeFrame = Callable[[Message, float], CanFrame]


def of_driver_state(supervisor: BusSupervisor, now_s: float) -> MessageStatistics:
    return next(m for m in supervisor.statistics(now_s) if m.name == "DriverState")


def judge(
    supervisor: BusSupervisor, make_frame: MakeFrame, times_s: list[float]
) -> list[JudgedFrame]:
    return [supervisor.judge(make_frame(DriverStateMessage(1), time_s)) for time_s in times_s]


def test_a_good_sender_is_trusted_from_its_second_frame(make_frame: MakeFrame) -> None:
    judged = judge(BusSupervisor(), make_frame, [0.0, 0.1, 0.2])

    assert [frame.status for frame in judged] == [FrameStatus.OK] * 3
    assert [frame.usable for frame in judged] == [False, True, True]
    assert judged[2].message == DriverStateMessage(1)


def test_rate_and_age(make_frame: MakeFrame) -> None:
    supervisor = BusSupervisor()
    judge(supervisor, make_frame, [index * 0.1 for index in range(100)])

    seen = of_driver_state(supervisor, 9.95)

    assert seen.rate_hz == pytest.approx(10.0)
    assert seen.age_s == pytest.approx(0.05)
    assert (seen.frames, seen.good, seen.state) == (100, 100, ReceiverState.VALID)
    later = of_driver_state(supervisor, 59.9)
    assert later.rate_hz == 0.0
    assert later.age_s == pytest.approx(50.0)


def test_lost_frames_and_gaps_are_counted(make_frame: MakeFrame) -> None:
    supervisor = BusSupervisor()
    frames = [make_frame(DriverStateMessage(1), index * 0.1) for index in range(12)]
    for index in (0, 1, 4, 5, 11):  # two missing, and then five
        supervisor.judge(replace(frames[index], time_s=index * 0.01))

    seen = of_driver_state(supervisor, 0.2)

    assert (seen.lost, seen.gaps, seen.good) == (2, 2, 4)
    assert seen.state is ReceiverState.VALID


def test_a_repeated_frame_is_counted_as_such(make_frame: MakeFrame) -> None:
    supervisor = BusSupervisor()
    frame = make_frame(DriverStateMessage(1), 0.0)
    supervisor.judge(frame)

    judged = supervisor.judge(frame)

    assert (judged.status, judged.message) == (FrameStatus.REPEATED, None)
    assert of_driver_state(supervisor, 0.0).repeated == 1


def test_a_wrong_crc_yields_no_content(make_frame: MakeFrame) -> None:
    supervisor = BusSupervisor()
    frame = make_frame(DriverStateMessage(1), 0.0)

    judged = supervisor.judge(replace(frame, data=frame.data[:7] + b"\x55"))

    assert (judged.status, judged.message) == (FrameStatus.WRONG_CRC, None)
    assert of_driver_state(supervisor, 0.0).wrong_crc == 1


@pytest.mark.parametrize("length", [0, 1, 7])
def test_the_length_is_checked_before_the_protection(length: int) -> None:
    supervisor = BusSupervisor()

    judged = supervisor.judge(CanFrame(id_of(DriverStateMessage), bytes(length), 0.0))

    assert judged.status is FrameStatus.WRONG_LENGTH
    assert of_driver_state(supervisor, 0.0).wrong_length == 1


def test_unknown_ids_are_counted_and_left_alone() -> None:
    supervisor = BusSupervisor()

    judged = supervisor.judge(CanFrame(0x123, bytes(8), 0.0))

    assert (judged.status, judged.name) == (FrameStatus.UNKNOWN_ID, "")
    assert supervisor.unknown_ids == 1


def test_only_the_chosen_messages_are_supervised(make_frame: MakeFrame) -> None:
    supervisor = BusSupervisor([ControllerStatusMessage.NAME])

    assert judge(supervisor, make_frame, [0.0])[0].status is FrameStatus.UNKNOWN_ID
    judged = supervisor.judge(make_frame(ControllerStatusMessage(1), 0.0))
    assert judged.status is FrameStatus.OK


def test_a_message_that_stays_away_is_overdue_once_and_distrusted(make_frame: MakeFrame) -> None:
    supervisor = BusSupervisor()
    judge(supervisor, make_frame, [0.0, 0.1])

    assert not of_driver_state(supervisor, 0.44).is_overdue
    for now_s in (0.46, 0.6, 5.0):
        seen = of_driver_state(supervisor, now_s)
        assert (seen.is_overdue, seen.overdue, seen.state) == (True, 1, ReceiverState.INVALID)
    judge(supervisor, make_frame, [6.0])
    assert not of_driver_state(supervisor, 6.1).is_overdue
    assert of_driver_state(supervisor, 7.0).overdue == 2


def test_a_late_frame_counts_as_overdue_even_if_nobody_looked(make_frame: MakeFrame) -> None:
    supervisor = BusSupervisor()
    judge(supervisor, make_frame, [0.0, 0.1, 1.0])

    assert of_driver_state(supervisor, 1.0).overdue == 1


def test_a_message_that_is_sent_now_and_then_is_never_overdue(make_frame: MakeFrame) -> None:
    supervisor = BusSupervisor()
    for time_s in (0.0, 0.02):
        supervisor.judge(make_frame(DriverRequestMessage(1, 2, 1, 5), time_s))

    seen = next(m for m in supervisor.statistics(1000.0) if m.name == "DriverRequest")
    assert (seen.is_overdue, seen.state) == (False, ReceiverState.VALID)
    assert supervisor.judge(make_frame(DriverRequestMessage(1, 3, 1, 5), 1000.0)).usable


@given(
    frames=st.lists(
        st.tuples(st.sampled_from([*KNOWN_IDS, 0x7FF]), st.binary(max_size=8)), max_size=40
    )
)
def test_any_traffic_is_survived_and_accounted_for(frames: list[tuple[int, bytes]]) -> None:
    supervisor = BusSupervisor()

    judged = [
        supervisor.judge(CanFrame(can_id, data, index * 0.01))
        for index, (can_id, data) in enumerate(frames)
    ]

    counted = sum(message.frames for message in supervisor.statistics(1.0))
    assert counted + supervisor.unknown_ids == len(frames)
    assert all(frame.message is None for frame in judged if not frame.is_good)


@given(order=st.permutations(range(6)), drop=st.sets(st.integers(0, 5), max_size=4))
def test_out_of_order_frames_are_never_taken_for_good_in_a_row(
    order: list[int], drop: set[int]
) -> None:
    known = definition(DriverStateMessage.NAME)
    sender = Profile22Sender(known.data_ids)
    sent = [sender.protect(encode(DriverStateMessage(1, event_sequence=n))) for n in range(6)]
    supervisor = BusSupervisor()

    last: int | None = None
    for index in (index for index in order if index not in drop):
        judged = supervisor.judge(CanFrame(known.can_id, sent[index], 0.0))
        jump = 1 if last is None else index - last
        expected = {1: FrameStatus.OK, 2: FrameStatus.SOME_LOST, 3: FrameStatus.SOME_LOST}
        assert judged.status is expected.get(jump, FrameStatus.WRONG_SEQUENCE)
        assert judged.lost == (jump - 1 if jump in (2, 3) else 0)
        last = index


def test_jitter_is_how_far_the_longest_interval_exceeds_the_cycle(make_frame: MakeFrame) -> None:
    supervisor = BusSupervisor()
    assert of_driver_state(supervisor, 0.0).jitter_s is None

    # On time, 30 ms late, back in phase, and one on change between two cycles.
    for time_s in (0.0, 0.1, 0.23, 0.3, 0.35, 0.4):
        supervisor.judge(make_frame(DriverStateMessage(1), time_s))

    assert of_driver_state(supervisor, 0.4).jitter_s == pytest.approx(0.03)


def test_jitter_forgets_and_leaves_out_what_was_lost(make_frame: MakeFrame) -> None:
    supervisor = BusSupervisor()
    late = [0.0, 0.1, 0.25]
    for time_s in late + [0.3 + index / 10 for index in range(120)]:
        supervisor.judge(make_frame(DriverStateMessage(1), time_s))
    assert of_driver_state(supervisor, 12.2).jitter_s == pytest.approx(0.0, abs=1e-9)

    make_frame(DriverStateMessage(1), 12.3)  # lost, and then silence for a second
    supervisor.judge(make_frame(DriverStateMessage(1), 12.4))
    supervisor.judge(make_frame(DriverStateMessage(1), 13.4))

    seen = of_driver_state(supervisor, 13.4)
    assert (seen.lost, seen.overdue) == (1, 1)
    assert seen.jitter_s == pytest.approx(0.0, abs=1e-9)


def test_a_message_without_a_cycle_has_no_jitter(make_frame: MakeFrame) -> None:
    supervisor = BusSupervisor()
    for time_s in (0.0, 0.02, 0.04, 1.04):
        supervisor.judge(make_frame(DriverRequestMessage(1, 3, 1, 24, 10), time_s))
    seen = next(m for m in supervisor.statistics(1.04) if m.name == "DriverRequest")
    assert (seen.good, seen.jitter_s) == (4, None)


def test_frames_of_another_dbc_are_recognised_and_forgotten_with_the_right_ones(
    make_frame: MakeFrame, make_foreign_frame: MakeFrame
) -> None:
    supervisor = BusSupervisor()
    for index in range(JUDGED_FRAMES):
        assert supervisor.foreign is None
        supervisor.judge(make_foreign_frame(DriverStateMessage(1), index * 0.1))
    assert supervisor.foreign == (
        "DriverState: hardly a right CRC: same driver_state.dbc at both ends?"
    )

    for index in range(JUDGED_FRAMES):
        assert supervisor.foreign is not None
        supervisor.judge(make_frame(DriverStateMessage(1), 5.0 + index * 0.1))
    assert supervisor.foreign is None


def test_what_passes_by_chance_does_not_hide_another_dbc() -> None:
    supervisor, chance = BusSupervisor(), Random(1)
    right = 0
    for index in range(JUDGED_FRAMES * 100):
        frame = CanFrame(id_of(DriverStateMessage), chance.randbytes(8), index * 0.1)
        judged = supervisor.judge(frame)
        right += judged.status is not FrameStatus.WRONG_CRC
        assert (supervisor.foreign is not None) == (index >= JUDGED_FRAMES - 1)
    assert right > 10


def test_frames_of_another_length_are_of_another_dbc_too() -> None:
    supervisor = BusSupervisor()
    for index in range(JUDGED_FRAMES):
        supervisor.judge(CanFrame(id_of(ControllerStatusMessage), bytes(7), index * 0.1))

    assert (supervisor.foreign or "").startswith("ControllerStatus: hardly")


@pytest.mark.parametrize("seed", range(5))
def test_a_bad_line_is_not_taken_for_another_dbc(make_frame: MakeFrame, seed: int) -> None:
    """Half of all frames are wrong, for ten minutes."""
    supervisor, chance = BusSupervisor(), Random(seed)
    for index in range(6000):
        frame = make_frame(DriverStateMessage(1), index * 0.1)
        wrong = replace(frame, data=frame.data[:7] + bytes((frame.data[7] ^ 0x10,)))
        supervisor.judge(frame if chance.random() < 0.5 else wrong)
        assert supervisor.foreign is None
