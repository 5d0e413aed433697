"""The codes of states, reasons and requests are a contract with the vehicle."""

from collections.abc import Mapping
from pathlib import Path

import cantools
import pytest
from cantools.database import can

import firmware_bridge
from edge_fer.driver_state.policy import CAMERA_REASONS
from edge_fer.driver_state.states import DriverState, Reason, RequestKind, RequestSeverity
from edge_fer.observation import CameraCondition

DBC = Path(firmware_bridge.__file__).parent / "protocol" / "driver_state.dbc"


def names_on_the_wire(message: str, signal: str) -> Mapping[int, str]:
    database = cantools.database.load_file(DBC)
    assert isinstance(database, can.Database)
    choices = database.get_message_by_name(message).get_signal_by_name(signal).choices
    return {code: str(name) for code, name in (choices or {}).items()}


def test_driver_states_have_the_codes_of_the_design() -> None:
    codes = [state.value for state in DriverState]
    assert codes == [*range(14), 15]
    assert DriverState.CAMERA_DEGRADED.label == "camera degraded"


def test_driver_states_are_named_alike_on_the_wire() -> None:
    assert names_on_the_wire("DriverState", "State") == {s.value: s.label for s in DriverState}


@pytest.mark.parametrize(("enum", "signal"), [(RequestKind, "Type"), (RequestSeverity, "Severity")])
def test_requests_are_named_alike_on_the_wire(
    enum: type[RequestKind | RequestSeverity], signal: str
) -> None:
    names = names_on_the_wire("DriverRequest", signal)
    for member in enum:
        assert names[member.value] == member.name.lower().replace("_", " ")


def test_reasons_fit_their_byte_and_leave_not_available_free() -> None:
    assert all(0 <= reason < 255 for reason in Reason)


@pytest.mark.parametrize(
    ("message", "signal"), [("DriverRequest", "Reason"), ("DriverEvidence", "StateReason")]
)
def test_reasons_are_named_alike_on_the_wire(message: str, signal: str) -> None:
    named = {reason.value: reason.label for reason in Reason}
    assert names_on_the_wire(message, signal) == named | {255: "not available"}


def test_each_bad_condition_of_the_camera_has_its_reason() -> None:
    bad = [condition for condition in CameraCondition if condition is not CameraCondition.GOOD]
    assert list(CAMERA_REASONS) == bad
    assert all(reason == 10 + condition for condition, reason in CAMERA_REASONS.items())
