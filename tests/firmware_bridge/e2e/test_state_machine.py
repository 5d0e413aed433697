"""The E2E state machine: mixtures of frames, windows of one's own, requests in time."""

import itertools
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.e2e.profile22 import Profile22Receiver, Profile22Sender
from firmware_bridge.e2e.state_machine import (
    ReceiverState,
    StateMachine,
    StateMachineSettings,
)
from firmware_bridge.link.schedule import Schedule, Snapshot
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverRequestMessage, DriverStateMessage, encode
from firmware_bridge.reception.supervision import BusSupervisor, JudgedFrame

CYCLE_S = 0.1
IN_TIME_S = 0.1  # a request has to reach the vehicle
KNOWN = definition(DriverRequestMessage.NAME)


def states_of_a_mixture(pattern: str, times: int) -> list[ReceiverState]:
    """Return the state behind each frame: `.` is good, `x` damaged, a blank is lost."""
    known = definition(DriverStateMessage.NAME)
    sender = Profile22Sender(known.data_ids)
    receiver = Profile22Receiver(known.data_ids, timeout_s=3.5 * CYCLE_S)
    states = []
    for index, kind in enumerate(pattern * times):
        data = sender.protect(bytes(8))
        if kind == " ":
            continue
        damaged = bytes((data[0] ^ 1, *data[1:]))
        states.append(receiver.check(damaged if kind == "x" else data, index * CYCLE_S).state)
    return states


@pytest.mark.parametrize("pattern", [".x", "..x", "..xx", "x.x", ". x", "..x.x", "x   .  "])
def test_a_mixture_of_good_and_bad_frames_is_invalid(pattern: str) -> None:
    states = states_of_a_mixture(pattern, 30)

    assert states[-12:].count(ReceiverState.VALID) <= 6
    assert ReceiverState.INVALID in states[-12:]


@pytest.mark.parametrize("pattern", [".", "...x", ".......x", "..  ", ".  ", "... x"])
def test_few_damaged_or_lost_frames_are_forgiven(pattern: str) -> None:
    assert set(states_of_a_mixture(pattern, 30)[8:]) == {ReceiverState.VALID}


def test_every_second_frame_damaged_is_never_trusted_again() -> None:
    states = states_of_a_mixture(".x", 100)

    assert set(states[8:]) == {ReceiverState.INVALID}


def test_windows_and_limits_can_be_chosen() -> None:
    patient = StateMachine(StateMachineSettings(window_size_valid=8, max_error_state_valid=4))
    for index in range(100):
        patient.add(good=index % 2 == 0, damaged=index % 2 == 1)
        assert index < 2 or patient.state is ReceiverState.VALID
    strict = StateMachine(StateMachineSettings(max_error_state_valid=0))
    for good in (True, True, True, False):
        strict.add(good=good, damaged=not good)
    assert strict.state is ReceiverState.INVALID


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"window_size_init": 0}, r"window_size_init: 0 is not in 1\.\.16"),
        ({"window_size_valid": 17}, r"window_size_valid: 17 is not in 1\.\.16"),
        ({"min_ok_state_init": 5}, r"min_ok_state_init: 5 is not in 1\.\.4"),
        ({"max_error_state_invalid": 4}, r"max_error_state_invalid: 4 is not in 0\.\.3"),
        ({"min_ok_state_valid": 3}, "min_ok_state_valid: 3 is more than makes it valid"),
    ],
)
def test_what_can_never_be_reached_is_refused(wrong: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        StateMachineSettings(**wrong)


@given(checks=st.lists(st.sampled_from(["good", "damaged", "neither"]), max_size=60))
def test_valid_means_that_the_window_says_so(checks: list[str]) -> None:
    machine, settings = StateMachine(), StateMachineSettings()
    # Before the first good frame there is no data, and nothing is counted.
    checks = list(itertools.dropwhile(lambda check: check != "good", checks))
    for index, check in enumerate(checks):
        machine.add(good=check == "good", damaged=check == "damaged")
        window = checks[max(0, index + 1 - settings.window_size_valid) : index + 1]
        if machine.state is ReceiverState.VALID:
            assert window.count("good") >= settings.min_ok_state_valid
            assert window.count("damaged") <= settings.max_error_state_valid


def sent_requests(sender: Profile22Sender, request_id: int, start_s: float) -> Iterator[CanFrame]:
    """Yield the frames of one request as a link that starts then sends them, for 0.3 s."""
    request = DriverRequestMessage(1, request_id, 2, 30, 10)
    schedule, now_s = Schedule(start_s), start_s
    schedule.update(Snapshot(now_s, DriverStateMessage(1), request=request), now_s)
    while now_s < start_s + 0.3:
        for message in schedule.take_due(now_s):
            if isinstance(message, DriverRequestMessage):
                yield CanFrame(KNOWN.can_id, sender.protect(encode(message)), now_s)
        now_s += 0.001


def believed_after_s(frames: list[JudgedFrame], start_s: float) -> float:
    return min(each.frame.time_s for each in frames if each.usable) - start_s


@pytest.mark.parametrize("before", range(1, 18))
def test_a_request_is_believed_in_time_after_a_restart_of_the_daemon(before: int) -> None:
    """Whatever counter the vehicle saw last."""
    supervisor, sender = BusSupervisor(), Profile22Sender(KNOWN.data_ids)
    for index in range(before):
        data = sender.protect(encode(DriverRequestMessage(1, 1, 2, 30, 10)))
        supervisor.judge(CanFrame(KNOWN.can_id, data, float(index)))
    restarted = Profile22Sender(KNOWN.data_ids)
    judged = [supervisor.judge(frame) for frame in sent_requests(restarted, 2, 60.0)]

    assert believed_after_s(judged, 60.0) <= IN_TIME_S
    wrong = [each for each in judged if each.message is not None and not each.is_good]
    assert wrong == []  # nothing out of sequence was decoded


@pytest.mark.parametrize("lost_at", range(3))
@pytest.mark.parametrize("before", range(1, 18))
def test_a_request_is_believed_in_time_after_three_lost_frames(before: int, lost_at: int) -> None:
    supervisor, sender = BusSupervisor(), Profile22Sender(KNOWN.data_ids)
    for index in range(before):
        data = sender.protect(encode(DriverRequestMessage(1, 1, 2, 30, 10)))
        supervisor.judge(CanFrame(KNOWN.can_id, data, float(index)))
    frames = list(sent_requests(sender, 2, 60.0))
    assert len(frames) == 5
    left = frames[:lost_at] + frames[lost_at + 3 :]
    judged = [supervisor.judge(frame) for frame in left]

    assert believed_after_s(judged, 60.0) <= IN_TIME_S


def test_random_frames_are_never_believed_by_a_run_of_chance() -> None:
    """One of 256 has a right CRC; what is damaged between two of them keeps trust away."""
    chance, supervisor = random.Random(1), BusSupervisor()
    believed = sum(
        supervisor.judge(CanFrame(KNOWN.can_id, chance.randbytes(8), index / 100)).usable
        for index in range(5_000)
    )
    assert believed == 0
