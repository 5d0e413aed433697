"""The first lines of the log say what runs and what is missing; each state comes with evidence."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from edge_fer.config.config import Config
from edge_fer.daemon.log_frame import evidence_text, opening_lines
from edge_fer.daemon.opening import Networks
from edge_fer.driver_state.measured import NOTHING_MEASURED, Measured
from edge_fer.vehicle.outgoing import Parts

SOME = cast(Any, object())
NETWORKS = Networks(SOME, "/models/edge.tflite", SOME, SOME, Parts())


def texts(networks: Networks, config: Config, level: int = logging.INFO) -> list[str]:
    lines = opening_lines("1.2.3", config, Path("/etc/edge-fer/config.toml"), networks)
    return [text for found, text in lines if found == level]


def test_it_names_version_config_camera_detector_networks_and_link() -> None:
    config = Config()
    uri = "rtsp://user:secret@camera/1"
    config = replace(config, camera=replace(config.camera, uri=uri, fps=25))
    lines = texts(NETWORKS, config)
    assert lines[:2] == ["edge-fer 1.2.3", "config: /etc/edge-fer/config.toml"]
    whole = "\n".join(lines)
    for part in ("25 frames a second", "haar", "0 0 1 1", "/models/edge.tflite", config.link.uri):
        assert part in whole
    assert "secret" not in whole
    assert not texts(NETWORKS, config, logging.WARNING)


@pytest.mark.parametrize(
    ("networks", "emotions", "word"),
    [
        (replace(NETWORKS, eyes=None), True, "no eyes"),
        (replace(NETWORKS, classifier=None), True, "no emotions (no network)"),
        (NETWORKS, False, "no emotions (by driver_state.emotion_states)"),
    ],
)
def test_a_missing_sense_is_a_warning(networks: Networks, emotions: bool, word: str) -> None:
    config = Config()
    config = replace(config, driver_state=replace(config.driver_state, emotion_states=emotions))
    (warning,) = texts(networks, config, logging.WARNING)
    assert word in warning


@pytest.mark.parametrize(
    ("measured", "text"),
    [
        (NOTHING_MEASURED, ""),
        (
            Measured(yaw_deg=31.4, pitch_deg=-2.0, lid_opening=0.9, zone="mirror or side"),
            "yaw 31°, pitch -2°, lids 90% open, looks at: mirror or side",
        ),
        (Measured(profile=True, eyes_unseen_s=2.0), "head in profile, eyes unseen for 2 s"),
        (Measured(head_unseen_s=4.0, yawns=2, zone="road"), "head unseen for 4 s, 2 yawns"),
    ],
)
def test_evidence_is_in_words(measured: Measured, text: str) -> None:
    assert evidence_text(measured) == text
