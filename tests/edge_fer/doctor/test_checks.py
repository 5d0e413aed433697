"""`edge-fer doctor`: each thing that can be wrong with a device is found, and has a remedy."""

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from edge_fer import paths
from edge_fer.camera import open_camera
from edge_fer.camera.settings import CameraConfig
from edge_fer.cli import device_config
from edge_fer.cli.app import app
from edge_fer.config.config import Config
from edge_fer.daemon.status import Status
from edge_fer.daemon.status_server import StatusServer
from edge_fer.doctor import checks as doctor_module
from edge_fer.doctor.checks import (
    Picture,
    check_camera,
    check_clock,
    check_daemon,
    check_disk,
    check_driver,
    check_driver_seen,
    check_face,
    check_link,
    check_model,
    check_running,
    check_temperature,
    check_throttling,
    check_writing,
    device_path,
    missing_group,
)
from edge_fer.doctor.finding import Level
from edge_fer.doctor.history import check_history
from edge_fer.face.settings import FaceConfig
from edge_fer.health.meter import Health
from edge_fer.models.settings import ModelConfig
from edge_fer.paths import SHIPPED_MODEL
from edge_fer.recording.flag import RecordingStatus
from edge_fer.vehicle.settings import LinkConfig
from firmware_bridge.link.link import LinkCounters

VIDEO = 44  # some group


@pytest.fixture(autouse=True)
def no_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(paths, "SERVICE_RUNTIME", tmp_path)
    monkeypatch.setattr(paths, "RUN_USER", tmp_path / "none")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(device_config, "DEVICE_CONFIG", tmp_path / "config.toml")


@pytest.mark.parametrize("uri", ["rtsp://u:secret@127.0.0.1:1/x", "rtp://u:secret@cam/"])
def test_no_password_is_in_a_finding(uri: str) -> None:
    finding = check_camera(camera(uri))
    assert finding.level is Level.FAILED
    assert "//" in finding.text
    assert "secret" not in finding.text + finding.remedy


def camera(uri: str) -> Config:
    return replace(Config(), camera=CameraConfig(uri))


def test_a_good_camera_and_its_rate() -> None:
    finding = check_camera(camera("demo:?loop=1"))
    assert "demo:?loop=1: 640x480, " in finding.text
    assert "of 30 fps" in finding.text
    assert finding.level in (Level.OK, Level.WARNING)  # a busy machine does not keep the rate


def test_a_covered_lens_is_a_warning() -> None:
    finding = check_camera(camera("demo:?start=12.6&loop=1"))
    assert finding.level is Level.WARNING
    assert "blocked" in finding.text
    assert "lens" in finding.remedy


def test_a_face_is_seen_or_it_is_said_that_there_is_none() -> None:
    scene = open_camera("demo:?speed=max", fps=10)
    frames = [scene.read() for _ in range(12)]
    scene.close()
    shown = [Picture(grey, index / 10) for index, grey in enumerate(frames) if grey is not None]
    assert len(shown) == 12
    assert check_driver(camera("demo:"), shown).level is Level.OK
    empty = [replace(one, grey=np.full_like(one.grey, 90)) for one in shown]
    finding = check_driver(camera("demo:"), empty)
    assert (finding.level, finding.text) == (Level.NOTE, "no face in 12 pictures")
    assert "seat_region" in finding.remedy


@pytest.mark.parametrize(
    ("said", "level", "words"),
    [
        ({"face_fps": 28.0}, Level.OK, "a face in 28 of 30 frames a second"),
        ({}, Level.NOTE, "no face: attentive (enough evidence)"),
    ],
)
def test_a_running_daemon_is_asked_for_the_face(
    said: dict[str, Any], level: Level, words: str
) -> None:
    finding = check_driver_seen(running(said, {}))
    assert finding.level is level
    assert words in finding.text
    resting = running(said, {}, state="not available", reason="standby: off")
    assert "not looked for: standby" in check_driver_seen(resting).text


@pytest.mark.parametrize(
    ("camera_fps", "remedy"), [(6.0, "more light"), (30.0, "what else does this machine")]
)
def test_a_rate_that_fell_is_a_warning_with_what_to_do(camera_fps: float, remedy: str) -> None:
    of_camera, _ = check_running(running({"fps": 6.0, "camera_fps": camera_fps}, {}))
    assert of_camera.level is Level.WARNING
    assert remedy in of_camera.remedy


@pytest.mark.parametrize("uri", ["v4l2:/dev/video99", "webcam:0", "file:/nowhere.mp4"])
def test_a_camera_that_does_not_open(uri: str) -> None:
    finding = check_camera(camera(uri))
    assert finding.level is Level.FAILED
    assert uri in finding.text


def test_a_model_that_computes_otherwise(tmp_path: Path) -> None:
    assert check_model(Config()).level is Level.OK
    for path in (SHIPPED_MODEL, SHIPPED_MODEL.with_suffix(".json")):
        shutil.copy(path, tmp_path / path.name)
    card = tmp_path / "edge.json"
    card.write_text(card.read_text().replace('"sha256": "', '"sha256": "0', 1))
    finding = check_model(replace(Config(), model=ModelConfig(str(tmp_path / "edge.tflite"))))
    assert finding.level is Level.FAILED


def test_the_face_detector(tmp_path: Path) -> None:
    finding = check_face(Config())
    assert finding.level is Level.OK
    assert "Haar" in finding.text
    assert "face.tflite" in finding.text
    assert "eyes.tflite" in finding.text
    face = FaceConfig(detector="yunet", model=str(tmp_path / "gone.onnx"))
    finding = check_face(replace(Config(), face=face))
    assert finding.level is Level.FAILED
    assert "model fetch yunet" in finding.text


def test_yunet_and_the_eyes(yunet_model: Path) -> None:
    face = FaceConfig(detector="yunet", model=str(yunet_model))
    finding = check_face(replace(Config(), face=face))
    assert finding.level is Level.OK
    assert "eyes.tflite" in finding.text


def test_a_face_network_that_is_not_there(tmp_path: Path) -> None:
    model = ModelConfig(face_path=str(tmp_path / "gone.tflite"))
    finding = check_face(replace(Config(), model=model))
    assert finding.level is Level.FAILED
    assert "gone.tflite" in finding.text


def test_a_port(tmp_path: Path) -> None:
    assert check_link(replace(Config(), link=LinkConfig("virtual:doctor"))).level is Level.OK
    for uri in ("slcan:/dev/ttyNOTHERE", "can0"):
        finding = check_link(replace(Config(), link=LinkConfig(uri)))
        assert finding.level is Level.FAILED
        assert uri.rpartition(":")[2] in finding.text


def test_which_group_is_missing(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to a group that it is not in")
    path = tmp_path / "video0"
    path.touch()
    os.chown(path, 0, VIDEO)
    path.chmod(0o660)
    assert missing_group(path, 1000, {VIDEO}) is None
    assert missing_group(path, 0, set()) is None
    assert missing_group(path, 1000, {1000}) == "video"
    path.chmod(0o640)
    assert missing_group(path, 1000, {VIDEO}) == "video"
    path.chmod(0o666)
    assert missing_group(path, 1000, set()) is None
    assert missing_group(tmp_path / "missing", 1000, set()) is None


def test_which_uris_name_a_device() -> None:
    assert device_path("v4l2:/dev/video0?fps=15") == Path("/dev/video0")
    assert device_path("slcan:/dev/ttyUSB0") == Path("/dev/ttyUSB0")
    assert device_path("slcan:socket://192.168.4.1:3333?bitrate=250k") is None
    assert device_path("socketcan:can0") is None
    assert device_path("demo:") is None


@pytest.mark.parametrize(
    ("bits", "level", "words", "remedy"),
    [
        ("0", Level.OK, "none", ""),
        ("50005", Level.FAILED, "now: undervoltage, throttled", "supply"),
        ("50000", Level.WARNING, "since the start: undervoltage", "supply"),
        ("80008", Level.FAILED, "now: soft temperature", "cooling"),
    ],
)
def test_throttling(tmp_path: Path, bits: str, level: Level, words: str, remedy: str) -> None:
    path = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    path.parent.mkdir(parents=True)
    path.write_text(f"{bits}\n")
    finding = check_throttling(tmp_path)
    assert finding.level is level
    assert words in finding.text
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("celsius", "level"), [(50, Level.OK), (77, Level.WARNING), (85, Level.FAILED)]
)
def test_temperature(tmp_path: Path, celsius: int, level: Level) -> None:
    path = tmp_path / "sys/class/thermal/thermal_zone0/temp"
    path.parent.mkdir(parents=True)
    path.write_text(f"{celsius}000\n")
    assert check_temperature(tmp_path).level is level


def test_a_machine_that_says_nothing_is_not_ill(tmp_path: Path) -> None:
    assert check_throttling(tmp_path).level is Level.NOTE
    assert check_temperature(tmp_path).level is Level.NOTE
    assert check_clock(lambda: None).level is Level.NOTE


def test_clock() -> None:
    assert check_clock(lambda: 0x2001).level is Level.OK
    assert check_clock(lambda: 0x0041).level is Level.WARNING
    assert check_clock().level in Level  # the real one


def test_disk(tmp_path: Path) -> None:
    assert "MB free" in check_disk(tmp_path / "not" / "there" / "yet").text


def test_where_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = check_writing("recording", "recording.folder", tmp_path / "no" / "such")
    assert finding.level is Level.FAILED
    assert f"there is no folder {tmp_path / 'no'}" in finding.text
    finding = check_writing("prometheus", "health.prometheus_file", tmp_path)
    assert finding.level is Level.WARNING  # the sandbox would refuse it
    assert "/var/lib/edge-fer" in finding.remedy
    monkeypatch.setattr(doctor_module, "SERVICE_STATE", tmp_path)
    finding = check_writing("recording", "recording.folder", tmp_path / "recordings")
    assert "MB free" in finding.text
    monkeypatch.setattr(doctor_module, "LEAST_FREE_BYTES", 1e18)
    finding = check_writing("recording", "recording.folder", tmp_path)
    assert finding.level is Level.WARNING


def running(health: dict[str, Any], counters: dict[str, Any], **more: Any) -> Status:
    """Return the status of a daemon without any trouble, but for these."""
    status = Status(
        version="0.1.0",
        pid=4711,
        uptime_s=60.0,
        state="attentive",
        reason="enough evidence",
        camera="demo:",
        model="/models/edge.tflite",
        model_is_fallback=False,
        link="slcan:/dev/ttyUSB0",
        health=replace(Health(900, 3, 30.0, 4.0, 61.0), **health),
        counters=replace(LinkCounters(True, 0, 500, 0, 0, 40, 0, 0, 0), **counters),
    )
    return replace(status, **more)


RECORDING = RecordingStatus("on", "/clips", True, 3, 21_000_000, 1, 0, 4, 0, None, None)


def test_a_daemon_without_troubles() -> None:
    (finding,) = check_history(running({}, {}))
    assert finding.level is Level.OK


@pytest.mark.parametrize(
    ("said", "words", "remedy"),
    [
        (running({}, {}, restarts=2), "failed, 2 times", "journalctl"),
        (running({"stalls_last_hour": 7}, {}), "silent 7 times", "cable"),
        (running({"camera_restarts_last_hour": 3}, {}), "anew 3 times", "supply"),
        (running({"shed_for": "heat"}, {}), "because of heat", "cooling"),
        (running({"shed_for": "supply"}, {}), "because of supply", "stronger supply"),
        (running({}, {"connections_lost": 4}), "lost 4 times", "adapter"),
        (running({}, {"frames_dropped": 5}), "5 frames", "baud rate"),
        (running({}, {"channels_reopened": 2}), "opened again 2 times", "supply"),
        (running({}, {"frames_refused": 9}), "refused 9 frames", "?bitrate="),
        (running({}, {"bus_off": 1, "error_passive": 2}), "bus-off 3 times", "termination"),
        (running({}, {"unacknowledged": 8}), "no other node acknowledged 8 frames", "that is on"),
        (
            running({}, {"rejected_lines": 6, "controller_frames_rejected": 1}),
            "7 of the controller",
            "cobs:",
        ),
        (running({}, {}, recording=replace(RECORDING, error="no room")), "no room", "journalctl"),
        (running({}, {}, recording=replace(RECORDING, lost=2)), "2 clips", "recording.folder"),
    ],
)
def test_each_trouble_is_named_with_its_remedy(said: Status, words: str, remedy: str) -> None:
    (finding,) = check_history(said)
    assert finding.level is Level.WARNING
    assert words in finding.text
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("said", "camera", "link"),
    [
        (running({}, {}), "demo:: 30 fps, says the daemon", "open, says"),
        (running({"fps": 0.0}, {}), "demo:: 0 fps, says the daemon", "open, says"),
        (
            running({"fps": 0.0}, {}, state="not available", reason="standby: off"),
            "demo:: 0 fps",
            "open, says",
        ),
        (
            running({"fps": 0.0}, {"connected": False}, camera_error="camera demo:: it is gone"),
            "demo:: it is gone, says the daemon",
            "lost, says",
        ),
    ],
)
def test_what_only_the_daemon_can_open_it_is_asked(said: Status, camera: str, link: str) -> None:
    of_camera, of_link = check_running(said)
    assert of_camera.text.startswith(camera)
    assert link in of_link.text
    well = said.health.fps > 0 or said.is_standby
    assert of_camera.level is (Level.OK if well else Level.FAILED)
    assert of_link.level is (Level.OK if said.counters.connected else Level.FAILED)


def test_a_daemon_that_does_not_run_is_starting_or_is_stalled(tmp_path: Path) -> None:
    finding, runs, status = check_daemon()
    assert (finding.level, runs, status) == (Level.NOTE, False, None)
    server = StatusServer(tmp_path / "status.socket", None)
    try:
        finding, runs, status = check_daemon()
        assert (finding.text, runs, status) == ("is starting", True, None)
        server.publish(running({}, {}), time.monotonic() - 60.0)
        finding, runs, status = check_daemon()
        assert (finding.level, runs, status) == (Level.FAILED, True, running({}, {}))
        assert "stalled for 60 s" in finding.text
        server.publish(running({}, {}), time.monotonic())
        assert check_daemon()[0].text == "runs: attentive (enough evidence)"
    finally:
        server.stop()


def doctor(**environment: str) -> Result:
    return CliRunner().invoke(app, ["doctor", "--json"], env=environment)


GOOD = {"EDGE_FER__CAMERA__URI": "demo:?loop=1", "EDGE_FER__LINK__URI": "virtual:doctor"}


@pytest.mark.slow
def test_a_whole_visit() -> None:
    done = doctor(**GOOD)
    findings = {item["check"]: item for item in json.loads(done.stdout)}
    assert list(findings) == [
        "config",
        "daemon",
        "model",
        "face",
        "camera",
        "driver",
        "link",
        "permissions",
        "throttling",
        "temperature",
        "clock",
        "memory limits",
        "swap",
        "config access",
        "disk",
    ]
    failed = [item for item in findings.values() if item["level"] == "failed"]
    assert done.exit_code == (1 if failed else 0)
    assert findings["link"]["level"] == "ok"


def test_what_fails_is_an_exit_code() -> None:
    done = doctor(**GOOD | {"EDGE_FER__LINK__URI": "slcan:/dev/ttyNOTHERE"})
    assert done.exit_code == 1
    done = doctor(EDGE_FER__CAMERA__FPS="0")
    assert done.exit_code == 1
    assert json.loads(done.stdout)[0]["remedy"] == "edge-fer config check"
