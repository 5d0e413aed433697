import io
import json

import pytest
from rich.console import Console

from firmware_bridge.benchmark.figures import PEER, LinkFigures, Rates, Times, percentile
from firmware_bridge.benchmark.table import render_figures

FIGURES = LinkFigures(
    machine={"machine": "x86_64", "load": "0.1"},
    rates=[
        Rates("slcan", 700_000.0, 80_000.0, 90_000.0),
        Rates(PEER, None, 20_000.0, 3_000.0),
    ],
    send_to_byte=[Times.of("slcan", [0.00002] * 10), Times.of(PEER, [0.00005] * 10)],
    event_to_byte=[Times.of("slcan", [0.001] * 98 + [0.02, 0.03], 10.0)],
    jitter=[Times.of("slcan", [0.0004, 0.0061], 5.0)],
    reconnect=[Times.of("slcan", [0.1, 0.2], 500.0), Times.of(PEER, [2.0, 2.0])],
    skipped={"socketcan": "no such device"},
)


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1.0), (1, 1.0), (50, 50.0), (99, 99.0), (100, 100.0)]
)
def test_a_percentile_is_one_of_the_values(percent: float, expected: float) -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], percent) == expected


def test_one_value_is_every_percentile() -> None:
    assert {percentile([3.0], percent) for percent in (0, 50, 99, 100)} == {3.0}


def test_of_nothing_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_times_are_summed_up_in_milliseconds_and_held_against_their_bound() -> None:
    times = Times.of("slcan", [0.001, 0.003, 0.002], bound_ms=3.0)

    assert (times.count, times.p50_ms, times.p99_ms, times.max_ms) == (3, 2.0, 3.0, 3.0)
    assert times.holds is True
    assert Times.of("slcan", [0.004], bound_ms=3.0).holds is False
    assert Times.of("slcan", [0.004]).holds is None


def test_ratios_are_above_one_where_ours_is_better() -> None:
    assert FIGURES.ratios == pytest.approx(
        {"send": 4.0, "receive": 30.0, "send to first byte": 2.5, "reconnect": 20.0}
    )


def test_without_the_other_there_are_no_ratios() -> None:
    alone = LinkFigures({}, [Rates("slcan", 1.0, 1.0, 1.0)], [], [], [], [], {})

    assert alone.ratios == {}


def test_json_holds_the_ratios_too() -> None:
    read = json.loads(json.dumps(FIGURES.to_json()))

    assert read["ratios"] == FIGURES.ratios
    assert read["rates"][1] == {
        "transport": PEER,
        "encode_per_s": None,
        "send_per_s": 20_000.0,
        "receive_per_s": 3_000.0,
    }
    assert read["event_to_byte"][0]["p99_ms"] == 20.0


def test_the_table_says_it_all() -> None:
    console = Console(file=io.StringIO(), record=True, width=100)
    console.print(render_figures(FIGURES))
    text = console.export_text()

    for shown in (
        "700,000",
        "20,000",
        "20.000",
        "6.100",
        "load 0.1",
        "send 4.0x  receive 30.0x  send to first byte 2.5x  reconnect 20.0x",
        "socketcan left out: no such device",
    ):
        assert shown in text
