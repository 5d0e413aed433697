"""What a user sees who gives the command line something wrong: one line, exit code 2."""

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from edge_fer.models.card import INPUT
from edge_fer.paths import SHIPPED_MODEL
from firmware_bridge.terminal.pty_wire import PtyWire


def edge_fer(*arguments: str | Path, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_fer", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check for one line on standard error with these words, behind the log's, and exit code 2."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("INFO ")]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("edge-fer: ")
    for word in words:
        assert word in lines[0]


@pytest.fixture
def wire() -> Iterator[PtyWire]:
    with PtyWire() as wire:
        yield wire


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a copy of the shipped model and its card that a test may spoil."""
    if not SHIPPED_MODEL.exists():
        pytest.skip(f"{SHIPPED_MODEL.name} is not there yet")
    for path in (SHIPPED_MODEL, SHIPPED_MODEL.with_suffix(".json")):
        shutil.copy(path, tmp_path / path.name)
    return tmp_path / SHIPPED_MODEL.name


def run_with(link: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return edge_fer("run", "--camera", "demo:", "--link", link, *arguments)


def test_version_and_help_are_quick_to_have() -> None:
    assert edge_fer("--version").stdout.startswith("edge-fer 0.")
    verbs = edge_fer("--help").stdout
    for verb in ("demo", "data", "train", "quantize", "evaluate", "run", "monitor"):
        assert verb in verbs


@pytest.mark.slow
def test_decoders_say_nothing_of_a_damaged_video(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"no video")
    done = edge_fer("annotate", clip, "--out", tmp_path / "out.mp4")
    assert_refused(done, "clip.mp4: not a video that can be read")


class TestModel:
    def test_a_missing_model(self, tmp_path: Path) -> None:
        assert_refused(run_with("virtual:x", "--model", tmp_path / "no.tflite"), "no.tflite")

    def test_a_file_that_is_no_model(self, tmp_path: Path) -> None:
        path = tmp_path / "noise.tflite"
        path.write_bytes(bytes(range(256)) * 8)
        assert_refused(run_with("virtual:x", "--model", path), "noise.tflite")

    def test_a_card_that_does_not_match_its_file(self, model: Path) -> None:
        card = model.with_suffix(".json")
        values = json.loads(card.read_text())
        values["sha256"] = "0" * 64
        card.write_text(json.dumps(values))
        assert_refused(run_with("virtual:x", "--model", model), "sha256")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"labels": ["yes", "no"]}, ("labels", "yes, no")),
            ({"input": {**asdict(INPUT), "scale": 1 / 127.5}}, ("input.scale", "0.0078")),
            ({"input": {**asdict(INPUT), "dtype": "float32"}}, ("input.dtype", "float32")),
            ({"temperature": math.nan}, ("NaN",)),
        ],
    )
    def test_a_card_that_says_what_this_version_does_not_do(
        self, model: Path, changes: dict[str, Any], words: tuple[str, ...]
    ) -> None:
        card = model.with_suffix(".json")
        card.write_text(json.dumps({**json.loads(card.read_text()), **changes}))
        assert_refused(run_with("virtual:x", "--model", model), "edge.json", *words)

    def test_a_network_of_another_kind(self, model: Path) -> None:
        for path in (model, model.with_suffix(".json")):
            shutil.copy(SHIPPED_MODEL.with_name(f"eyes{path.suffix}"), path)
        assert_refused(run_with("virtual:x", "--model", model), "kind 'eyes'", "quantize")

    def test_a_missing_card(self, model: Path) -> None:
        model.with_suffix(".json").unlink()
        assert_refused(run_with("virtual:x", "--model", model), "edge.json")


class TestCamera:
    @pytest.mark.parametrize("scheme", ["webcam:0", "0", "://", ""])
    def test_an_unknown_scheme_names_the_known_ones(self, scheme: str) -> None:
        done = edge_fer("run", "--camera", scheme, "--link", "virtual:x")
        assert_refused(done, "v4l2")

    def test_a_camera_that_does_not_open(self) -> None:
        done = edge_fer("run", "--camera", "v4l2:/dev/video99", "--link", "virtual:x")
        assert_refused(done, "/dev/video99")

    def test_a_file_that_is_no_video(self, tmp_path: Path) -> None:
        path = tmp_path / "clip.mp4"
        path.write_text("not a video")
        assert_refused(
            edge_fer("run", "--camera", f"file:{path}", "--link", "virtual:x"), "clip.mp4"
        )


class TestLink:
    def test_an_unknown_scheme_names_the_known_ones(self) -> None:
        assert_refused(run_with("can0"), "slcan", "can0")

    def test_a_port_that_does_not_exist(self) -> None:
        assert_refused(run_with("slcan:/dev/ttyNOTHERE"), "/dev/ttyNOTHERE")
        assert_refused(edge_fer("monitor", "slcan:/dev/ttyNOTHERE"), "/dev/ttyNOTHERE")

    def test_a_port_that_is_busy(self, wire: PtyWire) -> None:
        holder = subprocess.Popen(
            [sys.executable, "-m", "edge_fer", "monitor", f"slcan:{wire.end_a}", "--json"],
            stdout=subprocess.DEVNULL,
        )
        try:
            for _ in range(50):
                done = run_with(f"slcan:{wire.end_a}", "--model", "/nonexistent.tflite")
                if "nonexistent" in done.stderr:
                    break
            done = edge_fer("monitor", f"slcan:{wire.end_a}", "--seconds", "0.1")
            assert_refused(done, "busy")
        finally:
            holder.terminate()
            holder.wait()


class TestConfig:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("[camera]\nfps = 0\n", ("camera.fps", "0 is not in 1..120", "line 2")),
            ("[camera]\n\nfsp = 10\n", ("camera.fsp", "line 3", "fps")),
            ("[kamera]\nfps = 10\n", ("kamera", "line 1")),
            ("[camera\n", ("line 1",)),
            ("[driver_state]\nemotion_enter = nan\n", ("emotion_enter", "line 2")),
        ],
    )
    def test_a_wrong_config_names_key_and_line(
        self, tmp_path: Path, text: str, words: tuple[str, ...]
    ) -> None:
        path = tmp_path / "edge-fer.toml"
        path.write_text(text)
        assert_refused(edge_fer("run", "--config", path), "edge-fer.toml", *words)

    def test_a_config_that_is_not_there(self, tmp_path: Path) -> None:
        assert_refused(edge_fer("run", "--config", tmp_path / "no.toml"), "no.toml")


class TestWorkstation:
    def test_data_that_is_not_there(self, tmp_path: Path) -> None:
        assert_refused(edge_fer("data", tmp_path / "fer2013.csv"), "fer2013.csv")

    def test_a_bad_row_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "fer2013.csv"
        path.write_text(f"emotion,pixels,Usage\n0,{' '.join(['256'] * 2304)},Training\n")
        assert_refused(edge_fer("data", path), "line 2", "256")

    def test_a_network_that_is_not_there(self, tmp_path: Path) -> None:
        pytest.importorskip("tensorflow", reason="the workstation extra is not installed")
        done = edge_fer("evaluate", tmp_path / "no.keras", "--data", tmp_path)
        assert_refused(done, "no.keras")
        done = edge_fer("quantize", "no.keras", "--data", tmp_path, "--out", tmp_path / "a.tflite")
        assert_refused(done, "no.keras")


def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "edge_fer", "--help"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=180,
        check=False,
    )
    os.close(writing)
    assert "Traceback" not in done.stderr
