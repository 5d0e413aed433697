"""The recorder's process, from the daemon's side: fed, killed, stopped, and never waited for."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_fer.camera.base import Frame
from edge_fer.driver_state.measured import Measured
from edge_fer.driver_state.states import DriverState
from edge_fer.errors import UserError
from edge_fer.recording import process as process_module
from edge_fer.recording.chain import make_device_key, verify_clips
from edge_fer.recording.clip import CABIN, FORWARD, Clip
from edge_fer.recording.clip_file import read_clip
from edge_fer.recording.flag import RecordingFlag
from edge_fer.recording.pictures import decompress
from edge_fer.recording.process import RecorderProcess
from edge_fer.recording.settings import RecordingConfig
from edge_fer.recording.stored import list_clips
from tests.own_seconds import OwnSeconds

MEASURED = Measured(lid_opening=0.1, eyes_unseen_s=0.0, head_unseen_s=0.0)  # behind the event
PATIENCE_S = 60.0  # a bound against hanging
LONGEST_CALL_S = 0.25  # the real ones take some tens of microseconds; a busy machine takes longer
CAMERA_FPS = 30


@dataclass
class Filming:
    """A recorder, and a camera whose frames are as bright as they are late in it."""

    recorder: RecorderProcess
    sequence: int = 0
    calls_s: list[float] = field(default_factory=list)

    def film(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Feed frames at the camera's rate; return whether the condition came."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            now_s, calling = time.monotonic(), OwnSeconds()
            grey = np.full((120, 160), self.sequence % 200, np.uint8)
            self.recorder.frame(Frame(grey, now_s, self.sequence))
            self.recorder.look_after(now_s)
            self.calls_s.append(calling.passed)
            self.sequence += 1
            if until():
                return True
            time.sleep(1 / CAMERA_FPS)
        return until()

    def begin(self) -> None:
        """Film until the recorder has taken frames and the ring is open."""
        assert self.film(PATIENCE_S, lambda: "kept" in self.recorder._told)

    def event(self, state: DriverState = DriverState.ASLEEP) -> None:
        self.recorder.decided(DriverState.ATTENTIVE, "over", time.monotonic())
        self.recorder.decided(state, "eyes stayed closed", time.monotonic(), MEASURED)

    def kept(self) -> int:
        status = self.recorder.status
        assert status is not None
        return status.kept


@pytest.fixture
def config(tmp_path: Path) -> RecordingConfig:
    return RecordingConfig(
        enabled=True, folder=str(tmp_path / "clips"), before_s=1.0, after_s=1.0, width_px=160
    )


@pytest.fixture
def make() -> Iterator[Callable[[RecordingConfig], Filming]]:
    made: list[RecorderProcess] = []

    def start(config: RecordingConfig) -> Filming:
        made.append(RecorderProcess(config))
        return Filming(made[-1])

    yield start
    for recorder in made:
        recorder.stop(PATIENCE_S)


def flag_of(filming: Filming) -> RecordingFlag:
    return filming.recorder.flag  # a call, because mypy keeps in mind what a property was


Make = Callable[[RecordingConfig], Filming]


def only_clip(config: RecordingConfig) -> Clip:
    (stored,) = list_clips(Path(config.folder))
    return read_clip(stored.path)


def test_switched_off_it_is_nothing(tmp_path: Path, make: Make) -> None:
    filming = make(RecordingConfig(folder=str(tmp_path / "clips"), states="attentive"))
    filming.film(0.1)
    filming.event(DriverState.ATTENTIVE)
    filming.recorder.pause(paused=True)
    assert (filming.recorder.pid, filming.recorder.status) == (None, None)
    assert filming.recorder.flag is RecordingFlag.OFF
    assert list(tmp_path.iterdir()) == []


def test_an_event_becomes_a_clip_of_real_frames(
    config: RecordingConfig, make: Make, tmp_path: Path
) -> None:
    pytest.importorskip("cryptography", reason="needs the recording extra")
    device = make_device_key(tmp_path / "device.pem")
    config = replace(config, device_key=str(tmp_path / "device.pem"))
    filming = make(config)
    assert filming.recorder.flag is RecordingFlag.ON
    filming.begin()
    filming.film(1.5)
    filming.event()
    assert filming.film(PATIENCE_S, lambda: filming.recorder.flag is RecordingFlag.EVENT)
    assert filming.film(PATIENCE_S, lambda: filming.kept() == 1)
    assert filming.recorder.flag is RecordingFlag.ON
    clip = only_clip(config)
    assert clip.header.ended == "complete"
    assert [each.state for each in clip.header.events] == ["asleep"]
    assert clip.header.events[0].measured == MEASURED.to_json()
    assert -1.0 <= clip.header.from_s < 0 < clip.header.to_s <= 1.0
    # In order, and brighter by as much as the time between them says.
    shots = clip.shots
    assert len(shots) >= 6
    assert all(shot.camera == CABIN for shot in shots)
    grown = [int(decompress(shot.jpeg).mean().round()) for shot in shots]
    assert all(0 < (b - a) % 200 <= 40 for a, b in pairwise(grown))
    assert max(filming.calls_s) < LONGEST_CALL_S
    (verdict,) = verify_clips(list_clips(Path(config.folder)), device)
    assert verdict.problem is None


@pytest.mark.slow
def test_only_the_beginning_of_a_state_that_counts_is_an_event(
    config: RecordingConfig, make: Make
) -> None:
    filming = make(config)
    filming.begin()
    for state in (DriverState.DROWSY, DriverState.NO_DRIVER, DriverState.CAMERA_DEGRADED):
        filming.event(state)
    filming.film(1.2)
    assert filming.recorder.flag is RecordingFlag.ON
    filming.event()
    for _ in range(3):
        filming.recorder.decided(DriverState.ASLEEP, "eyes stayed closed", time.monotonic())
    assert filming.film(PATIENCE_S, lambda: filming.kept() == 1)
    assert len(only_clip(config).header.events) == 1


@pytest.mark.slow
def test_when_it_is_stopped_a_clip_that_was_begun_is_kept(
    config: RecordingConfig, make: Make
) -> None:
    filming = make(config)
    filming.begin()
    filming.film(0.7)
    filming.event()
    filming.film(0.3)
    filming.recorder.stop(PATIENCE_S)
    clip = only_clip(config)
    assert clip.header.ended == "cut short: the daemon ended"
    assert clip.header.to_s < 0.9


@pytest.mark.slow
def test_standby_ends_the_clip_and_forgets_what_waited(config: RecordingConfig, make: Make) -> None:
    filming = make(config)
    filming.begin()
    filming.film(0.7)
    filming.event()
    filming.film(0.3)
    filming.recorder.pause(paused=True)
    assert filming.recorder.flag is RecordingFlag.OFF
    deadline_s = time.monotonic() + PATIENCE_S
    while filming.kept() == 0:
        assert time.monotonic() < deadline_s
        filming.recorder.look_after(time.monotonic())
        time.sleep(0.02)
    assert only_clip(config).header.ended == "cut short: standby"
    resumed = filming.sequence
    filming.recorder.pause(paused=False)
    assert flag_of(filming) is RecordingFlag.ON
    filming.film(0.3)
    filming.event()
    assert filming.film(PATIENCE_S, lambda: filming.kept() == 2)
    clip = read_clip(list_clips(Path(config.folder))[-1].path)
    assert decompress(clip.shots[0].jpeg).mean() >= resumed % 200 - 1


@pytest.mark.slow
def test_killed_it_comes_back_and_counts_on(
    config: RecordingConfig, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "FIRST_RESTART_GAP_S", 0.1)
    filming = make(config)
    for number in (1, 2):
        filming.begin()
        filming.film(0.3)
        filming.event()
        assert filming.film(PATIENCE_S, lambda number=number: filming.kept() == number)  # type: ignore[misc]
        pid = filming.recorder.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert filming.film(
            PATIENCE_S,
            lambda pid=pid: filming.recorder.pid not in (pid, None),  # type: ignore[misc]
        )
    status = filming.recorder.status
    assert status is not None
    assert (status.restarts, status.kept) == (2, 2)
    assert len(list_clips(Path(config.folder))) == 2
    assert max(filming.calls_s) < LONGEST_CALL_S


def test_one_that_hangs_is_not_waited_for_and_replaced(
    config: RecordingConfig, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    filming = make(config)
    filming.begin()
    monkeypatch.setattr(process_module, "HUNG_S", 1.0)
    pid = filming.recorder.pid
    assert pid is not None
    filming.calls_s.clear()
    os.kill(pid, signal.SIGSTOP)
    filming.film(0.9)
    filming.event()
    assert max(filming.calls_s) < LONGEST_CALL_S  # its slots are full, and frames are dropped
    status = filming.recorder.status
    assert status is not None
    assert status.frames_dropped > 0
    assert filming.film(PATIENCE_S, lambda: filming.recorder.pid not in (pid, None))
    assert filming.film(PATIENCE_S, lambda: not Path(f"/proc/{pid}").exists())


@pytest.mark.slow
def test_a_bad_folder_is_said_and_harms_nobody(config: RecordingConfig, make: Make) -> None:
    Path(config.folder).touch()
    filming = make(config)
    filming.begin()

    def said() -> bool:
        status = filming.recorder.status
        return status is not None and "clips" in str(status.error)

    assert filming.film(PATIENCE_S, said)
    filming.event()
    assert filming.film(PATIENCE_S, lambda: filming.recorder.status.lost == 1)  # type: ignore[union-attr]
    assert filming.recorder.flag is RecordingFlag.ON


@pytest.mark.slow
class TestForward:
    @pytest.fixture
    def road(self, tmp_path: Path) -> Path:
        """Two seconds of a forward camera, then its end."""
        path = tmp_path / "road.avi"
        video = cv2.VideoWriter(
            str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (160, 120), isColor=False
        )
        for _ in range(40):
            video.write(np.full((120, 160), 250, np.uint8))
        video.release()
        return path

    def test_both_cameras_are_in_the_clip_on_one_clock(
        self, config: RecordingConfig, make: Make, road: Path
    ) -> None:
        filming = make(replace(config, forward_camera=f"file:{road}?loop=1"))
        filming.begin()
        # Opening a camera takes a while, and on a busy machine a long one.
        for number in range(1, 12):
            filming.film(1.1)
            filming.event()
            assert filming.film(PATIENCE_S, lambda number=number: filming.kept() == number)  # type: ignore[misc]
            clip = read_clip(list_clips(Path(config.folder))[-1].path)
            if any(shot.camera == FORWARD and shot.captured_s < -0.7 for shot in clip.shots):
                break
        cabin = [shot.captured_s for shot in clip.shots if shot.camera == CABIN]
        forward = [shot for shot in clip.shots if shot.camera == FORWARD]
        assert clip.header.shots == (len(cabin), len(forward))
        assert len(forward) >= 6
        assert abs(forward[0].captured_s - forward[-1].captured_s) > 1.0
        assert all(decompress(shot.jpeg).mean() > 245 for shot in forward)
        # Both begin and end within a few frames of each other.
        assert abs(forward[0].captured_s - cabin[0]) < 0.6
        assert abs(forward[-1].captured_s - cabin[-1]) < 0.6

    def test_one_that_is_missing_is_said_and_the_cabin_is_kept(
        self, config: RecordingConfig, make: Make, tmp_path: Path
    ) -> None:
        filming = make(replace(config, forward_camera=f"file:{tmp_path / 'none.avi'}"))
        filming.begin()

        def said() -> bool:
            status = filming.recorder.status
            return status is not None and "there is no file" in str(status.forward_error)

        assert filming.film(PATIENCE_S, said)
        filming.event()
        assert filming.film(PATIENCE_S, lambda: filming.kept() == 1)
        assert only_clip(config).header.shots[FORWARD] == 0

    def test_one_that_dies_is_started_anew(
        self, config: RecordingConfig, make: Make, road: Path
    ) -> None:
        filming = make(replace(config, forward_camera=f"file:{road}?loop=1"))
        filming.begin()
        filming.film(1.5)
        for _ in range(2):
            (child,) = children(filming.recorder.pid)
            os.kill(child, signal.SIGKILL)
            assert filming.film(
                PATIENCE_S,
                lambda child=child: children(filming.recorder.pid) not in ([], [child]),  # type: ignore[misc]
            )
        filming.film(1.0)
        filming.event()
        assert filming.film(PATIENCE_S, lambda: filming.kept() == 1)
        assert only_clip(config).header.shots[CABIN] >= 6

    def test_it_is_closed_in_standby_and_with_the_daemon(
        self, config: RecordingConfig, make: Make, road: Path
    ) -> None:
        filming = make(replace(config, forward_camera=f"file:{road}?loop=1"))
        filming.begin()
        assert filming.film(PATIENCE_S, lambda: len(children(filming.recorder.pid)) == 1)
        filming.recorder.pause(paused=True)
        assert filming.film(PATIENCE_S, lambda: children(filming.recorder.pid) == [])
        filming.recorder.pause(paused=False)
        assert filming.film(PATIENCE_S, lambda: len(children(filming.recorder.pid)) == 1)
        (child,) = children(filming.recorder.pid)
        filming.recorder.stop(PATIENCE_S)
        deadline_s = time.monotonic() + PATIENCE_S
        while Path(f"/proc/{child}").exists():
            assert time.monotonic() < deadline_s
            time.sleep(0.02)

    @pytest.mark.parametrize("wrong", [{"device_key": "/nowhere"}, {"forward_camera": "road:"}])
    def test_a_service_goes_on_without_a_recorder_and_says_why(
        self, config: RecordingConfig, wrong: dict[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        """A credential that was not loaded must not keep the bus silent."""
        recorder = RecorderProcess(replace(config, **wrong), keep_going=True)
        filming = Filming(recorder)
        assert not filming.film(0.2)
        filming.event()
        recorder.pause(paused=True)
        assert recorder.pid is None
        assert recorder.flag is RecordingFlag.OFF
        assert "nothing is recorded: " in caplog.text
        status = recorder.status
        assert status is not None
        assert status.error is not None
        assert next(iter(wrong.values())) in status.error

    def test_a_uri_that_is_none_is_refused_at_the_start(self, config: RecordingConfig) -> None:
        with pytest.raises(UserError, match="unknown scheme 'road'"):
            RecorderProcess(replace(config, forward_camera="road:"))


def children(pid: int | None) -> list[int]:
    """Return the processes that `pid`, with all its threads, has started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except FileNotFoundError:
            continue
    return found
