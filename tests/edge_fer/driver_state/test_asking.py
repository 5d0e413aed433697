"""What is asked in each state, and what an answer or none changes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_fer.driver_state.asking import NOTHING_ASKED, REQUESTS, Asking, ask, hear
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState, Reason, RequestKind, RequestSeverity
from edge_fer.observation import UNKNOWN_VEHICLE, Answer, Vehicle

SETTINGS = PolicySettings()
UNCERTAIN = DriverState.UNCERTAIN


def step(
    before: Asking,
    state: DriverState,
    time_s: float,
    *,
    changed: bool = False,
    vehicle: Vehicle = UNKNOWN_VEHICLE,
) -> Asking:
    return ask(
        hear(before, vehicle, time_s, SETTINGS),
        state,
        changed=changed,
        reason=Reason.LOW_CONFIDENCE,
        vehicle=vehicle,
        time_s=time_s,
        settings=SETTINGS,
    )


def entered(state: DriverState, vehicle: Vehicle = UNKNOWN_VEHICLE) -> Asking:
    return step(NOTHING_ASKED, state, 100.0, changed=True, vehicle=vehicle)


def answered(request_id: int, answer: Answer) -> Vehicle:
    return Vehicle(speed_km_h=80.0, answered_id=request_id, answer=answer)


@pytest.mark.parametrize("state", DriverState)
def test_each_state_asks_what_it_needs(state: DriverState) -> None:
    asking = entered(state)
    if state not in REQUESTS:
        assert asking == NOTHING_ASKED
        return
    assert asking.request is not None
    assert (asking.request.kind, asking.request.severity) == REQUESTS[state]


def test_all_right_withdraws_the_question_and_is_quiet_for_half_an_hour() -> None:
    asking = step(entered(UNCERTAIN), UNCERTAIN, 103.0, vehicle=answered(1, Answer.ALL_RIGHT))
    assert asking.request is None
    assert asking.quiet(1902.9)
    assert not asking.quiet(1903.0)


def test_an_answer_counts_once_however_long_the_vehicle_shows_it() -> None:
    asking = entered(UNCERTAIN)
    for time_s in (103.0, 110.0, 130.0):
        asking = step(asking, UNCERTAIN, time_s, vehicle=answered(1, Answer.ALL_RIGHT))
    assert asking.quiet_until_s == 1903.0


@pytest.mark.parametrize("answer", [None, Answer.NONE])
def test_a_request_that_was_only_shown_is_not_answered(answer: Answer | None) -> None:
    shown = Vehicle(answered_id=1, answer=answer)
    asking = step(entered(UNCERTAIN), UNCERTAIN, 107.9, vehicle=shown)
    assert asking.request_id == 1
    assert step(asking, UNCERTAIN, 108.0, vehicle=shown).request_id == 2


def test_no_answer_in_time_raises_the_severity_once() -> None:
    asking = step(entered(UNCERTAIN), UNCERTAIN, 108.0)
    assert asking.request is not None
    assert asking.request.severity is RequestSeverity.WARNING
    assert asking.request.reason is Reason.DID_NOT_ANSWER
    assert step(asking, UNCERTAIN, 116.0).request is None
    assert step(step(asking, UNCERTAIN, 116.0), UNCERTAIN, 300.0).request_id == 2


def test_an_answer_to_the_question_before_is_late_but_counts() -> None:
    raised = step(entered(UNCERTAIN), UNCERTAIN, 108.0)
    late = step(raised, UNCERTAIN, 109.0, vehicle=answered(1, Answer.ALL_RIGHT))
    assert late.request is None
    assert late.quiet(110.0)


def test_an_answer_to_an_older_matter_does_not_count() -> None:
    over = step(entered(UNCERTAIN), DriverState.ATTENTIVE, 104.0, changed=True)
    again = step(over, UNCERTAIN, 120.0, changed=True)
    stale = step(again, UNCERTAIN, 121.0, vehicle=answered(1, Answer.ALL_RIGHT))
    assert stale.request == again.request
    assert not stale.quiet(121.0)


def test_an_answer_from_before_a_restart_is_not_taken_for_one() -> None:
    # The vehicle still shows the answer to a request 1; the first one is then not called 1.
    asking = entered(UNCERTAIN, vehicle=answered(1, Answer.ALL_RIGHT))
    assert asking.request_id == 2
    asking = step(asking, UNCERTAIN, 101.0, vehicle=answered(1, Answer.ALL_RIGHT))
    assert asking.request is not None


def test_that_nobody_answers_may_be_said_by_the_vehicle() -> None:
    asking = step(entered(UNCERTAIN), UNCERTAIN, 103.0, vehicle=answered(1, Answer.DID_NOT_ANSWER))
    assert asking.request is not None
    assert asking.request.severity is RequestSeverity.WARNING
    same = step(asking, UNCERTAIN, 103.1, vehicle=answered(1, Answer.DID_NOT_ANSWER))
    assert same == asking


def test_not_all_right_suggests_a_break() -> None:
    asking = step(entered(UNCERTAIN), UNCERTAIN, 103.0, vehicle=answered(1, Answer.NOT_ALL_RIGHT))
    assert asking.request is not None
    assert asking.request.kind is RequestKind.TAKE_A_BREAK
    assert asking.request.severity is RequestSeverity.WARNING
    assert not asking.quiet(104.0)


def test_what_is_urgent_is_asked_again_for_as_long_as_it_lasts() -> None:
    asking = entered(DriverState.ASLEEP)
    for round_ in range(1, 6):
        asking = step(asking, DriverState.ASLEEP, 100.0 + 8 * round_)
        assert asking.request is not None
        assert asking.request.request_id == round_ + 1
        assert asking.request.severity is RequestSeverity.URGENT


def test_a_standing_vehicle_tells_the_driver_nothing_but_the_question() -> None:
    standing = Vehicle(speed_km_h=0.0)
    assert entered(DriverState.ASLEEP, standing).request is None
    assert entered(UNCERTAIN, standing).request is not None
    # Once it drives off, the sleeper is asked.
    asking = step(entered(DriverState.ASLEEP, standing), DriverState.ASLEEP, 105.0)
    assert asking.request is not None


def test_ids_go_round_and_never_become_255() -> None:
    asking = replace(NOTHING_ASKED, request_id=254)
    assert step(asking, UNCERTAIN, 100.0, changed=True).request_id == 1


ASLEEP = DriverState.ASLEEP
PARKED = Vehicle(speed_km_h=0.0)


def test_all_right_from_somebody_asleep_lapses() -> None:
    asking = entered(ASLEEP)
    said = answered(asking.request_id, Answer.ALL_RIGHT)
    asking = step(asking, ASLEEP, 101.0, vehicle=said)
    assert asking.request is None
    assert step(asking, ASLEEP, 108.9, vehicle=said).request is None
    again = step(asking, ASLEEP, 109.0, vehicle=said)
    assert again.request is not None
    assert again.request.severity is RequestSeverity.URGENT
    assert again.request.request_id != asking.request_id
    # A second one is not believed: the eyes stayed closed.
    said = answered(again.request_id, Answer.ALL_RIGHT)
    assert step(again, ASLEEP, 110.0, vehicle=said).request == again.request


def test_it_is_believed_again_in_the_next_sleep() -> None:
    asking = entered(ASLEEP)
    asking = step(asking, ASLEEP, 101.0, vehicle=answered(1, Answer.ALL_RIGHT))
    asking = step(asking, DriverState.ATTENTIVE, 102.0, changed=True)
    asking = step(asking, ASLEEP, 200.0, changed=True)
    asking = step(asking, ASLEEP, 201.0, vehicle=answered(asking.request_id, Answer.ALL_RIGHT))
    assert asking.request is None


def test_a_speed_silences_what_is_not_urgent_yet_and_nothing_else() -> None:
    assert step(entered(ASLEEP), ASLEEP, 101.0, vehicle=PARKED).request is not None
    assert entered(ASLEEP, PARKED).request is None  # who sleeps in a parked car is not woken
    microsleep = step(entered(DriverState.MICROSLEEP), DriverState.MICROSLEEP, 101.0)
    assert step(microsleep, DriverState.MICROSLEEP, 102.0, vehicle=PARKED).request is None
    unanswered = step(microsleep, DriverState.MICROSLEEP, 108.5)
    assert unanswered.urgent
    assert step(unanswered, DriverState.MICROSLEEP, 109.0, vehicle=PARKED).request is not None


VEHICLES = st.builds(
    Vehicle,
    speed_km_h=st.sampled_from([None, 0.0, 4.9, 5.0, 120.0]),
    ignition_on=st.sampled_from([None, True, False]),
    enabled=st.sampled_from([None, True]),
    answered_id=st.sampled_from([None, 0, 1, 2, 3, 254, -1]),
    answer=st.sampled_from([None, *Answer]),
)


@given(
    said=st.lists(st.tuples(VEHICLES, st.floats(0.05, 3.0)), min_size=1, max_size=60),
    states=st.lists(st.sampled_from([ASLEEP, DriverState.UNRESPONSIVE]), min_size=1, max_size=3),
)
def test_no_sequence_of_answers_and_speeds_silences_an_urgent_request_for_long(
    said: list[tuple[Vehicle, float]], states: list[DriverState]
) -> None:
    """However often it is answered, the request is away for 8 s in all, while the eyes are closed.

    `answered_id` -1 stands for the request that is open: a forger knows it.
    """
    asking, now_s, silent_s = entered(states[0]), 100.0, 0.0
    each = max(1, len(said) // len(states))
    before = states[0]
    for place, (vehicle, gap_s) in enumerate(said):
        state = states[min(place // each, len(states) - 1)]
        if vehicle.answered_id == -1:
            vehicle = replace(vehicle, answered_id=asking.request_id)  # noqa: PLW2901
        now_s += gap_s
        if asking.request is None:
            silent_s += gap_s
        asking = step(asking, state, now_s, changed=state is not before, vehicle=vehicle)
        before = state
        if asking.request is not None:
            assert asking.request.severity is RequestSeverity.URGENT
    assert silent_s <= 8.0 + 3.0  # what is due is seen at the next step
