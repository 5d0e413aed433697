"""Small data and a small network, and a cache that is not the user's."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantize.data.fer2013 import USAGES, Fer2013

PER_CLASS = {"Training": 30, "PublicTest": 10}


def synthetic_fer2013(seed: int = 0) -> Fer2013:
    """Return a data set that can be learnt: each class is a bright bar at a height of its own.

    In one image of eight the bar is at the height of another class, so that nobody is sure.
    """
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.repeat(np.arange(7), rows) for rows in PER_CLASS.values()]).astype(
        np.int64
    )
    usages = np.repeat([0, 1], [7 * rows for rows in PER_CLASS.values()]).astype(np.uint8)
    images = rng.integers(0, 120, (len(labels), 48, 48))
    shown = np.where(rng.random(len(labels)) < 1 / 8, rng.integers(0, 7, len(labels)), labels)
    for image, height in zip(images, 6 * shown, strict=True):
        image[height : height + 8] += 130
    return Fer2013(images.astype(np.uint8), labels, usages)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_FER_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def noisy_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-eight faces of noise of each usage, as a CSV file."""
    path = tmp_path_factory.mktemp("data") / "fer2013.csv"
    rng = np.random.default_rng(1)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("emotion", "pixels", "Usage"))
        for usage in USAGES[:2]:
            for row in range(28):
                pixels = rng.integers(0, 256, 48 * 48)
                table.writerow((row % 7, " ".join(map(str, pixels)), usage))
    return path


@pytest.fixture(scope="session")
def small_fer2013() -> Fer2013:
    return synthetic_fer2013()


@pytest.fixture(scope="session")
def small_network(small_fer2013: Fer2013) -> Any:
    """A network of two convolutions, one with BatchNorm before and one with it after its ReLU."""
    pytest.importorskip("tensorflow", reason="needs the workstation extra")
    import keras

    from quantize.data.calibration_set import to_float_input

    keras.utils.set_random_seed(3)
    face = keras.Input((48, 48, 1))
    x = keras.layers.Conv2D(8, 3, padding="same", use_bias=False)(face)
    x = keras.layers.BatchNormalization(momentum=0.5)(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.MaxPooling2D(4)(x)
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(x)
    x = keras.layers.BatchNormalization(momentum=0.5)(x)
    x = keras.layers.Flatten()(x)
    model = keras.Model(face, keras.layers.Dense(7, name="logits")(x), name="small")
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    rows = small_fer2013.select("Training")
    model.optimizer.learning_rate = 0.01
    model.fit(to_float_input(rows.images), rows.labels, epochs=4, batch_size=32, verbose=0)
    return model


@pytest.fixture(scope="session")
def small_network_file(small_network: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network") / "small.keras"
    small_network.save(path)
    return path


@pytest.fixture(scope="session")
def small_int8(small_network: Any, small_fer2013: Fer2013) -> bytes:
    from quantize.data.calibration_set import choose_calibration_set
    from quantize.int8.convert import convert
    from quantize.networks.folding import fold_batch_norms

    calibration = choose_calibration_set(small_fer2013, count=28, seed=1)
    return convert(fold_batch_norms(small_network), calibration).content


@pytest.fixture(scope="session")
def small_int8_file(small_int8: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("int8") / "small.tflite"
    path.write_bytes(small_int8)
    return path
