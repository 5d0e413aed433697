"""What becomes a clip: around an event, on one clock, bounded in time and memory."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_fer.recording.clip import CABIN, FORWARD, Clip, Event, Shot
from edge_fer.recording.gathering import (
    COMPLETE,
    LATE_S,
    LONGEST_CLIP_S,
    TOO_LARGE,
    Gatherer,
    History,
)

FPS = 10
BEFORE_S, AFTER_S = 10.0, 10.0


def event(time_s: float, state: str = "asleep") -> Event:
    return Event(time_s, state, "eyes stayed closed")


def play(
    until_s: float, events: list[float], gatherer: Gatherer | None = None, *, forward: bool = False
) -> list[Clip]:
    """Film from 0 s and hear of events as the recorder's process does."""
    gatherer = gatherer or Gatherer(BEFORE_S, AFTER_S, FPS)
    clips = []
    waiting = sorted(events)

    def finish() -> None:
        clip = gatherer.finish(1e9, synchronised=True)
        assert clip is not None
        clips.append(clip)

    for number in range(round(until_s * FPS)):
        now_s = number / FPS
        gatherer.shot(Shot(CABIN, now_s, b"x" * 100))
        if forward:
            gatherer.shot(Shot(FORWARD, now_s - 0.02, b"y" * 100))
        while waiting and waiting[0] <= now_s:
            happened = event(waiting.pop(0))
            if not gatherer.has_room_for(happened):
                finish()
            gatherer.event(happened)
        if gatherer.due(now_s):
            finish()
    return clips


def times(clip: Clip, camera: int = CABIN) -> list[float]:
    return [shot.captured_s for shot in clip.shots if shot.camera == camera]


def test_without_an_event_nothing_is_kept() -> None:
    assert play(100.0, []) == []


def test_a_clip_holds_ten_seconds_before_and_after() -> None:
    (clip,) = play(60.0, [30.0])
    assert times(clip) == pytest.approx([number / FPS for number in range(-100, 101)])
    assert (clip.header.from_s, clip.header.to_s) == (-10.0, 10.0)
    assert clip.header.shots == (201, 0)
    assert (clip.header.events, clip.header.ended) == ((event(0.0),), COMPLETE)


def test_both_cameras_are_on_one_clock_and_in_order() -> None:
    (clip,) = play(60.0, [30.0], forward=True)
    assert times(clip, FORWARD) == pytest.approx([t - 0.02 for t in times(clip)[1:]], abs=1e-6)
    assert [shot.captured_s for shot in clip.shots] == sorted(s.captured_s for s in clip.shots)


def test_soon_after_the_start_there_is_as_much_as_there_was() -> None:
    (clip,) = play(60.0, [3.0])
    assert (clip.header.from_s, clip.header.to_s) == (-3.0, 10.0)


def test_an_event_within_a_clip_makes_it_longer() -> None:
    (clip,) = play(90.0, [30.0, 36.0])
    assert (clip.header.from_s, clip.header.to_s) == (-10.0, 16.0)
    assert [each.time_s for each in clip.header.events] == [0.0, 6.0]


def test_an_event_after_a_clip_has_its_own_with_all_that_was_before() -> None:
    # 10.2 s after the first: its clip is over, and not yet finished, as late pictures may come.
    first, second = play(90.0, [30.0, 30.0 + AFTER_S + LATE_S / 2])
    assert first.header.to_s == 10.0
    assert second.header.from_s == pytest.approx(-10.0, abs=0.06)


def test_pictures_that_come_late_still_belong_to_it() -> None:
    gatherer = Gatherer(BEFORE_S, AFTER_S, FPS)
    gatherer.event(event(20.0))
    assert not gatherer.due(30.0 + LATE_S / 2)
    gatherer.shot(Shot(CABIN, 29.95, b"x"))
    gatherer.shot(Shot(CABIN, 30.05, b"too late"))
    assert gatherer.due(30.0 + 2 * LATE_S)
    clip = gatherer.finish(0.0, synchronised=False)
    assert clip is not None
    assert [shot.jpeg for shot in clip.shots] == [b"x"]


@settings(max_examples=20)
@given(st.lists(st.floats(12.0, 120.0), min_size=1, max_size=25))
def test_around_each_event_every_picture_is_in_some_clip(events: list[float]) -> None:
    clips = play(150.0, events)
    heard = [each for clip in clips for each in clip.header.events]
    assert len(heard) == len(events)
    kept: set[int] = set()
    for clip in clips:
        assert clip.header.to_s - clip.header.from_s <= LONGEST_CLIP_S + 1e-6
        assert times(clip) == sorted(times(clip))
    # The clips hold times of their own; the events say where they lie.
    starts = iter(sorted(events))
    for clip in clips:
        zero_s = next(starts)
        for _ in clip.header.events[1:]:
            next(starts)
        kept |= {round((time_s + zero_s) * FPS) for time_s in times(clip)}
    for happened_s in events:
        first, last = (happened_s - BEFORE_S) * FPS, (happened_s + AFTER_S) * FPS
        wanted = {n for n in range(150 * FPS) if first + 1e-3 <= n <= last - 1e-3}
        assert wanted <= kept


def test_the_history_forgets_by_time_and_by_bytes() -> None:
    history = History(2.0, most_bytes=1000)
    for number in range(100):
        history.add(Shot(CABIN, number / 10, b"x" * 10))
        assert history.bytes <= 1000
    assert [shot.captured_s for shot in history.since(0.0)] == [n / 10 for n in range(79, 100)]
    for number in range(100, 200):
        history.add(Shot(CABIN, number / 10, b"x" * 90))
        assert history.bytes <= 1000
    assert len(history.since(0.0)) == 11
    history.add(Shot(CABIN, 20.0, b"x" * 5000))  # one that is too large for itself
    assert (history.since(0.0), history.bytes) == ([], 0)


def test_a_clip_takes_no_more_memory_than_it_may() -> None:
    clips = play(60.0, [30.0], Gatherer(BEFORE_S, AFTER_S, FPS, most_bytes=12_000))
    assert len(clips) == 1
    assert sum(len(shot.jpeg) for shot in clips[0].shots) == 12_000
    assert clips[0].header.ended == TOO_LARGE
    assert clips[0].header.from_s == -10.0


def test_what_was_forgotten_is_in_no_clip() -> None:
    gatherer = Gatherer(BEFORE_S, AFTER_S, FPS)
    gatherer.shot(Shot(CABIN, 1.0, b"standby came after this"))
    gatherer.forget()
    gatherer.event(event(2.0))
    assert gatherer.finish(0.0, synchronised=True) is None  # no picture, no clip
    assert not gatherer.gathers


def test_an_event_at_the_very_end_of_a_clip_loses_no_picture() -> None:
    """The next picture comes before the event is heard of; the clip goes on with it."""
    (clip,) = play(150.0, [65.125, 75.125])
    taken = times(clip)
    assert len(taken) == clip.header.shots[CABIN] == 300
    assert max(after - before for before, after in pairwise(taken)) < 0.11
