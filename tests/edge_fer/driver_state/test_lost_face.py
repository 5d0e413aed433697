"""A face that is lost: its last motion says where it went, seldom out of the vehicle."""

from dataclasses import replace

import pytest

from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.policy import Decision
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState, Reason
from edge_fer.observation import HeadPose, Vehicle
from edge_fer.stories.scene import CALM, START_S, Scene, Story, told

SETTINGS = PolicySettings()
MOTORWAY = Vehicle(speed_km_h=80.0, ignition_on=True)
ROAD_S, MOVE_S = 12.0, 0.5


def lost(last: HeadPose | None, seconds: float, *, seat_empty: bool | None) -> list[Decision]:
    """Return the first decision of each state after the face was lost in this pose.

    None: it looked at the road, and a hand came before it.
    """
    road = Scene(ROAD_S, CALM, vehicle=MOTORWAY)
    move = () if last is None else (replace(road, seconds=MOVE_S, head=last, eyes=None),)
    gone = Scene(seconds, face=False, seat_empty=seat_empty, vehicle=MOTORWAY)
    monitor = StateMonitor(SETTINGS, START_S)
    begin_s = START_S + ROAD_S + (MOVE_S if move else 0.0)
    entered: list[Decision] = []
    for observation in told(Story((road, *move, gone), ()), 10):
        before = monitor.decision
        decision = monitor.observe(observation)
        if observation.time_s >= begin_s - 1e-6 and decision.state is not before.state:
            entered.append(decision)
    return entered


TURNED, RIGHT = HeadPose(33.0, 0.0, 0.0), HeadPose(-33.0, 5.0, 0.0)
BOWED = HeadPose(0.0, -24.0, 0.0)


@pytest.mark.parametrize("seat_empty", [None, False])
@pytest.mark.parametrize("last", [TURNED, BOWED, RIGHT], ids=["left", "bowed", "right"])
def test_a_head_that_turned_or_bowed_out_of_sight_looks_away(
    last: HeadPose, seat_empty: bool | None
) -> None:
    entered = lost(last, 9.8, seat_empty=seat_empty)
    # Both are due at the same moment, half a second of the turn having been seen.
    assert {each.state for each in entered[:-1]} <= {DriverState.UNSEEN}
    distracted = entered[-1]
    assert distracted.state is DriverState.DISTRACTED
    assert distracted.reason is Reason.HEAD_TURNED_OUT_OF_SIGHT
    # Counted from where it began to turn.
    away_s = distracted.time_s - START_S - ROAD_S
    assert away_s == pytest.approx(SETTINGS.long_look_s, abs=0.3)


@pytest.mark.parametrize("seat_empty", [None, False])
def test_a_face_behind_a_hand_is_unseen(seat_empty: bool | None) -> None:
    entered = lost(None, 9.8, seat_empty=seat_empty)
    assert [(each.state, each.reason) for each in entered] == [
        (DriverState.UNSEEN, Reason.FACE_LOST)
    ]


@pytest.mark.parametrize("last", [None, TURNED, BOWED], ids=["hand", "turned", "bowed"])
@pytest.mark.parametrize(
    ("seat_empty", "after_s", "reason"),
    [
        (True, SETTINGS.no_driver_after_s, Reason.SEAT_LOOKS_EMPTY),
        (False, SETTINGS.empty_seat_after_s, Reason.NO_FACE),
        (None, SETTINGS.empty_seat_after_s, Reason.NO_FACE),
    ],
)
def test_no_driver_needs_an_empty_seat_or_ten_seconds(
    last: HeadPose | None, seat_empty: bool | None, after_s: float, reason: Reason
) -> None:
    entered = lost(last, 14.0, seat_empty=seat_empty)
    absent = next(each for each in entered if each.state is DriverState.NO_DRIVER)
    assert absent.reason is reason
    begin_s = START_S + ROAD_S + (0.0 if last is None else MOVE_S)
    assert absent.time_s - begin_s == pytest.approx(after_s, abs=0.25)
    # That somebody is not seen is no proof that they do not respond: nothing stops the vehicle.
    assert DriverState.UNRESPONSIVE not in [each.state for each in entered]
