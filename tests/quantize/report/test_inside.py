"""What a report says of a model's inside: layers, filters, feature maps, training."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_fer.errors import UserError
from quantize.data.fer2013 import Fer2013
from quantize.networks.architectures import build
from quantize.networks.complexity import multiply_adds
from quantize.report.anatomy import last_of_each_size
from quantize.report.comparison import PAPER_MULTIPLY_ADDS, PAPER_PARAMETERS
from quantize.report.filters import most_varied, portrait_face
from quantize.report.history import history_section, read_history, stages
from quantize.report.keras_anatomy import KerasAnatomy
from quantize.report.layers import layers_section, totals
from quantize.report.subject import Subject, open_subject
from quantize.report.tflite_anatomy import TfliteAnatomy


def test_layers_of_the_papers_network_have_its_published_totals() -> None:
    network = build("paper")
    rows = KerasAnatomy(network).layers()
    assert totals(rows) == (PAPER_PARAMETERS, PAPER_MULTIPLY_ADDS)
    assert multiply_adds(network) == PAPER_MULTIPLY_ADDS
    by_name = {row.name: row for row in rows}
    assert (by_name["conv2"].shape, by_name["conv2"].parameters) == ((48, 48, 512), 1_180_160)
    assert (by_name["conv2_pool"].shape, by_name["conv2_pool"].parameters) == ((24, 24, 512), 0)
    assert (by_name["dense"].shape, by_name["dense"].parameters) == ((256,), 884_992)


def test_operators_cost_what_the_layers_that_they_came_from_cost(
    small_network: Any, small_int8: bytes
) -> None:
    before, after = KerasAnatomy(small_network).layers(), TfliteAnatomy(small_int8).layers()
    assert totals(before)[1] == totals(after)[1] != 0
    assert totals(before)[1] is not None
    convolution = next(row for row in after if row.kind == "CONV_2D")
    assert convolution.shape == (48, 48, 8)
    assert convolution.parameters == 8 * 9 + 8, "weights, and the bias that BatchNorm became"


def test_feature_maps_of_file_and_network_are_alike(small_network: Any, small_int8: bytes) -> None:
    face = portrait_face()
    of_network = KerasAnatomy(small_network).feature_maps(face)
    of_file = TfliteAnatomy(small_int8).feature_maps(face)
    assert [values.shape for values in of_network.values()][:2] == [(48, 48, 8), (12, 12, 8)]
    shared = [name for name in of_file if name in of_network]
    assert shared, "no layer has kept its name"
    for name in shared:
        exact, stored = of_network[name], of_file[name]
        assert np.abs(exact - stored).mean() < 0.05 * np.abs(exact).max(), name


def test_a_network_with_one_size_of_maps_has_those() -> None:
    import keras
    from keras import layers

    inputs = keras.Input((48, 48, 1))
    maps = layers.Conv2D(4, 3, padding="same", name="only")(inputs)
    outputs = layers.Dense(7)(layers.Flatten()(maps))
    found = KerasAnatomy(keras.Model(inputs, outputs)).feature_maps(portrait_face())
    assert {name: values.shape for name, values in found.items()} == {"only": (48, 48, 4)}


def test_filters_of_the_first_convolution(small_network: Any, small_int8: bytes) -> None:
    kernel = np.asarray(small_network.layers[1].kernel)
    of_network = KerasAnatomy(small_network).first_filters()
    of_file = TfliteAnatomy(small_int8).first_filters()
    assert of_network is not None
    assert of_file is not None
    np.testing.assert_array_equal(of_network[3], kernel[:, :, 0, 3])
    assert of_file.shape == of_network.shape == (8, 3, 3)
    for exact, folded in zip(of_network, of_file, strict=True):
        # BatchNorm scales a filter as a whole.
        assert abs(np.corrcoef(exact.ravel(), folded.ravel())[0, 1]) > 0.99


def test_last_layer_of_each_size() -> None:
    shapes = {"a": (48, 48, 8), "b": (48, 48, 16), "c": (24, 24, 16), "d": (12, 12, 4)}
    shapes["average"] = (1, 1, 4)  # a grey square would be drawn
    assert last_of_each_size(shapes) == ["b", "c", "d"]


def test_channels_that_vary_most_come_in_their_order() -> None:
    values = np.zeros((4, 4, 5), np.float32)
    values[0, 0] = (1, 0, 9, 0, 5)
    assert most_varied(values, 2) == [2, 4]
    assert most_varied(values, 9) == [0, 1, 2, 3, 4]


def test_portrait_is_cut_as_the_device_cuts_it() -> None:
    face = portrait_face()
    assert face.shape == (48, 48)
    assert face.dtype == np.uint8
    assert face.std() > 20


def test_layers_section_says_what_it_is_of(subject: Subject, small_int8_file: Path) -> None:
    assert "The float network, `best.keras`, before its conversion." in layers_section(subject)
    alone = layers_section(open_subject(small_int8_file))
    assert "as the device runs them" in alone
    assert "**total**" in alone


def test_history_of_the_run(subject: Subject, small_fer2013: Fer2013, tmp_path: Path) -> None:
    text = history_section(subject, small_fer2013.digest(), tmp_path)
    assert "5 epochs, the best of them epoch 5" in text
    assert "55.00% on Training and 65.00% on PublicTest" in text
    assert "smoothed by 0.1" in text
    assert "other data" not in text
    assert "The training was on other data" in history_section(subject, "0" * 64, tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "PublicTest chose the best epoch"),
        ({"fold": 3}, "65.00% on fold 3."),
        ({"fold": 3}, "Fold 3 of the Training rows chose the best epoch."),
        ({"choose": "last"}, "kept is epoch 5"),
        ({"choose": "last"}, "The last epoch was kept"),
        ({"architecture": "paper"}, "PublicTest chose"),
    ],
)
def test_a_history_says_what_chose_the_epoch(
    changes: dict[str, object],
    said: str,
    run_folder: Path,
    small_fer2013: Fer2013,
    tmp_path: Path,
) -> None:
    run = shutil.copytree(run_folder, tmp_path / "run")
    record = json.loads((run / "settings.json").read_text())
    record["settings"] |= changes
    (run / "settings.json").write_text(json.dumps(record))
    text = history_section(open_subject(run / "best.keras"), small_fer2013.digest(), tmp_path)
    assert said in text


def test_stages_of_a_history(run_folder: Path) -> None:
    history = read_history(run_folder)
    assert history is not None
    assert stages(history.epochs) == [(32, 1, 3), (48, 4, 5)]


def test_without_a_history(small_int8_file: Path, small_network_file: Path, tmp_path: Path) -> None:
    assert "give that with `--network`" in history_section(
        open_subject(small_int8_file), "", tmp_path
    )
    assert "There is no history" in history_section(open_subject(small_network_file), "", tmp_path)
    assert not list(tmp_path.iterdir())


def test_history_of_another_version(run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    (tmp_path / "run" / "state.json").write_text(json.dumps({"history": [{"epoch": 1}]}))
    with pytest.raises(UserError, match="not the state of a training of this version"):
        read_history(tmp_path / "run")
