"""The stages of the benchmark are those of the daemon's pipeline."""

import numpy as np
import pytest

from edge_fer.benchmark.stages import Stopwatch, measure_stages, open_whole, staged
from edge_fer.camera.base import Frame
from edge_fer.camera.scene import Scene
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.errors import UserError
from edge_fer.models.classifier import Classifier
from edge_fer.paths import SHIPPED_MODEL

POLICY = PolicySettings()


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(SHIPPED_MODEL)


def test_they_see_and_decide_what_the_pipeline_does(classifier: Classifier) -> None:
    timed, whole = open_whole(classifier, POLICY), open_whole(classifier, POLICY)
    watch = Stopwatch()
    scene = Scene()
    # A driver, the tunnel's dark, an empty seat, the driver again, and another scene.
    pictures = [scene.render(1.0 + number / 2) for number in range(36)]
    pictures += [np.ascontiguousarray(picture[::-1, ::-1]) for picture in pictures[:3]]
    faces = 0
    for number, grey in enumerate(pictures):
        frame = Frame(grey, number / 5, number)
        wanted = whole.frame(frame)
        step, _ = staged(timed, frame, watch)
        assert step.decision == wanted.decision
        assert step.face == wanted.face
        one, other = step.observation, wanted.observation
        assert one is not None
        assert other is not None
        assert (one.eyes, one.head, one.cut) == (other.eyes, other.head, other.cut)
        assert (one.seat_empty, one.profile) == (other.seat_empty, other.profile)
        faces += one.eyes is not None
    assert 5 < faces < len(pictures)
    assert {"eye network", "emotion network", "face network, tracked", "scene cut"} <= set(
        watch.taken_s
    )


def test_a_camera_without_a_frame_is_named(classifier: Classifier, tmp_path: object) -> None:
    with pytest.raises(UserError, match="nothing"):
        measure_stages(f"file:{tmp_path}/nothing.mp4", classifier, POLICY, 2)
