"""The whole daemon at full speed for a minute; `make soak` does it for a million frames."""

import itertools
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge_fer.benchmark.processes import descriptors
from edge_fer.benchmark.soak import (
    CAMERA_KILLS,
    Soak,
    SoakSample,
    _Run,
    problems,
    run_soak,
)

LEAST_S, LEAST_FRAMES = 45.0, 300  # also on a machine that is busy


@pytest.mark.slow
def test_nothing_grows_nothing_is_lost_and_all_counters_agree() -> None:
    seen: list[SoakSample] = []
    soak = run_soak(LEAST_FRAMES, least_s=LEAST_S, told=seen.append)
    assert problems(soak) == []
    assert seen == soak.samples
    assert soak.at_rest[1] > 0  # the camera is faster: dropping is part of what is counted


def test_counts_at_rest_are_those_that_two_statuses_agree_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = iter([(30.0, 7), (0.0, 6), (0.0, 7), (0.0, 7)])  # how old, and how many frames
    uptime_s = itertools.count(1.0)

    def ask(_: Path) -> SimpleNamespace:
        age_s, frames = next(told)
        health = SimpleNamespace(frames=frames, dropped=2, camera_frames=frames + 2)
        status = SimpleNamespace(uptime_s=next(uptime_s), health=health)
        return SimpleNamespace(age_s=age_s, status=status)

    run = _Run.__new__(_Run)
    run.socket = tmp_path / "status.socket"
    monkeypatch.setattr(_Run, "listen", lambda run, seconds: None)
    monkeypatch.setattr("edge_fer.benchmark.soak.REST_S", 60.0)
    monkeypatch.setattr("edge_fer.benchmark.soak.ask", ask)
    assert run._counts_that_stay() == (7, 2, 9)
    assert next(told, None) is None


SAMPLE = SoakSample(0.0, 1, 1, 2, 60.0, 100.0, 60.0, 16, 6)


def good_run(asked: int = 1000) -> Soak:
    samples = [
        replace(SAMPLE, seconds=float(n), frames=10 * n, dropped=5 * n, camera_frames=15 * n)
        for n in range(1, 101)
    ]
    return Soak(
        asked_frames=asked,
        samples=samples,
        at_rest=(1000, 500, 1500),
        descriptors_after_kills=17,
        restarts=CAMERA_KILLS,
        stalls=CAMERA_KILLS,
        counters={"connections_lost": 0, "frames_dropped": 0, "frames_sent": 90},
        received=100,
        exit_code=0,
    )


def test_a_good_run_has_no_problems() -> None:
    assert problems(good_run()) == []
    assert problems(Soak(asked_frames=1)) == ["nothing was measured"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"at_rest": (1000, 498, 1500)}, "are not the camera's 1500"),
        ({"at_rest": (1000, 501, 1500)}, "are not the camera's 1500"),
        ({"asked_frames": 1001}, "1000 frames of 1001"),
        ({"descriptors_after_kills": 18}, "after restarts of the camera"),
        ({"restarts": CAMERA_KILLS - 1}, "restarts counted"),
        ({"stalls": 0}, "stalls counted"),
        ({"received": 89}, "89 frames received of 90"),
        ({"bad": 1}, "arrived spoilt"),
        ({"exit_code": 1}, "ended with 1"),
        ({"failure": "the daemon does not say how it is"}, "how it is"),
        ({"counters": {"connections_lost": 1, "frames_dropped": 0, "frames_sent": 1}}, "lost is 1"),
    ],
)
def test_what_is_counted_wrong_is_a_problem(changed: dict[str, object], words: str) -> None:
    run = good_run()
    for name, value in changed.items():
        setattr(run, name, value)
    found = problems(run)
    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"rss_daemon_mb": 106.0}, "rss_daemon_mb grew from 100.0 to 106.0"),
        ({"rss_camera_mb": 64.0}, "rss_camera_mb grew"),
        ({"rss_daemon_mb": 104.0, "rss_camera_mb": 97.0}, "above the budget"),
        ({"threads": 7}, "threads: 6 at first, 7"),
        ({"descriptors": 18}, "descriptors: 16 at first, 18"),
        ({"frames": 1, "dropped": 0}, "a counter fell 100 s"),
        ({"camera_frames": 1499}, "more frames processed"),
    ],
)
def test_what_grows_is_a_problem(changed: dict[str, object], words: str) -> None:
    run = good_run()
    run.samples[-1] = replace(run.samples[-1], **changed)  # type: ignore[arg-type]
    assert any(words in line for line in problems(run))


def test_what_fills_at_the_beginning_is_no_growth() -> None:
    run = good_run()
    run.samples[5] = replace(run.samples[5], rss_daemon_mb=60.0)
    assert problems(run) == []


def test_without_the_right_to_count_them_descriptors_are_left_out() -> None:
    run = good_run()
    run.samples = [replace(item, descriptors=None) for item in run.samples]
    run.descriptors_after_kills = descriptors(-1)
    assert problems(run) == []
