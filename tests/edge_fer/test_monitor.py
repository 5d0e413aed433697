"""The public DriverMonitor and EmotionClassifier: pictures in, states and emotions out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_fer import (
    CameraCondition,
    CameraError,
    Config,
    DriverMonitor,
    DriverState,
    Emotion,
    EmotionClassifier,
    ModelError,
    Reading,
    camera_frames,
)
from edge_fer.camera.scene import Scene
from edge_fer.errors import CameraReason, ModelReason
from edge_fer.face.settings import FaceConfig
from edge_fer.paths import SHIPPED_MODEL
from edge_fer.picture import grey_picture

PORTRAIT = Path(__file__).resolve().parents[2] / "edge_fer" / "assets" / "collins.jpg"


@pytest.fixture(scope="module")
def portrait() -> Any:
    return cv2.imread(str(PORTRAIT))


def watched(monitor: DriverMonitor, pictures: list[Any], start_s: float = 0.0) -> list[Reading]:
    return [
        monitor.observe(picture, start_s + number / 15) for number, picture in enumerate(pictures)
    ]


def test_pictures_become_driver_states() -> None:
    scene = Scene()
    readings = watched(DriverMonitor(), [scene.render(number / 15) for number in range(45)])
    assert readings[0].state is DriverState.NOT_READY
    last = readings[-1]
    assert last.state is DriverState.ATTENTIVE
    assert last.camera is CameraCondition.GOOD
    assert last.face is not None
    assert last.emotion is Emotion.HAPPY
    assert last.confidence is not None
    assert 0.5 < last.confidence <= 1.0
    assert last.time_s == pytest.approx(44 / 15)


def test_time_is_that_of_the_pictures_and_colour_makes_no_difference(portrait: Any) -> None:
    grey = cv2.cvtColor(portrait, cv2.COLOR_BGR2GRAY)
    in_grey = watched(DriverMonitor(), [grey] * 20, 1000.0)
    in_colour = watched(DriverMonitor(), [portrait] * 20, 1000.0)
    assert [each.decision for each in in_grey] == [each.decision for each in in_colour]


def test_a_dark_camera_and_a_missing_picture_are_not_a_driver() -> None:
    monitor = DriverMonitor()
    dark = np.full((480, 640), 2, np.uint8)
    readings = watched(monitor, [dark] * 40)
    assert readings[-1].state is DriverState.CAMERA_DEGRADED
    assert readings[-1].face is None
    later = [monitor.no_picture(3.0 + tick / 10) for tick in range(30)]
    assert later[-1].state is DriverState.CAMERA_DEGRADED
    assert later[-1].camera is CameraCondition.LOST


def test_emotions_can_be_switched_off(portrait: Any) -> None:
    config = Config()
    off = replace(config, driver_state=replace(config.driver_state, emotion_states=False))
    assert watched(DriverMonitor(off), [portrait] * 40)[-1].emotion is None


def test_what_does_not_open_is_an_error(tmp_path: Path) -> None:
    face = FaceConfig(detector="yunet", model=str(tmp_path / "gone.onnx"))
    with pytest.raises(ModelError) as refused:
        DriverMonitor(replace(Config(), face=face))
    assert refused.value.reason is ModelReason.UNREADABLE
    with pytest.raises(ModelError):
        EmotionClassifier(tmp_path / "gone.tflite")


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [[1, 2]],
        np.zeros((4, 4)),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros(4, np.uint8),
    ],
)
def test_what_is_not_a_picture_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"^picture: "):
        grey_picture(wrong)


def test_the_faces_of_a_picture(portrait: Any) -> None:
    classifier = EmotionClassifier()
    (face,) = classifier.classify(portrait)
    assert face.emotion is Emotion.HAPPY
    assert face.confidence == face.probabilities.max()
    assert face.probabilities.dtype == np.float32
    assert face.probabilities.sum() == pytest.approx(1.0, abs=1e-5)
    assert face.box.width > 48
    assert classifier.classify(np.full((240, 320), 90, np.uint8)) == []
    assert EmotionClassifier(str(SHIPPED_MODEL)).card.name == classifier.card.name
    cut = np.full((48, 48), 90, np.uint8)
    assert classifier.classify_face(cut).shape == (7,)


def test_a_camera_is_an_iterator_that_ends_with_its_recording() -> None:
    frames = list(camera_frames("demo:?speed=max&start=45"))
    assert frames
    sequences = [frame.sequence for frame in frames]
    assert sequences == sorted(sequences)
    with pytest.raises(CameraError) as refused:
        next(camera_frames("file:/nowhere.mp4"))
    assert refused.value.reason is CameraReason.NOT_FOUND
