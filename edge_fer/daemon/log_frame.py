"""The first and last lines of the daemon's log: its configuration and a summary. Pure."""

import logging
from pathlib import Path

from edge_fer.config.config import Config
from edge_fer.daemon.opening import Networks
from edge_fer.daemon.status import Status
from edge_fer.driver_state.measured import Measured
from edge_fer.face.opening import detector_name
from edge_fer.face.seat import seat_of
from edge_fer.redaction import redacted_uri
from firmware_bridge.counted import counted

Line = tuple[int, str]
"""A level of `logging`, and a text."""


def opening_lines(
    version: str, config: Config, path: Path | None, networks: Networks
) -> tuple[Line, ...]:
    """Return version, config and parts, and a warning if head or eyes cannot be measured."""
    parts = networks.parts
    seat = seat_of(config.face.seat_region, config.driver_state.driver_side)
    detector = "haar" if parts.detector_failed else detector_name(config.face, _store(config))
    lines: list[Line] = [
        (logging.INFO, f"edge-fer {version}"),
        (logging.INFO, f"config: {path or 'defaults, no file'}"),
        (
            logging.INFO,
            f"camera: {redacted_uri(config.camera.uri)}, at {config.camera.fps} frames a second",
        ),
        (
            logging.INFO,
            f"face: found by {detector} within the seat region {seat},"
            f" followed by {_network(config.model.face_path)}",
        ),
        (logging.INFO, f"emotions: {networks.model}"),
        (logging.INFO, f"eyes: {_network(config.model.eyes_path)}"),
        (logging.INFO, f"link: {redacted_uri(config.link.uri)}"),
    ]
    if networks.eyes is None:
        lines.append(
            (
                logging.WARNING,
                "no eyes: drowsy, microsleep and asleep cannot be detected by lids",
            )
        )
    if networks.classifier is None or not config.driver_state.emotion_states:
        why = "by driver_state.emotion_states" if networks.classifier is not None else "no network"
        lines.append(
            (logging.WARNING, f"no emotions ({why}): agitated, anxious and low never come")
        )
    return tuple(lines)


def closing_line(status: Status, changes: int) -> str:
    """Return the summary of the run."""
    health, counters = status.health, status.counters
    return (
        f"ended after {status.uptime_s:.0f} s: {counted(health.frames, 'frame')} judged,"
        f" {health.dropped} dropped; {counted(changes, 'change')} of the driver state;"
        f" {counted(counters.frames_sent, 'CAN frame')} sent, {counters.frames_dropped} dropped"
    )


def evidence_text(measured: Measured) -> str:
    """Return the evidence of a state as text; empty if nothing is measured."""
    parts = []
    if measured.profile:
        parts.append("head in profile")
    elif measured.yaw_deg is not None and measured.pitch_deg is not None:
        parts.append(f"yaw {measured.yaw_deg:.0f}°, pitch {measured.pitch_deg:.0f}°")
    elif measured.head_unseen_s is not None:
        parts.append(f"head unseen for {measured.head_unseen_s:.0f} s")
    if measured.lid_opening is not None:
        parts.append(f"lids {measured.lid_opening:.0%} open")
    elif measured.eyes_unseen_s is not None:
        parts.append(f"eyes unseen for {measured.eyes_unseen_s:.0f} s")
    if measured.zone is not None and measured.zone != "road":
        parts.append(f"looks at: {measured.zone}")
    if measured.yawns:
        parts.append(counted(measured.yawns, "yawn"))
    return ", ".join(parts)


def _store(config: Config) -> Path:
    return Path(config.model.store)


def _network(path: str) -> str:
    return path or "the installed or shipped network"
