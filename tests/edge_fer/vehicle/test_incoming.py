import pytest

from edge_fer.driver_state.standby import Standby
from edge_fer.observation import UNKNOWN_VEHICLE, Answer, Vehicle
from edge_fer.vehicle.incoming import decode_vehicle
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.messages import ControllerStatusMessage


def test_what_the_controller_says_is_taken_over() -> None:
    message = ControllerStatusMessage(
        enable=1, ignition=1, acknowledged_id=7, answer=1, speed_km_h=72.3
    )

    assert decode_vehicle(message) == Vehicle(
        72.3, True, True, answered_id=7, answer=Answer.ALL_RIGHT
    )


def test_a_silent_controller_and_one_that_says_nothing_are_unknown() -> None:
    assert decode_vehicle(None) == UNKNOWN_VEHICLE
    assert decode_vehicle(ControllerStatusMessage()) == UNKNOWN_VEHICLE


@pytest.mark.parametrize(("code", "known"), [(0, False), (1, True), (2, None), (3, None)])
def test_only_named_codes_of_the_switch_mean_something(code: int, known: bool | None) -> None:
    assert decode_vehicle(ControllerStatusMessage(enable=code)).enabled is known


@pytest.mark.parametrize(("code", "known"), [(0, False), (1, True), (2, True), (3, None)])
def test_who_cranks_is_about_to_drive(code: int, known: bool | None) -> None:
    assert decode_vehicle(ControllerStatusMessage(ignition=code)).ignition_on is known


def test_an_answer_is_one_of_those_that_the_wire_names() -> None:
    names = definition("ControllerStatus").signals["Answer"].names
    heard = {code: decode_vehicle(ControllerStatusMessage(answer=code)).answer for code in range(8)}

    assert {
        code: answer.name.lower().replace("_", " ") for code, answer in heard.items() if answer
    } == {code: name for code, name in names.items() if 0 < code < 7}
    assert heard[0] is Answer.NONE
    assert heard[5] is None


@pytest.mark.parametrize(
    ("vehicle", "stands_by"),
    [
        (UNKNOWN_VEHICLE, False),
        (Vehicle(enabled=True, ignition_on=True), False),
        (Vehicle(enabled=False), True),
        (Vehicle(ignition_on=False), True),
        (Vehicle(enabled=True, ignition_on=False), True),
        (Vehicle(enabled=False, ignition_on=True), True),
    ],
)
def test_only_a_clear_no_means_standby(vehicle: Vehicle, stands_by: bool) -> None:
    assert (Standby().heard(vehicle).reason is not None) is stands_by


OFF, ON, QUIET = Vehicle(enabled=False), Vehicle(enabled=True), UNKNOWN_VEHICLE
PARKED, DRIVES = Vehicle(ignition_on=False), Vehicle(ignition_on=True)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([QUIET], None),
        ([ON, QUIET], None),
        ([OFF, QUIET, QUIET], "switched off"),
        ([OFF, QUIET, ON], None),
        ([OFF, DRIVES], "switched off"),
        ([PARKED, QUIET], "ignition off"),
        ([PARKED, QUIET, ON], "ignition off"),
        ([PARKED, QUIET, DRIVES], None),
        # The next drive begins anew, unless it says again that it is off.
        ([Vehicle(None, True, False), QUIET, PARKED, QUIET, DRIVES], None),
        ([OFF, PARKED, Vehicle(None, True, False)], "switched off"),
        ([OFF, PARKED, QUIET, ON], "ignition off"),
    ],
)
def test_a_no_holds_until_it_is_taken_back_or_the_engine_starts(
    said: list[Vehicle], reason: str | None
) -> None:
    standby = Standby()
    for vehicle in said:
        standby = standby.heard(vehicle)
    assert standby.reason == reason
