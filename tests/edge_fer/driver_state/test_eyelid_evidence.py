"""Eyelids: closures, blinks and PERCLOS from what was seen, and nothing from what was not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from edge_fer.driver_state.eye_sample import EyeSample
from edge_fer.driver_state.eyelid_evidence import EyelidEvidence, Lids, update_eyelids
from edge_fer.driver_state.head_evidence import HeadEvidence
from edge_fer.driver_state.settings import PolicySettings

SETTINGS = PolicySettings()
START_S = 500.0
CLOSED, OPEN = 0.95, 0.05
Course = Callable[[float], float | None]


def seen(
    lids: Course,
    seconds: float,
    fps: int = 30,
    *,
    after: EyelidEvidence | None = None,
    begin_s: float = 0.0,
    head: HeadEvidence | None = None,
    settings: PolicySettings = SETTINGS,
) -> EyelidEvidence:
    """Show `lids`, a function of the seconds since the begin, for some seconds."""
    evidence = after or EyelidEvidence()
    for k in range(round(seconds * fps)):
        time_s = START_S + begin_s + k / fps
        evidence = update_eyelids(
            evidence,
            EyeSample(closed=lids(k / fps)),
            head=head or HeadEvidence(),
            time_s=time_s,
            settings=settings,
        )
    return evidence


def closing(closed_s: float, every_s: float) -> Course:
    return lambda since_s: CLOSED if (since_s + 1e-6) % every_s < closed_s else OPEN


def shut(since_s: float) -> float:
    return CLOSED


def opened(since_s: float) -> float:
    return OPEN


def unseen(since_s: float) -> None:
    return None


@pytest.mark.parametrize("fps", [15, 30, 60])
@pytest.mark.parametrize("share", [0.125, 0.2, 0.4])
def test_perclos_is_the_share_of_slow_closures_at_any_frame_rate(fps: int, share: float) -> None:
    evidence = seen(closing(share * 8, 8.0), 70, fps)
    assert evidence.perclos == pytest.approx(share, abs=0.02)
    assert evidence.drowsy == (share >= 0.15)


@pytest.mark.parametrize("fps", [15, 30, 60])
def test_blinks_are_counted_and_are_no_drowsiness(fps: int) -> None:
    evidence = seen(closing(0.2, 2.0), 70, fps)
    assert evidence.blinks_per_minute == pytest.approx(30, abs=1)
    assert evidence.perclos == 0.0


def test_a_single_misjudged_frame_is_no_blink() -> None:
    evidence = seen(closing(1 / 30, 1.0), 70)
    assert evidence.blinks_per_minute == 0


def test_below_15_frames_a_second_blinks_and_perclos_are_withheld() -> None:
    evidence = seen(closing(1.6, 8.0), 90, fps=10)
    assert (evidence.perclos, evidence.blinks_per_minute) == (None, None)
    assert not evidence.drowsy
    assert seen(closing(1.6, 8.0), 90, fps=14).perclos is not None  # nominally 15


def test_sleep_is_seen_at_ten_frames_a_second_too() -> None:
    assert seen(shut, 1.2, fps=10).microsleep
    assert seen(shut, 3.2, fps=10).asleep
    assert seen(shut, 6.2, fps=10).unresponsive


def test_perclos_needs_a_whole_minute_in_which_the_eyes_were_seen() -> None:
    assert seen(closing(1.6, 8.0), 59.5).perclos is None
    half = seen(lambda s: None if s % 0.4 > 0.2 else closing(1.6, 8.0)(s), 59.5)
    assert half.perclos is None


def test_perclos_is_not_available_while_the_eyes_are_unseen_for_long() -> None:
    drowsy = seen(closing(1.6, 8.0), 70)
    assert drowsy.drowsy
    blinded = seen(unseen, 4.9, after=drowsy, begin_s=70)
    assert blinded.drowsy
    assert not seen(unseen, 6.0, after=drowsy, begin_s=70).drowsy


def test_what_the_eyes_did_long_ago_does_not_count() -> None:
    drowsy = seen(closing(1.6, 8.0), 70)
    later = seen(opened, 1.0, after=drowsy, begin_s=70 + SETTINGS.perclos_max_age_s + 1)
    assert later.perclos is None


@pytest.mark.parametrize("value", [0.4, 0.5, 0.59])
def test_a_probability_of_which_nothing_follows_is_unseen(value: float) -> None:
    assert seen(lambda _: value, 20).seen_s is None


def test_time_in_which_the_eyes_were_not_seen_is_not_closed() -> None:
    evidence = seen(shut, 0.8)
    evidence = seen(unseen, 0.4, after=evidence, begin_s=0.8)
    evidence = seen(shut, 0.05, after=evidence, begin_s=1.2)
    # Of the gap no more counts than one look speaks for.
    assert evidence.closure_s <= 0.8 + SETTINGS.look_speaks_for_s + 0.05 + 1e-6
    evidence = seen(unseen, 0.9, after=seen(shut, 0.8), begin_s=0.8)
    evidence = seen(shut, 0.1, after=evidence, begin_s=1.7)
    assert evidence.closure_s == pytest.approx(0.9, abs=0.1)
    gone = seen(unseen, 1.1, after=seen(shut, 0.8), begin_s=0.8)
    assert seen(shut, 0.1, after=gone, begin_s=1.9).closure_s < 0.2


def test_frames_misjudged_as_open_delay_sleep_and_do_not_hide_it() -> None:
    def flickering(since_s: float) -> float:
        return OPEN if round(since_s * 30) % 30 in (15, 16, 17) else CLOSED

    assert not seen(flickering, 3.5).asleep
    assert seen(flickering, 4.5).asleep


def test_frames_misjudged_as_closed_add_up_to_nothing() -> None:
    def flickering(since_s: float) -> float:
        return CLOSED if round(since_s * 30) % 9 < 3 else OPEN

    assert not seen(flickering, 30).microsleep


def test_half_a_second_of_open_eyes_ends_a_closure() -> None:
    assert seen(opened, 0.4, after=seen(shut, 4), begin_s=4).closure_s > 0
    assert seen(opened, 0.6, after=seen(shut, 4), begin_s=4).closure_s == 0


def test_a_blink_does_not_delay_the_end_of_sleep() -> None:
    asleep = seen(shut, 4)
    evidence = seen(opened, 1.0, after=asleep, begin_s=4)
    evidence = seen(closing(0.2, 1.0), 1.4, after=evidence, begin_s=5)
    assert not evidence.asleep


@pytest.mark.parametrize(
    ("flag", "closed_s", "over_s"), [("microsleep", 1.2, 0.25), ("asleep", 3.2, 2.0)]
)
def test_sleep_ends_once_the_eyes_were_open_for_long_enough(
    flag: str, closed_s: float, over_s: float
) -> None:
    sleeping = seen(shut, closed_s)
    still = seen(opened, over_s - 0.1, after=sleeping, begin_s=closed_s)
    over = seen(opened, over_s + 0.1, after=sleeping, begin_s=closed_s)
    assert (getattr(sleeping, flag), getattr(still, flag), getattr(over, flag)) == (1, 1, 0)


def test_unresponsive_ends_only_with_the_head_on_the_road() -> None:
    gone = seen(shut, 6.5)
    aside = replace(HeadEvidence(), away=True)
    assert seen(opened, 4, after=gone, begin_s=6.5, head=aside).unresponsive
    assert not seen(opened, 4, after=gone, begin_s=6.5).unresponsive


def test_lids_that_go_down_with_the_head_are_no_closure() -> None:
    down = replace(HeadEvidence(), down=True, away=True)
    assert not seen(shut, 10, head=down).microsleep
    # As the head sinks the lids are ahead of it by some tenths of a second.
    assert not seen(shut, 10, after=seen(shut, 0.3), begin_s=0.3, head=down).microsleep
    assert seen(shut, 10, after=seen(shut, 0.7), begin_s=0.7, head=down).asleep


def test_sleep_outlasts_unseen_eyes_by_its_time_and_no_more() -> None:
    asleep = seen(shut, 4)
    assert seen(unseen, 9.5, after=asleep, begin_s=4).asleep
    assert not seen(unseen, 10.5, after=asleep, begin_s=4).asleep


def test_few_sights_of_open_eyes_end_a_sleep_too() -> None:
    """One a second: no run of them is unbroken."""
    evidence = seen(shut, 4)
    for second in range(8):
        evidence = seen(opened, 1 / 30, after=evidence, begin_s=5 + second)
    assert not evidence.asleep


def test_doubtful_sights_do_not_prolong_a_danger() -> None:
    asleep = seen(shut, 4)
    assert not seen(lambda _: 0.5, 10.5, after=asleep, begin_s=4).asleep


def measured(opening: float, closed: float, gaze: tuple[float, float] | None = None) -> EyeSample:
    return EyeSample(opening, closed, gaze)


def shown(
    sample: EyeSample,
    seconds: float,
    *,
    after: EyelidEvidence | None = None,
    begin_s: float = 0.0,
    head: HeadEvidence | None = None,
    grimace: bool = False,
) -> EyelidEvidence:
    evidence = after or EyelidEvidence()
    for k in range(round(seconds * 30)):
        evidence = update_eyelids(
            evidence,
            sample,
            head=head or HeadEvidence(),
            grimace=grimace,
            time_s=START_S + begin_s + k / 30,
            settings=SETTINGS,
        )
    return evidence


def test_the_own_opening_of_narrow_eyes_is_learned() -> None:
    narrow = shown(measured(0.24, 0.1), 120)
    assert narrow.baseline.open_at(SETTINGS) == pytest.approx(0.24, abs=0.03)
    assert narrow.lids is Lids.OPEN
    wide = shown(measured(0.44, 0.1), 120)
    # What is open for the one is half closed for the other.
    assert shown(measured(0.24, 0.3), 0.1, after=wide, begin_s=120).lids is Lids.HALF


def test_shut_eyes_are_not_learned_as_open_ones() -> None:
    evidence = shown(measured(0.13, 0.95), 60)
    assert evidence.baseline.open_at(SETTINGS) == pytest.approx(SETTINGS.lids_open_at, abs=0.02)
    assert evidence.unresponsive


@pytest.mark.parametrize(
    ("opening", "closed"),
    [(0.12, 0.3), (0.3, 0.95), (0.22, 0.7)],
    ids=["narrow and open", "wide and shut", "squinting"],
)
def test_closed_needs_lids_and_network_to_agree(opening: float, closed: float) -> None:
    awake = shown(measured(0.36, 0.05), 10)
    assert not shown(measured(opening, closed), 10, after=awake, begin_s=10).danger


def test_lids_that_are_only_just_shut_count_less_towards_a_sleep() -> None:
    """Eyes that narrow for a second look shut in a blurred picture."""
    awake = shown(measured(0.36, 0.05), 10)
    own = awake.baseline.share(0.17, SETTINGS)
    assert SETTINGS.lids_surely_shut_below < own < SETTINGS.lids_shut_below
    assert not shown(measured(0.17, 0.9), 1.2, after=awake, begin_s=10).danger
    assert shown(measured(0.14, 0.9), 1.1, after=awake, begin_s=10).microsleep
    # They are no proof of open eyes either.
    assert shown(measured(0.17, 0.9), 2.5, after=awake, begin_s=10).microsleep


def test_in_a_bowed_head_lids_have_to_be_shut_past_a_lowered_gaze() -> None:
    awake, bowed = shown(measured(0.36, 0.05), 10), replace(HeadEvidence(), bowed=True)
    lowered, shut_lids = measured(0.155, 0.8), measured(0.1, 0.95)
    assert not shown(lowered, 5, after=awake, begin_s=10, head=bowed).danger
    assert shown(lowered, 1.2, after=awake, begin_s=10).microsleep
    assert shown(shut_lids, 1.2, after=awake, begin_s=10, head=bowed).microsleep


def test_lids_shut_in_a_yawn_or_laugh_are_no_microsleep_and_for_long_a_sleep() -> None:
    awake = shown(measured(0.36, 0.05), 10)
    lids = measured(0.1, 0.95)
    assert not shown(lids, 2.8, after=awake, begin_s=10, grimace=True).danger
    assert shown(lids, 3.2, after=awake, begin_s=10, grimace=True).asleep


def test_yawns_and_nods_lower_what_drowsy_needs_and_are_not_enough() -> None:
    def drowsy(closed_s: float, yawns: int, nods: int) -> EyelidEvidence:
        evidence, head = EyelidEvidence(), HeadEvidence(nods_s=(0.0,) * nods)
        for k in range(70 * 15):
            closed = CLOSED if (k / 15) % 10 < closed_s else OPEN
            evidence = update_eyelids(
                evidence,
                EyeSample(closed=closed),
                head=head,
                yawns=yawns,
                time_s=START_S + k / 15,
                settings=SETTINGS,
            )
        return evidence

    assert not drowsy(1.0, 0, 0).drowsy
    tired = drowsy(1.0, 3, 1)
    assert (tired.drowsy, tired.by_signs) == (True, True)
    assert not drowsy(0.2, 3, 3).drowsy


def test_one_wrong_pose_does_not_end_a_closure() -> None:
    lap = HeadEvidence(down=True, bowed=True, away=True)
    begun = seen(shut, 0.4)
    down = seen(shut, 0.1, after=begun, begin_s=0.4, head=lap)
    assert down.closure_s == begun.closure_s
    assert seen(shut, 0.7, after=down, begin_s=0.5).microsleep
    # A look into the lap is longer, and ends it: its lids are lowered.
    lowered = seen(shut, 1.2, after=begun, begin_s=0.4, head=lap)
    assert lowered.closure_s == 0.0


def test_one_misjudged_frame_does_not_wake_a_sunken_head() -> None:
    lap = HeadEvidence(down=True, bowed=True, away=True)
    begun = seen(shut, 0.7)
    woken = seen(opened, 1 / 30, after=begun, begin_s=0.7, head=lap)
    assert seen(shut, 0.5, after=woken, begin_s=0.7 + 1 / 30, head=lap).microsleep


@pytest.mark.parametrize(("closing_s", "blinks"), [(0.1, 1), (0.2, 1), (0.35, 0), (0.45, 0)])
def test_a_blink_is_known_by_its_speed_as_well_as_by_its_length(
    closing_s: float, blinks: int
) -> None:
    """The lids fall, are shut for a moment that is short enough for a blink, and open."""
    evidence = EyelidEvidence()
    time_s = 0.0
    for _ in range(30):
        for sample, seconds in (
            (measured(0.36, 0.05), 2.4 - closing_s),
            (measured(0.22, 0.5), closing_s),
            (measured(0.1, 0.95), 0.2),
        ):
            evidence = shown(sample, seconds, after=evidence, begin_s=time_s)
            time_s += round(seconds * 30) / 30
    assert evidence.blinks_per_minute == pytest.approx(blinks * 60 / 2.6, abs=3.0)
    # What falls slowly is a closure and no blink: it counts for PERCLOS.
    assert evidence.perclos is not None
    assert (evidence.perclos == 0.0) if blinks else (evidence.perclos >= 0.2 / 2.6 - 0.01)
