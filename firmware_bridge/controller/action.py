"""What a vehicle would do about the driver's state. A pure function, for benches and examples.

A proposal and no more: what a vehicle really does is its maker's decision and safety case.
"""

from dataclasses import dataclass
from enum import StrEnum

from firmware_bridge.protocol.database import value_code
from firmware_bridge.protocol.messages import DriverStateMessage, state_name

# At this speed a vehicle counts as standing: below it a person walks beside it.
STANDS_BELOW_KM_H = 5.0
# Advanced driver distraction warning, EU 2023/2590: from 20 km/h; sharper from 50 km/h.
WARNS_FROM_KM_H = 20.0
WARNS_LOUDLY_FROM_KM_H = 50.0


class Action(StrEnum):
    """What the vehicle would do, from nothing to the strongest."""

    UNKNOWN = "unknown"  # nothing is known of the driver: a lamp shows it, no assistance relies
    NOTHING = "nothing"
    CHIME = "chime"
    WARNING = "warning"
    SLOW_DOWN = "warning, slow down"
    STOP = "slow down and stop, hazard lights"


@dataclass(frozen=True, slots=True)
class Advice:
    """An action and what it follows from."""

    action: Action
    why: str


def _state(name: str) -> int:
    return value_code(DriverStateMessage.NAME, "State", name)


_NOT_SEEN = frozenset(
    _state(name) for name in ("not ready", "camera degraded", "unseen", "not available")
)
# Emotions are never acted on; who is uncertain is asked, which the request does.
_HARMLESS = frozenset(
    _state(name) for name in ("attentive", "agitated", "anxious", "low", "uncertain")
)
_DISTRACTED, _DROWSY = _state("distracted"), _state("drowsy")
# While the vehicle moves.
_MOVING = {
    _state("drowsy"): Action.CHIME,
    _state("microsleep"): Action.WARNING,
    _state("asleep"): Action.SLOW_DOWN,
    _state("unresponsive"): Action.STOP,
    # A face that is not found may be one that turned away: first warned, then slowed down.
    _state("no driver"): Action.WARNING,
}
# What lasts for so long is answered one step more strongly; only unresponsive stops the vehicle.
STEP_AFTER_S = 5.0
_NEXT_STEP = {
    Action.CHIME: Action.WARNING,
    Action.WARNING: Action.SLOW_DOWN,
}


def advise(
    driver: DriverStateMessage | None, speed_km_h: float | None, held_s: float = 0.0
) -> Advice:
    """Return what to do about the latest trusted driver state, None where there is none.

    `held_s` is for how long that state has held: distracted, microsleep and no driver are answered
    in steps, from a warning to slowing down. What depends on a speed that is not known is unknown
    too.
    """
    if driver is None:
        return Advice(Action.UNKNOWN, "no trusted driver state")
    state, why = driver.state, f"driver: {state_name(driver.state)}"
    if state in _HARMLESS:
        return Advice(Action.NOTHING, why)
    if state == _DISTRACTED or state in _MOVING:
        return _advise_moving(state, why, speed_km_h, held_s)
    if state not in _NOT_SEEN:
        why += ", which this version does not know"
    return Advice(Action.UNKNOWN, why)


def _advise_moving(state: int, why: str, speed_km_h: float | None, held_s: float) -> Advice:
    """Return what to do about a state that matters only while the vehicle moves."""
    if speed_km_h is None:
        return Advice(Action.UNKNOWN, f"{why}, but the speed is not known")
    if speed_km_h < STANDS_BELOW_KM_H:
        return Advice(Action.NOTHING, f"{why}, but the vehicle stands")
    action = _about_distraction(speed_km_h) if state == _DISTRACTED else _MOVING[state]
    # Drowsiness lasts for minutes, and a louder chime does not end it.
    if held_s >= STEP_AFTER_S and state != _DROWSY:
        action = _NEXT_STEP.get(action, action)
    return Advice(action, f"{why} at {speed_km_h:.0f} km/h")


def _about_distraction(speed_km_h: float) -> Action:
    if speed_km_h >= WARNS_LOUDLY_FROM_KM_H:
        return Action.WARNING
    return Action.CHIME if speed_km_h >= WARNS_FROM_KM_H else Action.NOTHING
