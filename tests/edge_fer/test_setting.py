"""Settings that describe and check themselves."""

from dataclasses import dataclass

import pytest

from edge_fer.setting import SettingError, check_settings, describe, setting, shown, spelled


@dataclass(frozen=True, slots=True)
class Kettle:
    litres: float = setting(1.5, "Size", "How much fits.", minimum=0.5, maximum=3.0, source="shop")
    cups: int = setting(4, "Cups", "How many it serves.", minimum=1, maximum=12)
    colour: str = setting("red", "Colour", "What it looks like.", choices=("red", "blue"))
    on: bool = setting(False, "On", "Whether it boils.")

    def __post_init__(self) -> None:
        check_settings(self)


def test_settings_list_their_key_type_default_and_range() -> None:
    litres, cups, colour, on = describe(Kettle)
    assert (litres.key, litres.kind, litres.default) == ("litres", float, 1.5)
    assert litres.setting.source == "shop"
    ranges = [item.setting.range_text for item in (litres, cups, colour, on)]
    assert ranges == ["0.5..3", "1..12", "one of red, blue", ""]


def test_the_ends_of_a_range_belong_to_it() -> None:
    assert Kettle(litres=0.5, cups=12) == Kettle(0.5, 12)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"litres": 3.01}, "litres: 3.01 is not in 0.5..3"),
        ({"litres": float("nan")}, "litres: nan is not in 0.5..3"),
        ({"litres": "1"}, 'litres: "1" is not a number in 0.5..3'),
        ({"cups": True}, "cups: true is not a whole number in 1..12"),
        ({"cups": 10**400}, "cups: 1" + "0" * 59 + "… is not in 1..12"),
        ({"colour": "green"}, 'colour: "green" is not one of red, blue'),
        ({"on": 0}, "on: 0 is not true or false"),
        ({"on": None}, "on: None is not true or false"),
    ],
)
def test_a_wrong_value_cannot_be_made(values: dict[str, object], problem: str) -> None:
    make: type = Kettle
    with pytest.raises(SettingError) as caught:
        make(**values)
    assert str(caught.value) == problem


def test_a_number_without_a_range_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="Size: a number needs a range"):
        setting(1.5, "Size", "How much fits.", minimum=0.5)


def test_only_settings_can_be_listed() -> None:
    @dataclass
    class Bare:
        litres: float

    with pytest.raises(TypeError, match=r"Bare\.litres was not made by setting"):
        describe(Bare)


def test_values_and_keys_are_shown_on_one_line() -> None:
    assert shown("a\nb") == r"'a\nb'"
    assert shown("x" * 100) == '"' + "x" * 59 + "…"
    assert shown(False) == "false"
    assert spelled("fps") == "fps"
    assert spelled("") == "''"
    assert spelled("a\nb") == r"'a\nb'"
