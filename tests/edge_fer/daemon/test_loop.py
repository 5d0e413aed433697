"""The loop with plain parts around it: what goes where, and that a turn has one vehicle."""

from dataclasses import replace
from typing import Any, cast

import cv2
import numpy as np
import pytest

from edge_fer.camera.base import Frame
from edge_fer.config.config import Config
from edge_fer.daemon.daemon import Daemon
from edge_fer.daemon.frames import Silence
from edge_fer.daemon.journal import FIELDS
from edge_fer.daemon.publisher import Publisher
from edge_fer.daemon.signals import StopFlag
from edge_fer.daemon.standby import StandbySwitch
from edge_fer.daemon.state_log import StateLog
from edge_fer.driver_state.measured import Measured
from edge_fer.driver_state.policy import first_decision
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState
from edge_fer.face.seat import SEAT_OF_SIDE, SeatRegion
from edge_fer.face.settings import FaceConfig
from edge_fer.health.meter import HealthMeter
from edge_fer.live.tap import PictureTap
from edge_fer.observation import CameraCondition, Vehicle
from edge_fer.pipeline import Step
from edge_fer.vehicle.incoming import decode_vehicle
from edge_fer.vehicle.outgoing import Parts
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.messages import ControllerStatusMessage

ON = ControllerStatusMessage(enable=1, ignition=1, speed_km_h=50.0)
OFF = replace(ON, enable=0)


class Surroundings:
    """Everything around the loop; `events` are what the camera gives, a turn each."""

    def __init__(self, events: list[Frame | Silence | None]) -> None:
        self.events = events
        self.changes = True  # whether the vehicle's message does
        self.calls: list[str] = []
        self.arguments: dict[str, tuple[Any, ...]] = {}  # of the newest call of each
        self.vehicles: list[Vehicle] = []
        self.published: list[Snapshot] = []
        self.controllers: list[ControllerStatusMessage | None] = []
        self.health = HealthMeter().read(0.0)
        self.parts, self.emotions_off = Parts(), False
        self.flag = 0

    # The link.
    @property
    def controller(self) -> ControllerStatusMessage | None:
        """Another message at each look, as where one arrives in the middle of a turn."""
        was_on = bool(self.controllers) and self.controllers[-1] is ON
        self.controllers.append(OFF if was_on and self.changes else ON)
        return self.controllers[-1]

    def publish(self, snapshot: Snapshot) -> None:
        self.published.append(snapshot)

    # What reads the vehicle's messages from it.
    def read(self) -> Vehicle:
        return decode_vehicle(self.controller)

    # The frames.
    @property
    def ended(self) -> bool:
        return not self.events

    def next(self, timeout_s: float, most_fps: float | None) -> Frame | Silence | None:
        return self.events.pop(0)

    # The pipeline.
    def frame(self, frame: Frame, vehicle: Vehicle | None = None) -> Step:
        if vehicle is None:  # the recorder's
            self.calls.append("record")
            return step(frame.captured_s)
        self.vehicles.append(vehicle)
        return step(frame.captured_s)

    def silence(
        self, now_s: float, camera: CameraCondition, vehicle: Vehicle | None = None
    ) -> Step:
        self.calls.append(f"silence {camera.name}")
        if vehicle is not None:
            self.vehicles.append(vehicle)
        return step(None, camera)

    def policy(self, settings: PolicySettings) -> tuple[None, PolicySettings]:
        return None, settings

    def with_metrics(self, snapshot: Snapshot) -> Snapshot:
        return snapshot

    def __getattr__(self, name: str) -> Any:
        """All else is noted and does nothing."""

        def noted(*arguments: Any, **named: Any) -> None:
            self.calls.append(name)
            self.arguments[name] = arguments

        return noted


def step(captured_s: float | None, camera: CameraCondition = CameraCondition.GOOD) -> Step:
    return Step(first_decision(0.0), camera, None, captured_s, None)


def frame(captured_s: float) -> Frame:
    return Frame(np.zeros((8, 8), np.uint8), captured_s, int(captured_s * 30))


def daemon_of(parts: Surroundings) -> Daemon:
    made = cast(Any, parts)
    pictures = PictureTap(None)
    return Daemon(
        networks=made,
        frames=made,
        pipeline=made,
        link=made,
        vehicle=made,
        recorder=made,
        meter=HealthMeter(),
        standby=StandbySwitch(made, made, made, HealthMeter()),
        publisher=Publisher(made, made, StateLog(), made, made, pictures),
        housekeeping=made,
        readiness=made,
        server=made,
        pictures=pictures,
    )


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_fer.daemon.daemon.TICK_S", 0.0)


def test_standby_and_policy_of_a_turn_see_the_same_message_of_the_vehicle() -> None:
    # It arrives in the middle of each turn: a second look would see the other one.
    parts = Surroundings([frame(0.1), frame(0.2), frame(0.3)])
    daemon_of(parts).run(StopFlag())
    assert parts.vehicles
    assert {vehicle.enabled for vehicle in parts.vehicles} == {True}
    turns = len(parts.controllers)
    assert parts.controllers == [ON if turn % 2 == 0 else OFF for turn in range(turns)]


def test_a_frame_is_judged_recorded_and_published_and_silence_too() -> None:
    parts = Surroundings([frame(0.1), None, Silence(CameraCondition.LOST, restarted=True)])
    parts.changes = False
    daemon_of(parts).run(StopFlag())
    assert parts.calls.count("record") == 1
    assert "silence LOST" in parts.calls
    # One before the link starts, one for the frame, one for the silence; None is no news.
    assert len(parts.published) == 3
    assert parts.calls.count("decided") == 3
    assert parts.calls.index("silence STARTING") < parts.calls.index("run")


def test_at_its_end_all_is_closed_and_only_then_forgotten() -> None:
    parts = Surroundings([])
    daemon_of(parts).run(StopFlag())
    closed = ["notify_stopping", "stop", "stop", "stop", "stop", "log_end"]
    assert parts.calls[-7:] == [*closed, "end"]


def test_after_an_error_all_is_closed_and_numbers_stay_for_the_next_process() -> None:
    parts = Surroundings([frame(0.1)])

    def changed() -> Config | None:
        raise RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError, match="a mistake"):
        daemon_of(parts).run(StopFlag(), changed)
    assert parts.calls[-6:] == ["notify_stopping", "stop", "stop", "stop", "stop", "log_end"]


@pytest.mark.parametrize(
    "refusal",
    [
        OSError(24, "Too many open files"),
        MemoryError(),
        cv2.error("Insufficient memory"),
    ],
)
def test_what_the_machine_refuses_is_said_and_ends_nothing(
    refusal: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    if isinstance(refusal, cv2.error):
        refusal.code = -4
    parts = Surroundings([frame(0.1), frame(0.2), frame(0.3), frame(0.4)])
    parts.changes = False
    judge, judged = parts.frame, iter([False, True, True, False])

    def refused(frame: Frame, vehicle: Vehicle | None = None) -> Step:
        if vehicle is not None and next(judged):
            raise refusal
        return judge(frame, vehicle)

    parts.frame = refused  # type: ignore[method-assign]
    daemon_of(parts).run(StopFlag())
    # Two frames were judged; for the other two the camera counts as lost.
    assert (len(parts.vehicles), parts.calls.count("silence LOST")) == (4, 2)
    assert len(parts.published) == 5
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert "the machine refuses something" in caplog.messages[0]


def test_what_cannot_even_be_said_ends_nothing_either() -> None:
    parts = Surroundings([frame(0.1), frame(0.2)])
    parts.changes = False

    def refused(snapshot: Snapshot) -> None:
        if parts.vehicles:
            raise OSError(12, "Cannot allocate memory")

    parts.publish = refused  # type: ignore[method-assign]
    daemon_of(parts).run(StopFlag())
    assert parts.events == []


@pytest.mark.parametrize("mistake", [ValueError("ours"), cv2.error("a wrong shape")])
def test_a_mistake_of_ours_is_no_refusal(mistake: Exception) -> None:
    parts = Surroundings([frame(0.1)])

    def wrong(frame: Frame, vehicle: Vehicle | None = None) -> Step:
        raise mistake

    parts.frame = wrong  # type: ignore[method-assign]
    with pytest.raises(type(mistake)):
        daemon_of(parts).run(StopFlag())


def test_a_changed_config_goes_to_the_pipeline_in_the_same_turn() -> None:
    parts = Surroundings([frame(0.1), frame(0.2)])
    configs = iter([None, Config()])
    daemon_of(parts).run(StopFlag(), lambda: next(configs, None))
    assert parts.calls.count("change") == 1
    assert not parts.emotions_off


def test_the_bus_follows_a_config_that_switches_emotions_off() -> None:
    parts = Surroundings([frame(0.1), frame(0.2)])
    configs = iter([Config(driver_state=PolicySettings(emotion_states=False))])
    daemon_of(parts).run(StopFlag(), lambda: next(configs, None))
    assert parts.emotions_off


@pytest.mark.parametrize(
    ("side", "region", "seat"),
    [("right", "", SEAT_OF_SIDE["right"]), ("right", "0.1 0 0.5 1", SeatRegion(0.1, 0, 0.5, 1))],
)
def test_another_side_of_the_driver_is_another_seat_at_once(
    side: str, region: str, seat: SeatRegion
) -> None:
    parts = Surroundings([frame(0.1)])
    policy = PolicySettings(driver_side=side)
    new = Config(face=FaceConfig(seat_region=region), driver_state=policy)
    configs = iter([new])
    daemon_of(parts).run(StopFlag(), lambda: next(configs, None))
    assert parts.arguments["change"] == (None, policy, seat)


def test_a_state_is_logged_when_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    log = StateLog()
    log.note(DriverState.NOT_READY, "started")
    log.note(DriverState.ATTENTIVE, "enough evidence")
    log.note(DriverState.ATTENTIVE, "another reason")
    assert caplog.messages == ["driver state: attentive (enough evidence)"]
    assert (log.state, log.reason) == (DriverState.ATTENTIVE, "enough evidence")


def test_the_figures_behind_a_change_of_state_are_fields_of_the_journal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    StateLog().note(DriverState.DISTRACTED, "long look away", Measured(yaw_deg=41.26, yawns=2))
    (record,) = caplog.records
    fields = getattr(record, FIELDS)
    assert fields["EDGE_FER_REASON"] == "long look away"
    assert (fields["EDGE_FER_YAW_DEG"], fields["EDGE_FER_YAWNS"]) == ("41.3", "2")
    assert "EDGE_FER_PITCH_DEG" not in fields  # not measured
