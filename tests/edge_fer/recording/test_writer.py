"""The thread that writes clips: it loses clips where it must, and nothing else."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_fer.recording import writer as writer_module
from edge_fer.recording.clip_file import read_clip
from edge_fer.recording.ring import Ring
from edge_fer.recording.sealing import PlainLock
from edge_fer.recording.stored import list_clips
from edge_fer.recording.writer import ClipWriter
from tests.edge_fer.recording.making_clips import make_clip

CLIP = make_clip()
PATIENCE_S = 60.0  # a bound against hanging: the thread gives way to others


def make(folder: Path) -> ClipWriter:
    return ClipWriter(Ring(folder, most_bytes=10**6, most_age_s=1e9), PlainLock)


def until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_a_clip_is_written_and_counted(tmp_path: Path) -> None:
    writer = make(tmp_path / "clips")
    writer.take(CLIP)
    writer.stop(PATIENCE_S)
    (stored,) = list_clips(tmp_path / "clips")
    assert read_clip(stored.path) == CLIP
    told = writer.stored
    assert (told.clips, told.size, told.kept, told.lost) == (1, stored.size, 1, 0)
    assert told.error is None


def test_what_waits_is_still_written_at_the_end(tmp_path: Path) -> None:
    writer = make(tmp_path)
    writer.take(CLIP)
    writer.take(CLIP)
    writer.stop(PATIENCE_S)
    assert len(list_clips(tmp_path)) + writer.stored.lost == 2
    assert list_clips(tmp_path)


def test_a_disk_that_hangs_holds_nobody_up_and_costs_what_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, go_on = threading.Event(), threading.Event()

    def hang(_: int) -> None:
        hangs.set()
        assert go_on.wait(PATIENCE_S)

    monkeypatch.setattr("os.fsync", hang)
    writer = make(tmp_path)
    writer.take(CLIP)
    assert hangs.wait(PATIENCE_S)
    writer.take(CLIP)
    before_s = time.monotonic()
    writer.take(CLIP)
    writer.take(CLIP)
    assert time.monotonic() - before_s < PATIENCE_S / 2
    assert writer.stored.lost == 2
    assert writer.stored.error == "the disk is too slow: a clip was lost"
    writer.stop(0.05)  # does not wait for the disk either
    go_on.set()
    until(lambda: writer.stored.kept == 2)
    assert len(list_clips(tmp_path)) == 2


def test_a_folder_that_comes_later_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "TRY_AGAIN_S", 0.02)
    place = tmp_path / "usb"
    place.touch()  # a stick that is not mounted
    writer = make(place / "clips")
    until(lambda: writer.stored.error is not None)
    writer.take(CLIP)
    until(lambda: writer.stored.lost == 1)
    assert "Not a directory" in str(writer.stored.error)
    place.unlink()
    place.mkdir(exist_ok=True)  # the thread may have come between
    writer.take(CLIP)
    until(lambda: writer.stored.kept == 1)
    until(lambda: writer.stored.error is None)
    writer.stop(PATIENCE_S)


def test_a_folder_that_is_taken_away_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    writer = make(folder)
    writer.take(CLIP)
    until(lambda: writer.stored.kept == 1)  # the last that it does before it waits for a clip
    shutil.rmtree(folder)
    writer.take(CLIP)
    until(lambda: writer.stored.lost == 1)
    writer.take(CLIP)
    until(lambda: writer.stored.kept == 2)
    writer.stop(PATIENCE_S)
    assert len(list_clips(folder)) == 1


def test_why_a_clip_was_lost_is_said_until_one_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = make(tmp_path)
    with monkeypatch.context() as patch:

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr("os.fsync", full)
        writer.take(CLIP)
        until(lambda: writer.stored.lost == 1)
    until(lambda: "No space left" in str(writer.stored.error))
    writer.take(CLIP)
    until(lambda: writer.stored.kept == 1)
    until(lambda: writer.stored.error is None)
    writer.stop(PATIENCE_S)
