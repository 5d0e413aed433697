"""A long run: what drifts, and what is printed and drawn of it."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edge_fer.benchmark import verb
from edge_fer.benchmark.conditions import Conditions, Machine, why_invalid
from edge_fer.benchmark.drift import (
    DriftFigures,
    DriftWindow,
    drifts,
    measure_drift,
    parse_duration,
)
from edge_fer.benchmark.result_schema import result_schema
from edge_fer.benchmark.running_daemon import DaemonFigures
from edge_fer.benchmark.verb import EXIT_INVALID, run_drift
from edge_fer.errors import UserError
from edge_fer.paths import SHIPPED_MODEL
from firmware_bridge.benchmark.output import Output

CALM = Conditions("performance", 1500.0, 50.0, 0, 0.1)
MACHINE = Machine("a board", "a processor", 4, "6.6", "3.11")
STEADY = DaemonFigures(
    camera="demo:",
    seconds=20.0,
    ready_s=0.5,
    fps=30.0,
    latency_ms=2.0,
    source_age_p50_ms=10.0,
    source_age_p99_ms=40.0,
    cpu_daemon=0.07,
    cpu_camera=0.08,
    rss_daemon_mb=100.0,
    rss_camera_mb=60.0,
    frames_on_port=300,
    bad_frames_on_port=0,
    frames=600,
    dropped=0,
    late=0,
)


def growing(count: int = 9) -> DriftFigures:
    """Return a run whose memory grows by a megabyte a window."""
    windows = [
        DriftWindow(20.0 * (n + 1), replace(STEADY, rss_daemon_mb=100.0 + n), CALM)
        for n in range(count)
    ]
    return DriftFigures(MACHINE, CALM, CALM, "0" * 64, tuple(windows), drifts(windows), ())


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90.0), ("10m", 600.0), ("1.5h", 5400.0), (" 10s ", 10.0)]
)
def test_a_time_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "10 minutes", "-10m", "9s", "200h", "nanm"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="write 10m, 90s or 2h"):
        parse_duration(text)


def test_drift_is_from_the_first_third_to_the_last() -> None:
    found = growing().drift
    memory = found["daemon's memory, MB"]
    assert (memory.first, memory.last) == (101.0, 107.0)
    assert memory.change == pytest.approx(6 / 101)
    assert found["frames a second"].change == 0.0


def test_what_a_machine_does_not_say_has_no_drift() -> None:
    windows = [
        replace(window, conditions=replace(CALM, clock_mhz=None)) for window in growing().windows
    ]
    assert "clock, MHz" not in drifts(windows)
    assert "temperature, degC" in drifts(windows)


def test_it_is_printed_drawn_and_as_the_schema_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verb, "measure_drift", lambda *arguments: growing())
    text, values, picture = io.StringIO(), io.StringIO(), tmp_path / "soak.png"
    assert run_drift(model=None, seconds=180, output=Output(stream=text), plot=picture) == 0
    assert run_drift(model=None, seconds=180, output=Output(True, stream=values)) == 0
    assert "+5.9%" in text.getvalue()
    assert "5,400 frames, 0 dropped" in text.getvalue()
    assert picture.read_bytes().startswith(b"\x89PNG")
    validator: Any = jsonschema.Draft202012Validator(result_schema())
    validator.validate(json.loads(values.getvalue()))


def test_a_run_that_throttled_is_invalid(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reasons = why_invalid(CALM, replace(CALM, throttle_bits=0x40000))
    monkeypatch.setattr(
        verb, "measure_drift", lambda *arguments: replace(growing(), invalid=reasons)
    )
    out = io.StringIO()
    assert run_drift(model=None, seconds=180, output=Output(stream=out)) == EXIT_INVALID
    assert "INVALID: throttled while it was measured" in out.getvalue()
    assert "throttled" in capsys.readouterr().err


@pytest.mark.slow
def test_a_real_run_has_its_windows() -> None:
    seen: list[DriftWindow] = []
    figures = measure_drift(SHIPPED_MODEL, 10.0, seen.append)
    assert tuple(seen) == figures.windows
    assert len(figures.windows) == 5
    assert sum(window.daemon.frames for window in figures.windows) > 30
    assert figures.windows[-1].end_s == pytest.approx(10.0, abs=3.0)
    assert figures.drift["daemon's memory, MB"].first > 20
