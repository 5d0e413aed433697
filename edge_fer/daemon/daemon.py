"""The loop: moves frames to the pipeline, and decisions to the vehicle and the recorder."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from edge_fer.camera.base import Frame
from edge_fer.config.config import Config
from edge_fer.daemon.frames import FrameSource
from edge_fer.daemon.housekeeping import Housekeeping
from edge_fer.daemon.opening import Networks
from edge_fer.daemon.readiness import Readiness
from edge_fer.daemon.signals import StopFlag
from edge_fer.daemon.standby import STOP_CAMERA_S, StandbySwitch
from edge_fer.daemon.state_log import StateLog
from edge_fer.daemon.status_server import StatusServer
from edge_fer.driver_state.states import DriverState
from edge_fer.health.meter import HealthMeter, Stages
from edge_fer.live.scene import scene_of
from edge_fer.live.tap import PictureTap
from edge_fer.observation import CameraCondition, Vehicle
from edge_fer.pipeline import Pipeline, Step
from edge_fer.recording.process import RecorderProcess
from edge_fer.vehicle.outgoing import report, report_standby
from edge_fer.vehicle.reader import VehicleReader
from firmware_bridge.link.link import Link

# So often the loop comes round when no frame arrives: the policy wants ten observations a second,
# and a signal is answered within this time.
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
    state: StateLog
    standby: StandbySwitch
    housekeeping: Housekeeping
    readiness: Readiness
    server: StatusServer
    pictures: PictureTap

    def run(
        self, stop: StopFlag, changed_config: Callable[[], Config | None] = lambda: None
    ) -> None:
        """Loop until `stop` is set or the camera's input ends; CameraError as `FrameSource.next`.

        `changed_config` returns a config whose live part is to be taken over, or None.
        """
        reason, now_s = self.standby.reason, time.monotonic()
        # Before the link's first frame, which would otherwise have to be "not available".
        if reason is None:
            self.frames.start()
            self._publish(self.pipeline.silence(now_s, CameraCondition.STARTING))
        else:
            self._publish_standby(reason, now_s)
        self.link.start()
        try:
            while not stop.is_set and not self.frames.ended:
                self._turn(self.vehicle.read())
                config = changed_config()
                if config is not None:
                    logging.getLogger().setLevel(config.log.level.upper())
                    self.pipeline.change(*self.networks.policy(config.driver_state))
        finally:
            self.readiness.notify_stopping()
            self.recorder.stop(STOP_RECORDER_S)
            self.pictures.stop()
            self.frames.stop(STOP_CAMERA_S)
            self.link.stop(STOP_LINK_S)
            self.server.stop()
            self.housekeeping.log_end(time.monotonic())
        self.readiness.end()

    def _turn(self, vehicle: Vehicle) -> None:
        """Take the next frame, or note that none came; all of a turn sees the same `vehicle`."""
        was_standby, now_s = self.standby.active, time.monotonic()
        reason = self.standby.update(vehicle, now_s)
        if reason is not None:
            self._publish_standby(reason, now_s)
            time.sleep(TICK_S)
            return
        if was_standby:
            self._publish(self.pipeline.silence(now_s, CameraCondition.STARTING, vehicle))
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
            self._show(event, step)
        elif event is not None:
            now_s = time.monotonic()
            step = self.pipeline.silence(now_s, event.camera, vehicle)
            self.meter.silence(now_s, restarted=event.restarted)
            self._show(None, step)
        else:
            return
        self._publish(step)

    def _show(self, frame: Frame | None, step: Step) -> None:
        """Show a person who asked for it what was seen, and the picture if there is one."""
        if self.pictures.watchers:
            grey = None if frame is None else frame.grey
            self.pictures.offer(grey, scene_of(step, 0.0), time.monotonic())

    def _publish(self, step: Step) -> None:
        now_s, decision = time.monotonic(), step.decision
        reason = decision.reason.name.lower().replace("_", " ")
        if step.captured_s is not None or decision.state is DriverState.CAMERA_DEGRADED:
            # Without a camera it is as ready as it can be: the vehicle knows.
            self.readiness.notify_ready()
        self.state.note(decision.state, reason, decision.measured)
        self.housekeeping.run(now_s, decision.state.label)
        self.readiness.save_resume(now_s)
        house = self.housekeeping
        snapshot = report(
            step,
            house.health,
            now_s,
            parts=house.parts,
            recording=self.recorder.flag,
            watched=self.pictures.watchers > 0,
        )
        self.link.publish(house.with_metrics(snapshot))
        self.recorder.decided(decision.state, reason, decision.time_s, decision.measured)

    def _publish_standby(self, reason: str, now_s: float) -> None:
        self.pictures.offer(None, None, now_s)
        self.readiness.notify_ready()
        self.state.note(DriverState.NOT_AVAILABLE, f"standby: {reason}")
        self.housekeeping.run(now_s, "standby")
        house = self.housekeeping
        self.link.publish(house.with_metrics(report_standby(house.health, now_s, house.parts)))


def _stages(step: Step) -> Stages:
    face = step.face
    return Stages(face is not None, face is not None and face.detected, step.classified)
