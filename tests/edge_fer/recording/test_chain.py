"""Signed clips: what is missing, exchanged, renamed, cut or of another device shows."""

import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

pytest.importorskip("cryptography", reason="needs the recording extra")

from edge_fer.cli.app import app
from edge_fer.errors import ClipError, ClipReason, KeyFileError, UserError
from edge_fer.recording.chain import (
    SIGNATURE_BLOCK_BYTES,
    ClipChain,
    load_device_key,
    make_device_key,
    verify_clips,
)
from edge_fer.recording.clip_file import is_cut_off, read_clip, write_clip
from edge_fer.recording.process import check_recording
from edge_fer.recording.ring import Ring, RingError
from edge_fer.recording.sealing import SealingLock, load_key, make_key
from edge_fer.recording.settings import RecordingConfig
from edge_fer.recording.stored import list_clips
from tests.edge_fer.recording.making_clips import make_clip

CLIP = make_clip(shots=2)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    path = tmp_path_factory.mktemp("key") / "device.pem"
    return make_device_key(path), path


@pytest.fixture
def record(tmp_path: Path, keys: tuple[str, Path]) -> Callable[[int], Path]:
    """Return a function that records clips, each by a device that was started anew."""
    folder, owner = tmp_path / "clips", tmp_path / "owner.pem"
    public = bytes.fromhex(make_key(owner))

    def run(clips: int) -> Path:
        for _ in range(clips):
            ring = Ring(
                folder,
                most_bytes=10**6,
                most_age_s=1e9,
                chain=ClipChain(folder, load_device_key(keys[1])),
            )
            ring.keep(partial(write_clip, clip=CLIP, lock=SealingLock(public)))
            ring.close()
        return folder

    return run


def problems(folder: Path, public: str) -> dict[int, str]:
    verdicts = verify_clips(list_clips(folder), public)
    return {each.number: each.problem for each in verdicts if each.problem is not None}


def clip(folder: Path, number: int) -> Path:
    return folder / f"clip-{number:08}.efclip"


def test_clips_as_they_were_made_are_fine_and_can_be_read(
    record: Callable[[int], Path], keys: tuple[str, Path]
) -> None:
    folder = record(4)
    assert problems(folder, keys[0]) == {}
    assert read_clip(clip(folder, 2), load_key(folder.parent / "owner.pem")) == CLIP
    clip(folder, 1).unlink()  # as the ring does
    assert problems(folder, keys[0]) == {}


def test_each_manipulation_is_named(
    record: Callable[[int], Path], keys: tuple[str, Path], tmp_path: Path
) -> None:
    folder, public = record(6), keys[0]

    def after(change: Callable[[], object]) -> dict[int, str]:
        shutil.copytree(folder, tmp_path / "kept")
        change()
        found = problems(folder, public)
        shutil.rmtree(folder)
        (tmp_path / "kept").rename(folder)
        return found

    def exchange() -> None:
        second, third = clip(folder, 2), clip(folder, 3)
        second.rename(tmp_path / "second")
        third.rename(second)
        (tmp_path / "second").rename(third)

    def cut() -> None:
        clip(folder, 3).write_bytes(clip(folder, 3).read_bytes()[:-1])

    def change() -> None:
        content = bytearray(clip(folder, 3).read_bytes())
        content[60] ^= 1
        clip(folder, 3).write_bytes(content)

    def empty() -> None:
        clip(folder, 3).write_bytes(b"")

    def take_away(*numbers: int) -> None:
        for number in numbers:
            clip(folder, number).unlink()

    assert after(partial(take_away, 3)) == {4: "clip 3 before it: missing"}
    assert after(partial(take_away, 2, 3, 4)) == {5: "clips 2 to 4 before it: missing"}
    assert after(exchange) == {
        2: "was made as clip 3: renamed or copied",
        3: "was made as clip 2: renamed or copied",
    }
    assert after(lambda: shutil.copy(clip(folder, 2), clip(folder, 7))) == {
        7: "was made as clip 2: renamed or copied"
    }
    assert after(cut) == {3: "not signed, or cut off"}
    assert after(empty) == {3: "not signed, or cut off"}
    assert after(change) == {3: "changed, or signed by another device"}
    assert after(lambda: None) == {}


def test_a_clip_of_another_device_is_none_of_this_one(
    record: Callable[[int], Path], tmp_path: Path
) -> None:
    other = make_device_key(tmp_path / "other.pem")
    assert problems(record(1), other) == {1: "changed, or signed by another device"}


def test_the_newest_clip_that_was_taken_away_shows_with_the_next(
    record: Callable[[int], Path], keys: tuple[str, Path]
) -> None:
    folder = record(3)
    clip(folder, 3).unlink()
    record(1)
    assert [each.number for each in list_clips(folder)] == [1, 2, 4]
    assert problems(folder, keys[0]) == {4: "clip 3 before it: missing"}


def test_another_clip_in_the_place_of_one_is_not_followed(
    record: Callable[[int], Path], keys: tuple[str, Path]
) -> None:
    """The whole state of the folder is set back, and the device makes another third clip."""
    folder = record(2)
    note, second = (folder / ".chain.json").read_bytes(), clip(folder, 2)
    record(2)
    third = clip(folder, 4).read_bytes()
    clip(folder, 3).unlink()
    clip(folder, 4).unlink()
    (folder / ".chain.json").write_bytes(note)
    record(1)
    clip(folder, 4).write_bytes(third)
    assert problems(folder, keys[0]) == {4: "does not follow clip 3, which lies before it"}
    assert second.exists()


@settings(max_examples=30)
@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
        lambda value: json.dumps({"number": value, "sha256": value}).encode()
    )
)
def test_any_note_in_the_folder_is_survived(
    tmp_path_factory: pytest.TempPathFactory, keys: tuple[str, Path], content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("noted")
    (folder / ".chain.json").write_bytes(content)
    place = ClipChain(folder, load_device_key(keys[1])).last(None)
    assert place.number >= 0
    assert len(place.digest) == 32


@pytest.mark.parametrize("kind", ["huge", "pipe", "folder", "link"])
def test_what_is_no_clip_ends_in_a_line_and_hides_no_other(
    record: Callable[[int], Path], keys: tuple[str, Path], kind: str, tmp_path: Path
) -> None:
    folder = record(1)
    place = clip(folder, 2)
    if kind == "huge":
        with place.open("wb") as file:
            file.truncate(1 << 40)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to("/dev/zero")
    arguments = ["recording", "verify", "--device-key", keys[0], "--folder", str(folder)]
    done = CliRunner().invoke(app, arguments)
    assert "1  signed" in done.output
    assert done.exit_code == (1 if kind == "huge" else 0)  # the others are not listed


def test_the_verb_exits_with_one_for_a_missing_clip(
    record: Callable[[int], Path], keys: tuple[str, Path]
) -> None:
    folder = record(3)
    clip(folder, 2).unlink()
    arguments = ["recording", "verify", "--device-key", keys[0], "--folder", str(folder)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    assert "clip 2 before it: missing" in done.output
    rows = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert [row["problem"] is None for row in rows] == [True, False]


def test_only_what_the_device_signed_is_exported_under_its_key(
    record: Callable[[int], Path], keys: tuple[str, Path], tmp_path: Path
) -> None:
    """The owner's public key is on the device: who has that can seal a clip to it."""
    folder = record(3)
    first, second = clip(folder, 1), clip(folder, 2)
    first.write_bytes(first.read_bytes()[:-SIGNATURE_BLOCK_BYTES])  # sealed, and of anybody
    second.write_bytes(second.read_bytes()[:-1] + b"?")
    arguments = ["recording", "export", "--folder", str(folder), "--out", str(tmp_path / "out")]
    arguments += ["--key", str(folder.parent / "owner.pem")]
    done = CliRunner().invoke(app, [*arguments, "--device-key", keys[0]])
    assert done.exit_code == 2
    assert f"{first}: not signed, or cut off" in done.output
    assert f"{second}: changed, or signed by another device" in done.output
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["clip-00000003"]

    wrong = CliRunner().invoke(app, [*arguments, "--device-key", "ab"])
    assert isinstance(wrong.exception, KeyFileError)
    assert len(wrong.output.splitlines()) == 0


@pytest.mark.parametrize("kind", ["a pipe", "a device", "6 GB"])
def test_what_has_no_end_is_one_line_and_holds_up_nobody(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "clip-00000001.efclip"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a device":
        path = Path("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(6 << 30)
    for device_key in (None, "00" * 32):
        with pytest.raises(ClipError) as caught:
            read_clip(path, device_key=device_key)
        assert caught.value.reason is ClipReason.UNREADABLE
    with pytest.raises(ClipError):
        is_cut_off(path)


def test_a_number_without_end_stops_no_recorder_with_an_error_of_the_system(
    tmp_path: Path,
) -> None:
    ring = Ring(tmp_path, most_bytes=10**6, most_age_s=1e9)
    clip_of_somebody = tmp_path / f"clip-{'9' * 200}.efclip"
    clip_of_somebody.touch()
    assert ring.keep(lambda file: file.write(b"x")).number == 1
    (tmp_path / f"clip-{'9' * 12}.efclip").touch()
    with pytest.raises(RingError, match="highest number"):
        ring.keep(lambda file: file.write(b"x"))


def test_a_wrong_key_is_one_line(tmp_path: Path, keys: tuple[str, Path]) -> None:
    with pytest.raises(KeyFileError, match="hex digits"):
        verify_clips([], "ab")
    sealing = tmp_path / "sealing.pem"
    make_key(sealing)
    endless = tmp_path / "pipe.pem"
    os.mkfifo(endless)
    for path in (sealing, tmp_path / "none.pem", endless, Path("/dev/zero")):
        config = RecordingConfig(enabled=True, device_key=str(path))
        with pytest.raises(UserError, match=path.name):
            check_recording(config)
    check_recording(RecordingConfig(enabled=True, device_key=str(keys[1])))
    assert keys[1].stat().st_mode & 0o077 == 0


def test_the_block_is_as_long_as_the_format_says() -> None:
    assert SIGNATURE_BLOCK_BYTES == 144
