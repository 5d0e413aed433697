"""Video, rows and time line as files: written, read back, and refused in one line."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.annotate import video
from edge_fer.annotate.rows import RowWriter, row_of
from edge_fer.annotate.source import open_shots
from edge_fer.annotate.summary import draw_summary
from edge_fer.annotate.timeline import Timeline
from edge_fer.errors import CameraError, OutputError
from tests.edge_fer.annotate.test_drawing import EMPTY, FULL

WRITERS = ["PyAvWriter", "OpenCvWriter"]


def pictures(count: int) -> list[NDArray[np.uint8]]:
    """Return pictures whose brightness is ten times their number."""
    return [np.full((96, 128, 3), 10 * number, np.uint8) for number in range(count)]


def opened(
    writer: str, path: Path, fps: float, monkeypatch: pytest.MonkeyPatch
) -> video.VideoWriter:
    if writer == "PyAvWriter":
        pytest.importorskip("av", reason="the video extra is not installed")
    else:
        monkeypatch.setattr(video, "find_spec", lambda name: None)
    return video.open_video(path, (96, 128), fps)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_video_reads_back_with_its_times(
    writer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.mp4"
    target = opened(writer, path, 20.0, monkeypatch)
    for number, picture in enumerate(pictures(20)):
        target.write(picture, number / 20)
    target.close()
    shots = list(open_shots(str(path), 30).shots)
    assert [shot.time_s for shot in shots] == pytest.approx(
        [number / 20 for number in range(20)], abs=0.006
    )
    for number, shot in enumerate(shots):
        assert shot.grey.mean() == pytest.approx(10 * number, abs=6)


@pytest.mark.parametrize("fps", [12.5, 29.97])
@pytest.mark.parametrize("writer", WRITERS)
def test_an_avi_has_the_rate_of_its_source(
    writer: str, fps: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = opened(writer, tmp_path / "out.avi", fps, monkeypatch)
    for number, picture in enumerate(pictures(20)):
        target.write(picture, number / fps)
    target.close()
    read = cv2.VideoCapture(str(tmp_path / "out.avi"))
    assert read.get(cv2.CAP_PROP_FPS) == pytest.approx(fps, abs=0.02)
    assert read.get(cv2.CAP_PROP_FRAME_COUNT) == pytest.approx(20, abs=1)


@pytest.mark.parametrize("writer", WRITERS)
def test_uneven_times_keep_their_length(
    writer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause of a second in a clip of a variable rate stays one."""
    path = tmp_path / "out.mp4"
    times_s = [0.0, 0.1, 0.2, 1.2, 1.25, 1.3, 2.3]
    target = opened(writer, path, 20.0, monkeypatch)
    for picture, time_s in zip(pictures(7), times_s, strict=True):
        target.write(picture, time_s)
    target.close()
    shots = list(open_shots(str(path), 30).shots)
    seen = {round(shot.grey.mean() / 10): shot.time_s for shot in reversed(shots)}
    assert [seen[number] for number in range(7)] == pytest.approx(times_s, abs=0.051)


@pytest.mark.parametrize("name", ["out.txt", "out", "out.gif"])
def test_a_name_of_another_kind_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"let it end in \.mp4"):
        video.open_video(tmp_path / name, (96, 128), 20.0)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        video.open_video(tmp_path / "no" / "out.mp4", (96, 128), 20.0)
    with pytest.raises(OutputError, match="cannot be written"):
        RowWriter(tmp_path / "no" / "out.csv")
    with pytest.raises(OutputError, match="cannot be written"):
        draw_summary(Timeline(1.0), tmp_path / "no" / "out.png", "clip")


def test_rows_read_back(tmp_path: Path) -> None:
    for name in ("out.jsonl", "out.csv"):
        with RowWriter(tmp_path / name) as rows:
            rows.write(EMPTY)
            rows.write(FULL)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert lines == [row_of(EMPTY), row_of(FULL)]
    assert lines[1]["state"] == "microsleep"
    assert lines[1]["yaw_deg"] == 20.0
    assert lines[1]["right_lid_opening"] == 0.35
    assert lines[1]["left_lid_opening"] is None
    with (tmp_path / "out.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == list(row_of(EMPTY))
    assert table[1]["p_happy"] == "0.5"
    assert table[0]["yaw_deg"] == ""


def test_the_whole_time_line_is_a_picture(tmp_path: Path) -> None:
    timeline = Timeline(None)
    for scene in (EMPTY, FULL):
        timeline.add(scene)
    draw_summary(timeline, tmp_path / "out.png", "clip\u00e9.mp4")
    picture = cv2.imread(str(tmp_path / "out.png"))
    assert picture is not None
    red = (picture == (40, 39, 214)).all(axis=2)  # microsleep, in BGR
    assert red.any()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.mp4", None, "there is no such file"),
        ("text.mp4", b"no video", "not a video"),
        ("empty.mp4", b"", "not a video"),
    ],
)
def test_what_is_no_video_is_one_line(
    name: str, content: bytes | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CameraError, match=message) as error:
        open_shots(str(path), 30)
    assert "\n" not in str(error.value)
