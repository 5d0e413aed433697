"""From the controller's message to the vehicle's state as the pipeline uses it. Pure."""

from edge_fer.observation import UNKNOWN_VEHICLE, Answer, Vehicle
from firmware_bridge.protocol.database import value_code
from firmware_bridge.protocol.messages import ControllerStatusMessage

_SWITCHED = {
    value_code(ControllerStatusMessage.NAME, "Enable", "off"): False,
    value_code(ControllerStatusMessage.NAME, "Enable", "on"): True,
}
# Who cranks the engine is about to drive.
_IGNITION = {
    value_code(ControllerStatusMessage.NAME, "Ignition", "off"): False,
    value_code(ControllerStatusMessage.NAME, "Ignition", "on"): True,
    value_code(ControllerStatusMessage.NAME, "Ignition", "cranking"): True,
}
_ANSWERS = frozenset(Answer)


def decode_vehicle(message: ControllerStatusMessage | None) -> Vehicle:
    """Return what `message` says; None (nothing trusted came in time) makes all of it unknown.

    So does a code that the DBC does not name: it may mean anything.
    """
    if message is None:
        return UNKNOWN_VEHICLE
    answer = message.answer
    return Vehicle(
        speed_km_h=message.speed_km_h,
        ignition_on=None if message.ignition is None else _IGNITION.get(message.ignition),
        enabled=None if message.enable is None else _SWITCHED.get(message.enable),
        answered_id=message.acknowledged_id,
        answer=None if answer is None or answer not in _ANSWERS else Answer(answer),
    )
