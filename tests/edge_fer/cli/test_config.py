"""`edge-fer config`: what holds and where from, whether a file is all right, and the schema."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from edge_fer.cli import device_config
from edge_fer.cli.app import main
from edge_fer.cli.config import config_app
from edge_fer.config.config import SECTIONS, load_config
from edge_fer.config.schema import schema
from edge_fer.config.toml import toml_literal
from edge_fer.errors import UserError
from edge_fer.setting import describe

TEXT = '[camera]\nuri = "demo:"\n\n[driver_state]\nlow_after_s = 20\n'


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(device_config, "DEVICE_CONFIG", tmp_path / "device.toml")
    path = Path("edge-fer.toml")
    path.write_text(TEXT)
    return path


def config(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(config_app, list(map(str, arguments)), env=environment)


def test_what_is_shown_is_a_config_that_says_the_same(file: Path) -> None:
    shown = config("show", file, EDGE_FER__CAMERA__FPS="10").stdout
    Path("shown.toml").write_text(shown)
    assert load_config(Path("shown.toml")) == load_config(file, {"EDGE_FER__CAMERA__FPS": "10"})
    assert 'uri = "demo:"  # edge-fer.toml line 2\n' in shown
    assert "fps = 10  # environment EDGE_FER__CAMERA__FPS\n" in shown
    assert "low_after_s = 20.0  # edge-fer.toml line 5\n" in shown
    assert "threads = 1\n" in shown


def test_it_is_shown_as_json(file: Path) -> None:
    shown = json.loads(config("show", file, "--json").stdout)
    assert shown["camera"]["uri"] == {"value": "demo:", "origin": "edge-fer.toml line 2"}
    assert shown["camera"]["fps"] == {"value": 30, "origin": "default"}
    assert list(shown) == list(SECTIONS)


SECRET_URI = "rtsp://driver:secret@192.168.1.64/stream"


def test_no_password_is_shown(file: Path) -> None:
    file.write_text(f'[camera]\nuri = "{SECRET_URI}"\n[recording]\nforward_camera = "{SECRET_URI}"')
    for arguments in (("show", file), ("show", file, "--json"), ("check", file)):
        assert "secret" not in config(*arguments).output
    assert config("show", file).stdout.count("rtsp://192.168.1.64/***") == 2


@pytest.mark.parametrize(
    "text",
    [
        f'[camera]\nuri = "{SECRET_URI}"\nfps = "{SECRET_URI}"',
        f'[camera]\nuri = ["{SECRET_URI}"]',
        f'camera = "{SECRET_URI}"',
        f'[camera]\nuri = "{SECRET_URI.removeprefix("rtsp:")}"',
        f'[camera]\nuri = "{SECRET_URI.replace("rtsp", "rtp")}"',
        f'[camera]\nuri = "{SECRET_URI}',
        f'[face]\ndetector = "{SECRET_URI}"',
    ],
)
def test_a_mistake_shows_no_password(
    file: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(text)
    with pytest.raises(SystemExit) as end:
        main(["config", "check", str(file)])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "secret" not in said


def test_a_good_config_is_all_right(file: Path) -> None:
    assert config("check", file).stdout == "edge-fer.toml: all right\n"
    assert config("check").stdout == "defaults and environment: all right\n"


def test_the_devices_config_is_the_one_without_a_name(file: Path) -> None:
    (file.absolute().parent / "device.toml").write_text("[camera]\nfps = 7\n")
    assert "device.toml: all right" in config("check").stdout
    assert "fps = 7" in config("show").stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[camera]\nfps = 0", "camera.fps: 0 is not in 1..120 (edge-fer.toml line 2)"),
        ('[camera]\n\nuri = "webcam:0"', "unknown scheme 'webcam'"),
        (
            '[camera]\nuri = "demo:?lop=1"',
            "unknown option 'lop': use fps, speed, loop, flip, rotate, start",
        ),
        ('[camera]\nuri = "v4l2:/dev/video0?fps=999"', "fps: '999' is not in 1..120"),
        ('[camera]\nuri = "v4l2:/dev/video0?exposure=x"', "not in 1..10000 and not 'auto'"),
        ('[camera]\nuri = "picamera:0?gain=0.5"', "gain: '0.5' is not in 1..64"),
        ('[camera]\nuri = "jetson:0?speed=max"', "unknown option 'speed'"),
        ('[camera]\nuri = "file:a.mp4?speed=slow"', "speed: 'slow' is not real or max"),
        ('[link]\nuri = "can0"', "link.uri: link: no scheme"),
        ('[link]\nuri = "slcan:"', "names no port"),
        ('[link]\nuri = "slcan:/dev/ttyUSB0?baudrate=1"', "baudrate '1' is not in 300..12000000"),
        ('[link]\nuri = "cobs:/dev/ttyUSB0?speed=9600"', "unknown option 'speed'"),
        ('[link]\nuri = "udp_multicast:1.2.3.4"', "not an IPv4 multicast group"),
        ('[recording]\nenabled = true\nforward_camera = "demo:?x=1"', "unknown option 'x'"),
    ],
)
def test_a_wrong_config_is_refused(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    checked = config("check", file)
    assert checked.exit_code == 2
    assert said in checked.stderr
    assert "edge-fer.toml line " in checked.stderr
    assert checked.stderr.count("\n") == 1


def test_all_errors_are_named_each_with_its_line(file: Path) -> None:
    file.write_text(
        '[camera]\nfps = 0\nuri = "demo:?lop=1"\nfsp = 3\n[kamera]\n[link]\nuri = "can0"\n'
        '[log]\nlevel = "loud"\n'
    )
    lines = config("check", file).stderr.splitlines()
    assert [re.sub(r".*line (\d+)\)$", r"\1", line) for line in lines] == [
        "5",
        "2",
        "4",
        "9",
        "3",
        "7",
    ]


def test_a_wrong_setting_hides_no_wrong_uri_of_its_section(file: Path) -> None:
    file.write_text('[camera]\nfps = 0\nuri = "nope:"\n[link]\nuri = "slcan:/dev/x?baud=3"\n')
    checked = config("check", file)
    assert checked.exit_code == 2
    lines = checked.stderr.splitlines()
    assert len(lines) == 3
    assert "camera.fps: 0" in lines[0]
    assert "unknown scheme 'nope'" in lines[1]
    assert "(edge-fer.toml line 3)" in lines[1]
    assert "unknown option 'baud'" in lines[2]


def test_a_wrong_environment_is_refused(file: Path) -> None:
    checked = config("check", file, EDGE_FER__LOG__LEVEL="loud")
    assert checked.exit_code == 2
    assert "(environment EDGE_FER__LOG__LEVEL)" in checked.stderr


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("EDGE_FER_CAMERA_FPS", "EDGE_FER__CAMERA__FPS"),
        ("EDGE_FER_CAMERA__FPS", "EDGE_FER__CAMERA__FPS"),
        ("EDGEFER__CAMERA__FPS", "EDGE_FER__CAMERA__FPS"),
        ("EDGE_FER_DRIVER_STATE_LOW_AFTER_S", "EDGE_FER__DRIVER_STATE__LOW_AFTER_S"),
        ("EDGE_FER_LINK_URL", "EDGE_FER__LINK__URI"),
        ("EDGE_FER_MODELS", "EDGE_FER__MODEL__STORE"),
        ("EDGE_FER_TRUSTED_KEY", "EDGE_FER__MODEL__TRUSTED_KEY"),
    ],
)
def test_a_misspelt_variable_is_named(file: Path, variable: str, meant: str) -> None:
    refused = config("check", file, **{variable: "1"}).exception
    assert isinstance(refused, UserError)
    assert str(refused) == f"environment {variable}: is not read; did you mean {meant}?"


@pytest.mark.parametrize("variable", ["EDGE_FER_DATA", "EDGE_FER_CACHE", "EDGE_FER_X", "FER"])
def test_other_variables_are_let_alone(file: Path, variable: str) -> None:
    assert config("check", file, **{variable: "/tmp"}).exit_code == 0


class TestSchema:
    def accepts(self, values: dict[str, Any]) -> bool:
        validator: Any = jsonschema.Draft202012Validator(schema())
        accepted: bool = validator.is_valid(values)
        return accepted

    def test_it_is_a_schema(self) -> None:
        printed = json.loads(config("schema").stdout)
        jsonschema.Draft202012Validator.check_schema(printed)
        assert printed == json.loads(json.dumps(schema()))

    def test_it_knows_each_key_and_takes_its_default(self) -> None:
        for name, settings_class in SECTIONS.items():
            for item in describe(settings_class):
                assert self.accepts({name: {item.key: item.default}}), item.key

    @pytest.mark.parametrize(
        "text",
        [
            "[camera]\nfps = 15",
            "[camera]\nfps = 0",
            "[camera]\nfps = true",
            '[camera]\nfps = "30"',
            "[camera]\nfsp = 30",
            "[kamera]\nfps = 30",
            "camera = 3",
            '[log]\nlevel = "loud"',
            '[log]\nlevel = "debug"',
            "[driver_state]\nlow_after_s = 20",
            "[driver_state]\nlow_after_s = 0.1",
            "[driver_state]\nemotion_states = 1",
        ],
    )
    def test_it_takes_what_the_daemon_takes(self, file: Path, text: str) -> None:
        file.write_text(text)
        try:
            load_config(file)
        except UserError:
            assert not self.accepts(tomllib.loads(text))
        else:
            assert self.accepts(tomllib.loads(text))


@pytest.mark.parametrize("value", ['"\\', "ä😀", "\x7f", "a\nb", "", True, 3, 0.1, 1e-9])
def test_toml_literals_are_read_back(value: bool | int | float | str) -> None:
    assert tomllib.loads(f"v = {toml_literal(value)}") == {"v": value}


@pytest.mark.parametrize("value", ["-0.9", "-12", "3.5"])
def test_a_negative_value_is_no_option(file: Path, value: str) -> None:
    """As the guided check of a driver suggests it for the neutral pose."""
    done = config("set", "driver_state.neutral_yaw_deg", value, "--config", file)
    assert done.exit_code == 0, done.output
    assert load_config(file).driver_state.neutral_yaw_deg == float(value)
    assert load_config(file).camera.uri == "demo:"


def test_a_misspelt_option_is_no_value(file: Path) -> None:
    assert config("set", "camera.fps", "10", "--confg", file).exit_code == 2
    assert file.read_text() == TEXT
