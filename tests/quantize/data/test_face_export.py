"""Faces of pictures and videos are cut as the daemon cuts them, with a table."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import edge_fer
from edge_fer.cli.app import main
from edge_fer.errors import UserError
from edge_fer.face.settings import FaceConfig
from quantize.data.face_export import COLUMNS, TABLE, export_faces

PICTURE = Path(edge_fer.__file__).parent / "assets" / "collins.jpg"


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / TABLE).open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        assert table.fieldnames == list(COLUMNS)
        return list(table)


def test_a_folder_keeps_its_classes_and_a_video_its_times(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    (source / "train" / "happy").mkdir(parents=True)
    picture = cv2.imread(str(PICTURE))
    assert picture is not None
    assert cv2.imwrite(str(source / "train" / "happy" / "a.png"), picture)
    assert cv2.imwrite(str(source / "train" / "happy" / "a.jpg"), picture)
    assert cv2.imwrite(str(source / "nobody.png"), np.full((120, 160), 90, np.uint8))
    (source / "notes.txt").write_text("x")
    height, width = picture.shape[:2]
    fourcc = cv2.VideoWriter.fourcc(*"MJPG")
    video = cv2.VideoWriter(str(source / "clip.avi"), fourcc, 10.0, (width, height))
    for _ in range(12):
        video.write(picture)
    video.release()
    counts = export_faces(source, tmp_path / "two", FaceConfig(), every_s=0.5, side_px=48, most=2)
    assert counts.faces == len(rows(tmp_path / "two")) == 2
    counts = export_faces(source, out, FaceConfig(), every_s=0.5, side_px=48)
    found = rows(out)
    assert counts.frames == 15
    assert counts.passed_over == {"file that is neither picture nor video": 1}
    assert counts.faces == len(found)
    of_pictures = [row for row in found if row["source"] != "clip.avi"]
    assert {row["file"] for row in of_pictures} == {
        "train/happy/a.png",
        "train/happy/a_1.png",
    }
    of_video = [row for row in found if row["source"] == "clip.avi"]
    times = [float(row["time_s"]) for row in of_video]
    assert len(times) >= 2
    assert min(np.diff(times)) >= 0.5
    for row in found:
        crop = cv2.imread(str(out / row["file"]), cv2.IMREAD_UNCHANGED)
        assert crop is not None
        assert crop.shape == (48, 48)
        assert float(row["contrast"]) == pytest.approx(crop.std(), abs=0.1)
        assert row["camera"] == "good"


def test_the_verb_prints_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as end:
        main(["faces", str(PICTURE), "--out", str(out), "--side", "0", "--json"])
    assert end.value.code == 0
    values = json.loads(capsys.readouterr().out)
    assert (values["frames"], values["faces"]) == (1, 1)
    (row,) = rows(out)
    crop = cv2.imread(str(out / row["file"]), cv2.IMREAD_UNCHANGED)
    assert crop is not None
    assert crop.shape[0] == crop.shape[1] == round(max(float(row["width"]), float(row["height"])))


def test_what_lies_below_out_is_no_picture(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jpg").write_bytes(PICTURE.read_bytes())
    (tmp_path / "no.mp4").write_bytes(b"no video")
    for below in ({}, {"file below --out": 1}):
        counts = export_faces(tmp_path, tmp_path / "out", FaceConfig(), every_s=0.5, side_px=48)
        assert (counts.frames, counts.faces) == (1, 1)
        assert counts.passed_over == {"video that cannot be read": 1, **below}
        (tmp_path / "out" / "own.png").write_bytes(PICTURE.read_bytes())
    assert capfd.readouterr().err == "", "FFmpeg's words are not the user's"
    with pytest.raises(UserError, match="it is the source"):
        export_faces(tmp_path, tmp_path, FaceConfig(), every_s=0.5, side_px=48)


def test_crops_of_an_earlier_run_are_replaced(tmp_path: Path) -> None:
    """Else `evaluate --data` would read those of pictures that the source no longer has."""
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for folder in ("happy", "sad"):
        (source / folder).mkdir()
        (source / folder / "a.jpg").write_bytes(PICTURE.read_bytes())
    export_faces(source, out, FaceConfig(), every_s=0.5, side_px=48)
    own, outside = out / "sad" / "own.png", tmp_path / "outside.png"
    for path in (own, outside):
        path.write_bytes(b"somebody's own")
    with (out / TABLE).open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(["../outside.png", *[""] * (len(COLUMNS) - 1)])
    (source / "sad" / "a.jpg").unlink()
    with pytest.raises(UserError, match="no such file"):
        export_faces(tmp_path / "x", out, FaceConfig(), every_s=0.5, side_px=48)
    assert (out / "sad" / "a.png").exists()
    export_faces(source, out, FaceConfig(), every_s=0.5, side_px=48)
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png")) == [
        "happy/a.png",
        "sad/own.png",
    ]
    assert outside.exists()
    # Another table of that name is somebody's own: no picture that it lists is removed.
    (out / TABLE).write_text("file,label\nsad/own.png,sad\n")
    export_faces(source, out, FaceConfig(), every_s=0.5, side_px=48)
    assert own.exists()


def test_nothing_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no picture and no video"):
        export_faces(tmp_path, tmp_path / "out", FaceConfig(), every_s=1, side_px=48)
    with pytest.raises(UserError, match="no such file"):
        export_faces(tmp_path / "x", tmp_path / "out", FaceConfig(), every_s=1, side_px=48)
