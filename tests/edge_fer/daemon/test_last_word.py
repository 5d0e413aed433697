"""The vehicle's last clear word outlives the daemon, in the same boot."""

from pathlib import Path
from typing import Any, cast

import pytest

from edge_fer.daemon.last_word import LastWord
from edge_fer.daemon.standby import StandbySwitch
from edge_fer.driver_state.standby import Standby
from edge_fer.observation import UNKNOWN_VEHICLE, Vehicle


class Noted:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **named: self.calls.append(name)


def a_switch(path: Path) -> tuple[StandbySwitch, Noted]:
    frames = Noted()
    made = cast(Any, frames)
    return StandbySwitch(made, made, made, made, LastWord(path)), frames


def test_a_daemon_that_is_killed_in_standby_comes_back_in_standby(tmp_path: Path) -> None:
    path = tmp_path / "vehicle.json"
    first, _ = a_switch(path)
    assert first.reason is None
    assert first.update(Vehicle(0.0, True, False), 1.0) == "switched off"
    for _ in range(3):  # each of these is killed without a word
        again, parts = a_switch(path)
        assert again.active
        assert again.update(UNKNOWN_VEHICLE, 2.0) == "switched off"
        assert "start" not in parts.calls
    back, parts = a_switch(path)
    assert back.update(Vehicle(0.0, True, True), 3.0) is None
    assert "start" in parts.calls
    assert not a_switch(path)[0].active


def test_it_holds_for_one_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "vehicle.json"
    LastWord(path).keep(Standby(False, True))
    assert LastWord(path).read() == Standby(False, True)
    monkeypatch.setattr("edge_fer.daemon.last_word.boot_id", lambda: "another")
    assert LastWord(path).read() == Standby()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "null",
        "[" * 400,
        "1e999",
        '{"boot": "BOOT", "enabled": 1e999, "ignition_on": 0}',
        '{"boot": "BOOT", "enabled": false}',
        "x" * 1000,
    ],
)
def test_any_content_is_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr("edge_fer.daemon.last_word.boot_id", lambda: "BOOT")
    path = tmp_path / "vehicle.json"
    path.write_text(content)
    assert LastWord(path).read() == Standby()


def test_where_it_cannot_be_kept_it_is_tried_again_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    word = LastWord(tmp_path / "none" / "vehicle.json")
    word.keep(Standby(False, True))
    word.keep(Standby(False, True))
    assert len(caplog.messages) == 1
    (tmp_path / "none").mkdir()
    word.keep(Standby(False, True))
    assert LastWord(tmp_path / "none" / "vehicle.json").read() == Standby(False, True)
    LastWord(None).keep(Standby(False, True))
