"""The daemon's own figures."""

import socket
from pathlib import Path

import pytest

from edge_fer.daemon.notify import Notifier
from edge_fer.health.meter import CounterRate, HealthMeter, Stages, shedding_text
from edge_fer.health.thermal import Thermometer
from edge_fer.health.throttling import ThrottleWatch


def test_rate_latency_and_dropped_frames_are_counted() -> None:
    meter = HealthMeter()
    for index in range(100):
        captured_s = index / 25
        meter.frame(sequence=2 * index, captured_s=captured_s, done_s=captured_s + 0.004)
    health = meter.read(99 / 25)
    assert health.frames == 100
    assert health.dropped == 99
    assert health.fps == pytest.approx(25, rel=0.01)
    assert health.latency_ms == pytest.approx(4, rel=0.01)


def test_a_stalled_pipeline_has_no_rate_and_no_latency() -> None:
    meter = HealthMeter()
    for index in range(10):
        meter.frame(sequence=index, captured_s=index / 30, done_s=index / 30)
    health = meter.read(10 / 30 + 1.1)
    assert (health.fps, health.latency_ms) == (0.0, None)


def test_a_pause_is_no_slow_frame() -> None:
    meter = HealthMeter()
    for index in range(100):
        meter.frame(sequence=index, captured_s=index / 30, done_s=index / 30)
    meter.pause()
    assert (meter.read(4.0).fps, meter.read(4.0).latency_ms) == (0.0, None)
    for index in range(100, 110):
        meter.frame(sequence=index, captured_s=100 + index / 30, done_s=100 + index / 30)
    assert meter.read(100 + 110 / 30).fps == pytest.approx(30, rel=0.01)


def hot_machine(root: Path, millidegrees: int) -> Thermometer:
    zone = root / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True, exist_ok=True)
    (zone / "temp").write_text(f"{millidegrees}\n")
    return Thermometer(root)


@pytest.mark.parametrize(("sheds", "most_fps"), [(True, 8.0), (False, None)])
def test_a_hot_machine_is_said_and_relieved(
    tmp_path: Path, sheds: bool, most_fps: float | None
) -> None:
    throttle = ThrottleWatch(tmp_path)
    meter = HealthMeter(sheds=sheds, thermometer=hot_machine(tmp_path, 83_400), throttle=throttle)
    health = meter.read(0.0)
    assert (health.temperature_c, health.limit_c) == (83.4, 80.0)
    assert (health.shed_for, health.most_fps) == ("heat", most_fps)
    assert "hot (83 of 80 °C)" in shedding_text(health)
    hot_machine(tmp_path, 51_000)
    health = meter.read(1.0)
    assert (health.shed_for, health.most_fps) == ("", None)
    assert shedding_text(health) == "all frames are looked at (temperature 51 of 80 °C)"


def test_each_stage_has_its_rate(tmp_path: Path) -> None:
    meter = HealthMeter(thermometer=Thermometer(tmp_path), throttle=ThrottleWatch(tmp_path))
    for index in range(300):
        stages = Stages(face=True, detection=index % 10 == 0, emotion=index % 2 == 0)
        now_s = index / 30
        meter.frame(sequence=index, captured_s=now_s, done_s=now_s, stages=stages)
    health = meter.read(10.0)
    assert health.temperature_c is None
    assert health.face_fps == pytest.approx(30.0, rel=0.01)
    assert health.emotion_fps == pytest.approx(15.0, rel=0.1)
    assert health.detection_fps == pytest.approx(3.0, rel=0.3)


def test_the_service_manager_hears_of_readiness(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(2)
        Notifier(str(path)).send("READY=1", "STATUS=attentive, 30 fps")
        assert manager.recv(100) == b"READY=1\nSTATUS=attentive, 30 fps"


def test_an_abstract_address_works_too() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0edge-fer-test-notify")
        manager.settimeout(2)
        Notifier("@edge-fer-test-notify").send("WATCHDOG=1")
        assert manager.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", ["", "/nonexistent/notify"])
def test_without_a_service_manager_nothing_happens(address: str) -> None:
    Notifier(address).send("READY=1")


def test_stalls_and_restarts_of_the_last_hour() -> None:
    meter = HealthMeter()
    meter.silence(0.0)  # before the first frame nothing has stalled
    for start_s in (10.0, 20.0, 4000.0):
        meter.frame(sequence=int(start_s), captured_s=start_s, done_s=start_s)
        for tick in range(5):
            meter.silence(start_s + 1 + tick / 10)
    meter.silence(12.0, restarted=True)
    meter.silence(4001.0, restarted=True)
    health = meter.read(4002.0)
    assert (health.stalls_last_hour, health.camera_restarts_last_hour) == (1, 1)
    health = meter.read(8000.0)
    assert (health.stalls_last_hour, health.camera_restarts_last_hour) == (0, 0)


def test_the_rate_of_the_camera_counts_what_the_pipeline_did_not_see() -> None:
    meter = HealthMeter()
    for frame in range(200):  # each third frame of a camera with 30 fps
        meter.frame(sequence=3 * frame, captured_s=frame / 10, done_s=frame / 10)
    health = meter.read(19.9)
    assert health.fps == pytest.approx(10.0, rel=0.01)
    assert health.camera_fps == pytest.approx(30.0, rel=0.01)
    assert health.dropped == 2 * 199


def test_frames_before_the_first_that_was_seen_are_dropped_ones_too() -> None:
    meter = HealthMeter()
    meter.frame(sequence=2, captured_s=0.0, done_s=0.0)
    health = meter.read(0.1, camera_frames=3)
    assert health.frames + health.dropped == health.camera_frames


def test_the_rate_of_a_counter() -> None:
    rate = CounterRate()
    assert rate.read(100, 10.0) == 0.0
    assert rate.read(110, 10.5) == 20.0
    assert rate.read(110, 10.5) == 0.0  # no time has passed
    assert rate.read(0, 11.0) == 0.0  # it began anew
