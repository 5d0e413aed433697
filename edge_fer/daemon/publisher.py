"""Publishes each decision to the vehicle, the recorder, the log and the preview."""

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
    """The receivers of each decision. None of them blocks the loop."""

    link: Link
    recorder: RecorderProcess
    state: StateLog
    housekeeping: Housekeeping
    readiness: Readiness
    pictures: PictureTap

    def decided(self, step: Step) -> None:
        """Publish the decision of one step."""
        now_s, decision = time.monotonic(), step.decision
        reason = decision.reason.name.lower().replace("_", " ")
        if step.captured_s is not None or decision.state is DriverState.CAMERA_DEGRADED:
            # Without a camera the daemon is as ready as it can be: the vehicle is informed.
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
        """Publish that the vehicle has switched the monitoring off."""
        self.pictures.offer(None, None, now_s)
        self.readiness.notify_ready()
        self.state.note(DriverState.NOT_AVAILABLE, f"standby: {reason}")
        self.housekeeping.run(now_s, "standby")
        house = self.housekeeping
        self.link.publish(house.with_metrics(report_standby(house.health, now_s, house.parts)))

    def show(self, frame: Frame | None, step: Step) -> None:
        """Send evidence and picture, if there is one, to the watching previews."""
        if self.pictures.watchers:
            grey = None if frame is None else frame.grey
            self.pictures.offer(grey, scene_of(step, 0.0), time.monotonic())
