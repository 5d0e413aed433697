"""Evidence: what an observation adds, and what it must not change."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.driver_state.evidence import Evidence, no_evidence, update_evidence
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.emotions import Emotion
from edge_fer.observation import (
    CameraCondition,
    EyeReading,
    EyesReading,
    FaceBox,
    HeadPose,
    Observation,
    Vehicle,
)

START_S = 5000.0
FACE = FaceBox(200, 120, 160, 160, 1.0)
SETTINGS = PolicySettings()


def certain_of(emotion: Emotion) -> NDArray[np.float32]:
    probabilities = np.zeros(len(Emotion), dtype=np.float32)
    probabilities[emotion] = 1.0
    return probabilities


def frame(
    time_s: float,
    probabilities: NDArray[np.float32] | None,
    *,
    face: FaceBox | None = FACE,
    camera: CameraCondition = CameraCondition.GOOD,
) -> Observation:
    return Observation(START_S + time_s, camera, face, probabilities)


def after(
    observations: list[Observation],
    evidence: Evidence | None = None,
    settings: PolicySettings = SETTINGS,
) -> Evidence:
    evidence = no_evidence(START_S) if evidence is None else evidence
    for observation in observations:
        evidence = update_evidence(evidence, observation, settings)
    return evidence


def calm_for(seconds: float, fps: int = 30, *, start_s: float = 0.0) -> list[Observation]:
    calm = certain_of(Emotion.NEUTRAL)
    return [frame(start_s + k / fps, calm) for k in range(round(seconds * fps) + 1)]


def filtered(evidence: Evidence, emotion: Emotion) -> float:
    assert evidence.emotion.probabilities is not None
    return evidence.emotion.probabilities[emotion]


@pytest.mark.parametrize("fps", [10, 15, 30, 60])
def test_after_one_time_constant_a_step_is_63_percent_done_at_any_frame_rate(fps: int) -> None:
    settings = PolicySettings(evidence_time_constant_s=2.0)
    evidence = after(calm_for(3.0, fps), settings=settings)
    angry = certain_of(Emotion.ANGRY)
    steps = [frame(3.0 + (k + 1) / fps, angry) for k in range(2 * fps)]
    evidence = after(steps, evidence, settings)
    assert filtered(evidence, Emotion.ANGRY) == pytest.approx(1 - math.exp(-1), abs=1e-6)
    assert filtered(evidence, Emotion.NEUTRAL) == pytest.approx(math.exp(-1), abs=1e-6)


def test_filtered_probabilities_stay_a_distribution() -> None:
    random = np.random.default_rng(1)
    rows = random.dirichlet(np.full(7, 0.3), size=300).astype(np.float32)
    evidence = after([frame(k / 30, row) for k, row in enumerate(rows)])
    assert evidence.emotion.probabilities is not None
    assert sum(evidence.emotion.probabilities) == pytest.approx(1.0, abs=1e-5)
    assert min(evidence.emotion.probabilities) >= 0.0


ANGRY = certain_of(Emotion.ANGRY)
UNUSABLE = {
    "no face": frame(1.5, None, face=None),
    "face without probabilities": frame(1.5, None),
    "probabilities without a face": frame(1.5, ANGRY, face=None),
    "camera dark": frame(1.5, ANGRY, camera=CameraCondition.DARK),
    "camera frozen": frame(1.5, ANGRY, camera=CameraCondition.FROZEN),
    "camera starting": frame(1.5, ANGRY, camera=CameraCondition.STARTING),
    "not a number": frame(1.5, np.full(7, np.nan, dtype=np.float32)),
    "infinite": frame(1.5, np.array([np.inf, 0, 0, 0, 0, 0, 0], dtype=np.float32)),
    "sum above one": frame(1.5, np.full(7, 0.3, dtype=np.float32)),
    "all zero": frame(1.5, np.zeros(7, dtype=np.float32)),
    "below zero": frame(1.5, np.array([1.5, -0.5, 0, 0, 0, 0, 0], dtype=np.float32)),
    "eight classes": frame(1.5, np.full(8, 1 / 8, dtype=np.float32)),
    "one row too deep": frame(1.5, ANGRY[np.newaxis]),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_frame_neither_changes_the_emotion_nor_makes_it_younger(name: str) -> None:
    before = after(calm_for(1.0))
    seen = after([UNUSABLE[name]], before)
    assert seen.emotion == before.emotion
    assert seen.emotion.age_s(seen.time_s) == pytest.approx(0.5)
    # A face without an emotion is one all the same.
    face = UNUSABLE[name].usable_face
    assert seen.last_usable_s == (seen.time_s if face else before.last_usable_s)


def test_dequantized_probabilities_need_not_sum_to_one_exactly() -> None:
    # The int8 softmax writes multiples of 1/256: seven rounded ones miss 1 by up to 7/512.
    rounded = np.round(np.array([0.3, 0.3, 0.1, 0.1, 0.1, 0.05, 0.05]) * 256) / 256
    assert after([frame(0.0, rounded.astype(np.float32))]).last_usable_s == START_S


def test_evidence_too_old_is_forgotten() -> None:
    before = after(calm_for(5.0))
    assert before.ready
    turned_away = [frame(5.0 + k / 10, None) for k in range(1, 26)]
    kept = after(turned_away, before)
    assert kept.ready
    assert kept.emotion == before.emotion
    gone = after([frame(7.6, None)], kept)
    assert gone.emotion.probabilities is None
    assert gone.ready
    # Where nothing is observed for so long, nothing can be decided.
    hung = after([frame(20.0, None, face=None)], kept)
    assert not hung.ready
    assert hung.usable_s == 0.0
    assert hung.was_ready


def test_a_frame_after_a_gap_speaks_for_no_more_than_the_longest_dropout() -> None:
    before = after(calm_for(5.0))
    evidence = after([frame(7.0, ANGRY)], before)
    weight = 1 - math.exp(-SETTINGS.dropout_s / SETTINGS.evidence_time_constant_s)
    assert filtered(evidence, Emotion.ANGRY) == pytest.approx(weight)
    assert evidence.usable_s == pytest.approx(before.usable_s + SETTINGS.dropout_s)


def test_time_without_observations_is_not_time_without_a_driver() -> None:
    evidence = after([frame(100.0, None, face=None)], after(calm_for(5.0)))
    assert not evidence.presence.absent
    assert not evidence.ready


@pytest.mark.parametrize("older_s", [1e-6, 0.03, 0.99])
def test_an_observation_older_than_the_evidence_changes_nothing(older_s: float) -> None:
    before = after(calm_for(5.0))
    assert after([frame(5.0 - older_s, ANGRY)], before) is before


@pytest.mark.parametrize("time_s", [math.nan, math.inf, -math.inf])
def test_a_time_that_is_no_time_changes_nothing(time_s: float) -> None:
    before = after(calm_for(5.0))
    assert after([frame(time_s, ANGRY)], before) is before


def test_a_clock_set_back_begins_anew() -> None:
    evidence = after([frame(2.0, ANGRY)], after(calm_for(5.0)))
    assert evidence.time_s == START_S + 2.0
    assert not evidence.was_ready
    assert filtered(evidence, Emotion.ANGRY) == 1.0


def test_with_the_switch_off_no_emotion_is_kept_and_a_face_is_enough() -> None:
    settings = PolicySettings(emotion_states=False)
    angry = after([frame(10.1 + k / 30, ANGRY) for k in range(300)], after(calm_for(10)))
    assert angry.emotion.agitated.active
    switched_off = after([frame(20.2, ANGRY)], angry, settings)
    assert switched_off.emotion.probabilities is None
    assert not switched_off.emotion.agitated.active
    faces = [frame(k / 30, None) for k in range(90)]
    assert after(faces, settings=settings).ready
    assert after(faces).ready


def test_emotion_of_a_driver_who_left_is_not_the_next_ones() -> None:
    evidence = after([frame(k / 30, ANGRY) for k in range(300)])
    empty = [replace(frame(10.0 + k / 30, None, face=None), seat_empty=True) for k in range(63)]
    evidence = after(empty, evidence)
    assert evidence.presence.absent
    assert evidence.emotion.probabilities is None
    next_driver = calm_for(1.1, start_s=12.5)
    evidence = after(next_driver, evidence)
    assert not evidence.presence.absent
    assert evidence.ready
    assert filtered(evidence, Emotion.ANGRY) == 0.0


def test_a_cover_is_seen_at_two_and_a_half_frames_a_second_too() -> None:
    covered = [frame(5.0 + 0.4 * k, None, camera=CameraCondition.BLOCKED) for k in range(1, 3)]
    assert after(covered, after(calm_for(5.0))).camera.degraded.active


def test_two_bad_frames_with_good_ones_between_are_no_cover() -> None:
    bad = [frame(5.0 + 0.4 * k, None, camera=CameraCondition.BLOCKED) for k in range(1, 10)]
    good = [frame(5.2 + 0.4 * k, None) for k in range(1, 10)]
    mixed = sorted([*bad, *good], key=lambda observation: observation.time_s)
    assert not after(mixed, after(calm_for(5.0))).camera.degraded.active


def test_evidence_works_at_the_time_zero() -> None:
    # A clock that starts at 0 must not look like "never seen".
    evidence = no_evidence(0.0)
    for k in range(31):
        observation = Observation(k / 10, CameraCondition.GOOD, FACE, ANGRY)
        evidence = update_evidence(evidence, observation, SETTINGS)
    assert evidence.usable_s == pytest.approx(3.0)


def test_a_calm_face_that_looks_angry_to_the_network_is_calm() -> None:
    stern = np.array([0.7, 0.0, 0.0, 0.0, 0.05, 0.0, 0.25], dtype=np.float32)
    evidence = after([frame(k / 30, stern) for k in range(1800)])
    assert not evidence.emotion.agitated.active
    furious = np.array([0.98, 0.0, 0.0, 0.0, 0.0, 0.0, 0.02], dtype=np.float32)
    evidence = after([frame(60 + k / 30, furious) for k in range(300)], evidence)
    assert evidence.emotion.agitated.active


def moved(right: float, width: float = 160.0) -> FaceBox:
    return FaceBox(200 + right, 120, width, width, 1.0)


@pytest.mark.parametrize("box", [moved(400), moved(0, 60), moved(0, 400)])
def test_a_box_that_jumps_or_changes_its_size_is_somebody_else(box: FaceBox) -> None:
    calm = after(calm_for(12))
    other = [frame(12.1 + k / 30, ANGRY, face=box) for k in range(90)]
    evidence = after(other, calm)
    assert not evidence.presence.is_driver
    assert filtered(after(other[:10], calm), Emotion.ANGRY) == 0.0
    back = after([frame(15.2, ANGRY)], evidence)
    assert back.presence.is_driver


def test_a_face_that_walks_across_the_picture_is_the_same() -> None:
    evidence = after(calm_for(1))
    for k in range(60):
        evidence = after([frame(1.1 + k / 30, None, face=moved(5.0 * k))], evidence)
        assert evidence.presence.is_driver


def test_somebody_who_stays_where_the_driver_was_not_becomes_the_driver() -> None:
    calm = after(calm_for(70))
    assert calm.emotion.rest.median is not None
    others = [frame(70.1 + k / 10, ANGRY, face=moved(400)) for k in range(60)]
    evidence = after(others, calm)
    assert evidence.presence.is_driver
    assert evidence.emotion.rest.median is None


def test_a_face_that_is_lost_leaves_no_empty_seat_for_ten_seconds() -> None:
    lost = [frame(5.0 + k / 10, None, face=None) for k in range(1, 120)]
    calm = after(calm_for(5))
    assert not after(lost[:98], calm).presence.absent
    assert after(lost[:105], calm).presence.absent
    empty = [replace(each, seat_empty=True) for each in lost]
    assert after(empty[:24], calm).presence.absent


def test_attention_is_unknown_once_a_sense_is_blind() -> None:
    eye = EyeReading(0.36, 0.05, 0.0, 0.1, 0.9, 40.0)
    both = EyesReading(eye, eye)

    def look(time_s: float, *, eyes: bool, head: bool) -> Observation:
        return replace(
            frame(time_s, None),
            eyes=both if eyes else None,
            head=HeadPose(0, 0, 0) if head else None,
        )

    seen = after([look(k / 10, eyes=True, head=True) for k in range(50)])
    assert not seen.unseen.active
    blind = [look(5 + k / 10, eyes=False, head=False) for k in range(50)]
    assert not after(blind[:28], seen).unseen.active
    assert after(blind[:32], seen).unseen.active
    without_eyes = [look(5 + k / 10, eyes=False, head=True) for k in range(50)]
    assert not after(without_eyes[:38], seen).unseen.active
    assert after(without_eyes[:42], seen).unseen.active


CALM = certain_of(Emotion.NEUTRAL)


def test_a_rear_passenger_is_not_the_driver_however_long_only_they_are_seen() -> None:
    before = after(calm_for(5.0))
    rear = replace(moved(60.0), width=80.0, height=80.0)
    behind = after([frame(5.0 + k / 30, CALM, face=rear) for k in range(30 * 30)], before)
    assert behind.presence.absent
    assert not behind.presence.is_driver
    # Nobody else for a minute: the driver who comes next may be a small one.
    later = after([frame(35.0 + k / 30, CALM, face=rear) for k in range(40 * 30)], behind)
    assert not later.presence.absent


def test_a_passenger_who_leans_in_is_not_the_driver() -> None:
    before = after(calm_for(5.0))
    passenger = [frame(5.0 + k / 30, CALM, face=moved(-300.0 + k)) for k in range(4 * 30)]
    evidence = after(passenger, before)
    assert not evidence.presence.is_driver
    assert not evidence.presence.another
    back = after([frame(9.0 + k / 30, CALM) for k in range(3)], evidence)
    assert back.presence.is_driver
    assert back.usable_age_s == 0.0


def cut_to(observation: Observation) -> Observation:
    return replace(observation, cut=True)


def test_a_face_in_a_new_scene_is_the_drivers_only_once_it_stayed() -> None:
    """The same place and size, and another picture around it."""
    before = after(calm_for(70.0))
    assert before.emotion.rest.median is not None
    new = [frame(70.0 + k / 30, CALM) for k in range(4 * 30)]
    evidence = after([cut_to(new[0]), *new[1:]], before)
    assert not evidence.presence.is_driver
    assert evidence.emotion.rest.median is None
    # Somebody is there: that is no empty seat, however often the scene changes.
    for scene in range(5):
        begin_s = 74.0 + 4 * scene
        shots = [frame(begin_s + k / 30, CALM) for k in range(4 * 30)]
        evidence = after([cut_to(shots[0]), *shots[1:]], evidence)
        assert not evidence.presence.absent
        assert not evidence.presence.is_driver
    stayed = after([frame(94.0 + k / 30, CALM) for k in range(2 * 30)], evidence)
    assert stayed.presence.is_driver


def test_a_cut_before_anybody_was_seen_changes_nothing() -> None:
    begin = [frame(k / 30, CALM) for k in range(70)]
    evidence = after([cut_to(begin[0]), *begin[1:]])
    assert evidence.presence.is_driver
    assert evidence.ready


def own(time_s: float, *, face: FaceBox | None = FACE) -> Observation:
    """A driver with narrow eyes and a turned head, who yawns."""
    eye = EyeReading(0.24, 0.05, 0.1, 0.2, 0.9, 40.0)
    seen = frame(time_s, ANGRY, face=face)
    if face is None:
        return replace(seen, seat_empty=True)
    eyes, head = EyesReading(eye, eye), HeadPose(14.0, -5.0, 0.0)
    return replace(seen, eyes=eyes, head=head, mouth_opening=0.4 if time_s < 5.0 else 0.05)


PARKED = Vehicle(speed_km_h=0.0, ignition_on=False)
FORGETTING = {
    "another person": [own(70.0 + k / 10, face=moved(400)) for k in range(60)],
    "another scene": [cut_to(own(70.0))],
    "an empty seat": [own(70.0 + k / 10, face=None) for k in range(30)],
    "the ignition": [replace(own(70.0), vehicle=PARKED)],
}


@pytest.mark.parametrize("how", FORGETTING)
def test_what_was_learned_of_a_driver_is_forgotten_with_the_driver(how: str) -> None:
    known = after([own(k / 10) for k in range(700)])
    assert known.eyelids.baseline.open_at(SETTINGS) < SETTINGS.lids_open_at - 0.05
    assert known.head.neutral.learned == pytest.approx((14.0, -5.0))
    assert known.head.rest.is_known
    assert known.mouth.yawns == 1
    assert known.emotion.rest.median is not None
    # A face that was away for a moment is the same driver's.
    away = after([frame(70.0 + k / 10, None, face=None) for k in range(50)], known)
    assert away.head.neutral.learned == known.head.neutral.learned
    forgotten = after(FORGETTING[how], known)
    assert forgotten.eyelids.baseline.open_at(SETTINGS) == pytest.approx(
        SETTINGS.lids_open_at, abs=0.03
    )
    assert forgotten.head.neutral.learned is None
    assert not forgotten.head.rest.is_known
    assert forgotten.mouth.yawns == 0
    assert forgotten.emotion.rest.median is None
