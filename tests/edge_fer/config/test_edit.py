"""`edge-fer config set`: one setting changes, all else stays."""

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_fer.config.config import SECTIONS, load_config
from edge_fer.config.edit import Value, edited, parse_value, set_in_file
from edge_fer.errors import ConfigError, OutputError
from edge_fer.setting import describe

FILE = """\
# The camera above the wheel.
[camera]
uri = "v4l2:/dev/video0"   # the first one
fps = 30

[driver_state]  # of this driver
neutral_yaw_deg = 1.5 # measured
"""
KEYS = [(f"{name}.{item.key}", item) for name, kind in SECTIONS.items() for item in describe(kind)]


def test_comments_order_and_other_lines_stay() -> None:
    after = edited(FILE, {"driver_state.neutral_yaw_deg": -7.5})
    assert after == FILE.replace("1.5 #", "-7.5 #")


def test_new_keys_and_sections_are_added() -> None:
    after = edited(FILE, {"camera.fps": 20.0, "face.seat_region": "0 0 0.5 1"})
    values = tomllib.loads(after)
    assert values["camera"] == {"uri": "v4l2:/dev/video0", "fps": 20.0}
    assert values["face"] == {"seat_region": "0 0 0.5 1"}
    for comment in ("# The camera above the wheel.", "# the first one", "# of this driver"):
        assert comment in after


@settings(max_examples=60)
@given(
    before=st.sampled_from(
        ["", FILE, 'camera = {fps = 5, uri = "demo:"}\n', "camera.fps = 5\n", '"camera"."fps"=5']
    ),
    value=st.text(max_size=20)
    | st.integers(-(2**60), 2**60)
    | st.booleans()
    | st.floats(-1e9, 1e9),
)
def test_any_value_is_read_back(before: str, value: Value) -> None:
    after = tomllib.loads(edited(before, {"camera.fps": value, "log.level": "info"}))
    assert after["camera"]["fps"] == value
    assert after["log"] == {"level": "info"}
    for section, settings_before in tomllib.loads(before).items():
        assert (
            settings_before.items()
            - {("fps", after["camera"]["fps"])}
            - {("fps", settings_before.get("fps"))}
            <= after[section].items()
        )


@pytest.mark.parametrize(("key", "item"), KEYS, ids=[key for key, _ in KEYS])
def test_each_default_can_be_set(key: str, item: object, tmp_path: Path) -> None:
    default = next(one.default for name, one in KEYS if name == key)
    text = str(default).lower() if isinstance(default, bool) else str(default)
    value = parse_value(key, text)
    assert value == default
    assert type(value) is type(default)


def test_a_file_is_written_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    path.chmod(0o640)
    set_in_file(path, {"camera.fps": 12})
    assert load_config(path).camera.fps == 12
    assert path.stat().st_mode & 0o777 == 0o640
    new = tmp_path / "new.toml"
    set_in_file(new, {"log.level": "debug"})
    assert load_config(new).log.level == "debug"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["config.toml", "new.toml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_file_stays_its_owners_and_its_groups(tmp_path: Path) -> None:
    """root:edge-fer 0640: what root alone may read ends the service at its next start."""
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    path.chmod(0o640)
    os.chown(path, 1, 2)
    set_in_file(path, {"camera.fps": 12})
    status = path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1, 2, 0o640)


@pytest.mark.parametrize(
    "change", [{"camera.fps": -1.0}, {"camera.fps": "fast"}, {"face.seat_region": "1 0 0 1"}]
)
def test_what_the_daemon_refuses_is_not_written(change: dict[str, Value], tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    with pytest.raises(ConfigError):
        set_in_file(path, change)
    assert path.read_text() == FILE


@pytest.mark.parametrize("key", ["fps", "camera", "camera.", "camera.fsp", "nothing.fps", "", "."])
def test_unknown_keys_are_named(key: str) -> None:
    with pytest.raises(ConfigError, match="there is no such setting"):
        parse_value(key, "1")


def test_where_it_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        set_in_file(tmp_path / "missing" / "config.toml", {"camera.fps": 5})
