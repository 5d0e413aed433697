"""The link under load: garbage, unplugs, a reader that stops.

`EDGE_FER_LOAD=full` does as much as `edge-fer benchmark load`, and keeps it to the bounds; without
it the parts are short, and the longest gap is only told: this machine may be busy with other tests.
"""

import io
import json
import os

import pytest

from firmware_bridge.benchmark.load import AGE_BOUND_S, GROWTH_BOUND_MB, LoadEffort, LoadPart
from firmware_bridge.benchmark.load_verb import run_load_benchmark
from firmware_bridge.benchmark.output import Output

FULL = os.environ.get("EDGE_FER_LOAD") == "full"
EFFORT = LoadEffort() if FULL else LoadEffort(lines=50_000, unplugs=2, blocked_s=2.0)
GOOD = LoadPart("a part", 1, 1.0, 10, 400.0, 4.0, 0, 0.6)


@pytest.mark.slow
def test_no_load_silences_the_link_nor_makes_it_grow() -> None:
    out = io.StringIO()
    code = run_load_benchmark(effort=EFFORT, output=Output(json=True, stream=out))

    garbage, unplugs, blocked = json.loads(out.getvalue())
    if FULL:
        assert code == 0, out.getvalue()
    for part in (garbage, unplugs, blocked):
        assert part["growth_descriptors"] <= 0
        assert part["growth_mb"] <= GROWTH_BOUND_MB
    # Driver states all the while, at their cycle of 100 ms.
    assert garbage["driver_states"] > 5 * garbage["seconds"]
    assert garbage["rejected_lines"] > garbage["amount"] / 10
    assert unplugs["driver_states"] == unplugs["connections_lost"] == EFFORT.unplugs
    assert blocked["driver_states"] > 10
    assert blocked["oldest_believed_s"] <= AGE_BOUND_S


@pytest.mark.parametrize(
    "wrong",
    [
        LoadPart("a part", 1, 1.0, 0, 0.0, 0.0, 0),
        LoadPart("a part", 1, 1.0, 10, 400.1, 0.0, 0),
        LoadPart("a part", 1, 1.0, 10, 100.0, 4.1, 0),
        LoadPart("a part", 1, 1.0, 10, 100.0, 0.0, 1),
        LoadPart("a part", 1, 1.0, 10, 100.0, 0.0, 0, 0.7),
    ],
)
def test_each_bound_counts(wrong: LoadPart, monkeypatch: pytest.MonkeyPatch) -> None:
    assert GOOD.holds
    assert not wrong.holds
    monkeypatch.setattr(
        "firmware_bridge.benchmark.load_verb.measure_load", lambda effort, say: iter([GOOD, wrong])
    )
    out = io.StringIO()
    assert run_load_benchmark(effort=EFFORT, output=Output(stream=out)) == 1
    assert "longest gap ms" in out.getvalue()
