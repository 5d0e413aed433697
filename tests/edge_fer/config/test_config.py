"""The config: defaults, values, and one clear line for each thing that can be wrong in it."""

import os
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_fer.config.config import SECTIONS, Config, load_config
from edge_fer.config.example import example
from edge_fer.config.toml import MAX_BYTES, lines_of_keys
from edge_fer.driver_state.settings import ASCENDING, PolicySettings
from edge_fer.errors import UserError
from edge_fer.setting import describe

EXAMPLE = Path(__file__).resolve().parents[3] / "systemd" / "config.toml"
RENEW = "edge-fer config example > systemd/config.toml"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str | bytes) -> Config:
    path = Path("edge-fer.toml")
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_config(path)


def error_of(text: str | bytes) -> str:
    with pytest.raises(UserError) as caught:
        load(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_a_file_everything_has_its_default() -> None:
    config = load_config(None)
    assert config == Config()
    assert config.driver_state == PolicySettings()
    assert config.model.path == ""


def test_an_empty_file_is_the_defaults(folder: Path) -> None:
    assert load("") == Config()
    assert load("# nothing\n[camera]\n[log]\n") == Config()


def test_values_are_taken_over_and_the_rest_stays(folder: Path) -> None:
    config = load(
        """
        [camera]
        uri = "demo:"
        [model]
        path = "/opt/other.tflite"
        [driver_state]
        emotion_states = false
        low_after_s = 20  # a whole number will do for seconds
        """
    )
    assert config.camera.uri == "demo:"
    assert config.camera.fps == 30
    assert config.model.path == "/opt/other.tflite"
    assert config.driver_state == PolicySettings(emotion_states=False, low_after_s=20.0)
    assert isinstance(config.driver_state.low_after_s, float)


@pytest.mark.parametrize("text", ["camera.fps = 15", "camera = {fps = 15}", '["camera"]\n"fps"=15'])
def test_each_spelling_of_toml_will_do(folder: Path, text: str) -> None:
    assert load(text).camera.fps == 15


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[camera]\nfps = 0", "camera.fps: 0 is not in 1..120 (edge-fer.toml line 2)"),
        ("[camera]\n\n\nfps = 121", "camera.fps: 121 is not in 1..120 (edge-fer.toml line 4)"),
        ("camera = {fps = 0}", "camera.fps: 0 is not in 1..120 (edge-fer.toml line 1)"),
        (
            "[camera]\nfps = 30.0",
            "camera.fps: 30.0 is not a whole number in 1..120 (edge-fer.toml line 2)",
        ),
        (
            "[camera]\nfps = true",
            "camera.fps: true is not a whole number in 1..120 (edge-fer.toml line 2)",
        ),
        (
            '[camera]\nfps = "30"',
            'camera.fps: "30" is not a whole number in 1..120 (edge-fer.toml line 2)',
        ),
        (
            "[camera]\nuri = 0",
            'camera.uri: 0 is not a text (write it in "quotes") (edge-fer.toml line 2)',
        ),
        (
            "[driver_state]\nlow_after_s = nan",
            "driver_state.low_after_s: nan is not in 0.5..300 (edge-fer.toml line 2)",
        ),
        (
            "[driver_state]\nlow_after_s = inf",
            "driver_state.low_after_s: inf is not in 0.5..300 (edge-fer.toml line 2)",
        ),
        (
            "[driver_state]\nlow_after_s = 1e999",
            "driver_state.low_after_s: inf is not in 0.5..300 (edge-fer.toml line 2)",
        ),
        (
            "[driver_state]\nlow_after_s = true",
            "driver_state.low_after_s: true is not a number in 0.5..300 (edge-fer.toml line 2)",
        ),
        (
            "[driver_state]\nlow_after_s = 2026-01-01",
            "driver_state.low_after_s: datetime.date(2026, 1, 1) is not a number in 0.5..300"
            " (edge-fer.toml line 2)",
        ),
        (
            "[driver_state]\nemotion_states = 1",
            "driver_state.emotion_states: 1 is not true or false (edge-fer.toml line 2)",
        ),
        (
            '[log]\nlevel = "loud"',
            'log.level: "loud" is not one of debug, info, warning, error (edge-fer.toml line 2)',
        ),
        (
            "[driver_state]\nemotion_enter = 0.5\nemotion_leave = 0.5",
            "driver_state.emotion_leave: 0.5 is not below emotion_enter (0.5)"
            " (edge-fer.toml line 3)",
        ),
        (
            "[driver_state]\n\nemotion_enter = 0.35",
            "driver_state.emotion_leave: 0.4 is not below emotion_enter (0.35)"
            " (edge-fer.toml line 3)",
        ),
        (
            "[camera]\nfsp = 30",
            "camera.fsp: unknown key; did you mean camera.fps? (edge-fer.toml line 2)",
        ),
        (
            "[camera]\nthreads = 1",
            "camera.threads: unknown key; it belongs below [model] (edge-fer.toml line 2)",
        ),
        (
            "[camera]\nzoom = 2",
            "camera.zoom: unknown key; [camera] has uri, fps (edge-fer.toml line 2)",
        ),
        (
            "[log]\n[camra]\nfps = 30",
            "camra: unknown section; did you mean [camera]? (edge-fer.toml line 2)",
        ),
        (
            "[brakes]",
            "brakes: unknown section; there are camera, link, vehicle, model, face,"
            " driver_state, recording, health, log (edge-fer.toml line 1)",
        ),
        (
            "fps = 30",
            "fps: not in a section; it belongs below [camera] (edge-fer.toml line 1)",
        ),
        (
            "\ncamera = 3",
            "camera: 3 is not a section; write [camera] and its keys below it"
            " (edge-fer.toml line 2)",
        ),
        (
            "[[camera]]\nfps = 30",
            "camera: [{'fps': 30}] is not a section; write [camera] and its keys below it"
            " (edge-fer.toml line 1)",
        ),
        (
            '[camera]\n"f\\nps" = 30',
            "camera.'f\\nps': unknown key; did you mean camera.fps? (edge-fer.toml line 2)",
        ),
        (
            '[camera]\nfps = """\n1\n"""',
            r"camera.fps: '1\n' is not a whole number in 1..120 (edge-fer.toml line 2)",
        ),
    ],
)
def test_a_wrong_value_or_key_is_named_with_its_line(folder: Path, text: str, message: str) -> None:
    assert error_of(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[camera]\nfps 30", "edge-fer.toml line 2: not valid TOML: expected '=' after a key"),
        ("[camera\n", "edge-fer.toml line 1: not valid TOML: expected ']'"),
        ("[camera]\nfps = 1\nfps = 2\n", "edge-fer.toml line 3: not valid TOML: cannot overwrite"),
        ('[link]\nuri = """abc\n\n', "edge-fer.toml line 2: not valid TOML: unterminated string"),
        (b"[camera]\n# caf\xe9\n", "edge-fer.toml line 2: not UTF-8 text"),
        (b"\x00", "edge-fer.toml line 1: not valid TOML: invalid statement"),
    ],
)
def test_a_file_that_is_no_toml_is_named_with_its_line(
    folder: Path, text: str | bytes, message: str
) -> None:
    assert error_of(text).startswith(message)


def test_windows_editors_are_no_problem(folder: Path) -> None:
    assert load(b"\xef\xbb\xbf[camera]\r\nfps = 15\r\n").camera.fps == 15
    assert error_of(b"[camera]\r\n\r\nfps = 0\r\n").endswith("(edge-fer.toml line 3)")


def test_numbers_without_end_are_refused_and_not_printed(folder: Path) -> None:
    for digits in ("1" + "0" * 400, "0x" + "f" * 9000):
        message = error_of(f"[driver_state]\nlow_after_s = {digits}")
        assert "is not in 0.5..300" in message
        assert len(message) < 200
    # Python itself refuses to read decimal numbers as long as this.
    assert "not valid TOML" in error_of(f"[camera]\nfps = {'9' * 9000}")


def test_brackets_without_end_are_refused(folder: Path) -> None:
    assert error_of("a = " + "[" * 30_000).startswith("edge-fer.toml: brackets nested too deep")


def test_a_file_that_cannot_be_read_says_why(folder: Path) -> None:
    with pytest.raises(UserError, match=r"^cannot read the config missing.toml: No such file"):
        load_config(Path("missing.toml"))
    with pytest.raises(UserError, match=r"^cannot read the config \.: it is a folder"):
        load_config(Path())


def test_a_file_that_is_too_large_is_not_read_to_its_end(folder: Path) -> None:
    with Path("large.toml").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UserError, match=r"^large.toml is not a config: it is larger than 64 KiB"):
        load_config(Path("large.toml"))


@pytest.mark.parametrize("name", ["pipe", "/dev/zero"])
def test_what_has_no_end_or_never_begins_holds_up_no_daemon(folder: Path, name: str) -> None:
    """A pipe without a writer would stop the start, and after SIGHUP the vision loop."""
    os.mkfifo("pipe")
    with pytest.raises(UserError, match=f"^cannot read the config {name}: not a regular file"):
        load_config(Path(name))


def test_the_null_device_is_a_config_of_defaults() -> None:
    """`demo`, `preview --camera` and `benchmark` start their daemons with it."""
    assert load_config(Path(os.devnull)) == Config()


def test_the_example_is_what_the_settings_say() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == example(), f"renew it: {RENEW}"


def test_the_example_shows_every_key_with_its_default(folder: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert load(text) == Config()
    uncommented = re.sub(r"^#(?=\w)", "", text, flags=re.MULTILINE)
    assert load(uncommented) == Config()
    keys = {name: list(values) for name, values in tomllib.loads(uncommented).items()}
    assert keys == {name: [i.key for i in describe(kind)] for name, kind in SECTIONS.items()}


@pytest.mark.parametrize("section", SECTIONS)
def test_each_setting_describes_itself(section: str) -> None:
    for item in describe(SECTIONS[section]):
        assert item.setting.title, item.key
        assert item.setting.description.endswith("."), item.key
        if section == "driver_state":
            assert item.setting.source, item.key
        if item.kind in (int, float):
            assert item.setting.minimum is not None, item.key
            assert item.setting.maximum is not None, item.key


@pytest.mark.parametrize("section", SECTIONS)
def test_the_ends_of_each_range_are_allowed_and_no_more(folder: Path, section: str) -> None:
    for item in describe(SECTIONS[section]):
        low, high = item.setting.minimum, item.setting.maximum
        if low is None or high is None:
            continue
        # The ends of one of a pair need not go with the default of the other.
        paired = any(item.key in pair for pair in ASCENDING)
        for value in () if paired else (low, high):
            config = load(f"[{section}]\n{item.key} = {item.kind(value)}")
            assert getattr(getattr(config, section), item.key) == value
        for value in (low - 1, high + 1):
            message = error_of(f"[{section}]\n{item.key} = {item.kind(value)}")
            assert message.startswith(f"{section}.{item.key}: {item.kind(value)!r} is not in ")


@pytest.mark.parametrize(("lower", "upper"), ASCENDING)
def test_of_a_pair_the_lower_must_be_below_the_upper(folder: Path, lower: str, upper: str) -> None:
    known = {item.key: item.setting for item in describe(PolicySettings)}
    same = max(known[lower].minimum or 0.0, known[upper].minimum or 0.0)
    message = error_of(f"[driver_state]\n{lower} = {same}\n{upper} = {same}")
    assert message.startswith(f"driver_state.{lower}: {same:g} is not below {upper} ({same:g})")


def test_settings_made_in_code_are_checked_too() -> None:
    with pytest.raises(ValueError, match=r"^low_after_s: nan is not in 0.5..300$"):
        PolicySettings(low_after_s=float("nan"))


def test_the_models_threshold_is_taken_unless_the_config_has_its_own() -> None:
    assert PolicySettings().for_model(0.43).confidence_threshold == 0.43
    own = PolicySettings(confidence_threshold=0.7)
    assert own.for_model(0.43).confidence_threshold == 0.7
    assert PolicySettings().for_model(1.0).confidence_threshold == 0.95


names = st.sampled_from(["camera", "fps", "a", "b c", "ä", "", "x.y", 'q"', "line\nbreak"])
scalars = st.one_of(
    st.integers(-5, 5).map(str),
    st.just('"[camera]"'),
    st.just('"""\n[camera]\nfps = 1\n"""'),
    st.just("[\n  1,\n  # fps = 3\n  2,\n]"),
    st.just("'''\n\n'''"),
)


def quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@settings(deadline=None)
@given(
    st.dictionaries(names, st.dictionaries(names, scalars, max_size=4), max_size=4),
    st.lists(st.sampled_from(["", "# fps = 9", "   "]), max_size=3),
)
def test_the_line_of_each_key_is_found(
    tables: dict[str, dict[str, str]], filling: list[str]
) -> None:
    lines: list[str] = []
    expected: dict[tuple[str, ...], int] = {}
    for table, values in tables.items():
        lines += filling
        lines.append(f"[{quoted(table)}]")
        expected[(table,)] = len(lines)
        for key, value in values.items():
            lines += filling
            first, *rest = f"{quoted(key)} = {value}".split("\n")
            lines.append(first)
            expected[table, key] = len(lines)
            lines += rest
    assert lines_of_keys("\n".join(lines)) == expected


@settings(deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="[]camerfps.=0 \n\"'{}#,", max_size=60))
def test_any_text_gives_a_config_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    outcome = config_or_error(path)
    assert isinstance(outcome, Config) or "\n" not in outcome


def config_or_error(path: Path) -> Config | str:
    try:
        return load_config(path)
    except UserError as error:
        return str(error)


def test_a_seat_region_that_is_none_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[face]\nseat_region = "0.5 0 0.2 1"\n')
    with pytest.raises(
        UserError, match=r'face\.seat_region: "0.5 0 0.2 1" is not within 0..1.*line 2'
    ):
        load_config(path)


def tries(monkeypatch: pytest.MonkeyPatch, text: str) -> int:
    """Return how many characters are parsed to number the lines of `text`."""
    parsed = 0

    def loads(statement: str) -> dict[str, Any]:
        nonlocal parsed
        parsed += len(statement)
        return tomllib.loads(statement)

    monkeypatch.setattr("edge_fer.config.toml.tomllib", SimpleNamespace(loads=loads))
    lines_of_keys(text)
    return parsed


@pytest.mark.parametrize(
    "text",
    [
        'name = """\n' + "a\n" * 4000 + '"""\n',  # the audit's 8 KiB took 4 s
        'name = """\n' + "]\n" * 30_000 + '"""\n',
        "name = [\n" + "1,\n" * 20_000 + "]\n",
        "name = [\n" + "[1],\n" * 10_000 + "]\n",
    ],
)
def test_no_config_takes_long_to_be_numbered(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert tries(monkeypatch, text) <= 7 * MAX_BYTES
    assert tomllib.loads(text)


def test_keys_after_a_long_statement_have_their_lines() -> None:
    text = 'a = """\n' + "x\n" * 100 + '"""\nb = [\n1,\n2\n]\nc = 1\n'
    assert lines_of_keys(text) == {("a",): 1, ("b",): 103, ("c",): 107}
