"""`edge-fer doctor`: what of this device works, and what to do about the rest.

Each check looks at one thing and returns one finding; none raises, none changes anything.
"""

import grp
import os
import pwd
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.camera import check_uri
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.process import CameraProcess
from edge_fer.config.config import Config, load_config
from edge_fer.daemon.status import Status
from edge_fer.daemon.status_server import ask
from edge_fer.doctor.finding import Finding, Level
from edge_fer.doctor.history import check_history
from edge_fer.doctor.machine import check_config_access, check_memory_limits, check_swap
from edge_fer.errors import DaemonError, DaemonReason, UserError
from edge_fer.face.opening import detector_name, open_detector, open_tracker, yunet_path
from edge_fer.health.shedding import FEWER_MARGIN_C
from edge_fer.health.thermal import Thermometer
from edge_fer.health.throttling import (
    OVER_CURRENT,
    UNDERVOLTAGE,
    ThrottleWatch,
    read_over_current_events,
    read_throttle_bits,
    throttle_names,
)
from edge_fer.models.check import check_apart, check_model_apart, require_passed
from edge_fer.models.files import read_model_files
from edge_fer.models.kind import EYES, FACE, ModelKind
from edge_fer.models.settings import ModelConfig
from edge_fer.models.signature import require_signature
from edge_fer.models.store import ModelStore
from edge_fer.observation import CameraCondition
from edge_fer.paths import SERVICE_STATE, SHIPPED_EYES, SHIPPED_FACE, SHIPPED_MODEL
from edge_fer.redaction import redacted_uri
from edge_fer.vehicle.outgoing import LOW_FPS
from edge_fer.wall_clock import STA_UNSYNC, clock_status
from firmware_bridge.counted import counted
from firmware_bridge.errors import BridgeError
from firmware_bridge.transports import check_address, open_transport

CAMERA_OPENS_S = 10.0
CAMERA_WATCHED_S = 1.5
LINK_WATCHED_S = 0.5
FPS_SHARE = 0.7  # of the rate that the camera means to give; below it frames are missing
LEAST_FREE_BYTES = 100e6
SERVICE_USER = "edge-fer"
_EACH = 3  # every third frame is looked at for a face
NO_FACE = "sit before it and look at it; else lens, light, face.seat_region; edge-fer preview"
FASTER = "what else does this machine compute (top)? edge-fer benchmark says what it could"
MORE_FPS = "more light (long exposures), another USB port, or a lower camera.fps"


def examine(config_path: Path | None) -> Iterator[Finding]:
    """Yield the finding of each check, in the order in which things depend on each other."""
    try:
        config = load_config(config_path, os.environ)
    except UserError as error:
        yield Finding("config", Level.FAILED, str(error), "edge-fer config check")
        return
    yield Finding("config", Level.OK, f"{config_path or 'defaults'}")
    finding, running, status = check_daemon()
    yield finding
    yield check_model(config)
    yield check_face(config)
    if not running:
        pictures: list[Picture] = []
        yield check_camera(config, pictures)
        if pictures:
            yield check_driver(config, pictures)
        yield check_link(config)
    if status is not None:
        yield from check_running(status)
        if status.health.fps > 0 or status.is_standby:
            yield check_driver_seen(status)
        yield from check_history(status)
    yield check_user(config)
    yield from (check() for check in (check_throttling, check_temperature, check_clock))
    yield check_memory_limits()
    yield check_swap()
    yield check_config_access(config_path)
    yield check_disk(Path(config.model.store))
    if config.health.prometheus_file:
        file = Path(config.health.prometheus_file)
        yield check_writing("prometheus", "health.prometheus_file", file.parent)
    if config.recording.enabled:
        yield check_writing("recording", "recording.folder", Path(config.recording.folder))


def check_model(config: Config) -> Finding:
    """Run the golden images of the model that the daemon would start with."""
    path = (
        Path(config.model.path)
        if config.model.path
        else ModelStore(Path(config.model.store)).candidates(SHIPPED_MODEL)[0]
    )
    try:
        files = read_model_files(path)
        if config.model.trusted_key and path != SHIPPED_MODEL:
            release = require_signature(files, config.model.trusted_key)
            if not config.model.path:
                ModelStore(Path(config.model.store)).require_release(release, path)
        result, runtime = check_apart(files)
        require_passed(path, result, runtime)
    except UserError as error:
        remedy = "" if config.model.path else "edge-fer model rollback"
        return Finding("model", Level.FAILED, str(error), remedy)
    number, worst = len(result.differences), result.worst[1]
    text = f"{path}: {number} golden images as in the card, {worst} units off with {runtime}"
    return Finding("model", Level.OK, text)


def check_face(config: Config) -> Finding:
    """Open the face detector, and run the golden images of the face and eye networks."""
    model = config.model
    store = Path(model.store)
    try:
        open_detector(config.face, store)
        used = [
            _sound_network(model, FACE, model.face_path, SHIPPED_FACE),
            _sound_network(model, EYES, model.eyes_path, SHIPPED_EYES),
        ]
    except UserError as error:
        return Finding("face", Level.FAILED, str(error))
    detector = detector_name(config.face, store)
    found_by = str(yunet_path(config.face, store)) if detector == "yunet" else "the Haar cascades"
    text = f"found by {found_by}; followed by {used[0]}; eyes by {used[1]}"
    return Finding("face", Level.OK, text)


def _sound_network(config: ModelConfig, kind: ModelKind, named: str, shipped: Path) -> Path:
    """Return the network that the daemon would start with; UserError where it fails its check."""
    path = Path(named) if named else ModelStore(Path(config.store), kind).candidates(shipped)[0]
    result, runtime = check_model_apart(path)
    require_passed(path, result, runtime)
    return path


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame, uint8[height,width], and its monotonic time. It never leaves the memory."""

    grey: NDArray[np.uint8]
    captured_s: float


def check_camera(config: Config, pictures: list[Picture] | None = None) -> Finding:
    """Open the camera, watch it for a moment, and judge rate and picture.

    Some of the frames are put into `pictures`.
    """
    uri = redacted_uri(config.camera.uri)
    try:
        check_uri(config.camera.uri)
    except UserError as error:
        return Finding("camera", Level.FAILED, str(error).removeprefix("camera "))
    with CameraProcess(config.camera.uri, fps=config.camera.fps) as camera:
        first = camera.wait(CAMERA_OPENS_S)
        if first is None:
            text = str(camera.error or f"camera {uri}: no frame within {CAMERA_OPENS_S:g} s")
            return Finding("camera", Level.FAILED, text.removeprefix("camera "))
        monitor = ConditionMonitor()
        condition = monitor.update(first.grey, first.captured_s)
        last = first
        until_s = time.monotonic() + CAMERA_WATCHED_S
        while time.monotonic() < until_s:
            frame = camera.wait(0.2)
            if frame is not None:
                last = frame
                if pictures is not None and frame.sequence % _EACH == 0:
                    pictures.append(Picture(frame.grey.copy(), frame.captured_s))
                condition = monitor.update(frame.grey, frame.captured_s)
            elif camera.error is not None or camera.ended:
                break
        if camera.error is not None:
            return Finding("camera", Level.FAILED, str(camera.error).removeprefix("camera "))
        meant_fps = camera.fps or float(config.camera.fps)
    elapsed_s = last.captured_s - first.captured_s
    fps = (last.sequence - first.sequence) / elapsed_s if elapsed_s > 0 else 0.0
    height, width = last.grey.shape
    text = f"{uri}: {width}x{height}, {fps:.0f} of {meant_fps:.0f} fps"
    if condition is not CameraCondition.GOOD:
        remedy = "look at lens, light and cover; camera.uri may name another camera"
        return Finding("camera", Level.WARNING, f"{text}, {condition.name.lower()}", remedy)
    if fps < FPS_SHARE * meant_fps:
        return Finding("camera", Level.WARNING, text, MORE_FPS)
    return Finding("camera", Level.OK, text)


def check_driver(config: Config, pictures: list[Picture]) -> Finding:
    """Look for the driver's face in the pictures, as the daemon would."""
    store = Path(config.model.store)
    try:
        side = config.driver_state.driver_side
        tracker = open_tracker(config.face, None, store, driver_side=side)
    except UserError as error:
        return Finding("driver", Level.NOTE, f"not looked for: {error}")
    seen = sum(tracker.update(one.grey, one.captured_s) is not None for one in pictures)
    if seen:
        return Finding(
            "driver", Level.OK, f"a face in {seen} of {counted(len(pictures), 'picture')}"
        )
    text = f"no face in {counted(len(pictures), 'picture')}"
    return Finding("driver", Level.NOTE, text, NO_FACE)


def check_driver_seen(status: Status) -> Finding:
    """Say whether a running daemon sees a face, and what it says where it does not."""
    health = status.health
    if status.is_standby:
        return Finding("driver", Level.NOTE, f"not looked for: {status.reason}")
    if health.face_fps > 0:
        text = f"a face in {health.face_fps:.0f} of {health.fps:.0f} frames a second"
        return Finding("driver", Level.OK, f"{text}, says the daemon")
    text = f"no face: {status.state} ({status.reason}), says the daemon"
    return Finding("driver", Level.NOTE, text, NO_FACE)


def check_link(config: Config) -> Finding:
    """Open the port or bus, and close it."""
    uri = config.link.uri
    try:
        check_address(uri)
        # It only listens: a wrong bit rate disturbs nobody.
        transport = open_transport(uri, listen_only=True)
        transport.receive(LINK_WATCHED_S)
        trouble, channels = transport.trouble, transport.counters.channel_openings
        transport.close()
    except BridgeError as error:
        return Finding("link", Level.FAILED, str(error).removeprefix("link: "))
    if trouble is not None:
        return Finding("link", Level.FAILED, f"{uri}: {trouble}", "bit rate (?bitrate=), wiring?")
    if channels:
        return Finding("link", Level.OK, f"{uri}: opens, and the adapter's channel, too")
    return Finding("link", Level.OK, f"{uri}: opens")


def check_user(config: Config) -> Finding:
    """Say whether the service's user may use camera and port, and else which group it needs."""
    try:
        user = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        text = f"there is no user {SERVICE_USER}: the service is not installed"
        return Finding("permissions", Level.NOTE, text, "systemd/install.sh, or the package")
    groups = set(os.getgrouplist(user.pw_name, user.pw_gid))
    missing = [
        (path, group)
        for path in map(device_path, (config.camera.uri, config.link.uri))
        if path is not None and (group := missing_group(path, user.pw_uid, groups)) is not None
    ]
    if not missing:
        return Finding("permissions", Level.OK, f"user {SERVICE_USER} may use camera and port")
    text = "; ".join(f"{path}: user {SERVICE_USER} may not use it" for path, _ in missing)
    names = ",".join(sorted({group for _, group in missing}))
    remedy = f"sudo usermod -aG {names} {SERVICE_USER}; sudo systemctl restart edge-fer"
    return Finding("permissions", Level.FAILED, text, remedy)


def device_path(uri: str) -> Path | None:
    """Return the device file that a camera or link URI names, or None."""
    scheme, _, rest = uri.partition(":")
    if scheme not in ("v4l2", "slcan", "cobs") or "://" in rest:  # a TCP port
        return None
    return Path(rest.partition("?")[0])


def missing_group(path: Path, user: int, groups: set[int]) -> str | None:
    """Return the group that `user` with `groups` lacks to read and write `path`, or None."""
    try:
        status = path.stat()
    except OSError:
        return None  # that it is not there is said elsewhere
    for mine, read_and_write in (
        (status.st_uid == user, 0o600),
        (status.st_gid in groups, 0o060),
        (True, 0o006),
    ):
        if mine:
            if status.st_mode & read_and_write == read_and_write:
                return None
            break
    try:
        return grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        return str(status.st_gid)


def check_throttling(root: Path = Path("/")) -> Finding:
    """Read what the board says of supply and clock: now, and where it knows, since its start."""
    now = ThrottleWatch(root).read(time.monotonic())
    if now is None:
        return Finding("throttling", Level.NOTE, "this machine does not say")
    bits, events = read_throttle_bits(root) or 0, read_over_current_events(root)
    ever = (*throttle_names(bits, since_start=True), *((OVER_CURRENT,) if events else ()))
    for level, when, names in (
        (Level.FAILED, "now", now),
        (Level.WARNING, "since the start", ever),
    ):
        if UNDERVOLTAGE in names:
            remedy = "use the supply that belongs to the board and a short, thick cable"
        elif OVER_CURRENT in names:
            remedy = "a stronger supply, or a lower power mode (nvpmodel)"
        else:
            remedy = "more cooling"
        if names:
            return Finding("throttling", level, f"{when}: {', '.join(names)}", remedy)
    return Finding("throttling", Level.OK, "none since the start")


def check_temperature(root: Path = Path("/")) -> Finding:
    """Read the temperature of the processor, and how far it is from being slowed down."""
    found = Thermometer(root).read()
    if found is None:
        return Finding("temperature", Level.NOTE, "this machine does not say")
    text = f"{found.celsius:.0f} °C, slowed down from {found.limit_c:.0f} °C"
    if found.margin_c > FEWER_MARGIN_C:
        return Finding("temperature", Level.OK, text)
    level = Level.WARNING if found.margin_c > 0.0 else Level.FAILED
    text += "; the daemon looks at fewer frames from " + f"{found.limit_c - FEWER_MARGIN_C:.0f} °C"
    return Finding("temperature", level, text, "more cooling")


def check_clock(status: Callable[[], int | None] | None = None) -> Finding:
    """Say whether the wall clock is synchronised; nothing but log lines depends on it."""
    bits = (status or clock_status)()
    if bits is None:
        return Finding("clock", Level.NOTE, "this system does not say")
    if bits & STA_UNSYNC:
        text = "not synchronised: times in the log may be wrong (nothing else uses them)"
        return Finding("clock", Level.WARNING, text, "sudo timedatectl set-ntp true, or an RTC")
    return Finding("clock", Level.OK, "synchronised")


def check_disk(folder: Path) -> Finding:
    """Look for room where models are installed; a read-only disk is fine for running."""
    while not folder.exists():
        folder = folder.parent
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    text = f"{folder}: {free / 1e6:.0f} MB free"
    if room.f_flag & os.ST_RDONLY:
        return Finding("disk", Level.NOTE, f"{folder}: read-only, no model can be installed")
    if free < LEAST_FREE_BYTES:
        return Finding("disk", Level.WARNING, text, "make room: journalctl --vacuum-size=50M")
    return Finding("disk", Level.OK, text)


def check_writing(check: str, key: str, folder: Path) -> Finding:
    """Say whether the service could write into a folder that the config names."""
    # The recorder makes its own folder; what has to be there is the one above.
    there = folder if folder.is_dir() else folder.parent
    if not there.is_dir():
        return Finding(check, Level.FAILED, f"{key}: there is no folder {there}", "make it")
    if not folder.absolute().is_relative_to(SERVICE_STATE):
        text = f"{key}: the service may not write into {folder}"
        return Finding(check, Level.WARNING, text, f"a folder below {SERVICE_STATE}")
    room = os.statvfs(there)
    free = room.f_bavail * room.f_frsize
    text = f"{key}: {folder}: {free / 1e6:.0f} MB free"
    if room.f_flag & os.ST_RDONLY:
        return Finding(check, Level.FAILED, f"{key}: {folder} is read-only", "another folder")
    if free < LEAST_FREE_BYTES:
        return Finding(check, Level.WARNING, text, "make room, or another disk")
    return Finding(check, Level.OK, text)


def check_daemon() -> tuple[Finding, bool, Status | None]:
    """Return the finding on the daemon, whether one runs, and its status where it is known."""
    try:
        answer = ask()
    except DaemonError as error:
        if error.reason is DaemonReason.NOT_RUNNING:
            return (
                Finding("daemon", Level.NOTE, "does not run: camera and port are tried"),
                False,
                None,
            )
        # Something has camera and port open, or may have.
        return Finding("daemon", Level.WARNING, str(error)), True, None
    if answer is None:
        return Finding("daemon", Level.NOTE, "is starting"), True, None
    status = answer.status
    if answer.is_stale:
        text = f"runs, but its pipeline stalled for {answer.age_s:.0f} s"
        return Finding("daemon", Level.FAILED, text, "journalctl -u edge-fer"), True, status
    return Finding("daemon", Level.OK, f"runs: {status.state} ({status.reason})"), True, status


def check_running(status: Status) -> Iterator[Finding]:
    """Yield findings on what only one program can open at a time, from the daemon's status."""
    health, counters = status.health, status.counters
    error = (status.camera_error or "").removeprefix("camera ")
    text = error or f"{status.camera}: {health.fps:.0f} fps"
    text += ", says the daemon"
    level = Level.OK if health.fps > 0 or status.is_standby else Level.FAILED
    remedy = "" if level is Level.OK or error else "journalctl -u edge-fer"
    if 0 < health.fps < LOW_FPS and not error:
        level = Level.WARNING
        remedy = MORE_FPS if health.camera_fps < LOW_FPS else FASTER
        text = f"{text}; below {LOW_FPS:.0f} no figures of the eyelids are given"
    yield Finding("camera", level, text, remedy)
    trouble = counters.trouble
    level = Level.OK if counters.connected else Level.FAILED
    state = "open" if counters.connected else "lost"
    if trouble:
        text = f"{status.link}: {trouble}, says the daemon"
        remedy = "bit rate (?bitrate=), wiring, termination, another node that is on?"
        yield Finding("link", Level.FAILED, text, remedy)
        return
    remedy = "" if level is Level.OK else "is the adapter plugged in? journalctl -u edge-fer"
    yield Finding("link", level, f"{status.link}: {state}, says the daemon", remedy)
