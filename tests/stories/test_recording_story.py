"""The recorder as vehicle and owner of the clips see it: the real daemon over a real pty."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.cli.app import main
from edge_fer.daemon.status_server import ask
from edge_fer.errors import DaemonError
from edge_fer.recording.clip import CABIN, FORWARD
from edge_fer.recording.clip_file import read_clip
from edge_fer.recording.pictures import decompress
from edge_fer.recording.sealing import load_key, make_key
from edge_fer.recording.stored import list_clips
from tests.stories.drive import Drive, drive

pytestmark = pytest.mark.slow  # a minute of camera

FPS = 20
LENGTH_S, COVERED_FROM_S, COVERED_TO_S = 32, 16, 19
SHORT_FACE = "camera degraded"
# The number of a frame is written into it, in black and white squares of this many pixels.
SQUARE, BITS = 16, 12


def stamp(grey: NDArray[np.uint8], number: int) -> None:
    """Write the number of a frame along its lower edge."""
    for bit in range(BITS):
        left = bit * SQUARE
        grey[-SQUARE:, left : left + SQUARE] = 255 * (number >> bit & 1)


def stamped(grey: NDArray[np.uint8]) -> int:
    """Return the number that `stamp` wrote, also through JPEG."""
    squares = grey[-SQUARE:, : BITS * SQUARE].reshape(SQUARE, BITS, SQUARE)
    return sum(int(squares[:, bit].mean() > 127) << bit for bit in range(BITS))


def film(path: Path, *, covered: bool) -> Path:
    """Write a clip whose frames are numbered; its lens is covered for three seconds."""
    chance = np.random.default_rng(3)
    video = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (320, 240), isColor=False
    )
    scene = cv2.resize(
        chance.integers(40, 220, (24, 32), np.uint8), (320, 240), interpolation=cv2.INTER_LINEAR
    )
    for number in range(LENGTH_S * FPS):
        if covered and COVERED_FROM_S <= number / FPS < COVERED_TO_S:
            grey = np.full((240, 320), 4, np.uint8)
        else:
            noise = chance.integers(-4, 5, scene.shape)
            grey = np.clip(scene.astype(int) + noise, 0, 255).astype(np.uint8)
            stamp(grey, number)
        video.write(grey)
    video.release()
    return path


def config(folder: Path, **settings: Any) -> Path:
    """Write a config that records when the lens is covered."""
    path = folder / "edge-fer.toml"
    values = {"enabled": True, "states": SHORT_FACE, "folder": str(folder / "clips")} | settings
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    path.write_text("\n".join(["[recording]", *lines]))
    return path


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Drive, Path, Path]:
    """One drive with both cameras, encrypted; the folder of its clips, and the key."""
    pytest.importorskip("cryptography", reason="needs the recording extra")
    folder = tmp_path_factory.mktemp("recording")
    public = make_key(folder / "owner.pem")
    cabin = film(folder / "cabin.avi", covered=True)
    road = film(folder / "road.avi", covered=False)
    path = config(folder, public_key=public, forward_camera=f"file:{road}")
    seen = drive(f"file:{cabin}", arguments=("--config", str(path)))
    return seen, folder / "clips", folder / "owner.pem"


def test_the_clip_holds_ten_real_seconds_before_and_after(
    told: tuple[Drive, Path, Path],
) -> None:
    seen, folder, key = told
    assert seen.exit_code == 0, seen.log
    (stored,) = list_clips(folder)
    clip = read_clip(stored.path, load_key(key))
    assert [each.state for each in clip.header.events] == [SHORT_FACE]
    assert clip.header.ended == "complete"
    assert -10.0 <= clip.header.from_s < -9.0
    assert 9.0 < clip.header.to_s <= 10.0
    # The pictures are the camera's, in order, and as far apart as their times say.
    cabin = [shot for shot in clip.shots if shot.camera == CABIN]
    assert len(cabin) >= 120
    bright = [shot for shot in cabin if decompress(shot.jpeg).mean() > 20]
    numbers = [stamped(decompress(shot.jpeg)) for shot in bright]
    assert numbers == sorted(set(numbers))
    first, last = bright[0], bright[-1]
    played_s = (numbers[-1] - numbers[0]) / FPS
    assert last.captured_s - first.captured_s == pytest.approx(played_s, abs=1.0)
    # The event is the cover, found within a second of it.
    dark = [shot.captured_s for shot in cabin if decompress(shot.jpeg).mean() <= 20]
    assert -1.5 < dark[0] <= 0.0
    assert dark[-1] - dark[0] == pytest.approx(COVERED_TO_S - COVERED_FROM_S, abs=1.0)


def test_the_forward_camera_is_on_the_same_clock(told: tuple[Drive, Path, Path]) -> None:
    _, folder, key = told
    clip = read_clip(list_clips(folder)[0].path, load_key(key))
    bright = [
        (shot.camera, shot.captured_s, stamped(decompress(shot.jpeg)))
        for shot in clip.shots
        if decompress(shot.jpeg).mean() > 20
    ]
    started = {}
    for camera in (CABIN, FORWARD):
        starts = [time_s - number / FPS for which, time_s, number in bright if which == camera]
        assert len(starts) >= 100
        started[camera] = float(np.median(starts))
        # Frame n of a file comes n periods after its first: the times are those of the frames.
        assert np.percentile(np.abs(np.array(starts) - started[camera]), 90) < 0.5
    # The recorder opens the forward camera after the daemon has opened the cabin's.
    assert 0.0 < started[FORWARD] - started[CABIN] < 10.0


def test_the_bus_says_that_it_records(told: tuple[Drive, Path, Path]) -> None:
    seen, _, _ = told
    course = [signals["Recording"] for signals in seen.signals("Health")]
    assert course[0] in ("on", "not available")
    changes = [b for a, b in zip([None, *course], course, strict=False) if a != b]
    assert [said for said in changes if said != "not available"] == ["on", "event", "on"]
    # Ten seconds long, in messages of half a second.
    assert 15 <= course.count("event") <= 25


def test_nothing_of_it_can_be_seen_without_the_key(told: tuple[Drive, Path, Path]) -> None:
    _, folder, _ = told
    content = list_clips(folder)[0].path.read_bytes()
    assert b"JFIF" not in content
    assert SHORT_FACE.encode() not in content
    assert {path.name for path in folder.iterdir()} == {".lock", "clip-00000001.efclip"}


def test_its_owner_exports_it(
    told: tuple[Drive, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, folder, key = told
    of_the_drive = ("--folder", str(folder), "--key", str(key))
    with pytest.raises(SystemExit) as end:
        main(["recording", "export", "--to", str(tmp_path), *of_the_drive])
    assert end.value.code in (0, None), capsys.readouterr().err
    counts = set()
    for name in ("cabin", "forward"):
        video = cv2.VideoCapture(str(tmp_path / "clip-00000001" / f"{name}.avi"))
        counts.add(video.get(cv2.CAP_PROP_FRAME_COUNT))
    assert len(counts) == 1
    assert 180 <= counts.pop() <= 210


def test_a_daemon_that_is_killed_leaves_the_clip_it_had_begun(tmp_path: Path) -> None:
    cabin = film(tmp_path / "cabin.avi", covered=True)
    path = config(tmp_path, before_s=5.0)
    daemon = subprocess.Popen(
        [
            *(sys.executable, "-m", "edge_fer", "run", "--config", str(path)),
            *("--camera", f"file:{cabin}", "--link", "virtual:killed"),
        ],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"RUNTIME_DIRECTORY": str(tmp_path)},
    )
    try:
        wait_for(lambda: recording(tmp_path).get("flag") == "event")
        assert "ON" in status_text(tmp_path)
        time.sleep(1.0)
    finally:
        daemon.kill()
        daemon.wait(60.0)
    wait_for(lambda: bool(list_clips(tmp_path / "clips")))
    clip = read_clip(list_clips(tmp_path / "clips")[0].path)
    assert clip.header.ended == "cut short: the daemon ended"
    assert clip.header.from_s < -4.0
    assert clip.header.to_s > 0.5


def recording(folder: Path) -> dict[str, Any]:
    """Return what the daemon says of its recorder; empty where it does not answer yet."""
    try:
        answer = ask(folder / "status.socket")
    except DaemonError:
        return {}
    told = None if answer is None else answer.status.recording
    return {} if told is None else asdict(told)


def status_text(folder: Path) -> str:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "edge_fer", "status"),
            *("--socket", str(folder / "status.socket")),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("recording"))
    return line


def wait_for(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    deadline_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
