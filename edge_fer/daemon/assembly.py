"""Puts a daemon together from its config."""

import atexit
import logging
import time
from dataclasses import replace
from pathlib import Path

from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.process import CameraProcess
from edge_fer.config.config import Config
from edge_fer.daemon.daemon import Daemon
from edge_fer.daemon.frames import FrameSource
from edge_fer.daemon.housekeeping import Housekeeping, Setup
from edge_fer.daemon.last_word import LastWord
from edge_fer.daemon.notify import Notifier
from edge_fer.daemon.opening import open_networks
from edge_fer.daemon.publisher import Publisher
from edge_fer.daemon.readiness import Readiness
from edge_fer.daemon.resume import ResumeFile
from edge_fer.daemon.standby import StandbySwitch
from edge_fer.daemon.state_log import StateLog
from edge_fer.daemon.status_server import StatusServer
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.health.meter import HealthMeter
from edge_fer.live.tap import PictureTap
from edge_fer.models.attempts import LoadAttempts
from edge_fer.paths import (
    own_attempts_file,
    own_frames_socket,
    own_last_word_file,
    own_pictures_socket,
    own_resume_file,
    own_status_socket,
)
from edge_fer.pipeline import Pipeline
from edge_fer.recording.process import RecorderProcess
from edge_fer.redaction import redacted_uri
from edge_fer.vehicle.ids import configured_ids
from edge_fer.vehicle.reader import VehicleReader
from firmware_bridge.errors import LinkReason, TransportError
from firmware_bridge.link.link import Link
from firmware_bridge.link.tap import FrameTap
from firmware_bridge.protocol.database import use_ids

_log = logging.getLogger(__name__)

# Waiting does not help against these.
_NEVER_OPENS = frozenset({LinkReason.BAD_ADDRESS, LinkReason.MISSING_PACKAGE})


def assemble(
    config: Config,
    camera: CameraProcess,
    notifier: Notifier,
    *,
    managed: bool,
    meter: HealthMeter | None = None,
) -> Daemon:
    """Open model, face detector and port, and return a daemon that has not started.

    `managed` is whether a service manager runs the daemon. Nobody then reads an error at the start,
    so a part that does not open is replaced by a fallback, and camera and port are retried for
    ever. Otherwise each failure is a UserError. `camera` may already be prepared; `Daemon.run`
    starts it.
    """
    attempts = LoadAttempts(own_attempts_file())
    # A regular exit of Python, for example because a port is missing, is not the model's fault.
    atexit.register(attempts.ready)
    networks = open_networks(
        config.model,
        config.face,
        stand_in=managed,
        attempts=attempts,
        driver_side=config.driver_state.driver_side,
    )
    now_s = time.monotonic()
    resume = ResumeFile(own_resume_file())
    left = resume.read(now_s)
    if left is not None:
        _log.info("resumes after a daemon that ended a moment ago")
    classifier, policy = networks.policy(config.driver_state)
    driver = StateMonitor(
        policy,
        now_s,
        resumed_at=None if left is None else (left.event_sequence, left.request_id),
        quiet_until_s=0.0 if left is None else left.quiet_until_s,
    )
    pipeline = Pipeline(classifier, networks.tracker, ConditionMonitor(), driver, networks.eyes)
    recorder = RecorderProcess(config.recording, keep_going=managed)
    meter = meter or HealthMeter(sheds=config.health.shed_frames)
    uri = redacted_uri(config.camera.uri)
    frames = FrameSource(camera, uri, keep_trying=managed)
    setup = Setup(
        camera=uri,
        model=networks.model,
        link=config.link.uri,
        parts=replace(
            networks.parts,
            eyes_missing=networks.eyes is None,
            emotions_off=not config.driver_state.emotion_states,
        ),
        restarts=resume.restarts,
        started_s=now_s,
    )
    # Last: nothing after them can fail, so what they open is always closed by `Daemon.run`; and
    # still before a camera lights up.
    use_ids(configured_ids(config.link))
    link = _open_link(config.link.uri, keep_trying=managed)
    metrics_file = config.health.prometheus_file
    server = StatusServer(
        own_status_socket(),
        Path(metrics_file) if metrics_file else None,
        driver_state_in_file=config.health.prometheus_driver_state,
    )
    pictures = PictureTap(own_pictures_socket())
    state = StateLog()
    standby = StandbySwitch(frames, pipeline, recorder, meter, LastWord(own_last_word_file()))
    vehicle = VehicleReader(link, config.vehicle, off=standby.active)
    housekeeping = Housekeeping(
        setup, frames, link, vehicle, recorder, meter, state, notifier, server, pictures
    )
    readiness = Readiness(notifier, resume, driver, attempts)
    return Daemon(
        networks=networks,
        frames=frames,
        pipeline=pipeline,
        link=link,
        recorder=recorder,
        meter=meter,
        vehicle=vehicle,
        standby=standby,
        publisher=Publisher(link, recorder, state, housekeeping, readiness, pictures),
        housekeeping=housekeeping,
        readiness=readiness,
        server=server,
        pictures=pictures,
    )


def _open_link(uri: str, *, keep_trying: bool) -> Link:
    """Return the open link; with `keep_trying`, one that opens once its port exists.

    A serial adapter may be plugged in, or a CAN interface may come up, after the daemon's start.
    """
    link = Link(uri, tap=FrameTap(own_frames_socket()))
    try:
        link.open()
    except TransportError as error:
        if not keep_trying or error.reason in _NEVER_OPENS:
            raise
        _log.warning("%s; the daemon waits for it", error)
    return link
