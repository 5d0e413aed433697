from pathlib import Path

import pytest

from firmware_bridge.controller.script import Cue, ScriptPlayer, parse_script, read_script
from firmware_bridge.controller.vehicle import DISABLED, VehicleState
from firmware_bridge.errors import BridgeError

SCRIPT = """
0    speed=50 ignition=on    # drives

2.5  enable=off
2.5  speed=60
"""


def test_lines_become_cues() -> None:
    assert parse_script(SCRIPT) == (
        Cue(0.0, (("speed", "50"), ("ignition", "on"))),
        Cue(2.5, (("enable", "off"),)),
        Cue(2.5, (("speed", "60"),)),
    )


def test_cues_happen_once_and_in_their_time() -> None:
    player = ScriptPlayer(parse_script(SCRIPT))

    first = player.advance(VehicleState(), 0.0)
    assert first == VehicleState(speed_km_h=50.0)
    assert player.advance(first, 2.4) == first
    last = player.advance(first, 7.0)
    assert last == VehicleState(speed_km_h=60.0, enable=DISABLED)
    # What a key changed since stays.
    assert player.advance(VehicleState(), 8.0) == VehicleState()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("soon speed=3", "'soon' is not a time; begin the line with seconds, as in 3.5 (script"),
        ("inf speed=3", "'inf' is not a time"),
        ("-1 speed=3", "'-1' is not a time"),
        ("3", "nothing happens at 3 s"),
        ("3 speed", "'speed' is not NAME=VALUE"),
        ("3 speed=", "speed: '' is not in"),
        (
            "# why\n3 colour=red",
            "'colour' is none of speed, ignition, enable, answer, talk",
        ),
        ("3 speed=1\n2 speed=2", "2 s is before the line above; put them in order (script line 2)"),
    ],
)
def test_a_mistake_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BridgeError) as caught:
        parse_script(text)

    assert said in str(caught.value)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match=r"no\.txt cannot be read: No such file"):
        read_script(tmp_path / "no.txt")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BridgeError, match="binary is not text"):
        read_script(tmp_path / "binary")
    (tmp_path / "good").write_text("1 speed=3\n")
    assert read_script(tmp_path / "good") == (Cue(1.0, (("speed", "3"),)),)
