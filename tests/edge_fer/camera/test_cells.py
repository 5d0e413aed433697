"""The cells that condition and cuts share."""

import numpy as np
import pytest

from edge_fer.camera.cells import CELLS, averaged
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.cut import SceneCuts
from edge_fer.camera.scene import Scene


@pytest.mark.parametrize("shape", [(480, 640), (960, 540), (1, 1), (2, 7)])
def test_any_frame_becomes_as_many_cells(shape: tuple[int, int]) -> None:
    cells = averaged(np.full(shape, 77, np.uint8))
    assert cells.shape == CELLS[::-1]
    assert (cells == 77).all()


def test_given_cells_are_as_those_of_the_frame() -> None:
    scene = Scene()
    conditions, cuts = ConditionMonitor(), SceneCuts()
    conditions_given, cuts_given = ConditionMonitor(), SceneCuts()
    # Through the tunnel's dark, and then another scene.
    frames = [scene.render(9.0 + number / 5) for number in range(30)]
    frames += [np.ascontiguousarray(grey[::-1, ::-1]) for grey in frames[:5]]
    for number, grey in enumerate(frames):
        time_s, cells = number / 5, averaged(grey)
        assert conditions.update(grey, time_s) is conditions_given.update(grey, time_s, cells)
        assert cuts.update(grey, time_s) is cuts_given.update(grey, time_s, cells)
