"""Passes on what was decided: to the vehicle, the recorder, the log, and a person who watches."""

import time
from dataclasses import dataclass

from edge_fer.camera.base import Frame
from edge_fer.daemon.housekeeping import Housekeeping
from edge_fer.daemon.readiness import Readiness
from edge_fer.daemon.state_log import StateLog
from edge_fer.driver_state.states import DriverState
from edge_fer.live.scene import scene_of
from edge_fer.live.tap import PictureTap
from edge_fer.pipeline import Step
from edge_fer.recording.process import RecorderProcess
from edge_fer.vehicle.outgoing import report, report_standby
from firmware_bridge.link.link import Link


@dataclass(frozen=True, slots=True)
class Publisher:
    """The parts that learn of each decision. None of them makes the loop wait."""

    link: Link
    recorder: RecorderProcess
    state: StateLog
    housekeeping: Housekeeping
    readiness: Readiness
    pictures: PictureTap

    def decided(self, step: Step) -> None:
        """Pass on the decision of a step."""
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

    def standby(self, reason: str, now_s: float) -> None:
        """Say that the vehicle has switched the monitoring off, and that nobody is watched."""
        self.pictures.offer(None, None, now_s)
        self.readiness.notify_ready()
        self.state.note(DriverState.NOT_AVAILABLE, f"standby: {reason}")
        self.housekeeping.run(now_s, "standby")
        house = self.housekeeping
        self.link.publish(house.with_metrics(report_standby(house.health, now_s, house.parts)))

    def show(self, frame: Frame | None, step: Step) -> None:
        """Show a person who asked for it what was seen, and the picture if there is one."""
        if self.pictures.watchers:
            grey = None if frame is None else frame.grey
            self.pictures.offer(grey, scene_of(step, 0.0), time.monotonic())
