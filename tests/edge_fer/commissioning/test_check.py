"""The guided check: what a person does, as timed samples, and what is concluded from it."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_fer.commissioning.check import STEPS, GuidedCheck
from edge_fer.commissioning.report import Report
from edge_fer.commissioning.sample import Sample, sample_of
from edge_fer.commissioning.steps import INSTRUCTIONS, PREPARE_S, Step
from edge_fer.commissioning.verdicts import Result, judge, light_text
from edge_fer.doctor.finding import Level
from edge_fer.driver_state.states import DriverState, Reason
from edge_fer.live.scene import Scene
from edge_fer.observation import CameraCondition, EyeReading, EyesReading, FaceBox, HeadPose

AHEAD = Sample(
    0.0,
    CameraCondition.GOOD,
    face_x=0.5,
    face_y=0.45,
    face_px=160.0,
    face_level=110.0,
    glare=0.0,
    yaw_deg=6.0,
    pitch_deg=-4.0,
    roll_deg=2.0,
    lid_opening=0.36,
    closed=0.05,
    gaze_x=0.02,
    gaze_y=0.0,
)
NOBODY = Sample(0.0, CameraCondition.GOOD)
DONE = {
    Step.EYES_CLOSED: replace(AHEAD, lid_opening=0.12, closed=0.95),
    Step.DOWN: replace(AHEAD, pitch_deg=-25.0),
    Step.LEFT_MIRROR: replace(AHEAD, yaw_deg=30.0),
    Step.RIGHT_MIRROR: replace(AHEAD, gaze_x=-0.3),  # with the eyes alone
}


def checked(answers: dict[Step, Sample], fps: float = 10.0) -> GuidedCheck:
    """Do in each step what `answers` has, and look ahead in the others and before."""
    check, time_s = GuidedCheck(100.0), 100.0
    while (progress := check.progress()) is not None:
        sample = answers.get(progress.step, AHEAD) if progress.measuring else AHEAD
        check.take(replace(sample, time_s=time_s))
        time_s += 1 / fps
        check.tick(time_s)
    return check


def result(check: GuidedCheck, step: Step) -> Result:
    return next(one for one in check.results() if one.step is step)


def test_a_driver_who_does_what_is_asked_passes() -> None:
    check = checked(DONE)
    assert [(one.step, one.level) for one in check.results()] == [
        (step, Level.OK) for step in STEPS
    ]
    assert check.settings() == {
        "driver_state.neutral_yaw_deg": 6.0,
        "driver_state.neutral_pitch_deg": -4.0,
    }


def test_it_takes_less_than_two_minutes_and_each_step_leaves_time_to_read() -> None:
    assert GuidedCheck(0.0).length_s < 120
    assert PREPARE_S >= 3
    assert set(INSTRUCTIONS) == set(STEPS)


@pytest.mark.parametrize("step", [Step.EYES_CLOSED, Step.DOWN, Step.LEFT_MIRROR, Step.RIGHT_MIRROR])
def test_what_is_not_done_is_not_seen(step: Step) -> None:
    check = checked(DONE | {step: AHEAD})
    assert result(check, step).level is not Level.OK
    assert sum(one.level is not Level.OK for one in check.results()) == 1


def test_the_mirrors_are_not_mixed_up() -> None:
    left, right = DONE[Step.LEFT_MIRROR], DONE[Step.RIGHT_MIRROR]
    check = checked(DONE | {Step.LEFT_MIRROR: right, Step.RIGHT_MIRROR: left})
    assert result(check, Step.LEFT_MIRROR).level is Level.WARNING
    assert result(check, Step.RIGHT_MIRROR).level is Level.WARNING


@pytest.mark.parametrize(
    ("sample", "level", "word"),
    [
        (NOBODY, Level.FAILED, "0%"),
        (replace(AHEAD, face_px=40.0), Level.FAILED, "40 px"),
        (replace(AHEAD, face_px=70.0), Level.WARNING, "70 px"),
        (replace(AHEAD, face_x=0.1), Level.WARNING, "left"),
        (replace(AHEAD, face_x=0.9), Level.WARNING, "right"),
        (replace(AHEAD, face_y=0.1), Level.WARNING, "high"),
        (replace(AHEAD, face_y=0.9), Level.WARNING, "low"),
        (replace(AHEAD, roll_deg=-30.0), Level.WARNING, "tilted"),
        (AHEAD, Level.OK, "middle"),
    ],
)
def test_aim(sample: Sample, level: Level, word: str) -> None:
    found = judge(Step.AIM, [sample] * 20, None)
    assert found.level is level
    assert word in found.text
    assert bool(found.remedy) is (level is not Level.OK)


@pytest.mark.parametrize(
    ("sample", "level", "word"),
    [
        (replace(AHEAD, camera=CameraCondition.DARK), Level.FAILED, "dark"),
        (replace(AHEAD, camera=CameraCondition.BLOCKED), Level.FAILED, "blocked"),
        (replace(AHEAD, face_level=20.0), Level.WARNING, "dark"),
        (replace(AHEAD, face_level=235.0), Level.WARNING, "dazzled"),
        (replace(AHEAD, glare=0.2), Level.WARNING, "20%"),
        (NOBODY, Level.FAILED, "no face"),
        (AHEAD, Level.OK, "110"),
    ],
)
def test_light(sample: Sample, level: Level, word: str) -> None:
    found = judge(Step.LIGHT, [sample] * 20, None)
    assert found.level is level
    assert word in found.text


def test_dark_glasses_are_named_and_closed_eyes_not_claimed() -> None:
    blind = replace(AHEAD, lid_opening=None, closed=None, gaze_x=None, gaze_y=None)
    check = checked(dict.fromkeys(STEPS, blind))
    assert "glasses" in result(check, Step.ROAD).remedy
    assert result(check, Step.EYES_CLOSED).level is Level.FAILED
    # The pose is that of the head, and known.
    assert check.settings()


def test_without_a_head_there_is_nothing_to_save_or_compare_with() -> None:
    check = checked(dict.fromkeys(STEPS, NOBODY))
    assert all(one.level is Level.FAILED for one in check.results())
    assert check.settings() == {}


def test_a_camera_that_stops_does_not_stop_the_check() -> None:
    check = GuidedCheck(0.0)
    check.tick(1000.0)
    assert check.progress() is None
    assert all("no pictures" in one.text for one in check.results())


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.builds(
            Sample,
            st.just(0.0),
            st.sampled_from(CameraCondition),
            *[st.none() | st.floats(-200, 2000)] * 8,
            st.booleans(),
            *[st.none() | st.floats(-2, 2)] * 4,
        ),
        max_size=8,
    )
)
def test_any_samples_are_judged(samples: list[Sample]) -> None:
    check = GuidedCheck(0.0)
    for number in range(60 if samples else 0):
        check.take(replace(samples[number % len(samples)], time_s=float(number)))
    check.tick(1e6)
    report = Report(datetime.now(UTC), "demo:", "1", check.results(), check.settings())
    assert report.to_html()
    assert report.to_markdown()


class TestSample:
    GREY = np.full((240, 320), 100, np.uint8)

    def test_places_are_shares_of_the_picture_and_light_is_that_of_the_face(self) -> None:
        grey = self.GREY.copy()
        grey[60:120, 80:160] = 200
        grey[60:120, 80:84] = 255
        scene = Scene(
            0.0,
            DriverState.ATTENTIVE,
            Reason.STARTED,
            0.0,
            CameraCondition.GOOD,
            box=FaceBox(160, 120, 160, 120, 1.0),  # of the 640 x 480 of the camera
            head=HeadPose(1.0, 2.0, 3.0),
            eyes=EyesReading(EyeReading(0.3, 0.2, 0.1, None, 0.9, 30), None),
        )
        sample = sample_of(scene, grey, 640, 480, 7.0)
        assert (sample.face_x, sample.face_y, sample.face_px) == (0.375, 0.375, 160)
        assert sample.face_level == pytest.approx(202.75)
        assert sample.glare == pytest.approx(0.05)
        assert (sample.lid_opening, sample.closed, sample.gaze_x, sample.gaze_y) == (
            *(0.3, 0.2, 0.1),
            None,
        )

    def test_a_face_at_the_edge_or_beyond_is_no_error(self) -> None:
        for box in (FaceBox(-50, -50, 100, 100, 1), FaceBox(700, 500, 50, 50, 1)):
            scene = Scene(
                0, DriverState.ATTENTIVE, Reason.STARTED, 0, CameraCondition.GOOD, box=box
            )
            sample_of(scene, self.GREY, 640, 480, 0.0)


class TestReport:
    def report(self, camera: str = "v4l2:/dev/video0") -> Report:
        check = checked(DONE | {Step.DOWN: AHEAD})
        when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        return Report(when, camera, "1.2.3", check.results(), check.settings())

    def test_it_has_verdict_time_camera_each_step_and_the_config(self) -> None:
        for text in (self.report().to_markdown(), self.report().to_html()):
            assert "Works, with restrictions: look down." in text
            assert "2026-01-02 03:04:05+00:00" in text
            assert "v4l2:/dev/video0" in text
            for step in STEPS:
                assert step.value in text
            assert "neutral_yaw_deg = 6.0" in text

    def test_its_piece_of_config_is_toml(self) -> None:
        piece = self.report().to_markdown().partition("```toml")[2].partition("```")[0]
        assert tomllib.loads(piece) == {
            "driver_state": {"neutral_yaw_deg": 6.0, "neutral_pitch_deg": -4.0}
        }

    def test_nothing_in_it_becomes_markup(self) -> None:
        text = self.report("<script>alert(1)</script>|x").to_html()
        assert "<script>" not in text
        assert "<script>" not in self.report("<script>|x").to_markdown()


@pytest.mark.parametrize(
    ("level", "glare", "text"),
    [
        (None, None, None),
        (128.0, 0.0, "good, 128 of 255"),
        (12.0, 0.0, "too dark, 12 of 255"),
        (230.0, 0.01, "too bright, 230 of 255"),
        (150.0, 0.2, "glare on 20% of the face"),
    ],
)
def test_light_in_words(level: float | None, glare: float | None, text: str | None) -> None:
    sample = Sample(0.0, CameraCondition.GOOD, face_level=level, glare=glare)
    assert light_text(sample) == text
