"""The periodic work of the daemon, twice a second: measure itself, and publish its status."""

import logging
import os
from dataclasses import dataclass, replace

from edge_fer import __version__
from edge_fer.daemon.frames import FrameSource
from edge_fer.daemon.journal import FIELDS
from edge_fer.daemon.log_frame import closing_line
from edge_fer.daemon.notify import Notifier
from edge_fer.daemon.state_log import StateLog
from edge_fer.daemon.status import Status, as_journal_fields
from edge_fer.daemon.status_server import StatusServer
from edge_fer.health.meter import CounterRate, Health, HealthMeter, shedding_text
from edge_fer.live.tap import PictureTap
from edge_fer.recording.process import RecorderProcess
from edge_fer.vehicle.figures import fault_counters, pipeline_figures
from edge_fer.vehicle.outgoing import Parts
from edge_fer.vehicle.reader import VehicleReader
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.messages import FaultCountersMessage, PipelineFiguresMessage

HOUSEKEEPING_S = 0.5
JOURNAL_EVERY_S = 300.0  # the daemon's own metrics

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Setup:
    """The configuration of a running daemon, as its status shows it."""

    camera: str  # URI without its secrets
    model: str
    link: str
    parts: Parts
    restarts: int
    started_s: float


class Housekeeping:
    """Reads the meter, limits the camera's rate, feeds the watchdog, publishes the status."""

    def __init__(
        self,
        setup: Setup,
        frames: FrameSource,
        link: Link,
        vehicle: VehicleReader,
        recorder: RecorderProcess,
        meter: HealthMeter,
        state: StateLog,
        notifier: Notifier,
        server: StatusServer,
        pictures: PictureTap,
    ) -> None:
        self._setup = setup
        self._frames = frames
        self._link = link
        self._vehicle = vehicle
        self._recorder = recorder
        self._meter = meter
        self._state = state
        self._notifier = notifier
        self._server = server
        self._pictures = pictures
        self.emotions_off = setup.parts.emotions_off  # the config may change while it runs
        self._link_rate = CounterRate()
        self._due_s = setup.started_s
        self._journal_s = setup.started_s + JOURNAL_EVERY_S
        self.health: Health = meter.read(setup.started_s)
        self._figures, self._counters = PipelineFiguresMessage(), FaultCountersMessage()

    @property
    def parts(self) -> Parts:
        """The parts of the device that are currently degraded."""
        return replace(
            self._setup.parts,
            emotions_off=self.emotions_off,
            camera_opened=self._frames.opened,
            link_blocked=self._link.trouble is not None,
        )

    def with_metrics(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot for the vehicle, with the daemon's own metrics added."""
        return replace(snapshot, figures=self._figures, counters=self._counters)

    def run(self, now_s: float, label: str) -> None:
        """Do what is due at the monotonic `now_s`; `label` names the daemon's present activity.

        Only the loop calls this, so that the watchdog is not fed while the pipeline hangs.
        """
        if now_s < self._due_s:
            return
        self._due_s = now_s + HOUSEKEEPING_S
        limit_before = self.health.shed_for, self.health.most_fps
        self.health = self._meter.read(now_s, camera_frames=self._frames.given)
        self._frames.limit(self.health.most_fps)
        if (self.health.shed_for, self.health.most_fps) != limit_before:
            _log.warning("%s", shedding_text(self.health))
        self._recorder.look_after(now_s)
        summary = f"{label}, {self.health.fps:.0f} fps"
        if self._link.alive:  # a daemon without a link must be restarted
            self._notifier.send("WATCHDOG=1", f"STATUS={summary}")
        status = self.status(now_s)
        self._figures = pipeline_figures(self.health)
        self._counters = fault_counters(
            self.health, status.counters, status.restarts, self._vehicle.counters
        )
        self._server.publish(status, now_s)
        if now_s >= self._journal_s:
            self._journal_s = now_s + JOURNAL_EVERY_S
            _log.info("%s", summary, extra={FIELDS: as_journal_fields(status)})

    def log_end(self, now_s: float) -> None:
        """Log a summary of the run."""
        self.health = self._meter.read(now_s, camera_frames=self._frames.given)
        _log.info("%s", closing_line(self.status(now_s), self._state.changes))

    def status(self, now_s: float) -> Status:
        """Return the status at the monotonic time `now_s`."""
        counters = self._link.counters
        return Status(
            version=__version__,
            pid=os.getpid(),
            uptime_s=now_s - self._setup.started_s,
            state=self._state.state.label,
            reason=self._state.reason,
            measured=self._state.measured,
            camera=self._setup.camera,
            camera_error=None if self._frames.error is None else str(self._frames.error),
            model=self._setup.model,
            model_is_fallback=self._setup.parts.model_is_fallback,
            model_failed=self._setup.parts.model_failed,
            emotions_off=self.emotions_off,
            detector_failed=self._setup.parts.detector_failed,
            link=self._setup.link,
            health=self.health,
            counters=counters,
            vehicle=self._vehicle.counters,
            link_fps=self._link_rate.read(counters.frames_sent, now_s),
            restarts=self._setup.restarts,
            recording=self._recorder.status,
            watchers=self._pictures.watchers,
        )
