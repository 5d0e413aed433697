"""The daemon: moves frames to the pipeline and decisions to the link, and obeys signals."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edge_fer import __version__
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.process import CameraProcess
from edge_fer.camera.supervisor import CameraSupervisor
from edge_fer.config.config import Config
from edge_fer.daemon.journal import FIELDS
from edge_fer.daemon.notify import Notifier
from edge_fer.daemon.resume import Resume, ResumeFile
from edge_fer.daemon.signals import StopFlag
from edge_fer.daemon.status import Status, as_journal_fields
from edge_fer.daemon.status_server import StatusServer
from edge_fer.driver_state.monitor import DriverMonitor
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.standby import Standby
from edge_fer.driver_state.states import DriverState
from edge_fer.errors import UserError
from edge_fer.face.eyes import EyeReader
from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.face.tracking import FaceTracker
from edge_fer.health.meter import CounterRate, HealthMeter, Stages, shedding_text
from edge_fer.health.shedding import FramePacer
from edge_fer.models.classifier import Classifier
from edge_fer.models.fallback import open_classifier
from edge_fer.models.settings import ModelConfig
from edge_fer.observation import CameraCondition, Vehicle
from edge_fer.passwords import without_password
from edge_fer.paths import own_resume_file, own_status_socket
from edge_fer.pipeline import Pipeline, Step
from edge_fer.recording.process import RecorderProcess
from edge_fer.vehicle.figures import fault_counters, pipeline_figures
from edge_fer.vehicle.incoming import hear
from edge_fer.vehicle.outgoing import Parts, report, report_standby
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.messages import FaultCountersMessage, PipelineFiguresMessage

# So often the loop comes round when no frame arrives: the policy wants ten observations a second,
# and a signal is answered within this time.
TICK_S = 0.1
# So often the daemon reads the temperature and tells the service manager how it is.
HOUSEKEEPING_S = 0.5
JOURNAL_EVERY_S = 300.0  # its own figures
STOP_LINK_S = 0.3  # of the second that SIGTERM may take
STOP_CAMERA_S = 0.4
STOP_RECORDER_S = 0.2

_log = logging.getLogger(__name__)


class Daemon:
    """Camera process, pipeline and link of one configuration.

    `camera` may have been prepared; it is opened by `run`.
    """

    def __init__(self, config: Config, camera: CameraProcess) -> None:
        self._notifier = Notifier()
        self._parts = Parts()
        self._classifier, self._model = self._open_model(config.model)
        tracker, eyes = self._open_face(config.face)
        now_s = time.monotonic()
        classifier, policy = self._policy(config)
        self._resume = ResumeFile(own_resume_file())
        left = self._resume.read(now_s)
        if left is not None:
            _log.info("goes on for a daemon that was ended a moment ago")
        self._driver = DriverMonitor(
            policy,
            now_s,
            resumed_at=None if left is None else (left.event_sequence, left.request_id),
        )
        self._pipeline = Pipeline(
            classifier,
            tracker,
            ConditionMonitor(),
            self._driver,
            eyes,
        )
        self._camera_uri = without_password(config.camera.uri)
        self._camera = camera
        self._camera_error: str | None = None  # of the latest try, until a frame comes
        self._supervisor = CameraSupervisor(now_s)
        self._recorder = RecorderProcess(config.recording)
        self._meter = HealthMeter(sheds=config.health.shed_frames)
        self._health = self._meter.read(now_s)
        self._figures, self._counters = PipelineFiguresMessage(), FaultCountersMessage()
        self._pacer = FramePacer()
        self._link_rate = CounterRate()
        self._housekeeping_s = now_s
        self._ready = False
        self._standby, self._stands_by = Standby(), False
        self._state_said, self._reason_said = DriverState.NOT_READY, "started"
        self._started_s = now_s
        self._journal_s = now_s + JOURNAL_EVERY_S
        self._numbers_left: Resume | None = None
        self._leave_numbers_s = now_s
        # Last: nothing after it can fail, so what it opens is always closed by `run`; and still
        # before a camera lights up.
        self._link_uri = config.link.uri
        self._link = Link(config.link.uri)
        self._link.open()
        self._status = StatusServer(
            own_status_socket(),
            Path(config.health.prometheus_file) if config.health.prometheus_file else None,
        )

    def run(
        self, stop: StopFlag, changed_config: Callable[[], Config | None] = lambda: None
    ) -> None:
        """Loop until `stop` is set or the input ends.

        A camera that does not open is a UserError for a person at a terminal; under a service
        manager the vehicle is told, and it is tried again.

        `changed_config` returns a config whose live part is to be taken over, or None.
        """
        self._camera.start()
        # Before the link's first frame, which would otherwise have to say "not available".
        self._tell(self._pipeline.silence(time.monotonic(), CameraCondition.STARTING))
        self._link.start()
        try:
            while not stop.is_set and not self._camera.ended:
                self._standby = self._standby.heard(self._vehicle())
                if self._standby.reason is not None:
                    self._stand_by(self._standby.reason)
                else:
                    self._watch()
                config = changed_config()
                if config is not None:
                    self._change(config)
        finally:
            self._notifier.send("STOPPING=1")
            self._recorder.stop(STOP_RECORDER_S)
            self._camera.stop(STOP_CAMERA_S)
            self._link.stop(STOP_LINK_S)
            self._status.stop()
        self._resume.remove()  # not after an error: the next one is a restart

    def _open_model(self, config: ModelConfig) -> tuple[Classifier | None, str]:
        """Return the classifier and what it is; None under a service manager if there is none.

        What eyes, head and camera show is worth saying without emotions too.
        """
        try:
            loaded = open_classifier(config)
        except UserError as error:
            if not self._notifier.is_heard:
                raise
            _log.error("no emotion is inferred: %s", error)
            self._parts = replace(self._parts, model_failed=True)
            return None, f"none: {error}"
        for failure in loaded.failures:
            _log.error("model not used: %s", failure)
        self._parts = replace(self._parts, model_is_fallback=loaded.is_fallback)
        return loaded.model, str(loaded.path)

    def _open_face(self, config: FaceConfig) -> tuple[FaceTracker, EyeReader | None]:
        """Return tracker and eyes; under a service manager the cascade stands in for YuNet."""
        try:
            return open_tracker(config), EyeReader() if config.detector == "yunet" else None
        except UserError as error:
            if not self._notifier.is_heard:
                raise
            _log.error("the cascade finds faces instead, without head and eyes: %s", error)
            self._parts = replace(self._parts, detector_failed=True)
            return open_tracker(replace(config, detector="haar")), None

    def _policy(self, config: Config) -> tuple[Classifier | None, PolicySettings]:
        """Return the policy for this model, and the classifier unless emotions are off."""
        if self._classifier is None:
            return None, replace(config.driver_state, emotion_states=False)
        policy = config.driver_state.for_model(self._classifier.card.uncertain_threshold)
        return self._classifier if policy.emotion_states else None, policy

    def _change(self, config: Config) -> None:
        logging.getLogger().setLevel(config.log.level.upper())
        self._pipeline.change(*self._policy(config))

    def _vehicle(self) -> Vehicle:
        return hear(self._link.controller)

    def _stand_by(self, why: str) -> None:
        """Watch nobody while the vehicle wants it so, and say that nothing is known."""
        if not self._stands_by:
            self._stands_by = True
            # Closed and not just ignored: its light goes out, and no picture is taken at all.
            self._camera.stop(STOP_CAMERA_S)
            self._recorder.pause(paused=True)
            self._meter.pause()
            self._be_ready()
            self._say(DriverState.NOT_AVAILABLE, f"standby: {why}")
        now_s = time.monotonic()
        self._keep_house(now_s, "standby")
        self._publish(report_standby(self._health, now_s, self._parts))
        time.sleep(TICK_S)

    def _watch(self) -> None:
        """Tell what the next frame says, or its absence; begin anew after a standby."""
        if self._stands_by:
            self._stands_by = False
            now_s = time.monotonic()
            self._camera.start()
            self._supervisor = CameraSupervisor(now_s)
            self._recorder.pause(paused=False)
            self._pipeline.restart(now_s)
            self._tell(self._pipeline.silence(now_s, CameraCondition.STARTING, self._vehicle()))
        step = self._next_step()
        if step is not None:
            self._tell(step)

    def _next_step(self) -> Step | None:
        early_s = self._pacer.wait_s(time.monotonic())
        if early_s > 0.0:
            time.sleep(min(early_s, TICK_S))
            if early_s > TICK_S:
                return None
        frame = self._camera.wait(TICK_S)
        now_s = time.monotonic()
        if frame is not None:
            self._supervisor.frame(now_s)
            self._camera_error = None
            self._pacer.taken(now_s, self._health.most_fps)
            step = self._pipeline.frame(frame, self._vehicle())
            self._meter.frame(
                sequence=frame.sequence,
                captured_s=frame.captured_s,
                done_s=time.monotonic(),
                stages=_stages(step),
            )
            self._recorder.frame(frame)
            return step
        error = self._camera.error
        if error is not None and self._camera.given == 0 and not self._notifier.is_heard:
            raise UserError(error)
        if self._camera.ended:
            return None
        verdict = self._supervisor.silence(
            now_s, alive=self._camera.alive, opening_s=self._camera.opening_s
        )
        if verdict is None:
            return None
        self._meter.silence(now_s)
        if verdict.restart:
            error = error or "camera gives no frames"
            # Once: a camera that is gone is tried every few seconds, perhaps for days.
            level = logging.DEBUG if error == self._camera_error else logging.WARNING
            _log.log(level, "%s: starting its process anew", error)
            self._camera_error = error
            self._camera.restart()
            self._supervisor.restarted(now_s)
            self._meter.camera_restarted(now_s)
        return self._pipeline.silence(now_s, verdict.camera, self._vehicle())

    def _tell(self, step: Step) -> None:
        now_s = time.monotonic()
        if step.captured_s is not None and self._be_ready():
            _log.info("camera %s: first frame", self._camera_uri)
        if step.decision.state is DriverState.CAMERA_DEGRADED:
            self._be_ready()  # as far as it can be: the vehicle knows, and the camera may come yet
        self._keep_house(now_s, step.decision.state.label)
        self._leave_numbers(now_s)
        self._publish(
            report(
                step,
                self._health,
                now_s,
                parts=replace(self._parts, camera_opened=self._supervisor.opened),
                recording=self._recorder.flag,
            )
        )
        decision, reason = step.decision, step.decision.reason.name.lower().replace("_", " ")
        self._recorder.decided(decision.state, reason, decision.time_s)
        self._say(decision.state, reason)

    def _publish(self, snapshot: Snapshot) -> None:
        self._link.publish(replace(snapshot, figures=self._figures, counters=self._counters))

    def _leave_numbers(self, now_s: float) -> None:
        """Let a next process go on from here, should this one be killed."""
        numbers = Resume(self._driver.decision.event_sequence, self._driver.decision.request_id)
        due = numbers != self._numbers_left or now_s >= self._leave_numbers_s
        if due and self._driver.was_ready:
            self._numbers_left, self._leave_numbers_s = numbers, now_s + HOUSEKEEPING_S
            self._resume.write(numbers, now_s)

    def _be_ready(self) -> bool:
        """Tell the service manager that the start is done; return whether that is news."""
        if self._ready:
            return False
        self._ready = True
        self._notifier.send("READY=1")
        return True

    def _keep_house(self, now_s: float, label: str) -> None:
        if now_s < self._housekeeping_s:
            return
        self._housekeeping_s = now_s + HOUSEKEEPING_S
        shed_before = self._health.shed_for, self._health.most_fps
        self._health = self._meter.read(now_s, camera_frames=self._camera.given)
        self._camera.ask_for(self._health.most_fps)
        if (self._health.shed_for, self._health.most_fps) != shed_before:
            _log.warning("%s", shedding_text(self._health))
        self._recorder.look_after(now_s)
        # Here and nowhere else, so that a pipeline that stands still is noticed.
        summary = f"{label}, {self._health.fps:.0f} fps"
        self._notifier.send("WATCHDOG=1", f"STATUS={summary}")
        status = self._how_it_is(now_s)
        self._figures = pipeline_figures(self._health)
        self._counters = fault_counters(self._health, status.counters, status.restarts)
        self._status.publish(status, now_s)
        if now_s >= self._journal_s:
            self._journal_s = now_s + JOURNAL_EVERY_S
            _log.info("%s", summary, extra={FIELDS: as_journal_fields(status)})

    def _how_it_is(self, now_s: float) -> Status:
        counters = self._link.counters
        return Status(
            version=__version__,
            pid=os.getpid(),
            uptime_s=now_s - self._started_s,
            state=self._state_said.label,
            reason=self._reason_said,
            camera=self._camera_uri,
            camera_error=self._camera_error,
            model=self._model,
            model_is_fallback=self._parts.model_is_fallback,
            model_failed=self._parts.model_failed,
            detector_failed=self._parts.detector_failed,
            link=self._link_uri,
            health=self._health,
            counters=counters,
            link_fps=self._link_rate.read(counters.frames_sent, now_s),
            restarts=self._resume.restarts,
            recording=self._recorder.status,
        )

    def _say(self, state: DriverState, reason: str) -> None:
        if state is not self._state_said:
            self._state_said, self._reason_said = state, reason
            fields = {"EDGE_FER_STATE": state.label, "EDGE_FER_REASON": reason}
            _log.info("driver state: %s (%s)", state.label, reason, extra={FIELDS: fields})


def _stages(step: Step) -> Stages:
    face = step.face
    return Stages(face is not None, face is not None and face.detected, step.classified)
