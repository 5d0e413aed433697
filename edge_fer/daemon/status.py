"""The daemon's status, for `edge-fer status`, the journal and Prometheus. Pure."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Self

from edge_fer.driver_state.measured import NOTHING_MEASURED, Measured
from edge_fer.driver_state.states import DriverState
from edge_fer.errors import DaemonError, DaemonReason
from edge_fer.from_json import MissingKeyError, from_json
from edge_fer.health.meter import Health
from edge_fer.recording.flag import RecordingStatus
from edge_fer.vehicle.trust import NOTHING_COUNTED, TrustCounters
from firmware_bridge.link.link import LinkCounters

# The daemon renews its status twice a second. A status of this age means a stalled daemon.
STALE_S = 3.0
PREFIX = "edge_fer_"
# Version of the JSON object; incremented when a value changes its meaning.
STATUS_FORMAT = 1


_MOST_S = 1e12


@dataclass(frozen=True, slots=True)
class Status:
    """The daemon at one moment; `uptime_s` counts from its creation."""

    version: str
    pid: int
    uptime_s: float
    state: str
    reason: str
    camera: str
    model: str
    model_is_fallback: bool
    link: str
    health: Health
    counters: LinkCounters
    link_fps: float = 0.0  # frames sent a second
    camera_error: str | None = None  # why it gives no frames
    model_failed: bool = False  # no emotion is inferred
    emotions_off: bool = False  # nor here, because the config says so
    detector_failed: bool = False  # the cascade finds faces instead
    restarts: int = 0  # of the daemon, that another did not end in order before
    recording: RecordingStatus | None = None  # None: switched off
    vehicle: TrustCounters = NOTHING_COUNTED
    measured: Measured = NOTHING_MEASURED  # what the state rests on
    watchers: int = 0  # how many are being shown its pictures

    @property
    def is_standby(self) -> bool:
        """Whether the vehicle has requested standby."""
        return self.state == DriverState.NOT_AVAILABLE.label

    def to_json(self) -> dict[str, Any]:
        """Return the status as a JSON object; unknown values are null."""
        return {"format": STATUS_FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, values: object) -> Self:
        """Return the status from the parsed JSON of `to_json`.

        Raises DaemonError: with the reason UNKNOWN_VERSION for another format or a missing key, and
        with NOT_A_DAEMON for anything else.
        """
        found = values.get("format") if isinstance(values, dict) else None
        try:
            if found != STATUS_FORMAT and isinstance(values, dict) and "version" in values:
                raise MissingKeyError("format")
            status = from_json(cls, values)
            if not math.isfinite(status.uptime_s):
                raise ValueError("uptime_s: no number of seconds")
            return status
        except MissingKeyError as error:
            raise DaemonError(
                DaemonReason.UNKNOWN_VERSION,
                f"status: the daemon is of another version (no {error} of format {STATUS_FORMAT}):"
                " sudo systemctl restart edge-fer",
            ) from error
        except ValueError as error:
            raise DaemonError(
                DaemonReason.NOT_A_DAEMON, f"status: that is not an edge-fer daemon: {error}"
            ) from error


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """A status and its age: a pipeline that hangs does not renew it."""

    status: Status
    age_s: float

    @property
    def is_stale(self) -> bool:
        """Whether the pipeline is stalled."""
        return self.age_s > STALE_S

    def to_json(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {"age_s": self.age_s, **self.status.to_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return what `to_json` made `values` of; DaemonError as `Status.from_json`."""
        status, age_s = Status.from_json(values), values.get("age_s")
        if not isinstance(age_s, int | float) or not 0.0 <= age_s <= _MOST_S:
            raise DaemonError(
                DaemonReason.NOT_A_DAEMON, "status: that is not an edge-fer daemon: no age_s"
            )
        return cls(status, float(age_s))


def figures(status: Status) -> dict[str, float]:
    """Return every known number of the status, by its name in Prometheus."""
    health, counters, recording = status.health, status.counters, status.recording
    known = {
        "up_seconds": status.uptime_s,
        "restarts_total": status.restarts,
        "frames_total": health.frames,
        "frames_dropped_total": health.dropped,
        "camera_frames_total": health.camera_frames,
        "frames_per_second": health.fps,
        "camera_frames_per_second": health.camera_fps,
        "frames_per_second_limit": health.most_fps,
        "faces_per_second": health.face_fps,
        "detections_per_second": health.detection_fps,
        "emotions_per_second": health.emotion_fps,
        "latency_seconds": None if health.latency_ms is None else health.latency_ms / 1e3,
        "temperature_celsius": health.temperature_c,
        "temperature_limit_celsius": health.limit_c,
        "throttled": None if health.throttled is None else bool(health.throttled),
        "camera_stalls_last_hour": health.stalls_last_hour,
        "camera_restarts_last_hour": health.camera_restarts_last_hour,
        "model_is_fallback": status.model_is_fallback,
        "preview_watchers": status.watchers,
        "model_failed": status.model_failed,
        "emotions_off": status.emotions_off,
        "face_detector_failed": status.detector_failed,
        "link_connected": counters.connected,
        "link_connections_lost_total": counters.connections_lost,
        "link_frames_per_second": status.link_fps,
        "link_frames_sent_total": counters.frames_sent,
        "link_frames_dropped_total": counters.frames_dropped,
        "link_changes_superseded_total": counters.changes_superseded,
        "link_frames_received_total": counters.frames_received,
        "link_controller_frames_rejected_total": counters.controller_frames_rejected,
        "link_blocked": counters.trouble is not None,
        "link_error_passive_total": counters.error_passive,
        "link_bus_off_total": counters.bus_off,
        "link_bus_restarts_total": counters.bus_restarts,
        "link_unacknowledged_total": counters.unacknowledged,
        "link_cycles_skipped_total": counters.cycles_skipped,
        "link_frames_refused_total": counters.frames_refused,
        "link_channels_reopened_total": counters.channels_reopened,
        "vehicle_contradictions_total": status.vehicle.contradictions,
        "vehicle_speed_jumps_total": status.vehicle.speed_jumps,
        "vehicle_switch_offs_total": status.vehicle.switch_offs,
        "link_rejected_lines_total": counters.rejected_lines,
        "link_rejected_bytes_total": counters.rejected_bytes,
    }
    if recording is not None:
        known |= {
            "recording_clips": recording.clips,
            "recording_bytes": recording.size,
            "recording_clips_kept_total": recording.kept,
            "recording_clips_lost_total": recording.lost,
            "recording_frames_dropped_total": recording.frames_dropped,
        }
    return {name: float(value) for name, value in known.items() if value is not None}


def as_prometheus(status: Status, *, driver_state: bool = True) -> str:
    """Return the text exposition format: the numbers, and optionally the state as a label."""
    lines = []
    for name, value in figures(status).items():
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# TYPE {PREFIX}{name} {kind}", f"{PREFIX}{name} {value:.10g}"]
    if driver_state:
        lines += [
            f"# TYPE {PREFIX}driver_state gauge",
            f'{PREFIX}driver_state{{state="{status.state}"}} 1',
        ]
    return "\n".join(lines) + "\n"


def as_journal_fields(status: Status) -> dict[str, str]:
    """Return the numbers as fields of the journal: EDGE_FER_FRAMES_PER_SECOND and so on."""
    fields = {f"{PREFIX}{name}".upper(): f"{value:.10g}" for name, value in figures(status).items()}
    return fields | {"EDGE_FER_STATE": status.state, "EDGE_FER_REASON": status.reason}
