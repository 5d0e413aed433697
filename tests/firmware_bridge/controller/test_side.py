"""The controller's side against our schedule's messages, in simulated time."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.controller.action import STANDS_BELOW_KM_H, Action
from firmware_bridge.controller.events import Changes, event_text
from firmware_bridge.controller.key_map import press
from firmware_bridge.controller.side import ControllerSide
from firmware_bridge.controller.vehicle import ALL_RIGHT, VehicleState
from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.protocol.database import definition, value_code
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverRequestMessage,
    DriverStateMessage,
    HealthMessage,
    Message,
    encode,
)
from firmware_bridge.reception.supervision import BusSupervisor, FrameStatus

MakeFrame = Callable[[Message, float], CanFrame]
ASLEEP = DriverStateMessage(5, event_sequence=3)
QUESTION = DriverRequestMessage(kind=1, request_id=7, severity=1, valid_for_s=20.0, reason=33)


@pytest.fixture
def side() -> ControllerSide:
    return ControllerSide(VehicleState(speed_km_h=100.0), 0.0)


def e2e_state(side: ControllerSide) -> str:
    names = ("NODATA", "INIT", "VALID", "INVALID")
    codes = {value_code("ControllerStatus", "E2eState", name): name for name in names}
    code = side.status().e2e_state
    assert code is not None
    return codes[code]


def test_nothing_is_acted_on_before_it_is_trusted_nor_after_it_aged(
    side: ControllerSide, make_frame: MakeFrame
) -> None:
    seen: list[tuple[str, Action]] = [(e2e_state(side), side.advice().action)]
    for time_s in (0.1, 0.2, 0.3):
        side.take(make_frame(ASLEEP, time_s))
        seen.append((e2e_state(side), side.advice().action))
    side.pass_time(0.64)
    seen.append((e2e_state(side), side.advice().action))
    side.pass_time(0.66)
    seen.append((e2e_state(side), side.advice().action))

    assert seen == [
        ("NODATA", Action.UNKNOWN),
        ("INIT", Action.UNKNOWN),
        ("VALID", Action.SLOW_DOWN),
        ("VALID", Action.SLOW_DOWN),
        ("VALID", Action.SLOW_DOWN),
        ("INVALID", Action.UNKNOWN),
    ]


def test_a_broken_frame_changes_nothing(side: ControllerSide, make_frame: MakeFrame) -> None:
    for time_s in (0.1, 0.2):
        side.take(make_frame(DriverStateMessage(1), time_s))
    broken = make_frame(ASLEEP, 0.3)
    side.take(replace(broken, data=broken.data[:7] + bytes((broken.data[7] ^ 1,))))

    assert side.advice().action is Action.NOTHING


def test_it_speaks_each_100_ms_and_does_not_catch_up(side: ControllerSide) -> None:
    times = [index / 100 for index in range(100)] + [3.0 + index / 100 for index in range(50)]
    sent = [frame for time_s in times if (frame := side.take_due(time_s)) is not None]
    supervisor = BusSupervisor()
    judged = [supervisor.judge(frame) for frame in sent]

    assert len(sent) == 10 + 5
    assert {frame.status for frame in judged} == {FrameStatus.OK}
    assert judged[-1].message == side.status()


def test_a_silent_controller_sends_nothing(side: ControllerSide) -> None:
    side.vehicle = VehicleState(talk=False)

    assert [side.take_due(index / 10) for index in range(20)] == [None] * 20


def test_a_request_is_acknowledged_when_shown_and_answered_by_key(
    side: ControllerSide, make_frame: MakeFrame
) -> None:
    assert side.status().acknowledged_id is None
    side.take(make_frame(QUESTION, 1.0))
    assert side.status().acknowledged_id is None  # one frame is not enough to trust a sender
    side.take(make_frame(QUESTION, 1.02))
    shown = side.status()
    press(side, "y", 2.0)

    assert (shown.acknowledged_id, shown.answer) == (7, 0)
    assert (side.status().acknowledged_id, side.status().answer) == (7, ALL_RIGHT)


def test_keys_change_what_is_said(side: ControllerSide) -> None:
    for key in "++-=iety?n":  # the last two do nothing here
        press(side, key, 1.0)

    assert side.vehicle == VehicleState(120.0, ignition=0, enable=0, talk=False)
    for key in "iet" + "-" * 20:
        press(side, key, 1.0)
    assert side.vehicle == VehicleState(0.0)


def test_a_reboot_forgets_what_was_heard(side: ControllerSide, make_frame: MakeFrame) -> None:
    for time_s in (0.1, 0.2):
        side.take(make_frame(ASLEEP, time_s))
        side.take(make_frame(QUESTION, time_s))
    first = side.take_due(0.3)
    press(side, "b", 0.3)
    again = side.take_due(0.3)

    assert (side.advice().action, e2e_state(side)) == (Action.UNKNOWN, "NODATA")
    assert first is not None
    assert again is not None
    assert first.data[1] & 0x0F == again.data[1] & 0x0F == 1  # the counter began anew
    assert side.status() == ControllerStatusMessage(1, 1, None, 0, 0, 100.0)


def test_each_change_is_an_event_once(side: ControllerSide, make_frame: MakeFrame) -> None:
    changes = Changes()
    assert [event["event"] for event in changes.since(side)] == ["vehicle", "driver"]
    assert changes.since(side) == []

    for time_s in (0.1, 0.2):
        side.take(make_frame(ASLEEP, time_s))
        side.take(make_frame(QUESTION, time_s))
    driver, request = changes.since(side)
    assert (driver["state"], driver["action"]) == ("asleep", "warning, slow down")
    assert event_text(driver) == "vehicle would do: warning, slow down (driver: asleep at 100 km/h)"
    assert event_text(request) == "request 7: are you all right (advice, for 20 s)"

    side.desk.answer(ALL_RIGHT)
    (answer,) = changes.since(side)
    assert event_text(answer) == "request 7 answered: all right"

    press(side, "-", 0.3)
    assert [event["event"] for event in changes.since(side)] == ["vehicle", "driver"]


def test_another_protocol_is_a_warning_once(side: ControllerSide, make_frame: MakeFrame) -> None:
    changes = Changes()
    events = []
    for time_s in (0.5, 1.0, 1.5, 2.0):
        side.take(make_frame(HealthMessage(protocol_version=2), time_s))
        events += changes.of_warnings(side.warnings())

    assert [event_text(event) for event in events] == [
        "warning: camera unit speaks protocol 2, not 1: same driver_state.dbc at both ends?"
    ]
    for time_s in (2.5, 3.0):
        side.take(make_frame(HealthMessage(), time_s))
    assert side.warnings() == {}
    assert changes.of_warnings({}) == []


def test_another_dbc_is_a_warning_once(side: ControllerSide, make_foreign_frame: MakeFrame) -> None:
    changes = Changes()
    events = []
    for index in range(120):
        side.take(make_foreign_frame(ASLEEP, index * 0.1))
        events += changes.of_warnings(side.warnings())

    assert [event_text(event) for event in events] == [
        "warning: DriverState: hardly a right CRC: same driver_state.dbc at both ends?"
    ]
    assert side.advice().action == Action.UNKNOWN


def test_a_port_that_goes_and_comes_is_an_event_each() -> None:
    changes = Changes()
    assert changes.of_line(connected=True, trouble=None) == []
    (lost,) = changes.of_line(connected=False, trouble="link: /dev/x is gone: unplugged")
    assert changes.of_line(connected=False, trouble="link: /dev/x: no such port") == []
    (back,) = changes.of_line(connected=True, trouble=None)

    assert event_text(lost).startswith("link: /dev/x is gone: unplugged; it is opened again")
    assert event_text(back) == "the port is back"


UNRESPONSIVE = value_code("DriverState", "State", "unresponsive")
HIGHEST_CODE = 15
STRENGTH = [Action.NOTHING, Action.CHIME, Action.WARNING, Action.SLOW_DOWN, Action.STOP]


def drive(side: ControllerSide, states: list[tuple[int, int]]) -> list[Action]:
    """Send each state for so many tenths of a second; return the actions, one after another."""
    sender = Profile22Sender(definition("DriverState").data_ids)
    actions: list[Action] = []
    tick = 0
    for state, tenths in states:
        for _ in range(tenths):
            tick += 1
            data = sender.protect(encode(DriverStateMessage(state)))
            side.take(CanFrame(definition("DriverState").can_id, data, tick / 10))
            side.pass_time(tick / 10)
            action = side.advice().action
            if not actions or action is not actions[-1]:
                actions.append(action)
    return actions


def test_the_vehicle_escalates_one_step_after_another_and_stops_at_the_last(
    side: ControllerSide,
) -> None:
    names = ("attentive", "drowsy", "distracted", "microsleep", "asleep", "unresponsive")
    states = [(value_code("DriverState", "State", name), 20) for name in names]

    assert drive(side, states) == [Action.UNKNOWN, *STRENGTH]
    # And back in one: the driver is awake.
    attentive, _ = states[0]
    assert drive(ControllerSide(side.vehicle, 0.0), [*states, (attentive, 5)])[-2:] == [
        Action.STOP,
        Action.NOTHING,
    ]


@pytest.mark.parametrize("state", ["distracted", "microsleep", "no driver"])
def test_what_lasts_is_first_warned_of_and_then_slowed_down_for(
    side: ControllerSide, state: str
) -> None:
    code = value_code("DriverState", "State", state)

    assert drive(side, [(1, 5), (code, 49)])[-1] is Action.WARNING
    assert drive(ControllerSide(side.vehicle, 0.0), [(1, 5), (code, 600)]) == [
        Action.UNKNOWN,
        Action.NOTHING,
        Action.WARNING,
        Action.SLOW_DOWN,
    ]


@settings(deadline=None, max_examples=25)
@given(
    states=st.lists(
        st.tuples(
            st.integers(0, HIGHEST_CODE).filter(lambda code: code != UNRESPONSIVE),
            st.integers(1, 30) | st.just(80),
        ),
        max_size=8,
    ),
    speed_km_h=st.none() | st.floats(0.0, 250.0),
)
def test_no_sequence_of_states_without_unresponsive_stops_the_vehicle(
    states: list[tuple[int, int]], speed_km_h: float | None
) -> None:
    vehicle = VehicleState(speed_km_h=speed_km_h)
    assert Action.STOP not in drive(ControllerSide(vehicle, 0.0), states)
    # With it the same vehicle does, if it moves.
    stops = Action.STOP in drive(ControllerSide(vehicle, 0.0), [*states, (UNRESPONSIVE, 3)])
    assert stops == (speed_km_h is not None and speed_km_h >= STANDS_BELOW_KM_H)
