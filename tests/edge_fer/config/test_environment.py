"""Settings from the environment: over the file, typed, and refused as strictly."""

from pathlib import Path

import pytest

from edge_fer.config.config import SECTIONS, load_config
from edge_fer.errors import UserError
from edge_fer.setting import describe


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("edge-fer.toml")
    path.write_text("[camera]\nfps = 15\n[driver_state]\nemotion_enter = 0.5\n")
    return path


def error_of(path: Path | None, **environment: str) -> str:
    with pytest.raises(UserError) as caught:
        load_config(path, environment)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_environment_overrules_the_file(file: Path) -> None:
    environment = {"EDGE_FER__CAMERA__FPS": "10", "PATH": "/bin", "EDGE_FER_SHARED": "/data"}
    config = load_config(file, environment)
    assert config.camera.fps == 10
    assert config.driver_state.emotion_enter == 0.5
    assert load_config(file).camera.fps == 15


def test_each_type_is_read() -> None:
    config = load_config(
        None,
        {
            "EDGE_FER__CAMERA__URI": "demo:?loop=1",
            "EDGE_FER__MODEL__THREADS": "2",
            "EDGE_FER__DRIVER_STATE__EMOTION_STATES": "false",
            "EDGE_FER__DRIVER_STATE__LOW_AFTER_S": "20",
            "EDGE_FER__LOG__LEVEL": "debug",
        },
    )
    assert config.camera.uri == "demo:?loop=1"
    assert config.model.threads == 2
    assert config.driver_state.emotion_states is False
    assert config.driver_state.low_after_s == 20.0
    assert config.log.level == "debug"


@pytest.mark.parametrize("section", SECTIONS)
def test_each_key_can_be_set(section: str) -> None:
    for item in describe(SECTIONS[section]):
        text = str(item.default).lower() if item.kind is bool else str(item.default)
        config = load_config(None, {f"EDGE_FER__{section}__{item.key}".upper(): text})
        assert getattr(getattr(config, section), item.key) == item.default


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("CAMERA__FPS", "0", "camera.fps: 0 is not in 1..120"),
        ("CAMERA__FPS", "fast", 'camera.fps: "fast" is not a whole number in 1..120'),
        ("CAMERA__FPS", "", 'camera.fps: "" is not a whole number in 1..120'),
        ("CAMERA__FPS", "9" * 5000, f'camera.fps: "{"9" * 59}… is not a whole number in 1..120'),
        ("CAMERA__FSP", "10", "camera.fsp: unknown key; did you mean camera.fps?"),
        ("KAMERA__FPS", "10", "kamera: unknown section; did you mean [camera]?"),
        ("DRIVER_STATE__LOW_AFTER_S", "nan", "driver_state.low_after_s: nan is not in 0.5..300"),
        (
            "DRIVER_STATE__EMOTION_STATES",
            "yes",
            'driver_state.emotion_states: "yes" is not true or false',
        ),
    ],
)
def test_a_wrong_variable_is_named(variable: str, text: str, message: str) -> None:
    name = f"EDGE_FER__{variable}"
    assert error_of(None, **{name: text}) == f"{message} (environment {name})"


@pytest.mark.parametrize("name", ["EDGE_FER__", "EDGE_FER__FPS", "EDGE_FER__camera__fps"])
def test_a_variable_that_names_no_key_is_refused(name: str) -> None:
    assert error_of(None, **{name: "1"}).startswith(f"environment {name}: write EDGE_FER__SECTION")


def test_a_rule_between_file_and_environment_names_where_it_was_broken(file: Path) -> None:
    message = error_of(file, EDGE_FER__DRIVER_STATE__EMOTION_LEAVE="0.5")
    assert message.endswith("(environment EDGE_FER__DRIVER_STATE__EMOTION_LEAVE)")
    message = error_of(None, EDGE_FER__DRIVER_STATE__EMOTION_ENTER="0.35")
    assert message.endswith("(environment EDGE_FER__DRIVER_STATE__EMOTION_ENTER)")


def test_a_file_that_is_wrong_stays_wrong(file: Path) -> None:
    file.write_text("camera = 3\n")
    message = error_of(file, EDGE_FER__CAMERA__FPS="10")
    assert message.startswith("camera: 3 is not a section")
    assert message.endswith("(edge-fer.toml line 1)")
