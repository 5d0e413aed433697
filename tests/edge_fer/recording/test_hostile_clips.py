"""Clips of somebody else: refused in one line, shown without doing anything, bounded."""

import copy
import json
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge_fer.cli.app import app
from edge_fer.errors import ClipError, ClipReason
from edge_fer.printable import printable
from edge_fer.recording.clip import Clip, Event
from edge_fer.recording.clip_file import MAGIC, read_clip, read_header, write_clip
from edge_fer.recording.export import export_clip
from edge_fer.recording.pictures import MOST_PIXELS, compress, decompress
from edge_fer.recording.sealing import PlainLock, SealingLock, load_key, make_key
from tests.edge_fer.recording.making_clips import make_clip

CLIP = make_clip()


def stored(folder: Path, number: int, clip: Clip, lock: Any = None) -> Path:
    path = folder / f"clip-{number:08}.efclip"
    with path.open("wb") as file:
        write_clip(file, clip, lock or PlainLock())
    return path


def raw(folder: Path, number: int, *contents: bytes) -> Path:
    """Write a plain clip of any records; the end is added."""
    path = folder / f"clip-{number:08}.efclip"
    lock = PlainLock()
    with path.open("wb") as file:
        file.write(MAGIC + lock.prefix)
        for place, content in enumerate([*contents, b"E"]):
            record = lock.close(place, content)
            file.write(struct.pack("<I", len(record)) + record)
    return path


def header(**changes: Any) -> bytes:
    return b"H" + json.dumps(CLIP.header.to_json() | changes).encode()


@pytest.mark.parametrize("seal", ["plain", "to another key"])
def test_a_plain_or_foreign_sealed_clip_is_refused_under_a_key(tmp_path: Path, seal: str) -> None:
    pytest.importorskip("cryptography", reason="needs the recording extra")
    key, other = tmp_path / "key.pem", tmp_path / "other.pem"
    make_key(key)
    foreign = SealingLock(bytes.fromhex(make_key(other)))
    clip = stored(tmp_path, 1, CLIP, PlainLock() if seal == "plain" else foreign)
    with pytest.raises(ClipError) as refused:
        read_clip(clip, load_key(key))
    wanted = ClipReason.NOT_SEALED if seal == "plain" else ClipReason.OTHER_KEY
    assert refused.value.reason is wanted
    listed = CliRunner().invoke(
        app, ["recording", "list", "--folder", str(tmp_path), "--key", str(key)]
    )
    assert "asleep" not in listed.output


@pytest.mark.parametrize(
    "changes",
    [
        {"fps": 1e9},
        {"fps": 0},
        {"fps": "10"},
        {"to_s": 1e12},
        {"from_s": float("nan")},
        {"event_s": 1e300},
        {"event_s": True},
        {"events": []},
        {"events": [{"time_s": 0.0, "state": 5, "reason": "x"}]},
        {"events": [{"time_s": 0.0, "state": "x" * 10_000, "reason": "x"}]},
        {"events": [{"time_s": 0.0, "state": "x", "reason": "x", "measured": [1]}]},
        {"events": [{"time_s": 0.0, "state": "x", "reason": "x", "measured": {"x": {}}}]},
        {"events": [{"time_s": 0.0, "state": "x", "reason": "x", "measured": {"x": 1e999}}]},
        {"shots": [10**12, 0]},
        {"shots": []},
        {"ended": None},
    ],
)
def test_a_header_that_no_recorder_writes_is_damage(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    path = raw(tmp_path, 1, header(**changes))
    for read in (read_header, read_clip):
        with pytest.raises(ClipError, match="damaged") as refused:
            read(path)
        assert "\n" not in str(refused.value)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to each value within JSON."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


@pytest.mark.parametrize(
    "wrong",
    [10**400, -(10**400), 1e308, True, None, "1e999", [], {}, [[]]],
    ids=lambda value: repr(value)[:10],
)
def test_any_value_in_the_place_of_one_is_a_header_or_damage(tmp_path: Path, wrong: object) -> None:
    good = make_clip(shots=1).header.to_json()
    for place in places(good):
        changed = copy.deepcopy(good)
        inner: Any = changed
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = wrong
        path = raw(tmp_path, 1, b"H" + json.dumps(changed).encode())
        with suppress(ClipError):
            read_header(path)


@pytest.mark.parametrize("content", [b"F", b"F\0\0", b"F" + struct.pack("<Bd", 7, 0.0) + b"x"])
def test_pictures_of_no_camera_are_damage(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ClipError, match="damaged"):
        read_clip(raw(tmp_path, 1, header(), content))


def test_a_hostile_clip_does_not_hide_the_others(tmp_path: Path) -> None:
    raw(tmp_path, 1, header(fps=1e9))
    picture = b"F" + struct.pack("<Bd", 0, 0.0) + b"no picture"
    raw(tmp_path, 2, header(), picture)
    stored(tmp_path, 3, CLIP)
    done = CliRunner().invoke(
        app, ["recording", "export", "--folder", str(tmp_path), "--out", str(tmp_path / "out")]
    )
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert (tmp_path / "out" / "clip-00000003" / "cabin.avi").stat().st_size > 1000
    listed = CliRunner().invoke(app, ["recording", "list", "--folder", str(tmp_path)])
    assert listed.exit_code == 0
    assert "asleep" in listed.output


def test_what_a_clip_says_is_not_done_by_the_terminal(tmp_path: Path) -> None:
    events = (Event(0.0, "\x1b]0;owned\x07\x1b[2Jasleep", "\x9b31m"),)
    stored(tmp_path, 1, replace(CLIP, header=replace(CLIP.header, events=events)))
    listed = CliRunner().invoke(app, ["recording", "list", "--folder", str(tmp_path)])
    assert "\x1b" not in listed.output
    assert r"\x1b]0;owned\x07" in listed.output


@given(st.text())
def test_printable_text_is_as_it_was_and_all_is_printable(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert not text.isprintable() or shown == text


def test_a_picture_that_claims_to_be_huge_is_none() -> None:
    small = compress(np.zeros((48, 64), np.uint8), width_px=640, quality=80)
    assert decompress(small).shape == (48, 64)
    place = small.index(b"\xff\xc0")
    huge = small[: place + 5] + struct.pack(">HH", 60_000, 60_000) + small[place + 9 :]
    assert MOST_PIXELS < 60_000**2
    with pytest.raises(ValueError, match="huge"):
        decompress(huge)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    for jpeg in (content, b"\xff\xd8" + content):
        try:
            decompress(jpeg)
        except ValueError:
            continue


def test_what_is_exported_is_for_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        export_clip(CLIP, tmp_path / "out", images=True)
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    for path in (tmp_path / "out", *(tmp_path / "out").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
