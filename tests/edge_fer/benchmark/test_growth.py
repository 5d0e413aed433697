"""How the cost grows."""

import io
import json
from pathlib import Path

import pytest

from edge_fer.benchmark import growth_verb
from edge_fer.benchmark.conditions import Conditions, Machine
from edge_fer.benchmark.growth import (
    CAMERAS,
    FACES,
    RATES,
    SIZES,
    DaemonCost,
    FrameCost,
    Growth,
    GrowthEffort,
    _crowd,
    _scene,
    measure_frames,
    measure_growth,
)
from edge_fer.benchmark.growth_verb import run_growth_benchmark
from edge_fer.face.haar import HaarDetector
from edge_fer.models.classifier import Classifier
from edge_fer.paths import SHIPPED_MODEL
from firmware_bridge.benchmark.output import Output

CALM = Conditions(None, None, None, None, 0.1)
COST = FrameCost(tracked_ms=1.5, detected_ms=3.0, search_ms=5.0, copy_ms=0.1)
GROWTH = Growth(
    machine=Machine("a board", "a processor", 2, "6.6", "3.11"),
    before=CALM,
    after=CALM,
    sizes={f"{width}x{height}": COST for width, height in SIZES},
    faces=dict.fromkeys(FACES, COST),
    threads={1: 0.5, 2: 0.3},
    rates={rate: DaemonCost(rate, 0.005 * rate, 160.0) for rate in RATES},
    cameras={count: DaemonCost(30.0, 0.15 * count, 160.0 * count) for count in CAMERAS},
)


def test_every_face_of_the_crowd_is_one() -> None:
    detector = HaarDetector()
    for count in (1, 4, 8):
        found = detector.detect(next(_crowd(count, 1280, 720)))
        assert len(found) == count


def test_frames_of_any_size_have_the_drivers_face_followed() -> None:
    small, large = (
        measure_frames(_scene(width, height), Classifier(SHIPPED_MODEL), 40)
        for width, height in ((320, 240), (1920, 1080))
    )
    for cost in (small, large):
        assert 0 < cost.copy_ms < cost.tracked_ms
        assert cost.detected_ms > 0
        assert cost.search_ms > 0


def test_it_is_printed_drawn_and_given_as_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(growth_verb, "measure_growth", lambda *arguments: GROWTH)
    text, values, picture = io.StringIO(), io.StringIO(), tmp_path / "growth.png"
    run_growth_benchmark(model=None, output=Output(stream=text), plot=picture)
    run_growth_benchmark(model=None, output=Output(True, stream=values))
    assert "1920x1080" in text.getvalue()
    assert picture.read_bytes().startswith(b"\x89PNG")
    found = json.loads(values.getvalue())
    assert found["cameras"]["3"]["cores"] == pytest.approx(0.45)


@pytest.mark.slow
def test_all_of_it_is_measured() -> None:
    found = measure_growth(SHIPPED_MODEL, GrowthEffort(frames=16, daemon_s=1.5, model_s=0.1))
    assert list(found.sizes) == [f"{width}x{height}" for width, height in SIZES]
    assert list(found.faces) == list(FACES)
    assert found.cameras[3].rss_mb > 2 * found.cameras[1].rss_mb
    assert found.rates[120].cores > found.rates[10].cores
