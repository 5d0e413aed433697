"""A network for larger faces gets them in its own size, from the file to the device."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

keras = pytest.importorskip("keras", reason="needs the workstation extra")

from edge_fer.cli.app import main  # noqa: E402
from edge_fer.emotions import LABELS  # noqa: E402
from edge_fer.errors import ModelError  # noqa: E402
from edge_fer.face.crop import crop_face  # noqa: E402
from edge_fer.models.classifier import Classifier  # noqa: E402
from edge_fer.models.kind import EMOTIONS, FACE, sized  # noqa: E402
from edge_fer.observation import FaceBox  # noqa: E402
from quantize.data.corruptions import CORRUPTIONS, corrupt  # noqa: E402
from quantize.data.fer2013 import Fer2013  # noqa: E402
from quantize.networks.adapting import own_use  # noqa: E402
from quantize.networks.use import Use  # noqa: E402
from quantize.report.markdown import sides  # noqa: E402

layers = keras.layers
SIDE = 96
STEP = 16  # grey values between the stripes of one class and the next


def stripes(label: int, side: int = SIDE, grey: int = 128) -> NDArray[np.uint8]:
    """Return stripes of one pixel: at half the size they are grey, whatever the class."""
    picture = np.full((side, side), grey, np.int64)
    picture[:, ::2] += label * STEP
    picture[:, 1::2] -= label * STEP
    return picture.clip(0, 255).astype(np.uint8)


def network_of_stripes() -> Any:
    """Return a network that tells the classes apart by the height of the stripes alone."""
    face = keras.Input((SIDE, SIDE, 3))
    first = layers.Conv2D(1, (1, 2), strides=(1, 2), activation="relu", use_bias=False)
    last = layers.Dense(len(LABELS), activation="softmax")
    x = layers.GlobalAveragePooling2D()(first(face))
    network = keras.Model(face, last(x), name="stripes")
    first.set_weights([np.reshape([[1, 0, 0], [-1, 0, 0]], (1, 2, 3, 1)).astype(np.float32)])
    means = np.arange(len(LABELS)) * 2 * STEP / 255
    # -(x - mean)^2 but for x^2, which is the same for all classes.
    last.set_weights([300 * 2 * means[np.newaxis], -300 * means**2])
    return network


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network") / "stripes.keras"
    network_of_stripes().save(path)
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for usage, greys in (("train", range(100, 120, 4)), ("test", range(101, 119, 4))):
        for label, name in enumerate(LABELS):
            (folder / usage / name).mkdir(parents=True)
            for grey in greys:
                path = folder / usage / name / f"{grey}.png"
                assert cv2.imwrite(str(path), stripes(label, grey=grey))
    return folder


def run(*words: object) -> None:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    assert end.value.code == 0


def test_pictures_of_a_folder_are_read_at_the_networks_own_size(
    network: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("evaluate", network, "--data", pictures, "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["n"] == 35
    assert found["accuracy"] == 1.0, "detail beyond 48 px did not reach the network"


@pytest.mark.slow
def test_the_int8_file_and_the_device_see_that_size_too(
    network: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "stripes.tflite"
    run("quantize", network, "--data", pictures, "--out", out)
    run("model", "verify", out)
    run("model", "install", out, "--store", tmp_path / "store")
    run("evaluate", out, "--data", pictures, "--report", tmp_path / "page", "--network", network)
    assert sides((SIDE, SIDE)) in (tmp_path / "page" / "README.md").read_text()
    capsys.readouterr()
    classifier = Classifier(out)
    assert classifier.side_px == SIDE
    assert classifier.card.input.shape == (1, SIDE, SIDE, 1)
    assert classifier.card.accuracy.int8 == 1.0
    frame = np.full((200, 300), 90, np.uint8)
    for label in range(len(LABELS)):
        frame[40 : 40 + SIDE, 60 : 60 + SIDE] = stripes(label)
        face = crop_face(frame, FaceBox(60, 40, SIDE, SIDE, 1.0), classifier.side_px)
        assert classifier.classify(face).argmax() == label


@pytest.mark.parametrize(
    ("shape", "side"),
    [
        ((48, 48, 1), 48),
        ((None, None, 1), 48),
        ((40, 40, 1), 48),
        ((64, 48, 1), 64),
        ((3, 112, 112), 112),
        ((224, 224, 3), 224),
        ((300, 300, 3), 224),
    ],
)
def test_the_side_is_the_networks_as_far_as_a_device_has_it(
    shape: tuple[int | None, ...], side: int
) -> None:
    face = keras.Input(shape)
    network = keras.Model(face, layers.Identity()(face))
    assert own_use(network, "it", Use()).side_px == side


@pytest.mark.parametrize("side", [48, 112, 224])
def test_a_card_may_have_a_larger_side(side: int) -> None:
    assert sized(EMOTIONS, (1, side, side, 1)) == replace(EMOTIONS, side_px=side)
    assert sized(FACE, (1, side, side, 1)) is FACE


@pytest.mark.parametrize(
    "shape", [(1, 47, 47, 1), (1, 225, 225, 1), (1, 96, 48, 1), (1, 96, 96, 3), (48, 48), ()]
)
def test_other_inputs_of_a_card_are_not_taken(shape: tuple[int, ...]) -> None:
    assert sized(EMOTIONS, shape) is EMOTIONS


def test_rows_of_a_csv_file_are_enlarged() -> None:
    images = np.stack([stripes(1, 48), np.full((48, 48), 7, np.uint8)])
    rows = Fer2013(images, np.array([0, 1]), np.zeros(2, np.uint8), names=np.array(["a", "b"]))
    large = rows.at_side(96)
    assert large.images.shape == (2, 96, 96)
    assert (large.images[1] == 7).all()
    assert large.names is not None
    assert large.at_side(48).images.shape == (2, 48, 48)
    assert rows.at_side(48) is rows


@pytest.mark.parametrize("kind", [kind for kind in CORRUPTIONS if kind not in ("noise", "JPEG")])
def test_a_larger_face_is_corrupted_alike(kind: str) -> None:
    """What a corruption does to a face of four times the size looks the same when it is reduced."""
    rng = np.random.default_rng(4)
    coarse = rng.integers(0, 256, (16, 16)).astype(np.uint8)
    large = cv2.resize(coarse, (192, 192), interpolation=cv2.INTER_CUBIC)
    small = cv2.resize(large, (48, 48), interpolation=cv2.INTER_AREA)
    changed = corrupt(np.asarray(large, np.uint8), kind, 5, np.random.default_rng(7))
    reduced = cv2.resize(changed, (48, 48), interpolation=cv2.INTER_AREA).astype(float)
    wanted = corrupt(np.asarray(small, np.uint8), kind, 5, np.random.default_rng(7))
    assert np.abs(reduced - wanted).mean() < 0.35 * np.abs(small.astype(float) - wanted).mean()


def test_a_network_of_another_size_does_not_go_with_a_file(network: Path, tmp_path: Path) -> None:
    from edge_fer.paths import SHIPPED_MODEL
    from quantize.report.subject import open_subject

    with pytest.raises(ModelError, match=r"faces of 96 px, and .* for 48 px"):
        open_subject(SHIPPED_MODEL, network)
