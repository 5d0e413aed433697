"""The benchmark of the device: what it measures, under which conditions, and compares."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edge_fer.benchmark import verb
from edge_fer.benchmark.boards import FOLDER, board_name, stored_result
from edge_fer.benchmark.conditions import (
    Conditions,
    Machine,
    read_conditions,
    read_machine,
    why_invalid,
)
from edge_fer.benchmark.distribution import Distribution
from edge_fer.benchmark.figures import DeviceFigures, compare
from edge_fer.benchmark.result_schema import result_schema
from edge_fer.benchmark.verb import (
    EXIT_INVALID,
    EXIT_REGRESSION,
    Effort,
    run_compare,
    run_device_benchmark,
)
from edge_fer.cli.app import main
from edge_fer.errors import UserError
from edge_fer.paths import SHIPPED_MODEL, shipped_emotion_networks
from firmware_bridge.benchmark.output import Output

SHORT = Effort(
    model_s=0.2, operators_s=0.05, networks_s=0.05, frames=60, daemon_s=1.5, fastest_s=1.0
)
CALM = Conditions("performance", 1500.0, 50.0, 0, 0.1)


@pytest.fixture(scope="module")
def figures() -> DeviceFigures:
    return verb.measure_device(SHIPPED_MODEL, SHORT, lambda what: None, operators=True)


@pytest.fixture
def result(figures: DeviceFigures) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(figures.to_json()))
    return values


def printed(
    monkeypatch: pytest.MonkeyPatch, figures: DeviceFigures, **options: Any
) -> tuple[int, str]:
    """Return exit code and output of the verb for figures that were measured before."""
    monkeypatch.setattr(verb, "measure_device", lambda *arguments: figures)
    out = io.StringIO()
    json_output = options.pop("json_output")
    output = Output(json_output, stream=out)
    if "old" in options:
        options["old"] = str(options["old"])
        return run_compare(output=output, **options), out.getvalue()
    return run_device_benchmark(model=None, output=output, **options), out.getvalue()


def test_it_measures_model_stages_and_daemon(result: dict[str, Any]) -> None:
    assert result["model"]["by_threads"]["1"]["p50_ms"] > 0
    stages = result["stages"]["stages"]
    networks = ("face network, tracked", "emotion network", "eye network")
    seen = (
        "capture",
        "camera condition",
        "scene cut",
        "crop",
        *networks,
        "policy",
        "encode",
        "write",
    )
    for stage in seen:
        assert stages[stage]["count"] > 10, stage
    assert stages["frame to state, tracked"]["p50_ms"] > stages["crop"]["p50_ms"]
    assert result["stages"]["frame_size"] == [640, 480]
    for run in (result["daemon"], result["fastest"]):
        assert run["bad_frames_on_port"] == 0
        assert run["frames_on_port"] > 5
        assert 20 < run["rss_daemon_mb"] < 130
        assert 0 < run["cpu_daemon"] < 3
    assert result["fastest"]["fps"] > 0


def test_a_network_is_recommended_of_those_that_ship(
    figures: DeviceFigures, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = figures.recommendation
    assert found is not None
    assert [choice.name for choice in found.choices] == [
        path.name for path in shipped_emotion_networks()
    ]
    assert found.choices[0].ms == figures.model.by_threads[1].p50_ms
    _, shown = printed(monkeypatch, figures, json_output=False)
    assert f"recommended: {found.network}" in shown


def test_a_camera_that_keeps_its_rate_has_deadlines(result: dict[str, Any]) -> None:
    assert result["daemon"]["dropped"] >= 0
    assert 0 <= result["daemon"]["late"] <= result["daemon"]["frames_on_port"]
    assert result["fastest"]["dropped"] is None
    assert result["fastest"]["late"] is None


def test_the_result_says_what_ran_the_network(result: dict[str, Any]) -> None:
    assert result["model"]["runtime"].startswith("ai-edge-litert 2.")
    assert result["model"]["delegate"] == "XNNPACK"


def test_the_result_is_as_the_published_schema_says(result: dict[str, Any]) -> None:
    validator: Any = jsonschema.Draft202012Validator(result_schema())
    validator.validate(result)
    for later in ("operators", "recommendation"):
        del result[later]  # a result of before it was there
    validator.validate(result)
    del result["model"]["sha256"]
    assert not validator.is_valid(result)


def test_the_schema_that_is_published_is_that_of_the_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    jsonschema.Draft202012Validator.check_schema(result_schema())
    with pytest.raises(SystemExit) as end:
        main(["benchmark", "schema"])
    assert end.value.code == 0
    published = Path(__file__).parents[3] / "docs" / "benchmark.schema.json"
    assert capsys.readouterr().out == published.read_text(), "edge-fer benchmark schema > docs/.."


def test_the_operators_are_shown_and_drawn(
    figures: DeviceFigures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = tmp_path / "device.png"
    code, shown = printed(monkeypatch, figures, json_output=False, plot=picture)
    assert code == 0
    assert "15 SOFTMAX" in shown
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["device", "--plot", "a.gif"], "end the name in .png"),
        (["device", "--plot", "/dev/null/a.png"], "/dev/null"),
        (["device", "--out", "/dev/null/a.json"], "/dev/null"),
        (["soak", "ten minutes"], "not a time of 10s to 168h: write 10m"),
        (["soak", "1s"], "not a time of 10s to 168h"),
        (["soak", "7"], "100 frames or more"),
        (["soak", "1000", "--plot", "{}/a.png"], "--plot has no effect with a number of frames"),
        (["soak", "1000", "--model", "a.tflite"], "--model has no effect"),
        (["compare", "a.json", "b.json", "--model", "a.tflite"], "--model has no effect"),
    ],
)
def test_what_cannot_be_is_said_at_once(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["benchmark", *(option.format(tmp_path) for option in options)])
    assert end.value.code == 2
    assert said in capsys.readouterr().err


class TestBoards:
    """Results that are stored by board."""

    def test_a_board_is_found_by_what_it_is(self, tmp_path: Path) -> None:
        machine = Machine("Raspberry Pi 5 Model B Rev 1.0", "aarch64 part 0xd0b", 4, "6.6", "3.11")
        path = tmp_path / "raspberry-pi-5-model-b-rev-1-0-aarch64-part-0xd0b-4-cores.json"
        with pytest.raises(
            UserError,
            match=f"no result is stored for {path.stem} .*FILE in place of `board`.*{path}",
        ):
            stored_result(machine, tmp_path)
        path.write_text("{}")
        assert stored_result(machine, tmp_path) == path
        with pytest.raises(UserError, match=rf"\(stored: {path.stem}\)"):
            stored_result(replace(machine, cores=2), tmp_path)

    def test_each_stored_one_is_a_result_under_its_name(self) -> None:
        validator: Any = jsonschema.Draft202012Validator(result_schema())
        for path in FOLDER.glob("*.json"):
            values = json.loads(path.read_text())
            validator.validate(values)
            assert board_name(Machine(**values["machine"])) == path.stem
            assert values["invalid"] == []
            assert f"`{path.name}`" in (FOLDER / "README.md").read_text()


def test_only_results_of_the_same_processor_are_compared(
    result: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = tmp_path / "old.json", tmp_path / "new.json"
    changes: tuple[dict[str, Any], ...] = (
        {"processor": "AMD EPYC 9B14"},
        {"model": "family 25 model 1 stepping 1"},
        {"flags": ["avx2"]},
    )
    for change in changes:
        machine = {"model": "family 25 model 17", "flags": ["avx2", "avx512_vnni"]}
        machine = result["machine"] | machine
        paths[0].write_text(json.dumps(result | {"machine": machine}))
        paths[1].write_text(json.dumps(result | {"machine": machine | change}))
        with pytest.raises(SystemExit) as end:
            main(["benchmark", "compare", *map(str, paths)])
        assert end.value.code == 2
        (name,) = change
        named = change[name] if isinstance(change[name], str) else "avx2; compare"
        assert "the results are of two processors" in (said := capsys.readouterr().err)
        assert named in said
        with pytest.raises(SystemExit) as end:
            main(["benchmark", "compare", str(paths[0]), str(paths[0])])
        assert end.value.code == 0
        assert "names no model" not in capsys.readouterr().err
    unnamed = result["machine"] | {"model": "", "processor": "AMD EPYC"}
    paths[0].write_text(json.dumps(result | {"machine": unnamed}))
    with pytest.raises(SystemExit) as end:
        main(["benchmark", "compare", str(paths[0]), str(paths[0])])
    assert end.value.code == 0
    said = capsys.readouterr().err
    assert "old.json names no model of its processor: it may be another AMD EPYC than" in said


def test_the_same_result_is_no_regression_and_a_slower_one_is_named(
    result: dict[str, Any],
) -> None:
    changes = compare(result, result)
    assert len(changes) == 7
    assert all(change.factor == 1 for change in changes)
    slower = json.loads(json.dumps(result))
    slower["model"]["by_threads"]["1"]["p50_ms"] *= 2
    worse = [change for change in compare(result, slower) if change.factor > 1.1]
    assert [change.name for change in worse] == ["model p50"]


def test_a_regression_is_the_exit_code(
    figures: DeviceFigures,
    result: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = tmp_path / "old.json"
    old.write_text(json.dumps(result))
    assert printed(monkeypatch, figures, json_output=True, old=old)[0] == 0
    result["model"]["by_threads"]["1"]["p50_ms"] /= 1.2
    old.write_text(json.dumps(result))
    code, shown = printed(monkeypatch, figures, json_output=False, old=old)
    assert code == EXIT_REGRESSION
    assert "edge-fer: model p50: 1.20 times the older result" in capsys.readouterr().err
    assert "model alone, one face, ms" in shown
    assert "1.20" in shown
    assert printed(monkeypatch, figures, json_output=False, old=old, tolerance=0.3)[0] == 0


@pytest.mark.parametrize("values", [[], {}, {"format": 99}, None])
def test_what_is_no_result_is_refused(values: Any, result: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="compare: not a result"):
        compare(values, result)


def test_a_missing_result_is_said_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["benchmark", "compare", str(tmp_path / "no.json")])
    assert caught.value.code == 2
    assert "no.json: cannot be read (No such file or directory)" in capsys.readouterr().err


def test_a_device_that_throttled_gives_no_figure(
    figures: DeviceFigures,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reasons = why_invalid(CALM, replace(CALM, throttle_bits=0x40000))
    spoiled = replace(figures, invalid=reasons)
    code, shown = printed(monkeypatch, spoiled, json_output=False)
    assert code == EXIT_INVALID
    assert "INVALID: throttled while it was measured" in shown
    assert "these figures are not the device's: throttled" in capsys.readouterr().err


def test_what_happened_before_is_no_reason_and_what_happens_now_is() -> None:
    earlier = replace(CALM, throttle_bits=0x50000)
    assert why_invalid(earlier, earlier) == ()
    assert why_invalid(CALM, CALM) == ()
    low = replace(CALM, throttle_bits=0x1)
    assert why_invalid(low, CALM) == ("undervoltage while it was measured",)
    hot = replace(CALM, clock_mhz=1000.0)
    assert why_invalid(CALM, hot) == ("the clock fell from 1500 to 1000 MHz",)


def test_a_raspberry_pi_is_read_from_its_files(tmp_path: Path) -> None:
    for name, text in {
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0",
        "proc/cpuinfo": (
            "processor\t: 0\nFeatures\t: fp asimd asimddp crc32\nCPU implementer\t: 0x41\n"
            "CPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n"
        ),
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000\n",
        "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "600000\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
        "sys/class/thermal/thermal_zone0/temp": "61234\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "50000\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert read_machine(tmp_path).board == "Raspberry Pi 4 Model B Rev 1.5"
    assert "0xd08" in read_machine(tmp_path).processor
    assert read_machine(tmp_path).model == "variant 0x0 revision 3"
    assert read_machine(tmp_path).flags == ("asimd", "asimddp")
    found = read_conditions(tmp_path)
    assert (found.governor, found.clock_mhz, found.temperature_c, found.throttle_bits) == (
        "ondemand",
        1500.0,
        61.234,
        0x50000,
    )


def test_a_machine_that_says_nothing_is_unknown_and_no_error(tmp_path: Path) -> None:
    assert read_machine(tmp_path).board == "unknown"
    found = read_conditions(tmp_path)
    assert (found.governor, found.clock_mhz, found.throttle_bits) == (None, None, None)


def test_a_distribution_is_that_of_its_times() -> None:
    times = Distribution.of([0.001, 0.002, 0.003, 0.004])
    assert (times.count, times.min_ms, times.p50_ms, times.max_ms) == (4, 1.0, 2.5, 4.0)
    assert times.mean_ms == pytest.approx(2.5)
    with pytest.raises(ValueError, match="no times"):
        Distribution.of([])
