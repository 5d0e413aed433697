"""A report as a user gets it: the page, its figures, and what is refused."""

import json
import re
import shutil
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from edge_fer.emotions import LABELS
from edge_fer.errors import UserError
from quantize.data.fer2013 import Fer2013
from quantize.networks.use import Use
from quantize.report.calibration_report import NAME
from quantize.report.command import command_line
from quantize.report.subject import Subject, open_subject
from quantize.report.writing import PAGE, check_folder, write_report
from quantize.verbs import evaluate as verb

SECTIONS = (
    "In short",
    "Comparison",
    "Right and wrong",
    "The surest mistakes",
    "Saliency",
    "Confidence",
    "Asking instead of guessing",
    "Robustness",
    "Training",
    "Representative set",
    "Layers",
    "Filters and feature maps",
    "Data",
)


@pytest.fixture(scope="module")
def report(
    subject: Subject, small_fer2013: Fer2013, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "edge"
    write_report(subject, small_fer2013, "PublicTest", folder, command="edge-fer evaluate a b")
    return folder


@pytest.mark.slow
def test_page_has_each_part_and_each_figure_is_a_picture(report: Path) -> None:
    text = (report / PAGE).read_text()
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == SECTIONS
    assert "```sh\nedge-fer evaluate a b\n```" in text
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert sorted(pictures) == sorted(path.name for path in report.glob("*.png"))
    assert set(pictures) >= {
        "confusion.png",
        "corruptions.png",
        "corruptions-of-the-portrait.png",
        "distribution.png",
        "feature-maps.png",
        "filters.png",
        "history.png",
        "reliability.png",
        "risk-coverage.png",
        "saliency-of-the-portrait.png",
    }
    assert not {"faces.png", "mistakes.png", "saliency.png"} & set(pictures)
    for name in pictures:
        image = cv2.imread(str(report / name))
        assert image is not None, name
        assert image.std() > 5, f"{name} shows nothing"


@pytest.mark.slow
def test_faces_of_the_data_are_drawn_only_where_they_are_asked_for(
    report: Path, subject: Subject, small_fer2013: Fer2013, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    write_report(subject, small_fer2013, "PublicTest", asked, command="a", with_faces=True)
    more = {path.name for path in asked.glob("*.png")} - {
        path.name for path in report.glob("*.png")
    }
    # This small network may have too few wrong answers for a sheet of them.
    assert {"faces.png", "saliency.png"} <= more <= {"faces.png", "mistakes.png", "saliency.png"}
    with pytest.raises(UserError, match="--with-faces: it is for a report"):
        verb.evaluate_verb(
            Path("a.tflite"), Path("b"), usage="PublicTest", json_output=True, with_faces=True
        )


@pytest.mark.slow
def test_the_same_files_and_data_give_the_same_bytes(
    report: Path, subject: Subject, small_fer2013: Fer2013, tmp_path: Path
) -> None:
    again = tmp_path / "edge"
    write_report(subject, small_fer2013, "PublicTest", again, command="edge-fer evaluate a b")
    names = sorted(path.name for path in report.iterdir())
    assert names == sorted(path.name for path in again.iterdir())
    for name in names:
        assert (report / name).read_bytes() == (again / name).read_bytes(), name


@pytest.mark.slow
def test_verb_writes_a_report_and_prints_the_scores(
    small_int8_file: Path,
    small_fer2013: Fer2013,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without the network: it says what that would show, and shows the file's own inside."""
    monkeypatch.setattr(verb, "read_data", lambda path, reading, rows: small_fer2013)
    monkeypatch.chdir(tmp_path)
    shutil.copy(small_int8_file, tmp_path / "small model.tflite")
    (tmp_path / "docs").mkdir()
    for ending in ("md", "png"):
        shutil.copy(small_int8_file, tmp_path / "docs" / f"{NAME}.{ending}")
    verb.evaluate_verb(
        Path("small model.tflite"),
        Path("/somewhere/else/fer2013.csv"),
        usage="PublicTest",
        json_output=True,
        report=Path("docs"),
    )
    out, err = capsys.readouterr()
    values, text = json.loads(out), (tmp_path / "docs" / PAGE).read_text()
    assert "Written: docs/README.md" in err
    assert "corruptions" not in values, "they are printed only where they are asked for"
    assert f"**{values['accuracy']:.2%}**" in text
    assert "somewhere" not in text, "paths outside of the working folder are not published"
    assert (
        "edge-fer evaluate 'small model.tflite' --data fer2013.csv --usage PublicTest "
        "--report docs\n"
    ) in text
    assert "give it with `--network`" in text
    assert "CONV_2D" in text
    assert "The file has no card beside it." in text
    assert f"![int8 accuracy over the size of the representative set]({NAME}.png)" in text
    assert f"[figures]({NAME}.md)" in text


def test_page_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / PAGE).write_text("# My project\n")
    with pytest.raises(UserError, match=r"README.md is not one of a report: choose another"):
        check_folder(tmp_path)
    assert (tmp_path / PAGE).read_text() == "# My project\n"


def test_folders_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file: is a file: name a folder"):
        check_folder(tmp_path / "file")
    with pytest.raises(UserError, match=r"--report .*docs: cannot be made \(Not a directory\)"):
        check_folder(tmp_path / "file" / "docs")
    check_folder(tmp_path / "new" / "docs")  # as every other verb makes one
    assert (tmp_path / "new" / "docs").is_dir()
    (tmp_path / PAGE).write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="is not one of a report"):
        check_folder(tmp_path)


def test_files_that_do_not_go_together(run_folder: Path, small_int8_file: Path) -> None:
    network = run_folder / "best.keras"
    with pytest.raises(UserError, match=r"--network goes with a .tflite file"):
        open_subject(network, network)
    with pytest.raises(UserError, match="not a Keras model"):
        open_subject(small_int8_file, small_int8_file)
    with pytest.raises(UserError, match="cannot read the model"):
        open_subject(run_folder / "no.tflite")


def test_a_report_of_a_saved_model_says_what_it_cannot_count(tmp_path: Path) -> None:
    from quantize.report.layers import layers_section

    face = keras.Input((48, 48, 1))
    x = keras.layers.Flatten()(keras.layers.MaxPooling2D(8)(face))
    network = keras.Model(face, keras.layers.Dense(7, activation="softmax")(x))
    network.export(tmp_path / "saved", verbose=False)
    subject = open_subject(tmp_path / "saved")
    assert subject.is_network
    assert subject.file.size_bytes > 1000
    page = layers_section(subject)
    assert "| TFSMLayer |" in page
    assert "**unknown**" in page


def test_a_report_is_of_a_network_used_as_the_options_say(tmp_path: Path) -> None:
    keras.utils.set_random_seed(5)
    layers = [
        keras.layers.Input((48, 48, 1)),
        keras.layers.Conv2D(4, 3, strides=4, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(7),
    ]
    keras.Sequential(layers).save(tmp_path / "plain.keras")
    weights = layers[-1].get_weights()
    turned = keras.Sequential(
        [
            keras.layers.Input((48, 48, 1)),
            keras.layers.Rescaling(1 / 255),
            *layers[1:-1],
            keras.layers.Dense(7, name="turned"),
        ]
    )
    turned.get_layer("turned").set_weights([values[..., ::-1] for values in weights])
    turned.save(tmp_path / "turned.keras")
    use = Use(LABELS[::-1], 0.0, 255.0)
    images = np.random.default_rng(5).integers(0, 256, (9, 48, 48)).astype(np.uint8)
    found, wanted = (
        open_subject(path, use=used).file.predictor.log_probabilities(images, lambda done: None)
        for path, used in ((tmp_path / "turned.keras", use), (tmp_path / "plain.keras", None))
    )
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert np.ptp(wanted, axis=1).min() > 0.01, "in another order they would differ"


def test_a_report_names_the_options_that_made_it(tmp_path: Path) -> None:
    line = command_line(
        Path("own.keras"),
        Path("faces"),
        usage="PublicTest",
        report=Path("docs"),
        network=None,
        options={"--labels": "sad,happy", "--input-range": "-1:1", "--rows": None},
    )
    assert line == (
        "edge-fer evaluate own.keras --data faces --usage PublicTest --labels=sad,happy "
        "--input-range=-1:1 --report docs"
    )
    with pytest.raises(UserError, match="--labels happy,sad has others: leave --report out"):
        verb.evaluate_verb(
            Path("own.keras"),
            Path("faces"),
            usage="PublicTest",
            json_output=True,
            labels="happy,sad",
            report=tmp_path / "docs",
        )
