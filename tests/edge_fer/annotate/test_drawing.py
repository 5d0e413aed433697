"""The annotated picture: sizes, what is drawn where, and nothing that raises."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_fer.annotate.compose import compose, layout_for
from edge_fer.annotate.overlay import head_axes
from edge_fer.annotate.panel import readings
from edge_fer.annotate.timeline import Span, Timeline, ticks
from edge_fer.driver_state.states import DriverState, Reason
from edge_fer.face.landmarks import NAMES
from edge_fer.live.scene import Scene
from edge_fer.observation import CameraCondition, EyeReading, EyesReading, FaceBox, HeadPose

EMPTY = Scene(0.0, DriverState.NOT_READY, Reason.STARTED, 0.0, CameraCondition.GOOD)
EYE = EyeReading(0.35, 0.05, 0.1, -0.1, 0.9, 30.0)
FULL = Scene(
    time_s=3.0,
    state=DriverState.MICROSLEEP,
    reason=Reason.EYES_CLOSED,
    since_s=1.5,
    camera=CameraCondition.GOOD,
    box=FaceBox(100, 60, 120, 120, 1.0),
    points=tuple((110.0 + 4 * place, 100.0 + 2 * place) for place in range(len(NAMES))),
    head=HeadPose(20.0, -10.0, 5.0),
    eyes=EyesReading(EYE, None),
    mouth_opening=0.2,
    probabilities=(0.1, 0.0, 0.1, 0.5, 0.1, 0.1, 0.1),
    drowsiness=0.2,
    distraction=0.1,
    question="are you all right?",
)


def timeline_of(*scenes: Scene) -> Timeline:
    timeline = Timeline(10.0)
    for scene in scenes:
        timeline.add(scene)
    return timeline


@pytest.mark.parametrize(
    ("height", "width"), [(240, 320), (480, 640), (960, 540), (1080, 1920), (2160, 3840), (97, 131)]
)
def test_any_size_is_readable_and_even(height: int, width: int) -> None:
    layout = layout_for(height, width)
    whole = compose(np.zeros((height, width), np.uint8), FULL, timeline_of(FULL), layout)
    assert whole.shape == (*layout.shape, 3)
    assert whole.shape[0] % 2 == whole.shape[1] % 2 == 0
    assert min(layout.height, layout.width) >= 480 or layout.scale <= 1
    assert layout.height <= 1080
    assert layout.width <= 1920
    assert layout.width / layout.height == pytest.approx(width / height, rel=0.01)


def test_the_picture_stays_where_nothing_was_seen() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    whole = compose(picture, EMPTY, timeline_of(EMPTY), layout_for(480, 640))
    assert (whole[:480, :640] == picture).all()


def test_what_was_seen_is_drawn_at_the_face() -> None:
    grey = np.full((480, 640), 90, np.uint8)
    whole = compose(grey, FULL, timeline_of(FULL), layout_for(480, 640))
    rows, columns = np.nonzero((whole[:480, :640] != 90).any(axis=2))
    assert 60 - 8 <= rows.min() <= 62
    assert rows.max() <= 190
    assert columns.max() <= 232


def test_a_face_far_outside_of_the_picture_is_drawn_without_error() -> None:
    scene = Scene(
        0.0,
        DriverState.ATTENTIVE,
        Reason.ENOUGH_EVIDENCE,
        0.0,
        CameraCondition.GOOD,
        box=FaceBox(-1e7, 1e7, 1e6, 1e6, 1.0),
        points=((-1e9, 1e9),) * len(NAMES),
        head=HeadPose(90.0, 90.0, 180.0),
        eyes=EyesReading(EYE, EYE),
    )
    compose(np.zeros((240, 320), np.uint8), scene, timeline_of(scene), layout_for(240, 320))


@pytest.mark.parametrize(
    ("head", "left", "up", "ahead"),
    [
        (HeadPose(0, 0, 0), (1, 0), (0, -1), (0, 0)),
        (HeadPose(90, 0, 0), (0, 0), (0, -1), (1, 0)),  # the picture's right is the driver's left
        (HeadPose(0, 90, 0), (1, 0), (0, 0), (0, -1)),
        (HeadPose(0, 0, 90), (0, 1), (1, 0), (0, 0)),  # the head lies on the left shoulder
    ],
)
def test_axes_point_where_the_head_does(
    head: HeadPose, left: tuple[int, int], up: tuple[int, int], ahead: tuple[int, int]
) -> None:
    for axis, wanted in zip(head_axes(head), (left, up, ahead), strict=True):
        assert axis == pytest.approx(wanted, abs=1e-9)


@given(*[st.floats(-180, 180)] * 3)
def test_axes_are_no_longer_than_one(yaw: float, pitch: float, roll: float) -> None:
    axes = head_axes(HeadPose(yaw, pitch, roll))
    assert all(math.hypot(*axis) <= 1 + 1e-9 for axis in axes)
    # Columns of a rotation: the parts in each direction of the picture make one.
    assert sum(axis[0] ** 2 for axis in axes) == pytest.approx(1.0)
    assert sum(axis[1] ** 2 for axis in axes) == pytest.approx(1.0)


def test_what_is_not_seen_is_said() -> None:
    rows = dict(readings(EMPTY))
    assert rows["head"] == rows["right eye"] == rows["left eye"] == "not seen"
    full = dict(readings(FULL))
    assert full["yaw"] == "20 deg left"
    assert full["pitch"] == "10 deg down"
    assert full["right eye"] == "lid 0.35, closed 5%"
    assert full["asked"] == "are you all right?"


def test_states_become_spans_without_gaps() -> None:
    timeline = timeline_of(
        EMPTY,
        Scene(1.0, DriverState.NOT_READY, Reason.STARTED, 1.0, CameraCondition.GOOD),
        Scene(2.0, DriverState.ATTENTIVE, Reason.ENOUGH_EVIDENCE, 0.0, CameraCondition.GOOD),
        Scene(4.0, DriverState.ATTENTIVE, Reason.ENOUGH_EVIDENCE, 2.0, CameraCondition.GOOD),
    )
    assert timeline.spans == [
        Span(DriverState.NOT_READY, 0.0, 2.0),
        Span(DriverState.ATTENTIVE, 2.0, 4.0),
    ]
    assert timeline.window() == (0.0, 10.0)


def test_without_a_known_length_the_last_minute_is_shown() -> None:
    timeline = Timeline(None)
    timeline.add(EMPTY)
    assert timeline.window() == (0.0, 60.0)
    timeline.add(Scene(100.0, DriverState.LOW, Reason.SADNESS, 0.0, CameraCondition.GOOD))
    assert timeline.window() == (40.0, 100.0)


@given(st.integers(0, 10**5), st.floats(0.1, 1e5), st.floats(1, 20))
def test_ticks_are_round_and_inside(start_s: int, length_s: float, most: float) -> None:
    times = ticks(start_s, start_s + length_s, most)
    assert all(start_s <= time_s <= start_s + length_s for time_s in times)
    assert all(float(time_s).is_integer() for time_s in times)
