"""What a running daemon counted against itself: troubles that are over, or come and go. Pure."""

from collections.abc import Iterator

from edge_fer.daemon.status import Status
from edge_fer.doctor.finding import Finding, Level
from edge_fer.health.shedding import HEAT
from firmware_bridge.counted import counted
from firmware_bridge.link.link import LinkCounters

CHECK = "history"
_LOG = "journalctl -u edge-fer"


def check_history(status: Status) -> Iterator[Finding]:
    """Yield what was wrong, from a daemon's status; one finding where nothing was."""
    troubles = list(_troubles(status))
    for text, remedy in troubles:
        yield Finding(CHECK, Level.WARNING, text, remedy)
    if not troubles:
        text = "no restart; in the last hour no stall of the camera; no frame lost on the link"
        yield Finding(CHECK, Level.OK, text)


def _troubles(status: Status) -> Iterator[tuple[str, str]]:
    """Yield each trouble and its remedy."""
    health, counters, recording = status.health, status.counters, status.recording
    if restarts := status.restarts:
        yield (
            f"the daemon was killed, or failed, {counted(restarts, 'time')} and started anew",
            _LOG,
        )
    stalls, restarts = health.stalls_last_hour, health.camera_restarts_last_hour
    if stalls or restarts:
        yield (
            f"the camera fell silent {counted(stalls, 'time')} in the last hour, and its process"
            f" was started anew {counted(restarts, 'time')}",
            f"its cable, its port and its supply; {_LOG}",
        )
    if why := health.shed_for:
        yield (
            f"fewer frames are looked at because of {why}",
            "more cooling" if why == HEAT else "a stronger supply, a short and thick cable",
        )
    yield from _link_troubles(counters)
    if recording is not None:
        for error in (recording.error, recording.forward_error):
            if error:
                yield f"recording: {error}", _LOG
        if recording.lost:
            yield (
                f"{counted(recording.lost, 'clip')} could not be kept",
                "room and rights of recording.folder",
            )
    rejected = counters.rejected_lines + counters.controller_frames_rejected
    if rejected:
        yield (
            f"{rejected} of the controller's lines and frames made no sense",
            "the baud rate at both ends; a noisy line is better off with cobs:PORT",
        )


def _link_troubles(counters: LinkCounters) -> Iterator[tuple[str, str]]:
    if lost := counters.connections_lost:
        yield f"the link was lost {counted(lost, 'time')}", f"plug and cable of its adapter; {_LOG}"
    if reopened := counters.channels_reopened:
        yield (
            f"the adapter's channel had to be opened again {counted(reopened, 'time')}",
            f"its supply, the bit rate and the wiring of the bus; {_LOG}",
        )
    if refused := counters.frames_refused:
        yield (
            f"the adapter or the bus refused {counted(refused, 'frame')}",
            "bit rate (?bitrate=), wiring, termination, and another node that acknowledges",
        )
    if errors := counters.bus_off + counters.error_passive:
        yield (
            f"the CAN controller was error-passive or bus-off {counted(errors, 'time')}",
            "bit rate, wiring, termination (120 ohms at both ends)",
        )
    if unacknowledged := counters.unacknowledged:
        yield (
            f"no other node acknowledged {counted(unacknowledged, 'frame')}",
            "another node on the bus that is on and has the same bit rate",
        )
    if dropped := counters.frames_dropped:
        yield (
            f"the link did not take {counted(dropped, 'frame')}",
            "its baud rate, and what reads it",
        )
