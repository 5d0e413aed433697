"""Yawns are counted; a mouth that talks or laughs is none."""

import pytest

from edge_fer.driver_state.mouth_evidence import MouthEvidence, update_mouth
from edge_fer.driver_state.settings import PolicySettings

SETTINGS = PolicySettings()
START_S = 500.0
WIDE, SHUT = SETTINGS.mouth_yawn_from + 0.05, 0.05


def shown(
    pattern: list[tuple[float | None, float]], *, fps: int = 30, repeated: int = 1
) -> MouthEvidence:
    """Return the evidence after these openings, each for some seconds."""
    evidence, tick = MouthEvidence(), 0
    end_s = 0.0
    for opening, seconds in pattern * repeated:
        end_s += seconds
        while tick / fps < end_s - 1e-9:
            evidence = update_mouth(
                evidence, opening, time_s=START_S + tick / fps, settings=SETTINGS
            )
            tick += 1
    return evidence


@pytest.mark.parametrize("fps", [10, 15, 30, 60])
def test_each_yawn_counts_once_at_any_frame_rate(fps: int) -> None:
    assert shown([(SHUT, 5.0), (WIDE, 5.0), (SHUT, 5.0)], fps=fps).yawns == 1
    assert shown([(SHUT, 5.0), (WIDE, 4.0), (SHUT, 5.0)], fps=fps, repeated=3).yawns == 3


def test_it_counts_once_the_mouth_was_wide_for_long_enough() -> None:
    assert shown([(SHUT, 2.0), (WIDE, SETTINGS.yawn_min_s - 0.1)]).yawns == 0
    assert shown([(SHUT, 2.0), (WIDE, SETTINGS.yawn_min_s + 0.1)]).yawns == 1


def test_a_misjudged_or_missing_moment_makes_no_second_yawn() -> None:
    assert shown([(WIDE, 1.5), (SHUT, 0.1), (WIDE, 1.5), (None, 0.2), (WIDE, 1.5)]).yawns == 1


@pytest.mark.parametrize(
    "talk",
    [
        [(WIDE, 0.2), (SHUT, 0.4)],
        [(WIDE, 0.6), (SHUT, 0.4), (0.2, 0.3)],
        [(SETTINGS.mouth_yawn_from - 0.02, 8.0), (SHUT, 0.5)],
        [(WIDE, 0.8), (0.15, 0.5)],
        [(WIDE, 0.1), (SHUT, 0.2)],
        [(WIDE, 0.2), (SHUT, 0.15)],
        [(WIDE, 0.3), (SHUT, 0.3)],
    ],
    ids=["syllables", "vowels", "a broad laugh", "exclamations", "titter", "laughter", "song"],
)
def test_talk_and_laughter_are_no_yawns(talk: list[tuple[float | None, float]]) -> None:
    evidence = shown(talk, repeated=30)
    assert evidence.yawns == 0
    assert not evidence.clear


@pytest.mark.parametrize("every_s", [0.3, 0.5])
def test_a_yawn_counts_also_where_a_frame_is_misjudged_now_and_then(every_s: float) -> None:
    flickering: list[tuple[float | None, float]] = [(WIDE, every_s - 1 / 30), (SHUT, 1 / 30)]
    assert shown(flickering, repeated=round(4.0 / every_s)).yawns == 1


def test_yawns_are_forgotten_after_their_time() -> None:
    window_s = SETTINGS.yawns_window_s
    assert shown([(WIDE, 3.0), (SHUT, window_s - 10.0)], fps=4).yawns == 1
    assert shown([(WIDE, 3.0), (SHUT, window_s + 10.0)], fps=4).yawns == 0


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1.0, 99.0])
def test_a_wrong_number_is_no_yawn(wrong: float) -> None:
    assert shown([(wrong, 5.0)]).yawns == 0
