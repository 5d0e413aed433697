"""A packet's header: what was seen comes back as it was; what is no header is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_fer.driver_state.states import DriverState, Reason
from edge_fer.live.packet import FORMAT, MOST_JPEG_BYTES, Header
from edge_fer.live.scene import Scene
from edge_fer.observation import (
    CameraCondition,
    EyeReading,
    EyesReading,
    FaceBox,
    HeadPose,
    Landmarks,
)

FINITE = st.floats(-1e4, 1e4)
POINT = st.tuples(FINITE, FINITE)
EYE = st.none() | st.builds(
    EyeReading, FINITE, FINITE, st.none() | FINITE, st.none() | FINITE, FINITE, FINITE
)
SCENES = st.builds(
    Scene,
    time_s=FINITE,
    state=st.sampled_from(DriverState),
    reason=st.sampled_from(Reason),
    since_s=FINITE,
    camera=st.sampled_from(CameraCondition),
    box=st.none()
    | st.builds(
        FaceBox,
        *[FINITE] * 5,
        landmarks=st.none() | st.builds(Landmarks, *[POINT] * 5),
    ),
    points=st.lists(POINT, max_size=5).map(tuple),
    head=st.none() | st.builds(HeadPose, FINITE, FINITE, FINITE),
    profile=st.booleans(),
    eyes=st.none() | st.builds(EyesReading, EYE, EYE),
    mouth_opening=st.none() | FINITE,
    probabilities=st.none() | st.tuples(*[st.floats(0, 1)] * 7),
    drowsiness=st.none() | FINITE,
    distraction=st.none() | FINITE,
    question=st.none() | st.text(max_size=20),
)


@settings(max_examples=30)
@given(scene=st.none() | SCENES, ended=st.none() | st.text(max_size=20))
def test_a_header_comes_back_as_it_was(scene: Scene | None, ended: str | None) -> None:
    header = Header(FORMAT, scene, 640, 480, 12_345, ended)
    line = header.to_line()
    assert line.count(b"\n") == 1
    assert Header.from_line(line) == header


@given(line=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_noise_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of many kinds, a JSON error among them
        Header.from_line(line)


@pytest.mark.parametrize(
    "change",
    [
        {"format": FORMAT + 1},
        {"jpeg_bytes": -1},
        {"jpeg_bytes": MOST_JPEG_BYTES + 1},
        {"scene": {"state": 1}},
    ],
)
def test_what_this_version_does_not_know_is_refused(change: dict[str, object]) -> None:
    values = json.loads(Header(FORMAT, None, 0, 0, 0).to_line()) | change
    with pytest.raises(ValueError, match=r"format|picture|scene"):
        Header.from_line(json.dumps(values).encode())
