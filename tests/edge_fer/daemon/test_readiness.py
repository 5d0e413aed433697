"""READY=1 once, and numbers for the process after this one."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from edge_fer.config.config import Config
from edge_fer.daemon.notify import Notifier
from edge_fer.daemon.readiness import SAVE_EVERY_S, Readiness
from edge_fer.daemon.resume import ResumeFile
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.observation import CameraCondition, FaceBox, Observation


@pytest.fixture
def driver() -> StateMonitor:
    settings = replace(Config().driver_state.for_model(0.5), emotion_states=False)
    return StateMonitor(settings, 0.0)


def watch(driver: StateMonitor, seconds: float) -> None:
    face = FaceBox(0, 0, 100, 100, 1.0)
    for number in range(int(seconds * 30)):
        driver.observe(Observation(number / 30, CameraCondition.GOOD, face, None))


def test_ready_is_sent_once(manager: socket.socket, driver: StateMonitor) -> None:
    readiness = Readiness(Notifier(manager.getsockname()), ResumeFile(None), driver)
    assert readiness.notify_ready()
    assert not readiness.notify_ready()
    readiness.notify_stopping()
    assert [manager.recv(100), manager.recv(100)] == [b"READY=1", b"STOPPING=1"]


def test_numbers_are_left_only_once_a_driver_was_seen(tmp_path: Path, driver: StateMonitor) -> None:
    path = tmp_path / "resume.json"
    readiness = Readiness(Notifier(None), ResumeFile(path), driver)
    readiness.save_resume(1.0)
    assert path.read_bytes() == b""
    watch(driver, 3.0)
    readiness.save_resume(3.0)
    left = ResumeFile(path).read(3.1)
    assert left is not None
    assert left.event_sequence == driver.decision.event_sequence


def test_they_are_renewed_before_they_are_too_old_and_not_with_each_frame(
    tmp_path: Path, driver: StateMonitor
) -> None:
    path = tmp_path / "resume.json"
    readiness = Readiness(Notifier(None), ResumeFile(path), driver)
    watch(driver, 3.0)
    readiness.save_resume(3.0)
    first = path.read_bytes()
    readiness.save_resume(3.1)
    assert path.read_bytes() == first
    readiness.save_resume(3.0 + SAVE_EVERY_S)
    assert path.read_bytes() != first
    readiness.end()
    assert not path.exists()
