import pytest

from firmware_bridge.controller.action import Action, advise
from firmware_bridge.protocol.database import definition, value_code
from firmware_bridge.protocol.messages import DriverStateMessage

STATES = {
    name: value_code("DriverState", "State", name)
    for name in definition("DriverState").signals["State"].names.values()
}


def action(state: str, speed_km_h: float | None) -> Action:
    return advise(DriverStateMessage(STATES[state]), speed_km_h).action


@pytest.mark.parametrize(
    ("state", "speed_km_h", "expected"),
    [
        ("attentive", 130.0, Action.NOTHING),
        ("distracted", 19.9, Action.NOTHING),
        ("distracted", 20.0, Action.CHIME),
        ("distracted", 49.9, Action.CHIME),
        ("distracted", 50.0, Action.WARNING),
        ("drowsy", 100.0, Action.CHIME),
        ("microsleep", 100.0, Action.WARNING),
        ("asleep", 100.0, Action.SLOW_DOWN),
        ("unresponsive", 100.0, Action.STOP),
        ("unresponsive", 5.0, Action.STOP),
        ("no driver", 30.0, Action.WARNING),
        ("asleep", 4.9, Action.NOTHING),  # who sleeps in a car park does no harm
        ("no driver", 0.0, Action.NOTHING),
    ],
)
def test_the_stronger_the_state_and_the_faster_the_more_is_done(
    state: str, speed_km_h: float, expected: Action
) -> None:
    assert action(state, speed_km_h) is expected


@pytest.mark.parametrize("state", ["agitated", "anxious", "low", "uncertain"])
@pytest.mark.parametrize("speed_km_h", [None, 0.0, 200.0])
def test_emotions_are_never_acted_on(state: str, speed_km_h: float | None) -> None:
    assert action(state, speed_km_h) is Action.NOTHING


@pytest.mark.parametrize("state", ["not ready", "camera degraded", "unseen", "not available"])
@pytest.mark.parametrize("speed_km_h", [None, 0.0, 200.0])
def test_who_is_not_seen_is_unknown(state: str, speed_km_h: float | None) -> None:
    advice = advise(DriverStateMessage(STATES[state]), speed_km_h)

    assert (advice.action, advice.why) == (Action.UNKNOWN, f"driver: {state}")


@pytest.mark.parametrize(
    ("state", "first", "then"),
    [
        ("distracted", Action.WARNING, Action.SLOW_DOWN),
        ("microsleep", Action.WARNING, Action.SLOW_DOWN),
        ("no driver", Action.WARNING, Action.SLOW_DOWN),
        ("drowsy", Action.CHIME, Action.CHIME),
        ("asleep", Action.SLOW_DOWN, Action.SLOW_DOWN),
        ("attentive", Action.NOTHING, Action.NOTHING),
    ],
)
def test_what_lasts_is_answered_one_step_more_strongly(
    state: str, first: Action, then: Action
) -> None:
    message = DriverStateMessage(STATES[state])
    assert advise(message, 80.0, 4.9).action is first
    assert advise(message, 80.0, 5.0).action is then
    # Only unresponsive stops the vehicle, however long the others last.
    assert advise(message, 80.0, 3600.0).action is then


def test_without_a_trusted_state_or_with_a_strange_one_it_is_unknown() -> None:
    assert advise(None, 100.0).action is Action.UNKNOWN
    assert advise(DriverStateMessage(14), 100.0).action is Action.UNKNOWN
    assert "does not know" in advise(DriverStateMessage(14), 100.0).why


def test_what_depends_on_an_unknown_speed_is_unknown() -> None:
    for state in ("distracted", "drowsy", "asleep", "no driver"):
        assert action(state, None) is Action.UNKNOWN


def test_every_state_of_the_wire_has_an_answer_at_any_speed() -> None:
    for state in range(16):
        for speed_km_h in (None, 0.0, 30.0, 130.0):
            assert advise(DriverStateMessage(state), speed_km_h).why
