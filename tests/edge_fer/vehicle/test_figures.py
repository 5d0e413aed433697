"""What the vehicle is told of the daemon itself."""

from dataclasses import replace

import pytest

from edge_fer.health.meter import Health
from edge_fer.health.throttling import CAPPED, HEAT_THROTTLING, OVER_CURRENT, UNDERVOLTAGE
from edge_fer.vehicle.figures import fault_counters, pipeline_figures, throttling_code
from firmware_bridge.link.link import LinkCounters
from firmware_bridge.protocol.database import value_name
from firmware_bridge.protocol.messages import FaultCountersMessage, PipelineFiguresMessage

HEALTH = Health(
    frames=900,
    dropped=12,
    fps=28.0,
    latency_ms=4.0,
    temperature_c=61.0,
    camera_fps=30.2,
    face_fps=27.4,
    detection_fps=6.1,
    emotion_fps=9.3,
    throttled=(),
    stalls_last_hour=2,
    camera_restarts_last_hour=1,
)
LINK = LinkCounters(
    connected=True,
    connections_lost=3,
    frames_sent=4000,
    frames_dropped=4,
    changes_superseded=0,
    frames_received=2000,
    controller_frames_rejected=5,
    rejected_lines=6,
    rejected_bytes=70,
)


def test_rates_and_dropped_frames_are_told() -> None:
    assert pipeline_figures(HEALTH) == PipelineFiguresMessage(
        throttling=0,
        camera_fps=30.2,
        face_fps=27.4,
        detection_fps=6.1,
        emotion_fps=9.3,
        frames_dropped=12,
    )


def test_faults_of_camera_daemon_and_link_are_told() -> None:
    assert fault_counters(HEALTH, LINK, 7) == FaultCountersMessage(
        stalls_per_hour=2,
        camera_restarts_per_hour=1,
        restarts=7,
        connections_lost=3,
        link_frames_dropped=4,
        controller_rejected=5,
        lines_rejected=6,
    )


def test_what_adapter_and_bus_refuse_is_counted_with_what_the_port_does() -> None:
    refusing = replace(LINK, channels_reopened=1, bus_off=2, frames_refused=10, unacknowledged=20)
    counters = fault_counters(HEALTH, refusing, 0)

    assert counters.connections_lost == 3 + 1 + 2
    assert counters.link_frames_dropped == 4 + 10 + 20


def test_counts_go_round_and_rates_of_an_hour_stop_at_their_highest() -> None:
    """A count that stood still at its highest would hide what comes after it."""
    figures = pipeline_figures(replace(HEALTH, dropped=65_535 + 3))
    counters = fault_counters(
        replace(HEALTH, stalls_last_hour=9_999), replace(LINK, connections_lost=127 + 1), 255
    )

    assert figures.frames_dropped == 3
    assert (counters.connections_lost, counters.restarts) == (1, 0)
    assert counters.stalls_per_hour == 9_999  # the wire says 254, that or more


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (None, "not available"),
        ((), "none"),
        ((HEAT_THROTTLING, CAPPED), "heat"),
        ((UNDERVOLTAGE, "throttled"), "supply"),
        ((OVER_CURRENT,), "supply"),
        ((UNDERVOLTAGE, HEAT_THROTTLING), "heat and supply"),
        ((CAPPED,), "frequency capped"),
        (("throttled",), "other"),
    ],
)
def test_what_holds_the_machine_back_has_a_code(names: tuple[str, ...] | None, said: str) -> None:
    assert value_name("PipelineFigures", "Throttling", throttling_code(names)) == said
