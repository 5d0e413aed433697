"""The section [recording]: off by default, and strict."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_fer.cli.app import main
from edge_fer.cli.recording import recording_app
from edge_fer.config.config import load_config
from edge_fer.driver_state.states import DriverState
from edge_fer.errors import UserError
from edge_fer.recording.settings import RecordingConfig


def test_it_is_off_unless_switched_on() -> None:
    assert not RecordingConfig().enabled
    assert RecordingConfig().event_states == {
        DriverState.MICROSLEEP,
        DriverState.ASLEEP,
        DriverState.UNRESPONSIVE,
    }


def load(tmp_path: Path, text: str) -> RecordingConfig:
    path = tmp_path / "edge-fer.toml"
    path.write_text(f"[recording]\n{text}\n")
    return load_config(path).recording


def test_states_are_named_as_everywhere_else(tmp_path: Path) -> None:
    config = load(tmp_path, 'states = "no driver,camera degraded, drowsy,"')
    assert config.event_states == {
        DriverState.NO_DRIVER,
        DriverState.CAMERA_DEGRADED,
        DriverState.DROWSY,
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('states = "sleepy"', 'states: "sleepy" has "sleepy": use not ready, attentive'),
        ('states = "not available"', 'has "not available": use'),
        ('states = " , "', "names no state"),
        ("before_s = 31", "before_s: 31 is not in 1..30"),
        ("fps = 0", "fps: 0 is not in 1..30"),
        ("max_megabytes = 5", "max_megabytes: 5 is not in 100..100000"),
        ('public_key = "ab"', 'public_key: "ab" is not 64 hex digits'),
        ('folder = ""', 'folder: "" names no folder'),
        ("enabled = 1", "enabled: 1 is not true or false"),
        ("enable = true", "did you mean recording.enabled"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UserError, match=r"edge-fer.toml line 2\)$") as error:
        load(tmp_path, text)
    assert problem in str(error.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('forward_camera = "road:"', "camera road:: unknown scheme"),
        (f'public_key = "{"00" * 32}"', "is not an X25519 key"),
    ],
)
def test_what_needs_a_second_look_is_found_by_config_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, problem: str
) -> None:
    pytest.importorskip("cryptography", reason="needs the recording extra")
    path = tmp_path / "edge-fer.toml"
    path.write_text(f"[recording]\nenabled = true\n{text}\n")
    with pytest.raises(SystemExit) as end:
        main(["config", "check", str(path)])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert problem in said
    assert said.count("\n") == 1


def test_help_names_the_three_verbs() -> None:
    text = CliRunner().invoke(recording_app, ["--help"], env=dict(os.environ)).output
    for verb in ("list", "export", "keygen"):
        assert verb in text
