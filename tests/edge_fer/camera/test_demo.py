"""The scripted scene: always the same, and what the detector makes of it."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from edge_fer.camera import open_camera
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.scene import (
    DURATION_S,
    HEIGHT,
    PARTS,
    PORTRAIT,
    STORY,
    WIDTH,
    Scene,
    moment_at,
    part_at,
)
from edge_fer.errors import UserError
from edge_fer.face.haar import HaarDetector
from edge_fer.face.tracking import FaceTracker
from edge_fer.monitor import DriverMonitor
from edge_fer.observation import CameraCondition, Vehicle

FPS = 30
_FRONTAL_S = 26.0  # until then the driver looks ahead


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def test_frame_depends_on_time_alone(scene: Scene) -> None:
    first = [scene.render(time_s) for time_s in (0.0, 6.1, 12.1, 20.0)]
    again = [Scene().render(time_s) for time_s in (20.0, 12.1, 6.1, 0.0)][::-1]
    for one, other in zip(first, again, strict=True):
        assert one.shape == (HEIGHT, WIDTH)
        assert one.dtype == np.uint8
        np.testing.assert_array_equal(one, other)


def test_no_two_frames_are_the_same(scene: Scene) -> None:
    frames = (scene.render(number / FPS) for number in range(360, 470))  # covered, mostly
    assert all((one != other).any() for one, other in itertools.pairwise(frames))


def test_story_runs_forward_and_glides() -> None:
    assert STORY[0].time_s == 0
    assert STORY[-1].time_s == DURATION_S
    assert all(one.time_s < other.time_s for one, other in itertools.pairwise(STORY))
    for one, other in itertools.pairwise(moment_at(n / FPS) for n in range(int(DURATION_S * FPS))):
        assert abs(one.x - other.x) < 0.08
        assert abs(one.scale - other.scale) < 0.04
        assert abs(one.yaw_deg - other.yaw_deg) < 4  # degrees in a thirtieth of a second


def test_each_part_has_its_name() -> None:
    assert part_at(0.0) == PARTS[0].name
    assert part_at(DURATION_S) == PARTS[-1].name
    named = [part_at(n / 10) for n in range(int(DURATION_S * 10))]
    assert [name for name, _ in itertools.groupby(named)] == [part.name for part in PARTS]
    for time_s, what in ((28.0, "looks aside"), (37.0, "closes the eyes"), (43.0, "yawns")):
        assert part_at(time_s) == what


@pytest.mark.parametrize("fps", [6, pytest.param(30, marks=pytest.mark.slow)])
def test_the_networks_see_what_the_driver_does(scene: Scene, fps: int) -> None:
    """The shipped networks and policy, from after the driver is back."""
    monitor, start_s = DriverMonitor(), 22.8
    seen: list[tuple[str, str]] = []  # in which part of the scene a state began
    yawns: set[int | None] = set()
    for number in range(int((DURATION_S - start_s) * fps)):
        time_s = start_s + number / fps
        reading = monitor.observe(scene.render(time_s), time_s, Vehicle(speed_km_h=80.0))
        if not seen or seen[-1][1] != reading.state.label:
            seen.append((part_at(time_s), reading.state.label))
        yawns.add(reading.decision.measured.yawns)
    assert seen == [
        ("is back", "not ready"),
        ("is back", "attentive"),
        ("looks aside", "distracted"),
        ("looks at the road", "attentive"),
        ("closes the eyes", "microsleep"),
        ("looks at the road", "attentive"),
    ]
    assert yawns == {0, 1}


def test_scene_is_as_long_as_it_says() -> None:
    camera = open_camera("demo:?speed=max&fps=2")
    frames = 0
    while camera.read() is not None:
        frames += 1
    assert frames == DURATION_S * 2


def test_start_and_loop() -> None:
    camera = open_camera("demo:?speed=max&fps=2&start=45.5&loop=1")
    shown = [camera.read() for _ in range(3)]
    for frame, time_s in zip(shown, (45.5, 0.0, 0.5), strict=True):
        assert frame is not None
        np.testing.assert_array_equal(frame, Scene().render(time_s))


def test_wrong_uri_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown option 'seed'"):
        open_camera("demo:?seed=1")
    with pytest.raises(UserError, match="the scene is always the same"):
        open_camera("demo:other")
    with pytest.raises(UserError, match="cannot be read"):
        Scene(tmp_path / "gone.jpg")


def test_portrait_is_small_and_attributed() -> None:
    assert PORTRAIT.stat().st_size <= 60_000
    attribution = (PORTRAIT.parent / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert PORTRAIT.name in attribution
    assert "NASA" in attribution
    assert "public domain" in attribution


def driver_is_visible(time_s: float) -> bool | None:
    """Whether the face is to be found; None while it enters or leaves, or a hand slides."""
    moment = moment_at(time_s)
    if moment.cover > 0:
        return False if moment.cover == 1 else None
    if moment.x != 0.5:
        return False if moment.x > 1.2 else None
    return True


@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_detector_sees_the_driver_and_nothing_else(scene: Scene, step: int) -> None:
    detector = HaarDetector()
    for number in range(0, int(_FRONTAL_S * FPS), step):
        time_s = number / FPS
        visible = driver_is_visible(time_s)
        faces = detector.detect(scene.render(time_s))
        if visible is not None:
            assert len(faces) == visible, f"at {time_s:.2f} s"
        for face in faces:
            # The portrait's face is 62 wide between the cheeks; Haar's boxes are wider.
            moment = moment_at(time_s)
            assert face.centre[0] == pytest.approx(moment.x * WIDTH, abs=40)
            assert 75 < face.width / moment.scale < 150


@pytest.mark.slow
@pytest.mark.parametrize("fps", [10, 30])
def test_story_as_conditions_and_faces(scene: Scene, fps: int) -> None:
    monitor, tracker = ConditionMonitor(), FaceTracker(HaarDetector())
    changes: list[tuple[float, str]] = []
    for number in range(int(_FRONTAL_S * fps)):
        time_s = number / fps
        grey = scene.render(time_s)
        condition = monitor.update(grey, time_s)
        if condition is CameraCondition.GOOD:
            now = "face" if tracker.update(grey, time_s) else "no face"
        else:
            now = condition.name.lower()
        if not changes or changes[-1][1] != now:
            changes.append((time_s, now))
    # "no face" is brief while the hand slides over the lens and off it.
    lasting = [
        (start_s, name)
        for (start_s, name), (end_s, _) in itertools.pairwise([*changes, (_FRONTAL_S, "end")])
        if end_s - start_s > 0.35
    ]
    assert [name for _, name in lasting] == ["face", "blocked", "face", "no face", "face"]
    assert [start_s for start_s, _ in lasting] == pytest.approx(
        [0.0, 12.2, 15.2, 18.9, 22.5], abs=0.35
    )
