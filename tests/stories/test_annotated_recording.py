"""A real daemon records an event and sends it; clip and log of the bus are seen in step."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge_fer.recording.stored import list_clips
from firmware_bridge.terminal.pty_wire import PtyWire

pytestmark = pytest.mark.slow  # ten seconds of camera

CLI = (sys.executable, "-m", "edge_fer")
PATIENCE_S = 60.0


def run(*arguments: object) -> str:
    command = [*CLI, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr.strip()


def test_a_recorded_event_and_its_bus_are_in_step(tmp_path: Path) -> None:
    clips, log, out = tmp_path / "clips", tmp_path / "drive.log", tmp_path / "seen.mp4"
    settings = {"ENABLED": "true", "STATES": "camera degraded", "FOLDER": str(clips)}
    settings |= {"BEFORE_S": "1", "AFTER_S": "1", "FORWARD_CAMERA": "demo:"}
    with PtyWire() as wire:
        monitor = subprocess.Popen(
            [*CLI, "monitor", f"slcan:{wire.end_b}", "--json", "--record", str(log)],
            stdout=subprocess.DEVNULL,
        )
        daemon = subprocess.Popen(
            [
                *(*CLI, "run", "--config", os.devnull, "--camera", "demo:?start=9"),
                *("--link", f"slcan:{wire.end_a}"),
            ],
            stderr=subprocess.DEVNULL,
            env=os.environ
            | {"RUNTIME_DIRECTORY": str(tmp_path)}
            | {f"EDGE_FER__RECORDING__{key}": value for key, value in settings.items()},
        )
        until_s = time.monotonic() + PATIENCE_S
        while not (clips.is_dir() and list_clips(clips)) and time.monotonic() < until_s:
            time.sleep(0.1)
        for process in (daemon, monitor):
            process.terminate()
            assert process.wait(60) == 0
    run("recording", "export", "--folder", clips, "--out", tmp_path / "seen")
    (folder,) = (tmp_path / "seen").iterdir()
    # Both clocks were the machine's own: nothing had to be moved.
    assert run("annotate", folder, "--log", log, "--out", out) == ""
    rows = [json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines()]
    degraded_s = [row["event_time_s"] for row in rows if row["bus_state"] == "camera degraded"]
    # The frame leaves with the change, and the pictures are a tenth of a second apart.
    assert min(degraded_s) == pytest.approx(0.0, abs=0.3)
    assert rows[0]["bus_state"] != "camera degraded"
    assert rows[-1]["camera"] == "blocked"
