"""The daemon itself in this process, over a virtual bus: what it does when the vehicle speaks."""

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge_fer.camera.process import CameraProcess
from edge_fer.camera.scene import Scene
from edge_fer.camera.settings import CameraConfig
from edge_fer.config.config import Config
from edge_fer.daemon import start as run_module
from edge_fer.daemon.assembly import assemble
from edge_fer.daemon.daemon import Daemon
from edge_fer.daemon.notify import Notifier
from edge_fer.daemon.signals import StopFlag
from edge_fer.daemon.start import FAILED_WAIT_S, run_daemon
from edge_fer.daemon.status import Status
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.states import DriverState
from edge_fer.errors import UserError
from edge_fer.face.settings import FaceConfig
from edge_fer.health.meter import HealthMeter
from edge_fer.health.thermal import Thermometer
from edge_fer.models.card import load_card, write_card
from edge_fer.models.settings import ModelConfig
from edge_fer.models.store import ModelStore
from edge_fer.observation import (
    CameraCondition,
    EyeReading,
    EyesReading,
    FaceBox,
    HeadPose,
    Observation,
)
from edge_fer.recording.settings import RecordingConfig
from edge_fer.vehicle.settings import LinkConfig
from firmware_bridge.benchmark.terminal import terminal
from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.errors import LinkError
from firmware_bridge.protocol.database import definition, value_code, value_name
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    FaultCountersMessage,
    HealthMessage,
    Message,
    PipelineFiguresMessage,
    encode,
)
from firmware_bridge.reception.watching import Watch
from firmware_bridge.transports import open_transport
from tests.own_seconds import OwnSeconds

ON = ControllerStatusMessage(enable=1, ignition=1, speed_km_h=72.0)
OFF = replace(ON, speed_km_h=0.0)  # with a switch or the ignition: only a parked vehicle may
_QUALITY = EmotionProbabilitiesMessage.SIGNALS[-1]
BACK_TO_WORK_S = 2.0
SAID_S = 2.0  # so soon the vehicle knows of a fault
BUSY_S = 1.5  # what a busy machine may add
PATIENCE_S = 60.0  # for a busy machine


class VehicleSide:
    """Speaks each 100 ms, while there is something to say, and remembers what it is told."""

    def __init__(self, bus: str) -> None:
        self._bus = open_transport(f"virtual:{bus}")
        self._known = definition(ControllerStatusMessage.NAME)
        self._sender = Profile22Sender(self._known.data_ids)
        self.says: ControllerStatusMessage | None = None
        self.watch = Watch(time.monotonic())
        self._next_s = time.monotonic()

    def step(self) -> None:
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + 0.1
            if self.says is not None:
                data = self._sender.protect(encode(self.says))
                self._bus.send(CanFrame(self._known.can_id, data, now_s))
        for frame in self._bus.receive(0.01):
            self.watch.take(frame)

    def until(self, condition: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
        deadline_s = time.monotonic() + within_s
        while not (came := condition()) and time.monotonic() < deadline_s:
            self.step()
        return came

    def latest(self, kind: type[Message]) -> Message | None:
        found = self.watch.latest(kind)
        return None if found is None else found[0]

    def hears(self, state: DriverState) -> bool:
        latest = self.latest(DriverStateMessage)
        return isinstance(latest, DriverStateMessage) and latest.state == state

    def close(self) -> None:
        self._bus.close()


class Running:
    """A daemon in a thread of this process, with its camera."""

    def __init__(self, config: Config, **assembly: Any) -> None:
        self.camera = CameraProcess(config.camera.uri, fps=config.camera.fps)
        arguments: dict[str, Any] = {"notifier": Notifier(None), "managed": False} | assembly
        self.daemon: Daemon = assemble(config, self.camera, **arguments)

    @property
    def films(self) -> bool:
        return self.camera.pid is not None

    @property
    def status(self) -> Status:
        return self.daemon.housekeeping.status(time.monotonic())


@pytest.fixture
def vehicle_side(request: pytest.FixtureRequest) -> Iterator[VehicleSide]:
    made = VehicleSide(request.node.name)
    yield made
    made.close()


def on_demo(bus: str, *, loop: bool = False) -> Config:
    camera = CameraConfig("demo:?loop=1" if loop else "demo:")
    return replace(Config(), camera=camera, link=LinkConfig(f"virtual:{bus}"))


@contextmanager
def running(config: Config, **assembly: Any) -> Iterator[Running]:
    made, stop = Running(config, **assembly), StopFlag()
    thread = threading.Thread(target=made.daemon.run, args=(stop,), daemon=True)
    thread.start()
    yield made
    stop.is_set = True
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


@pytest.fixture
def daemon(request: pytest.FixtureRequest, vehicle_side: VehicleSide) -> Iterator[Running]:
    with running(on_demo(request.node.name)) as made:
        yield made


@pytest.mark.slow
def test_it_stands_by_and_comes_back_as_the_vehicle_says(
    daemon: Running, vehicle_side: VehicleSide
) -> None:
    # Nobody speaks yet: it works, and knows nothing of the vehicle.
    assert vehicle_side.until(lambda: vehicle_side.hears(DriverState.ATTENTIVE))

    vehicle_side.says = ON
    assert vehicle_side.until(lambda: tells_its_figures(vehicle_side))

    for off in (replace(OFF, enable=0), replace(OFF, ignition=0)):
        vehicle_side.says = off
        assert vehicle_side.until(lambda: vehicle_side.hears(DriverState.NOT_AVAILABLE))
        assert not daemon.films
        given = daemon.camera.given
        # Long enough that a state left behind would be taken for a stalled vision loop, too.
        vehicle_side.until(lambda: False, 1.5)
        assert daemon.camera.given == given
        assert vehicle_side.latest(DriverStateMessage) == DriverStateMessage()
        assert vehicle_side.latest(EmotionProbabilitiesMessage) == EmotionProbabilitiesMessage()
        health = vehicle_side.latest(HealthMessage)
        assert isinstance(health, HealthMessage)
        assert (health.camera, health.fault, health.fps) == (None, 0, 0)

        vehicle_side.says = ON
        since_on = OwnSeconds()
        assert vehicle_side.until(lambda: vehicle_side.hears(DriverState.NOT_READY))
        assert since_on.passed < BACK_TO_WORK_S
        assert vehicle_side.until(lambda: vehicle_side.hears(DriverState.ATTENTIVE))
        assert daemon.films


def tells_its_figures(side: VehicleSide) -> bool:
    """Say whether the rates are those of a working pipeline, and nothing was restarted."""
    figures, counters = side.latest(PipelineFiguresMessage), side.latest(FaultCountersMessage)
    return (
        isinstance(figures, PipelineFiguresMessage)
        and isinstance(counters, FaultCountersMessage)
        and None not in (figures.camera_fps, figures.frames_dropped)
        and bool(figures.face_fps and figures.emotion_fps)
        and (counters.camera_restarts_per_hour, counters.connections_lost) == (0, 0)
    )


@pytest.mark.slow
def test_a_vehicle_that_falls_silent_is_unknown_and_its_no_holds(
    daemon: Running, vehicle_side: VehicleSide
) -> None:
    vehicle_side.says = ON
    assert vehicle_side.until(lambda: daemon.daemon.link.controller == ON)
    vehicle_side.says = None
    assert vehicle_side.until(lambda: daemon.daemon.link.controller is None)
    assert daemon.films

    vehicle_side.says = replace(OFF, enable=0)
    assert vehicle_side.until(lambda: not daemon.films)
    vehicle_side.says = None
    assert not vehicle_side.until(lambda: daemon.films, 2.0)
    assert vehicle_side.hears(DriverState.NOT_AVAILABLE)

    vehicle_side.says = ON
    assert vehicle_side.until(lambda: daemon.films)


@pytest.mark.slow
@pytest.mark.usefixtures("patient_checks")
def test_a_new_model_that_fails_its_self_test_is_passed_over_and_the_vehicle_told(
    tmp_path: Path,
    make_tiny: Callable[..., Path],
    vehicle_side: VehicleSide,
    request: pytest.FixtureRequest,
) -> None:
    store = ModelStore(tmp_path / "store", check=lambda path: None)
    old, new = (make_tiny(tmp_path, f"model{seed}", seed) for seed in range(2))
    card = load_card(new)
    name, answer = next(iter(card.golden.items()))
    spoilt = {**card.golden, name: (answer[0] ^ 64, *answer[1:])}
    store.install(old)
    store.install(replace_card(new, golden=spoilt))
    config = replace(on_demo(request.node.name), model=ModelConfig(store=str(tmp_path / "store")))

    with running(config) as daemon:
        assert Path(daemon.status.model) == store.previous
        assert vehicle_side.until(lambda: model_said(vehicle_side) == "fallback")


def model_said(side: VehicleSide) -> str:
    health = side.latest(HealthMessage)
    code = health.model if isinstance(health, HealthMessage) else None
    return value_name("Health", "Model", code)


def replace_card(model: Path, **changes: Any) -> Path:
    """Change what the card of a model says; return the model's path."""
    write_card(replace(load_card(model), **changes), model)
    return model


def test_a_pause_forgets_the_driver_and_keeps_the_numbers() -> None:
    config = Config().driver_state.for_model(0.5)
    settings = replace(config, emotion_states=False)
    monitor = StateMonitor(settings, 0.0)
    face = good_face()
    for index in range(100):
        ready = monitor.observe(replace(face, time_s=index / 30))
    assert ready.state is DriverState.ATTENTIVE

    monitor.restart(60.0)
    again = [monitor.observe(replace(face, time_s=60.0 + index / 30)) for index in range(30)]

    assert [again[0].state, again[-1].state] == [DriverState.NOT_READY, DriverState.ATTENTIVE]
    assert again[-1].event_sequence == ready.event_sequence + 2


def good_face() -> Observation:
    eye = EyeReading(0.36, 0.05, 0.0, 0.1, 0.9, 40.0)
    return Observation(
        0.0,
        CameraCondition.GOOD,
        FaceBox(0, 0, 100, 100, 1.0),
        None,
        head=HeadPose(0, 0, 0),
        eyes=EyesReading(eye, eye),
    )


@pytest.mark.parametrize("manager", ["", "/run/systemd/notify"])
def test_what_fails_at_once_does_not_fail_again_at_once(
    manager: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setenv("NOTIFY_SOCKET", manager)
    monkeypatch.setattr(run_module, "forbid_dumps", lambda: None)
    monkeypatch.setattr(time, "sleep", slept.append)
    with pytest.raises(UserError, match="unknown scheme"):
        run_daemon(config_path=None, camera="webcam:0", link="virtual:fails", model=None)
    # A person at a terminal need not wait for the message.
    assert slept == ([FAILED_WAIT_S] if manager else [])


def test_what_works_is_said_without_model_and_detector(tmp_path: Path) -> None:
    side = VehicleSide("parts")
    gone = str(tmp_path / "gone")
    config = replace(
        on_demo("parts"),
        model=ModelConfig(path=gone),
        recording=RecordingConfig(enabled=True, folder=gone, device_key=gone),
    )
    try:
        with running(replace(config, face=FaceConfig(detector="yunet", model=gone)), managed=True):
            assert side.until(lambda: side.hears(DriverState.ATTENTIVE))
            assert side.until(lambda: health_of(side, "face detector", 0.0, 31.0))
            health = side.latest(HealthMessage)
            assert isinstance(health, HealthMessage)
            assert value_name("Health", "Model", health.model) == "failed"
            assert value_name("Health", "Fault", health.fault) == "model failed"
            nothing = EmotionProbabilitiesMessage(
                quality=value_code(EmotionProbabilitiesMessage.NAME, _QUALITY, "good")
            )
            assert side.until(lambda: side.latest(EmotionProbabilitiesMessage) == nothing)
    finally:
        side.close()


def test_a_camera_that_does_not_open_is_told_and_comes_yet(
    tmp_path: Path, manager: socket.socket
) -> None:
    away, folder = tmp_path / "away", tmp_path / "frames"
    away.mkdir()
    for index, time_s in enumerate((0.5, 1.0, 1.5)):
        cv2.imwrite(str(away / f"{index}.png"), Scene().render(time_s))
    camera = CameraConfig(f"file:{folder}?loop=1")
    side = VehicleSide("missing")
    try:
        config = replace(Config(), camera=camera, link=LinkConfig("virtual:missing"))
        notifier = Notifier(manager.getsockname())
        with running(config, notifier=notifier, managed=True) as made:
            assert side.until(lambda: made.status.camera_error is not None)
            since_failed = OwnSeconds()
            assert side.until(lambda: camera_of(side) == ("lost", "camera does not open"))
            assert since_failed.passed < SAID_S + BUSY_S
            assert side.hears(DriverState.CAMERA_DEGRADED)
            assert "there is no file" in (made.status.camera_error or "")
            while manager.recv(4096) != b"READY=1":  # to be killed for it would help nobody
                pass
            away.rename(folder)
            assert side.until(lambda: side.hears(DriverState.ATTENTIVE))
            assert side.until(lambda: camera_of(side) == ("good", "none"))
            assert made.status.camera_error is None
    finally:
        side.close()


def test_a_port_that_is_missing_at_the_start_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = tmp_path / "port"
    config = replace(on_demo("port", loop=True), link=LinkConfig(f"slcan:{port}?adapter=no"))
    with terminal() as wire, running(config, managed=True) as made:
        assert f"{port}" in caplog.text
        assert "the daemon waits for it" in caplog.text
        assert not made.status.counters.connected
        port.symlink_to(wire.path)
        received = b""
        deadline_s = time.monotonic() + PATIENCE_S
        while b"t3A08" not in received and time.monotonic() < deadline_s:
            if select.select([wire.device], [], [], 0.1)[0]:
                received += os.read(wire.device, 4096)
        assert b"t3A08" in received
        assert made.status.counters.connected


def test_a_port_that_is_missing_is_an_error_for_a_person(tmp_path: Path) -> None:
    config = replace(on_demo("port"), link=LinkConfig(f"slcan:{tmp_path / 'port'}"))
    with pytest.raises(LinkError, match="port"):
        Running(config)


def test_a_port_that_cannot_be_is_an_error_for_everybody() -> None:
    with pytest.raises(LinkError, match="baudrate"):
        Running(replace(on_demo("x"), link=LinkConfig("slcan:/dev/null?baudrate=no")), managed=True)


def camera_of(side: VehicleSide) -> tuple[str, str]:
    health = side.latest(HealthMessage)
    if not isinstance(health, HealthMessage):
        return "", ""
    camera, fault = health.camera, health.fault
    return value_name("Health", "Camera", camera), value_name("Health", "Fault", fault)


@pytest.mark.slow
def test_a_hot_machine_looks_at_fewer_frames_and_says_so(
    tmp_path: Path,
) -> None:
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text("82000\n")
    meter = HealthMeter(thermometer=Thermometer(tmp_path))
    side = VehicleSide("hot")
    try:
        with running(on_demo("hot", loop=True), meter=meter):
            assert side.until(lambda: health_of(side, "overheated", 1.0, 9.0))
            (zone / "temp").write_text("60000\n")
            assert side.until(lambda: health_of(side, "none", 0.0, 31.0))
    finally:
        side.close()


def health_of(side: VehicleSide, degraded: str, least_fps: float, most_fps: float) -> bool:
    health = side.latest(HealthMessage)
    return (
        isinstance(health, HealthMessage)
        and health.degraded_reason == value_code("Health", "DegradedReason", degraded)
        and health.fps is not None
        and least_fps <= health.fps <= most_fps
    )
