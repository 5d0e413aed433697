"""The benchmark itself, run for a moment: that it measures, not how fast anything is."""

import io
import json

import pytest

from firmware_bridge.benchmark.figures import PEER
from firmware_bridge.benchmark.output import Output
from firmware_bridge.benchmark.rates import bus_rates, sample_frames
from firmware_bridge.benchmark.verb import Effort, run_link_benchmark
from firmware_bridge.errors import BridgeError
from firmware_bridge.reception.supervision import BusSupervisor, FrameStatus

SHORT = Effort(seconds=0.05, sends=5, events=5, cycles=4, replugs=1, peer_replugs=1)


@pytest.mark.slow
def test_everything_is_measured_in_one_run() -> None:
    out = io.StringIO()

    run_link_benchmark(output=Output(True, stream=out), effort=SHORT)

    figures = json.loads(out.getvalue())
    rates = {entry["transport"]: entry for entry in figures["rates"]}
    assert {"slcan", "cobs", "virtual", PEER} <= set(rates)
    assert set(rates) | set(figures["skipped"]) >= {"udp_multicast", "socketcan"}
    for name in ("slcan", "cobs", "virtual"):
        assert all(
            rates[name][step] > 0 for step in ("encode_per_s", "send_per_s", "receive_per_s")
        )
    assert [entry["what"] for entry in figures["send_to_byte"]] == ["slcan", "cobs", PEER]
    assert [entry["what"] for entry in figures["event_to_byte"]] == ["slcan", "cobs"]
    assert [entry["count"] for entry in figures["event_to_byte"]] == [5, 5]
    assert [(entry["what"], entry["count"]) for entry in figures["jitter"]] == [
        ("slcan", 4),
        ("cobs", 4),
        ("sleep alone", 4),
    ]
    # A cycle that is not kept at all would be off by its own length and more.
    assert all(entry["p50_ms"] < 100.0 for entry in figures["jitter"])
    assert [entry["what"] for entry in figures["reconnect"]] == ["slcan", PEER]
    assert set(figures["ratios"]) == {"send", "receive", "send to first byte", "reconnect"}
    assert all(0 < entry["p50_ms"] < 10_000 for entry in figures["reconnect"])


def test_the_frames_that_are_fed_are_good_ones_round_after_round() -> None:
    frames = sample_frames(160)
    supervisor = BusSupervisor()

    assert {supervisor.judge(frame).status for frame in frames * 2} == {FrameStatus.OK}


def test_a_bus_that_does_not_open_is_an_error_to_report() -> None:
    with pytest.raises(BridgeError, match="can99 does not open"):
        bus_rates("socketcan:can99", 0.01)
