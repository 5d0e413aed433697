"""The vehicle's own state, as a value that options, keys and scripts change."""

from dataclasses import dataclass, fields, replace

from firmware_bridge.errors import InputError, InputReason
from firmware_bridge.protocol.database import NOT_AVAILABLE, definition, value_code, value_name
from firmware_bridge.protocol.messages import ControllerStatusMessage

UNKNOWN = "unknown"
HIGHEST_SPEED_KM_H = 409.4  # that the wire can say

ON = value_code(ControllerStatusMessage.NAME, "Ignition", "on")
OFF = value_code(ControllerStatusMessage.NAME, "Ignition", "off")
ENABLED = value_code(ControllerStatusMessage.NAME, "Enable", "on")
DISABLED = value_code(ControllerStatusMessage.NAME, "Enable", "off")
NO_ANSWER = value_code(ControllerStatusMessage.NAME, "Answer", "none")
ALL_RIGHT = value_code(ControllerStatusMessage.NAME, "Answer", "all right")
NOT_ALL_RIGHT = value_code(ControllerStatusMessage.NAME, "Answer", "not all right")

_TALKS = {"on": True, "off": False}
# The signal that names the codes of a field.
_SIGNALS = {"ignition": "Ignition", "enable": "Enable", "answer": "Answer"}


@dataclass(frozen=True, slots=True)
class VehicleState:
    """Codes are the wire's; None says "not available" there.

    `answer` is how the driver answers each request by himself; NO_ANSWER: he does not. Without
    `talk` the controller sends nothing.
    """

    speed_km_h: float | None = 0.0
    ignition: int | None = ON
    enable: int | None = ENABLED
    answer: int = NO_ANSWER
    talk: bool = True


NAMES = ("speed", "ignition", "enable", "answer", "talk")
assert len(NAMES) == len(fields(VehicleState))


def change(vehicle: VehicleState, name: str, text: str) -> VehicleState:
    """Return `vehicle` with `name` set to what `text` says; BridgeError where that cannot be."""
    match name:
        case "speed":
            return replace(vehicle, speed_km_h=_speed(text))
        case "ignition":
            return replace(vehicle, ignition=_code(name, text))
        case "enable":
            return replace(vehicle, enable=_code(name, text))
        case "answer":
            code = _code(name, text)
            if code is None:
                raise InputError(
                    InputReason.BAD_VALUE,
                    f"answer: {text!r} is not one of {', '.join(_names(name))}",
                )
            return replace(vehicle, answer=code)
        case "talk":
            if text not in _TALKS:
                raise InputError(InputReason.BAD_VALUE, f"talk: {text!r} is not on or off")
            return replace(vehicle, talk=_TALKS[text])
    raise InputError(InputReason.UNKNOWN_NAME, f"{name!r} is none of {', '.join(NAMES)}")


def describe(vehicle: VehicleState) -> dict[str, str]:
    """Return each value in the words that `change` takes."""
    speed = vehicle.speed_km_h
    return {
        "speed": UNKNOWN if speed is None else f"{speed:g}",
        "ignition": _word("ignition", vehicle.ignition),
        "enable": _word("enable", vehicle.enable),
        "answer": _word("answer", vehicle.answer),
        "talk": "on" if vehicle.talk else "off",
    }


def _speed(text: str) -> float | None:
    if text == UNKNOWN:
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0.0 <= speed <= HIGHEST_SPEED_KM_H:  # false for a NaN, too
        raise InputError(
            InputReason.BAD_VALUE,
            f"speed: {text!r} is not in 0..{HIGHEST_SPEED_KM_H} km/h, nor {UNKNOWN}",
        )
    return speed


def _code(name: str, text: str) -> int | None:
    wanted = NOT_AVAILABLE if text == UNKNOWN else text.replace("-", " ")
    try:
        code = value_code(ControllerStatusMessage.NAME, _SIGNALS[name], wanted)
    except KeyError:
        words = [*_names(name), UNKNOWN]
        raise InputError(
            InputReason.BAD_VALUE, f"{name}: {text!r} is not one of {', '.join(words)}"
        ) from None
    return None if wanted == NOT_AVAILABLE else code


def _names(name: str) -> list[str]:
    known = definition(ControllerStatusMessage.NAME).signals[_SIGNALS[name]].names.values()
    return [word.replace(" ", "-") for word in known if word != NOT_AVAILABLE]


def _word(name: str, code: int | None) -> str:
    if code is None:
        return UNKNOWN
    return value_name(ControllerStatusMessage.NAME, _SIGNALS[name], code).replace(" ", "-")
