"""The daemon's metrics as they are sent to the vehicle, once a second. Pure."""

from edge_fer.health.meter import Health
from edge_fer.health.throttling import CAPPED, HEAT_THROTTLING, POOR_SUPPLY
from edge_fer.vehicle.trust import NOTHING_COUNTED, TrustCounters
from firmware_bridge.link.link import LinkCounters
from firmware_bridge.protocol.database import value_code
from firmware_bridge.protocol.messages import (
    FaultCountersMessage,
    PipelineFiguresMessage,
    wrapped_count,
)

_THROTTLING = {
    name: value_code(PipelineFiguresMessage.NAME, "Throttling", name)
    for name in ("none", "heat", "supply", "heat and supply", "frequency capped", "other")
}


def pipeline_figures(health: Health) -> PipelineFiguresMessage:
    """Return frame rates by stage, frames that were not looked at, and what holds the machine."""
    return PipelineFiguresMessage(
        throttling=throttling_code(health.throttled),
        camera_fps=health.camera_fps,
        face_fps=health.face_fps,
        detection_fps=health.detection_fps,
        emotion_fps=health.emotion_fps,
        frames_dropped=wrapped_count(PipelineFiguresMessage.NAME, "FramesDropped", health.dropped),
    )


def fault_counters(
    health: Health, link: LinkCounters, restarts: int, vehicle: TrustCounters = NOTHING_COUNTED
) -> FaultCountersMessage:
    """Return what went wrong and was recovered from: camera, daemon (`restarts`), link, vehicle.

    The bytes are full: what the vehicle said and was not believed, and its switch-offs, are added
    to the frames that were rejected; a bus-off is a lost connection, and a frame that no node
    acknowledged a dropped one. `edge-fer status` has each by itself.
    """
    lost = link.connections_lost + link.channels_reopened + link.bus_off
    dropped = link.frames_dropped + link.frames_refused + link.unacknowledged
    rejected = link.controller_frames_rejected
    rejected += vehicle.contradictions + vehicle.speed_jumps + vehicle.switch_offs

    def count(signal: str, value: int) -> int:
        return wrapped_count(FaultCountersMessage.NAME, signal, value)

    return FaultCountersMessage(
        stalls_per_hour=health.stalls_last_hour,
        camera_restarts_per_hour=health.camera_restarts_last_hour,
        restarts=count("Restarts", restarts),
        connections_lost=count("ConnectionsLost", lost),
        link_frames_dropped=count("LinkFramesDropped", dropped),
        controller_rejected=count("ControllerRejected", rejected),
        lines_rejected=count("LinesRejected", link.rejected_lines),
    )


def throttling_code(names: tuple[str, ...] | None) -> int | None:
    """Return the code for what `ThrottleWatch` names; None where the machine does not say.

    The causes come first: a poor supply and heat both end in a capped frequency.
    """
    if names is None:
        return None
    heat = HEAT_THROTTLING in names
    supply = not POOR_SUPPLY.isdisjoint(names)
    if heat and supply:
        return _THROTTLING["heat and supply"]
    if heat:
        return _THROTTLING["heat"]
    if supply:
        return _THROTTLING["supply"]
    if CAPPED in names:
        return _THROTTLING["frequency capped"]
    return _THROTTLING["other" if names else "none"]
