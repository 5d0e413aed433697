"""A training begins with an int8 file as with the network that it was made from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_fer.errors import UserError
from edge_fer.paths import SHIPPED_MODEL

keras = pytest.importorskip("keras", reason="the workstation extra is not installed")

from quantize.data.calibration_set import CalibrationSet  # noqa: E402
from quantize.int8.convert import convert  # noqa: E402
from quantize.networks import initial_network  # noqa: E402
from quantize.networks.architectures import build, build_edge  # noqa: E402
from quantize.networks.folding import fold_batch_norms  # noqa: E402
from quantize.networks.growing import grow  # noqa: E402
from quantize.networks.initial_network import open_initial  # noqa: E402

SHIPPED = SHIPPED_MODEL.parent
IMAGES = np.random.default_rng(1).integers(0, 256, (20, 48, 48)).astype(np.uint8)
FACES = np.random.default_rng(2).random((64, 48, 48, 1), np.float32)
WIDTHS = ((4,), (6, 8), (8, 8), (8,))


def small_edge(_name: str = "edge") -> Any:
    return build_edge(widths=WIDTHS)


@pytest.fixture(scope="module")
def trained() -> Any:
    """Return a network whose BatchNorms have seen something."""
    keras.utils.set_random_seed(1)
    network = small_edge()
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    network.fit(FACES, np.arange(64) % 7, epochs=2, verbose=0)
    return network


@pytest.fixture(scope="module")
def int8_file(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("int8") / "small.tflite"
    path.write_bytes(convert(fold_batch_norms(trained), CalibrationSet(IMAGES, 1, "")).content)
    return path


@pytest.mark.slow
def test_weights_come_back_to_half_a_step(
    trained: Any, int8_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(initial_network, "build", small_edge)
    begun = small_edge()
    grow(begun, open_initial(int8_file, "edge"), FACES)
    ours, theirs = (each.predict(FACES, verbose=0) for each in (begun, trained))
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.99
    assert np.abs(ours - theirs).max() < 0.1 * np.ptp(theirs)


def test_its_batch_norms_change_nothing_in_training_either(
    int8_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(initial_network, "build", small_edge)
    folded, begun = open_initial(int8_file, "edge"), small_edge()
    grow(begun, folded, FACES)
    first = keras.Model(begun.input, begun.get_layer("conv1_1_relu").output)
    wanted = keras.Model(folded.input, folded.get_layer("conv1_1_relu").output)
    found = np.asarray(first(FACES, training=True))
    np.testing.assert_allclose(found, wanted.predict(FACES, verbose=0), atol=1e-3)


@pytest.mark.slow
def test_the_shipped_network_can_be_begun_with() -> None:
    begun = build("edge")
    grow(begun, open_initial(SHIPPED / "edge.tflite", "edge"), FACES)
    assert begun.predict(FACES[:2], verbose=0).shape == (2, 7)


def test_other_files_are_refused(tmp_path: Path, trained: Any, int8_file: Path) -> None:
    with pytest.raises(UserError, match=r"small\.tflite has other layers than 'edge'"):
        open_initial(int8_file, "edge")
    with pytest.raises(UserError, match=r"eyes\.tflite has other layers than 'edge'"):
        open_initial(SHIPPED / "eyes.tflite", "edge")
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(int8_file.read_bytes()[:200])
    with pytest.raises(UserError, match="a damaged TFLite file"):
        open_initial(damaged, "edge")
    network = tmp_path / "it.keras"
    trained.save(network)
    with pytest.raises(UserError, match="is 'edge', not 'paper'"):
        open_initial(network, "paper")
    with pytest.raises(UserError, match="no such model file"):
        open_initial(tmp_path / "nowhere.keras", "edge")


def test_edge_small_may_begin_with_the_file_of_edge() -> None:
    assert open_initial(SHIPPED / "edge.tflite", "edge-small").name == "edge"
