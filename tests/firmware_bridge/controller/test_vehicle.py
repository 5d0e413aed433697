import pytest

from firmware_bridge.controller.vehicle import (
    ALL_RIGHT,
    DISABLED,
    NAMES,
    OFF,
    VehicleState,
    change,
    describe,
)
from firmware_bridge.errors import BridgeError


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("speed", "80.5", VehicleState(speed_km_h=80.5)),
        ("speed", "unknown", VehicleState(speed_km_h=None)),
        ("ignition", "off", VehicleState(ignition=OFF)),
        ("ignition", "cranking", VehicleState(ignition=2)),
        ("ignition", "unknown", VehicleState(ignition=None)),
        ("enable", "off", VehicleState(enable=DISABLED)),
        ("answer", "all-right", VehicleState(answer=ALL_RIGHT)),
        ("talk", "off", VehicleState(talk=False)),
    ],
)
def test_each_value_is_set_by_words_and_described_by_the_same(
    name: str, text: str, expected: VehicleState
) -> None:
    assert change(VehicleState(), name, text) == expected
    assert describe(expected)[name] == text


def test_all_names_are_described() -> None:
    assert tuple(describe(VehicleState())) == NAMES


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("speed", "fast", "speed: 'fast' is not in 0..409.4 km/h, nor unknown"),
        ("speed", "-1", "speed: '-1' is not in 0..409.4"),
        ("speed", "nan", "speed: 'nan' is not in 0..409.4"),
        ("speed", "410", "speed: '410' is not in 0..409.4"),
        ("ignition", "yes", "ignition: 'yes' is not one of off, on, cranking, unknown"),
        ("enable", "", "enable: '' is not one of off, on, unknown"),
        ("answer", "unknown", "answer: 'unknown' is not one of none, all-right"),
        ("talk", "loud", "talk: 'loud' is not on or off"),
        ("sped", "3", "'sped' is none of speed, ignition, enable, answer, talk"),
    ],
)
def test_a_wrong_value_is_said_in_one_line(name: str, text: str, said: str) -> None:
    with pytest.raises(BridgeError) as caught:
        change(VehicleState(), name, text)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
