"""SIGHUP: what can change while the daemon runs does, and for the rest the log says what to do."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_fer.camera.scene import Scene
from edge_fer.camera.settings import CameraConfig
from edge_fer.config.config import Config, LogConfig
from edge_fer.config.live import LiveConfig
from edge_fer.daemon.status_server import ask
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState
from edge_fer.errors import DaemonError, UserError
from edge_fer.observation import (
    CameraCondition,
    EyeReading,
    EyesReading,
    FaceBox,
    HeadPose,
    Observation,
)
from firmware_bridge.terminal.pty_wire import PtyWire

PATIENCE_S = 60.0  # a bound against hanging
FACE = FaceBox(100, 100, 120, 120, score=9)
CALM = np.array([0, 0, 0, 0, 0, 0, 1], np.float32)
ANGRY = np.array([0.9, 0, 0, 0, 0, 0, 0.1], np.float32)
CALMER = PolicySettings(low_after_s=20.0)


class File:
    """Stands for a config file."""

    def __init__(self) -> None:
        self.config: Config | UserError = Config()

    def load(self) -> Config:
        if isinstance(self.config, UserError):
            raise self.config
        return self.config


@pytest.fixture
def file() -> File:
    return File()


@pytest.fixture
def live(file: File, caplog: pytest.LogCaptureFixture) -> LiveConfig:
    caplog.set_level(logging.INFO)
    return LiveConfig(file.load)


def reload(live: LiveConfig) -> Config | None:
    live.ask(signal.SIGHUP, None)
    return live.changed()


def test_no_password_is_in_the_log(
    file: File, live: LiveConfig, caplog: pytest.LogCaptureFixture
) -> None:
    file.config = replace(Config(), camera=CameraConfig("rtsp://u:secret@camera/"))
    reload(live)
    assert 'camera.uri = "rtsp://camera" needs a restart' in caplog.text
    assert "secret" not in caplog.text


def test_nothing_is_read_without_a_signal(file: File, live: LiveConfig) -> None:
    file.config = Config(driver_state=CALMER)
    assert live.changed() is None
    assert live.config == Config()


def test_the_policy_changes_at_once(
    file: File, live: LiveConfig, caplog: pytest.LogCaptureFixture
) -> None:
    file.config = Config(driver_state=CALMER)
    assert reload(live) == file.config == live.config
    assert caplog.messages == ["config: driver_state.low_after_s is 20.0 now"]
    assert live.changed() is None


def test_what_needs_a_restart_is_said_once_and_stays(
    file: File, live: LiveConfig, caplog: pytest.LogCaptureFixture
) -> None:
    file.config = Config(camera=CameraConfig(fps=15), log=LogConfig("debug"))
    assert reload(live) == Config(log=LogConfig("debug"))
    assert caplog.messages == [
        "config: camera.fps = 15 needs a restart",
        'config: log.level is "debug" now',
    ]
    assert reload(live) is None
    assert caplog.messages[2:] == ["config: read anew, nothing changed"]


def test_a_wrong_file_changes_nothing(
    file: File, live: LiveConfig, caplog: pytest.LogCaptureFixture
) -> None:
    file.config = UserError("camera.fps: 0 is not in 1..120 (config.toml line 7)")
    assert reload(live) is None
    assert "config.toml line 7" in caplog.text
    file.config = replace(Config(), driver_state=CALMER)
    assert reload(live) == file.config


def test_a_wrong_file_at_the_start_is_the_callers(file: File) -> None:
    file.config = UserError("no such file")
    with pytest.raises(UserError, match="no such file"):
        LiveConfig(file.load)


def test_emotions_switched_off_are_forgotten_at_once() -> None:
    monitor = StateMonitor(PolicySettings(), 0.0)
    eye = EyeReading(0.36, 0.05, 0.0, 0.1, 0.9, 40.0)
    for tick in range(180):
        shown = CALM if tick < 100 else ANGRY
        monitor.observe(
            Observation(
                tick / 10,
                CameraCondition.GOOD,
                FACE,
                shown,
                head=HeadPose(0, 0, 0),
                eyes=EyesReading(eye, eye),
            )
        )
    assert monitor.decision.state is DriverState.AGITATED
    monitor.change_settings(PolicySettings(emotion_states=False))
    decision = monitor.observe(Observation(18.0, CameraCondition.GOOD, None, None))
    assert decision.state is DriverState.ATTENTIVE
    assert decision.probabilities is None
    assert decision.emotion is None


def wait_for(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_a_running_daemon_reads_its_config_anew(tmp_path: Path) -> None:
    path, log = tmp_path / "edge-fer.toml", tmp_path / "log"
    path.write_text("[driver_state]\nready_after_s = 30\n")
    with PtyWire() as wire, log.open("wb") as writing:
        command = ["run", "--camera", "demo:?loop=1", "--link", f"slcan:{wire.end_a}"]
        daemon = subprocess.Popen(
            [sys.executable, "-m", "edge_fer", *command, "--config", path],
            stdin=subprocess.DEVNULL,
            stderr=writing,
            # As a service manager starts it, which sends SIGHUP to have the config read anew.
            env=os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify")},
        )
        try:
            wait_for(lambda: "first frame" in log.read_text())
            path.write_text("[camera]\nfps = 0\n")
            daemon.send_signal(signal.SIGHUP)
            wait_for(lambda: "camera.fps: 0 is not in 1..120" in log.read_text())
            assert "attentive" not in log.read_text()
            path.write_text("[camera]\nfps = 15\n[driver_state]\nready_after_s = 0\n")
            daemon.send_signal(signal.SIGHUP)
            wait_for(lambda: "driver state: attentive" in log.read_text())
            assert "camera.fps = 15 needs a restart" in log.read_text()
            assert "driver_state.ready_after_s is 0.0 now" in log.read_text()
        finally:
            daemon.terminate()
            assert daemon.wait(PATIENCE_S) == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, 0), (signal.SIGTERM, 0), (signal.SIGINT, 130)]
)
def test_a_closed_terminal_ends_what_a_person_started(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    path, log = tmp_path / "edge-fer.toml", tmp_path / "log"
    path.write_text("")
    environment = {name: text for name, text in os.environ.items() if name != "NOTIFY_SOCKET"}
    with log.open("wb") as writing:
        command = ["run", "--camera", "demo:?loop=1", "--link", "virtual:closed"]
        daemon = subprocess.Popen(
            [sys.executable, "-m", "edge_fer", *command, "--config", path],
            stdin=subprocess.DEVNULL,
            stderr=writing,
            env=environment,
        )
        try:
            wait_for(lambda: "first frame" in log.read_text())
            assert f"config: {path}" in log.read_text()
            daemon.send_signal(number)
            assert daemon.wait(PATIENCE_S) == code
        finally:
            daemon.kill()
            daemon.wait()


def film_of_a_driver_at_the_left_edge(path: Path) -> Path:
    """Write five seconds of the demo's driver, moved out of the seat of one who sits on the left.

    A camera looks back: who sits on the right is left in the picture.
    """
    scene, fps, aside_px = Scene(), 15, 200
    film = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (640, 480), isColor=False
    )
    assert film.isOpened()
    for number in range(5 * fps):
        grey = scene.render(number / fps)[:, aside_px:]
        film.write(cv2.copyMakeBorder(grey, 0, 0, 0, aside_px, cv2.BORDER_REPLICATE))
    film.release()
    return path


@pytest.mark.slow
def test_a_running_daemon_looks_at_the_other_seat_once_the_drivers_side_changes(
    tmp_path: Path,
) -> None:
    film = film_of_a_driver_at_the_left_edge(tmp_path / "driver.avi")
    path, log = tmp_path / "edge-fer.toml", tmp_path / "log"
    (tmp_path / "run").mkdir()
    socket = tmp_path / "run" / "status.socket"

    def finds_faces() -> bool | None:
        """Whether it does in more than one frame a second; None while it does not answer."""
        with suppress(DaemonError):
            answer = ask(socket)
            return None if answer is None else answer.status.health.face_fps > 1.0
        return None

    def sit(side: str) -> None:
        path.write_text(f'[driver_state]\ndriver_side = "{side}"\n')

    sit("right")
    with log.open("wb") as writing:
        command = ["run", "--camera", f"file:{film}?loop=1", "--link", "virtual:seats"]
        daemon = subprocess.Popen(
            [sys.executable, "-m", "edge_fer", *command, "--config", path],
            stdin=subprocess.DEVNULL,
            stderr=writing,
            env=os.environ
            | {
                "NOTIFY_SOCKET": str(tmp_path / "notify"),
                "RUNTIME_DIRECTORY": str(tmp_path / "run"),
            },
        )
        try:
            wait_for(lambda: "driver state: attentive" in log.read_text())
            wait_for(lambda: finds_faces() is True)
            sit("left")
            daemon.send_signal(signal.SIGHUP)
            wait_for(lambda: 'driver_state.driver_side is "left" now' in log.read_text())
            # Nobody sits there: no face is found any more, and that becomes a state.
            wait_for(lambda: finds_faces() is False)
            wait_for(lambda: "driver state: no driver" in log.read_text())
            sit("right")
            daemon.send_signal(signal.SIGHUP)
            wait_for(lambda: log.read_text().count("driver state: attentive") == 2)
            wait_for(lambda: finds_faces() is True)
        finally:
            daemon.terminate()
            assert daemon.wait(PATIENCE_S) == 0
