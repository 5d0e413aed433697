"""No single frame ends the monitoring, and none while driving."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_fer.observation import UNKNOWN_VEHICLE, Vehicle
from edge_fer.vehicle.trust import ALWAYS, NEVER, PARKED, VehicleTrust

ON = Vehicle(speed_km_h=80.0, ignition_on=True, enabled=True)
PARKED_ON = Vehicle(speed_km_h=0.0, ignition_on=True, enabled=True)
OFF = Vehicle(speed_km_h=0.0, ignition_on=True, enabled=False)
IGNITION_OFF = Vehicle(speed_km_h=0.0, ignition_on=False, enabled=True)
MOVING_OFF = Vehicle(speed_km_h=80.0, ignition_on=True, enabled=False)


class Bus:
    """Sends a frame each 100 ms, each in a turn of its own."""

    def __init__(self, may_switch_off: str = PARKED, *, off: bool = False) -> None:
        self.trust = VehicleTrust(may_switch_off, off=off)
        self.now_s = 100.0
        self.rejected = 0

    def send(self, *vehicles: Vehicle) -> list[Vehicle]:
        believed = []
        for vehicle in vehicles:
            self.now_s += 0.1
            believed.append(self.trust.update([(self.now_s, vehicle)], vehicle, self.rejected))
        return believed


def is_off(vehicles: Iterable[Vehicle]) -> bool:
    return any(each.enabled is False or each.ignition_on is False for each in vehicles)


@pytest.mark.parametrize("may", [NEVER, PARKED, ALWAYS])
@pytest.mark.parametrize("off", [OFF, IGNITION_OFF, MOVING_OFF])
def test_a_single_forged_frame_ends_nothing(may: str, off: Vehicle) -> None:
    bus = Bus(may)
    for _ in range(20):  # the audit's second attack: a frame each second
        assert not is_off(bus.send(*[ON] * 9, off))
    assert bus.trust.counters.switch_offs == 0
    assert bus.trust.counters.contradictions > 0


def test_what_agrees_for_a_second_switches_a_parked_vehicle_off() -> None:
    for off in (OFF, IGNITION_OFF):
        bus = Bus()
        bus.send(*[PARKED_ON] * 20)
        believed = bus.send(*[off] * 12)
        assert not is_off(believed[:10])
        assert believed[-1] == off
        assert bus.trust.counters.switch_offs == 1


@pytest.mark.parametrize(
    "off",
    [MOVING_OFF, Vehicle(None, True, False), Vehicle(5.0, True, False), Vehicle(80.0, False, None)],
)
def test_never_while_it_drives_or_may_drive(off: Vehicle) -> None:
    bus = Bus()
    bus.send(*[ON] * 20)
    assert not is_off(bus.send(*[off] * 100))


def test_a_speed_that_jumps_is_no_standing() -> None:
    """The forger says 0 km/h with the switch; the controller's own frames come in between."""
    bus = Bus()
    bus.send(*[ON] * 20)
    believed = bus.send(*[OFF, ON, OFF] * 40)
    assert not is_off(believed)
    assert {each.speed_km_h for each in believed} == {None}
    assert bus.trust.counters.speed_jumps > 40


def test_braking_is_no_jump() -> None:
    bus = Bus()
    speeds = [100.0 - 3.6 * place for place in range(28)]  # 10 m/s2
    believed = bus.send(*(Vehicle(max(speed, 0.0), True, True) for speed in speeds))
    assert all(each.speed_km_h is not None for each in believed)
    assert bus.trust.counters.speed_jumps == 0


def test_rejected_frames_between_are_no_agreement() -> None:
    """Who sends the next counter first has the controller's own frame rejected as repeated."""
    bus = Bus()
    bus.send(*[PARKED_ON] * 20)
    for _ in range(60):
        bus.rejected += 1
        assert not is_off(bus.send(OFF))


def test_never_and_always() -> None:
    bus = Bus(NEVER)
    bus.send(*[PARKED_ON] * 20)
    assert not is_off(bus.send(*[OFF] * 60))
    bus = Bus(ALWAYS)
    bus.send(*[ON] * 20)
    assert is_off(bus.send(*[MOVING_OFF] * 12))


def test_no_single_frame_begins_the_filming_either() -> None:
    bus = Bus(off=True)
    believed = bus.send(*[OFF] * 20, ON, *[OFF] * 20)
    assert not any(each.enabled for each in believed)
    assert bus.send(*[PARKED_ON] * 12)[-1] == PARKED_ON


def test_silence_is_unknown_and_begins_the_second_again() -> None:
    bus = Bus()
    bus.send(*[PARKED_ON] * 20)
    bus.send(*[OFF] * 8)
    assert bus.trust.update([], UNKNOWN_VEHICLE, 0) == UNKNOWN_VEHICLE
    assert not is_off(bus.send(*[OFF] * 10))
    assert is_off(bus.send(OFF, OFF))


def test_more_than_three_switch_offs_in_an_hour_are_noticed() -> None:
    bus = Bus()
    for number in range(1, 5):
        bus.send(*[PARKED_ON] * 20, *[OFF] * 20)
        assert bus.trust.counters.switch_offs == number
        assert bus.trust.many_switch_offs is (number > 3)


VEHICLES = st.sampled_from([ON, PARKED_ON, OFF, IGNITION_OFF, MOVING_OFF, UNKNOWN_VEHICLE])


@given(frames=st.lists(VEHICLES, max_size=80))
def test_off_is_believed_only_after_a_second_in_which_all_said_so(frames: list[Vehicle]) -> None:
    bus = Bus()
    believed = bus.send(*frames)
    for place, each in enumerate(believed):
        if is_off([each]) and not is_off(believed[:place]):
            last = frames[place - 10 : place + 1]
            assert len(last) == 11
            assert set(last) == {frames[place]}
            assert frames[place].speed_km_h == 0.0
