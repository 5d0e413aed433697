"""A network that is asked wrongly is recognised by its answers, with the option that mends it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

keras = pytest.importorskip("keras", reason="needs the workstation extra")

from edge_fer.emotions import LABELS  # noqa: E402
from edge_fer.errors import UserError  # noqa: E402
from quantize.data.fer2013 import Fer2013  # noqa: E402
from quantize.evaluation.diagnosis import diagnose  # noqa: E402
from quantize.networks.order import best_assignment, order_of  # noqa: E402
from quantize.networks.use import RANGES, Use, parse_range  # noqa: E402
from quantize.verbs import quantize as verb  # noqa: E402

ALPHABETICAL = tuple(sorted(LABELS))


def right_for(low: float, high: float, labels: tuple[str, ...], gain: float = 40.0) -> Any:
    """Return a network that knows the bars of `small_fer2013`, for pixels in low..high.

    A bias for the last class, an eighth of what a bar brings, outweighs bars in a smaller range.
    """
    kernel = np.zeros((48, 48, 7), np.float32)
    for height in range(7):
        kernel[6 * height : 6 * height + 8, :, height] = 1 / (8 * 48)
    kernel -= kernel.mean(axis=(0, 1), keepdims=True)
    order = [LABELS.index(label) for label in labels]
    face = keras.Input((48, 48, 1))
    layer = keras.layers.Dense(7, activation="softmax")
    model = keras.Model(face, layer(keras.layers.Flatten()(face)))
    is_unit = (low, high) == (0, 1)
    bias = np.zeros(7) if is_unit else np.linspace(0, gain / 8, 7)
    layer.set_weights([kernel.reshape(-1, 7)[:, order] * gain / (high - low), bias])
    return model


def found(model: Any, use: Use, rows: Fer2013) -> str:
    finding = diagnose(model, "it", use, rows.select("PublicTest"))
    return "" if finding is None else finding.options


def test_a_network_that_is_asked_rightly_is_left_alone(small_fer2013: Fer2013) -> None:
    assert found(right_for(0, 1, LABELS), Use(), small_fer2013) == ""
    assert found(right_for(0, 1, ALPHABETICAL), Use(ALPHABETICAL), small_fer2013) == ""


def test_another_order_of_outputs_is_named(small_fer2013: Fer2013) -> None:
    options = found(right_for(0, 1, ALPHABETICAL), Use(), small_fer2013)
    assert options == f"--labels {','.join(ALPHABETICAL)}"


def test_another_range_is_named(small_fer2013: Fer2013) -> None:
    model = right_for(0, 255, LABELS)
    assert found(model, Use(), small_fer2013) == "--input-range 0:255"
    assert found(model, Use(LABELS, 0, 255), small_fer2013) == ""


def test_both_are_named(small_fer2013: Fer2013) -> None:
    options = found(right_for(0, 255, ALPHABETICAL), Use(), small_fer2013)
    assert options == f"--input-range 0:255 --labels {','.join(ALPHABETICAL)}"


def test_quantize_refuses_it_with_the_option(
    small_fer2013: Fer2013, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verb, "read_data", lambda path, reading, rows: small_fer2013)
    right_for(0, 1, ALPHABETICAL).save(tmp_path / "own.keras")
    with pytest.raises(UserError, match=f"with --labels {','.join(ALPHABETICAL)}; --no-verify"):
        verb.quantize_verb(
            tmp_path / "own.keras",
            Path("x"),
            tmp_path / "own.tflite",
            calibration_images=14,
            seed=1,
            json_output=True,
        )
    assert not (tmp_path / "own.tflite").exists()


@pytest.mark.parametrize("size", [2, 5, 10])
def test_the_best_assignment_is_the_best(size: int) -> None:
    rng = np.random.default_rng(size)
    order = rng.permutation(size)
    values: NDArray[np.int64] = rng.integers(0, 5, (size, size))
    values[order, np.arange(size)] += 10
    assert best_assignment(values).tolist() == order.tolist()


def test_chance_is_not_an_order() -> None:
    confusion = np.random.default_rng(0).multinomial(210, [1 / 49] * 49).reshape(7, 7)
    assert order_of(confusion.astype(np.int64), LABELS, LABELS) is None


def test_ranges_of_the_command_line() -> None:
    assert parse_range("-1:1") == RANGES["-1:1"]
    for text in ("1", "1:0", "a:b", "0:inf", "0:nan"):
        with pytest.raises(UserError, match="not LOW:HIGH"):
            parse_range(text)
