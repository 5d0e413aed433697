"""`edge-fer recording`: what the owner of the clips sees."""

import csv
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge_fer.cli.app import main
from edge_fer.recording.clip_file import write_clip
from edge_fer.recording.export import on_the_grid
from edge_fer.recording.pictures import decompress
from edge_fer.recording.ring import Ring, WallClock
from edge_fer.recording.sealing import lock_for, make_key
from tests.edge_fer.recording.making_clips import MEASURED, make_clip

CLIP = make_clip(shots=20, forward=True)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["recording", *map(str, arguments)])
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return call


def fill(folder: Path, public_keys: list[str]) -> None:
    ring = Ring(
        folder, most_bytes=10**7, most_age_s=1e9, clock=lambda: WallClock(1.7e9, synchronised=True)
    )
    for public_key in public_keys:
        ring.keep(partial(write_clip, clip=CLIP, lock=lock_for(public_key)))
    ring.close()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    pytest.importorskip("cryptography", reason="needs the recording extra")
    return tmp_path / "owner.pem"


@pytest.fixture
def clips(tmp_path: Path, key: Path) -> Path:
    """A folder with a plain clip, an encrypted one, and one encrypted to somebody else."""
    folder = tmp_path / "clips"
    fill(folder, ["", make_key(key), make_key(tmp_path / "other.pem")])
    return folder


def test_keygen_prints_what_belongs_into_the_config(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="needs the recording extra")
    code, out, _ = run("keygen", "--out", tmp_path / "k.pem")
    assert code == 0
    line = out.splitlines()[-1]
    assert line.startswith('public_key = "')
    assert len(line.split('"')[1]) == 64
    code, _, err = run("keygen", "--out", tmp_path / "k.pem")
    assert (code, err.count("\n")) == (2, 1)
    assert "is there already" in err


def test_the_list_says_what_it_can_without_a_key(run: Run, clips: Path) -> None:
    code, out, _ = run("list", "--folder", clips)
    lines = out.splitlines()
    assert (code, len(lines)) == (0, 3)
    assert "asleep, -1.0 to +0.9 s, cabin and forward" in lines[0]
    assert lines[1].endswith("encrypted (--key shows more)")


def test_the_list_says_more_with_the_key(run: Run, clips: Path, key: Path) -> None:
    code, out, _ = run("list", "--folder", clips, "--key", key, "--json")
    rows: list[dict[str, Any]] = json.loads(out)
    assert code == 0
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert "not encrypted, so anyone can have written it" in rows[0]["error"]
    assert rows[1]["events"][0]["state"] == "asleep"
    assert "encrypted to another key" in rows[2]["error"]


def test_the_list_marks_clips_that_were_cut_off(run: Run, clips: Path) -> None:
    assert "CUT OFF" not in run("list", "--folder", clips)[1]
    paths = [row["path"] for row in json.loads(run("list", "--folder", clips, "--json")[1])]
    for path in map(Path, paths[:2]):  # a plain and an encrypted one, without its key
        path.write_bytes(path.read_bytes()[:-40])
    lines = run("list", "--folder", clips)[1].splitlines()
    assert [("CUT OFF" in line) for line in lines] == [True, True, False]
    rows = json.loads(run("list", "--folder", clips, "--json")[1])
    assert [row["cut_off"] for row in rows] == [True, True, False]


def test_an_export_holds_both_cameras_side_by_side(
    run: Run, clips: Path, key: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code, said, _ = run("export", "2", "--to", out, "--folder", clips, "--key", key, "--images")
    assert code == 0
    folder = out / "clip-00000002"
    assert said == f"{folder}: clip.json, pictures.csv, cabin.avi, forward.avi\n"
    about = json.loads((folder / "clip.json").read_text())
    assert about["shots"] == [20, 20]
    # What was said, why, and the figures behind it.
    (event,) = about["events"]
    assert (event["state"], event["reason"]) == ("asleep", "eyes stayed closed")
    assert event["measured"] == MEASURED
    with (folder / "pictures.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40
    assert [float(row["time_s"]) for row in rows] == sorted(float(row["time_s"]) for row in rows)
    brightness: dict[str, list[float]] = {}
    for name in ("cabin", "forward"):
        video = cv2.VideoCapture(str(folder / f"{name}.avi"))
        assert video.get(cv2.CAP_PROP_FPS) == 10
        brightness[name] = []
        while (frame := video.read())[0]:
            brightness[name].append(float(frame[1].mean()))
        assert len(list((folder / name).glob("*.jpg"))) == 20
    # The picture n of the test's forward camera is 100 brighter than n of its cabin camera.
    assert len(brightness["cabin"]) == len(brightness["forward"]) == 20
    for cabin, forward in zip(brightness["cabin"], brightness["forward"], strict=True):
        assert forward - cabin == pytest.approx(100, abs=4)


def test_all_are_exported_and_what_cannot_be_is_said(
    run: Run, clips: Path, key: Path, tmp_path: Path
) -> None:
    whole = (clips / "clip-00000002.efclip").read_bytes()
    (clips / "clip-00000004.efclip").write_bytes(whole[:-30])
    code, out, err = run("export", "--to", tmp_path / "out", "--folder", clips, "--key", key)
    assert code == 2
    assert len(out.splitlines()) == 1
    plain, first, second = err.splitlines()
    assert "clip-00000001.efclip: not encrypted" in plain
    assert "clip-00000003.efclip: encrypted to another key" in first
    assert "clip-00000004.efclip: cut off" in second
    assert len(list((tmp_path / "out").iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("list", "--folder", "{}/none"), "none: nothing was recorded there: try --folder"),
        (("list", "--folder", "{}/owner.pem"), "owner.pem: is not a folder"),
        (("list", "--folder", "{}/clips", "--key", "{}/none"), "cannot read the private key"),
        (("export", "9", "--to", "{}/x", "--folder", "{}/clips"), "clip 9: not in .* 1 to 3"),
        (("export", "2", "--to", "{}/x", "--folder", "{}/clips"), "encrypted: give the private"),
        (("export", "{}/owner.pem", "--to", "{}/x"), "owner.pem: no clip of edge-fer"),
        (
            ("export", "1", "--to", "{}/owner.pem", "--folder", "{}/clips"),
            "is a file: name a folder",
        ),
        (("keygen", "--out", "{}/owner.pem/k.pem"), "is a file: name a folder"),
    ],
)
def test_mistakes_are_one_line_and_code_2(
    run: Run, clips: Path, tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    code, _, err = run(*(item.replace("{}", str(tmp_path)) for item in arguments))
    assert (code, err.count("\n")) == (2, 1)
    with pytest.raises(AssertionError, match=problem):
        raise AssertionError(err)


def test_an_export_overwrites_nothing(run: Run, clips: Path, tmp_path: Path) -> None:
    assert run("export", "1", "--to", tmp_path / "x", "--folder", clips)[0] == 0
    code, _, err = run("export", "1", "--to", tmp_path / "x", "--folder", clips)
    assert code == 2
    assert "is there already" in err


def test_the_folder_is_the_configs(run: Run, clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_FER__RECORDING__FOLDER", str(clips))
    assert len(run("list")[1].splitlines()) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_of_somebody_else_says_sudo(run: Run, clips: Path) -> None:
    clips.chmod(0)
    try:
        assert "permission denied: sudo" in run("list", "--folder", clips)[2]
    finally:
        clips.chmod(0o700)


def test_the_grid_takes_the_newest_picture_of_each_moment() -> None:
    shots = [shot for shot in CLIP.shots if shot.camera == 0]
    gap = [*shots[:5], *shots[12:]]
    chosen = on_the_grid(gap, shots[0].captured_s, shots[-1].captured_s, 10.0)
    assert chosen == [*shots[:5], *[shots[4]] * 7, *shots[12:]]
    late = on_the_grid(gap, shots[0].captured_s - 0.3, shots[0].captured_s, 10.0)
    assert late == [shots[0]] * 4
    assert decompress(late[0].jpeg).shape == (48, 48)
