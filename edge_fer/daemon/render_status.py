"""The text output of `edge-fer status`."""

from edge_fer.daemon.status import Status
from edge_fer.recording.flag import RecordingStatus
from firmware_bridge.counted import counted
from firmware_bridge.link.link import LinkCounters


def status_as_text(status: Status) -> str:
    """Return one line per item."""
    health, counters = status.health, status.counters
    latency, temperature = health.latency_ms, health.temperature_c
    rows = [
        ("driver", f"{status.state} ({status.reason})"),
        (
            "camera",
            f"{status.camera}: {health.camera_fps:.0f} fps, {health.fps:.0f} judged, "
            + ("latency unknown" if latency is None else f"{latency:.0f} ms to a decision")
            + (f"; {status.camera_error}" if status.camera_error else ""),
        ),
        (
            "stages",
            f"face in {health.face_fps:.0f} frames a second, detected in"
            f" {health.detection_fps:.0f}; emotions in {health.emotion_fps:.0f}"
            + ("; the cascade stands in for YuNet" if status.detector_failed else ""),
        ),
        (
            "frames",
            f"{health.frames}, dropped {health.dropped}; in the last hour"
            f" {counted(health.stalls_last_hour, 'stall')},"
            f" {counted(health.camera_restarts_last_hour, 'restart')} of the camera",
        ),
        (
            "model",
            status.model
            + (" (fallback)" if status.model_is_fallback else "")
            + ("; emotions are off (driver_state.emotion_states)" if status.emotions_off else ""),
        ),
        (
            "link",
            f"{status.link}: {'open' if counters.connected else 'LOST'},"
            f" {status.link_fps:.0f} frames a second, sent {counters.frames_sent},"
            f" dropped {counters.frames_dropped}, refused {counters.frames_refused}, lost"
            f" {counted(counters.connections_lost, 'time')}, adapter reopened"
            f" {counted(counters.channels_reopened, 'time')}"
            + _bus_errors(counters)
            + (f"; {counters.trouble}" if counters.trouble else ""),
        ),
        ("recording", _recording(status.recording)),
        ("preview", _preview(status.watchers)),
        ("temperature", _temperature(temperature, health.limit_c)),
        ("throttling", _throttling(health.throttled)),
        ("shedding", _shedding(health.shed_for, health.most_fps)),
        (
            "daemon",
            f"edge-fer {status.version}, process {status.pid},"
            f" up {duration(status.uptime_s)}, restarted {counted(status.restarts, 'time')}",
        ),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {text}" for name, text in rows)


def _bus_errors(counters: LinkCounters) -> str:
    named = {
        "error-passive": counters.error_passive,
        "bus-off": counters.bus_off,
        "restarted": counters.bus_restarts,
    }
    errors = [f"{name} {counted(count, 'time')}" for name, count in named.items() if count]
    if counters.unacknowledged:
        errors.append(f"{counted(counters.unacknowledged, 'frame')} not acknowledged")
    return f"; bus: {', '.join(errors)}" if errors else ""


def _temperature(celsius: float | None, limit_c: float | None) -> str:
    if celsius is None or limit_c is None:
        return "unknown"
    return f"{celsius:.0f} °C, slowed down from {limit_c:.0f} °C"


def _shedding(why: str, most_fps: float | None) -> str:
    if most_fps is None:
        return f"none, although {why} asks for it" if why else "none"
    return f"at most {most_fps:.0f} frames a second, because of {why}"


def _recording(recording: RecordingStatus | None) -> str:
    if recording is None:
        return "off"
    off = "standby" if recording.error is None else "off"
    what = {"on": "ON", "event": "ON, an event is being kept"}.get(recording.flag, off)
    text = (
        f"{what}: {counted(recording.clips, 'clip')}, {recording.size / 1e6:.0f} MB in"
        f" {recording.folder}{', encrypted' if recording.encrypted else ''}"
    )
    if recording.lost:
        text += f"; lost {recording.lost}"
    for error in (recording.error, recording.forward_error):
        if error is not None:
            text += f"; {error}"
    return text


def _preview(watchers: int) -> str:
    if not watchers:
        return "off"
    return f"ON: the pictures are shown to {counted(watchers, 'program')}"


def _throttling(names: tuple[str, ...] | None) -> str:
    return "unknown" if names is None else ", ".join(names) or "none"


def duration(seconds: float) -> str:
    """Return a time as "3 d 4 h", "5 h 12 min", "2 min 8 s" or "9 s"."""
    whole = int(seconds)
    days, hours = divmod(whole // 3600, 24)
    minutes, rest = whole // 60 % 60, whole % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
