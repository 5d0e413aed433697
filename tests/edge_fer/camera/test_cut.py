"""A cut is another scene: not another light, and not a driver who moves."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.cut import SceneCuts
from edge_fer.camera.scene import Scene
from edge_fer.observation import CameraCondition

Grey = NDArray[np.uint8]
FPS = 15


@pytest.fixture(scope="module")
def cabin() -> list[Grey]:
    scene = Scene()
    return [scene.render(number / FPS) for number in range(8)]


def cuts(frames: list[Grey], fps: float = FPS) -> list[int]:
    """Return the numbers of the frames with which another scene begins."""
    monitor = SceneCuts()
    return [number for number, grey in enumerate(frames) if monitor.update(grey, number / fps)]


def lit(grey: Grey, light: NDArray[np.float64] | float) -> Grey:
    return np.asarray(np.clip(grey * light, 0, 255), np.uint8)


def test_another_scene_is_a_cut_once_and_so_is_the_way_back(cabin: list[Grey]) -> None:
    other = [np.ascontiguousarray(grey[::-1, ::-1]) for grey in cabin]
    assert cuts([*cabin, *other, *cabin]) == [9, 17]


def test_the_same_person_nearer_from_one_frame_to_the_next_is_a_cut(cabin: list[Grey]) -> None:
    near = [np.repeat(np.repeat(grey[60:300, 330:650], 2, 0), 2, 1)[:480, :640] for grey in cabin]
    assert cuts([*cabin, *near]) == [9]


def test_black_bars_around_two_scenes_do_not_make_them_one(cabin: list[Grey]) -> None:
    def upright(grey: Grey) -> Grey:
        """Show a part as a picture of a phone that is held upright."""
        shown = np.zeros_like(grey)
        shown[:, 200:440] = grey[:, 200:440]
        return shown

    def turned(grey: Grey) -> Grey:
        return np.ascontiguousarray(grey[::-1, ::-1])

    assert cuts([*map(upright, cabin), *(upright(turned(grey)) for grey in cabin)]) == [9]
    assert cuts([*map(upright, cabin), *(upright(lit(grey, 0.4)) for grey in cabin)]) == []


def test_light_is_none(cabin: list[Grey]) -> None:
    across = np.linspace(0.2, 1.8, cabin[0].shape[1])[None]
    shown = [*cabin[:2], *(lit(grey, 0.3) for grey in cabin[2:4]), *cabin[4:6]]
    assert cuts(shown) == []
    sides = [
        lit(grey, across if number % 2 else across[:, ::-1]) for number, grey in enumerate(cabin)
    ]
    assert cuts(sides) == []


def test_frames_far_apart_are_not_compared(cabin: list[Grey]) -> None:
    upside_down = [np.ascontiguousarray(grey[::-1]) for grey in cabin]
    assert cuts([*cabin, *upside_down], fps=3.0) == []


def test_a_single_strange_picture_is_none(cabin: list[Grey]) -> None:
    strange = np.ascontiguousarray(cabin[4][::-1, ::-1])
    assert cuts([*cabin[:4], strange, *cabin[4:]]) == []


def test_a_driver_who_comes_nearer_leaves_and_returns_makes_none() -> None:
    scene, conditions, monitor = Scene(), ConditionMonitor(), SceneCuts()
    found = []
    # From the tunnel to the covered lens and back; the driver leaves and comes again.
    for number in range(9 * FPS, 26 * FPS):
        grey, time_s = scene.render(number / FPS), number / FPS
        if conditions.update(grey, time_s) is not CameraCondition.GOOD:
            monitor.forget()
        elif monitor.update(grey, time_s):
            found.append(round(time_s, 1))
    assert found == []
