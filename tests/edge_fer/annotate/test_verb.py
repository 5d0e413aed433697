"""`edge-fer annotate` as a user runs it, on a clip of the demo's driver."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_fer.annotate import video
from edge_fer.annotate.source import open_shots
from edge_fer.camera.scene import Scene
from edge_fer.cli.app import main

FPS = 10.0
FRAMES = 40


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of the demo's driver: four seconds, in colour."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    scene = Scene()
    first = scene.render(1.0)
    writer = video.open_video(path, (first.shape[0], first.shape[1]), FPS)
    for number in range(FRAMES):
        grey = scene.render(1.0 + number / FPS)
        writer.write(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR).astype(np.uint8), number / FPS)
    writer.close()
    return path


def annotate(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["annotate", *arguments])
    return int(end.value.code or 0)


def test_a_clip_becomes_a_video_rows_and_a_time_line(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "seen.mp4"
    assert annotate(str(clip), "--out", str(out)) == 0
    assert capsys.readouterr().out.split() == [
        str(out.with_suffix(ending)) for ending in (".mp4", ".jsonl", ".png")
    ]
    rows = [json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines()]
    assert len(rows) == FRAMES
    assert [row["time_s"] for row in rows] == pytest.approx(
        [number / FPS for number in range(FRAMES)], abs=0.01
    )
    assert rows[0]["state"] == "not ready"
    assert rows[-1]["state"] == "attentive"
    assert rows[-1]["face_width"] > 50
    assert abs(rows[-1]["yaw_deg"]) < 15
    shots = list(open_shots(str(out), 30).shots)
    assert len(shots) == FRAMES
    assert cv2.imread(str(out.with_suffix(".png"))) is not None


def test_rows_as_csv_and_only_the_beginning(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "seen.mp4"
    assert annotate(str(clip), "--out", str(out), "--rows", "csv", "--seconds", "1") == 0
    assert len(out.with_suffix(".csv").read_text().splitlines()) == 1 + FPS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.mp4"], "there is no such file"),
        (["{clip}", "--out", "seen.txt"], "not a video's name"),
        (["{clip}", "--out", "/dev/null/seen.mp4"], "--out /dev/null: is a file: name a folder"),
        (["{clip}", "--out", "{clip}"], "is the source itself"),
        (["webcam:0"], "unknown scheme"),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: list[str],
    message: str,
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert annotate(*(text.format(clip=clip) for text in arguments)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_ctrl_c_keeps_what_was_written(tmp_path: Path) -> None:
    out = tmp_path / "seen.mp4"
    command = [sys.executable, "-m", "edge_fer", "annotate", "demo:?loop=1", "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rows = out.with_suffix(".jsonl")
    deadline_s = time.monotonic() + 30
    while not (rows.exists() and rows.stat().st_size) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    written = [json.loads(line) for line in rows.read_text().splitlines()]
    assert written
    assert len(list(open_shots(str(out), 30).shots)) == pytest.approx(len(written), abs=3)
    assert out.with_suffix(".png").exists()
