"""The main loop: passes frames to the pipeline, and the decisions to the publisher."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from edge_fer.camera.base import Frame
from edge_fer.config.config import Config
from edge_fer.daemon.frames import FrameSource
from edge_fer.daemon.housekeeping import Housekeeping
from edge_fer.daemon.lack import REFUSALS, LackLog, is_refusal
from edge_fer.daemon.opening import Networks
from edge_fer.daemon.publisher import Publisher
from edge_fer.daemon.readiness import Readiness
from edge_fer.daemon.signals import StopFlag
from edge_fer.daemon.standby import STOP_CAMERA_S, StandbySwitch
from edge_fer.daemon.status_server import StatusServer
from edge_fer.face.seat import seat_of
from edge_fer.health.meter import HealthMeter, Stages
from edge_fer.live.tap import PictureTap
from edge_fer.observation import UNKNOWN_VEHICLE, CameraCondition, Vehicle
from edge_fer.pipeline import Pipeline, Step
from edge_fer.recording.process import RecorderProcess
from edge_fer.vehicle.reader import VehicleReader
from firmware_bridge.link.link import Link

# Period of the loop when no frame arrives: the policy needs ten observations a second, and the loop
# reacts to a signal within this time.
TICK_S = 0.1
STOP_LINK_S = 0.3  # of the second that SIGTERM may take
STOP_RECORDER_S = 0.2


@dataclass(frozen=True, slots=True)
class Daemon:
    """The parts that `assemble` put together, and the loop between them."""

    networks: Networks
    frames: FrameSource
    pipeline: Pipeline
    link: Link
    vehicle: VehicleReader
    recorder: RecorderProcess
    meter: HealthMeter
    standby: StandbySwitch
    publisher: Publisher
    housekeeping: Housekeeping
    readiness: Readiness
    server: StatusServer
    pictures: PictureTap
    lack: LackLog = field(default_factory=LackLog)

    def run(
        self, stop: StopFlag, changed_config: Callable[[], Config | None] = lambda: None
    ) -> None:
        """Loop until `stop` is set or the camera's input ends; CameraError as `FrameSource.next`.

        `changed_config` returns a config whose live settings the daemon applies, or None.
        """
        reason, now_s = self.standby.reason, time.monotonic()
        # Before the link's first frame, which would otherwise have to be "not available".
        if reason is None:
            self.frames.start()
            self.publisher.decided(self.pipeline.silence(now_s, CameraCondition.STARTING))
        else:
            self.publisher.standby(reason, now_s)
        self.link.start()
        try:
            while not stop.is_set and not self.frames.ended:
                self._turn_or_lack()
                config = changed_config()
                if config is not None:
                    logging.getLogger().setLevel(config.log.level.upper())
                    policy = config.driver_state
                    seat = seat_of(config.face.seat_region, policy.driver_side)
                    self.pipeline.change(*self.networks.policy(policy), seat)
                    self.housekeeping.emotions_off = not policy.emotion_states
        finally:
            self.readiness.notify_stopping()
            self.recorder.stop(STOP_RECORDER_S)
            self.pictures.stop()
            self.frames.stop(STOP_CAMERA_S)
            self.link.stop(STOP_LINK_S)
            self.server.stop()
            self.housekeeping.log_end(time.monotonic())
        self.readiness.end()

    def _turn_or_lack(self) -> None:
        """Run one iteration; if the machine refuses a resource, report that nothing is seen."""
        vehicle = UNKNOWN_VEHICLE
        try:
            vehicle = self.vehicle.read()
            self._turn(vehicle)
        except REFUSALS as error:
            if not is_refusal(error):
                raise
            self.lack.note(error)
            time.sleep(TICK_S)  # an immediate retry would be refused too
            # This may need the refused resource as well. The link then reports a stalled vision
            # loop.
            with suppress(*REFUSALS):
                self._blind(vehicle)
        else:
            self.lack.over()

    def _blind(self, vehicle: Vehicle) -> None:
        reason, now_s = self.standby.reason, time.monotonic()
        if reason is not None:
            self.publisher.standby(reason, now_s)
            return
        step = self.pipeline.silence(now_s, CameraCondition.LOST, vehicle)
        self.meter.silence(now_s, restarted=False)
        self.publisher.decided(step)

    def _turn(self, vehicle: Vehicle) -> None:
        """Process the next frame or its absence; `vehicle` stays the same for the iteration."""
        was_standby, now_s = self.standby.active, time.monotonic()
        reason = self.standby.update(vehicle, now_s)
        if reason is not None:
            self.publisher.standby(reason, now_s)
            time.sleep(TICK_S)
            return
        if was_standby:
            self.publisher.decided(self.pipeline.silence(now_s, CameraCondition.STARTING, vehicle))
        event = self.frames.next(TICK_S, self.housekeeping.health.most_fps)
        if isinstance(event, Frame):
            step = self.pipeline.frame(event, vehicle)
            self.meter.frame(
                sequence=event.sequence,
                captured_s=event.captured_s,
                done_s=time.monotonic(),
                stages=_stages(step),
            )
            self.recorder.frame(event)
            self.publisher.show(event, step)
        elif event is not None:
            now_s = time.monotonic()
            step = self.pipeline.silence(now_s, event.camera, vehicle)
            self.meter.silence(now_s, restarted=event.restarted)
            self.publisher.show(None, step)
        else:
            return
        self.publisher.decided(step)


def _stages(step: Step) -> Stages:
    face = step.face
    return Stages(face is not None, face is not None and face.detected, step.classified)
