"""One's own faces as a data set, and the verb that tunes to them."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.errors import UserError
from quantize.data.face_export import COLUMNS, TABLE
from quantize.data.fer2013 import Fer2013
from quantize.tuning.own_faces import labelled_by_folder, labelled_by_network, mixed
from quantize.verbs.tune import Change, _refuse_worse

CARD: Any = SimpleNamespace(temperature=1.0, uncertain_threshold=0.6)


class ByShade:
    """Sure of class `value // 20` for pictures of one shade, unsure for those from 200."""

    format = "shade"
    side_px = 48

    def log_probabilities(
        self, images: NDArray[np.uint8], advance: Callable[[float], None]
    ) -> NDArray[np.float64]:
        shade = images[:, 24, 24].astype(int)
        answers = np.full((len(images), 7), np.log(0.1 / 6))
        answers[np.arange(len(images)), np.minimum(shade // 20, 6)] = np.log(0.9)
        answers[shade >= 200] = np.log(1 / 7)
        return answers


def exported(folder: Path, clips: dict[str, list[int]]) -> Path:
    """Write what `edge-fer faces` writes: a crop of one shade for each value, and the table."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / TABLE).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for clip, shades in clips.items():
            for number, shade in enumerate(shades):
                name = f"{clip.rpartition('.')[0]}_{number:07d}.png"
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                assert cv2.imwrite(str(folder / name), np.full((48, 48), shade, np.uint8))
                table.writerow([name, clip, number / 5, *[""] * (len(COLUMNS) - 3)])
    return folder


def test_the_network_labels_what_it_is_sure_of_clip_by_clip(tmp_path: Path) -> None:
    steady = [65] * 25  # happy
    steady[10] = 5  # one frame in which it errs
    faces = exported(tmp_path, {"a.mp4": steady, "b.mp4": [85] * 10 + [220] * 10})
    own = labelled_by_network(faces, ByShade(), CARD)
    of_a, of_b = own.labels[own.images[:, 0, 0] < 80], own.labels[own.images[:, 0, 0] >= 80]
    assert (of_a == 3).all()
    assert len(of_a) == 25
    assert (of_b == 4).all()
    assert 8 <= len(of_b) <= 11  # near the unsure half it is unsure, too
    assert np.count_nonzero(own.usages == 1) == 5  # the end of a; that of b is unsure
    with pytest.raises(UserError, match="label clips by folders"):
        labelled_by_network(exported(tmp_path / "x", {"c.mp4": [220] * 30}), ByShade(), CARD)


def test_folders_label_clips_and_hold_the_end_of_each_out(tmp_path: Path) -> None:
    faces = exported(tmp_path, {"happy/a.mp4": [65] * 10, "sad/b.mp4": [85] * 10})
    own = labelled_by_folder(faces)
    assert own is not None
    assert own.names is not None
    held = sorted(own.names[own.usages == 1].tolist())
    assert held == [
        f"{clip}_{number:07d}.png" for clip in ("happy/a", "sad/b") for number in (8, 9)
    ]
    assert labelled_by_folder(exported(tmp_path / "none", {"a.mp4": [1]})) is None


def test_own_faces_are_mixed_with_those_of_fer2013(small_fer2013: Fer2013) -> None:
    usages = np.array([0] * 10 + [1] * 4, np.uint8)
    shades = np.arange(101, 115, dtype=np.uint8)  # each face has its own
    images = np.ones((14, 48, 48), np.uint8) * shades[:, None, None]
    own = Fer2013(images, np.array([3] * 5 + [4] * 5 + [3] * 4), usages)
    both = mixed(own, small_fer2013, rows=100, seed=1)
    training, public = both.select("Training"), both.select("PublicTest")
    learned, chose = (own_shades(each.images) for each in (training, public))
    assert learned == [shade for shade in range(101, 110) if shade != 105] * 10
    assert len(training) == 80 + 100
    # The last fifth of each class chooses; what the files are compared on does not.
    assert chose == [105, 110]
    assert len(public) == 2 + 70


def own_shades(images: NDArray[np.uint8]) -> list[int]:
    return [int(image[0, 0]) for image in images if (image == image[0, 0]).all()]


def test_what_is_not_better_is_refused() -> None:
    _refuse_worse([Change("own", 9, 0.5, 0.6), Change("known", 9, 0.7, 0.69)])
    with pytest.raises(UserError, match="not better on one's own faces"):
        _refuse_worse([Change("own", 9, 0.5, 0.4), Change("known", 9, 0.7, 0.7)])
    with pytest.raises(UserError, match="forgets more than 2%"):
        _refuse_worse([Change("own", 9, 0.5, 0.9), Change("known", 9, 0.7, 0.6)])


@pytest.mark.slow
def test_the_verb_tunes_and_compares(
    noisy_csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow", reason="needs the workstation extra")
    import edge_fer
    from edge_fer.cli.app import main
    from edge_fer.models.card import load_card

    picture = cv2.imread(str(Path(edge_fer.__file__).parent / "assets" / "collins.jpg"))
    assert picture is not None
    for label in ("happy", "neutral"):
        (tmp_path / "clips" / label).mkdir(parents=True)
        height, width = picture.shape[:2]
        fourcc = cv2.VideoWriter.fourcc(*"MJPG")
        clip = tmp_path / "clips" / label / "a.avi"
        video = cv2.VideoWriter(str(clip), fourcc, 10.0, (width, height))
        for shade in range(30):
            video.write(cv2.convertScaleAbs(picture, alpha=0.8 + shade / 100))
        video.release()
    out = tmp_path / "tuned.tflite"
    words = ["--data", str(noisy_csv), "--out", str(out), "--epochs", "1", "--no-verify", "--json"]
    with pytest.raises(SystemExit) as end:
        main(["tune", str(tmp_path / "clips"), *words])
    assert end.value.code == 0
    values = json.loads(capsys.readouterr().out)
    assert values["labelled_by_network"] is False
    assert values["FER2013 PublicTest"]["n"] == 28
    assert 0 <= values["own held-out faces"]["after"] <= 1
    assert load_card(out).training["tuned_from"]
