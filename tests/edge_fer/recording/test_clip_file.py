"""The file of a clip: whole or refused, and closed to all but the owner of the key."""

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_fer.errors import ClipError, ClipReason, UserError
from edge_fer.recording.clip import ClipHeader
from edge_fer.recording.clip_file import is_cut_off, read_clip, read_header, write_clip
from edge_fer.recording.sealing import load_key, lock_for, make_key
from tests.edge_fer.recording.making_clips import MEASURED, make_clip, picture

CLIP = make_clip(forward=True)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A public key in hex, and the file of its private one."""
    pytest.importorskip("cryptography", reason="needs the recording extra")
    path = tmp_path_factory.mktemp("keys") / "owner.pem"
    return make_key(path), path


@pytest.fixture(scope="session")
def owner_key(keys: tuple[str, Path]) -> Any:
    return load_key(keys[1])


def written(public_key: str = "") -> bytes:
    file = io.BytesIO()
    write_clip(file, CLIP, lock_for(public_key))
    return file.getvalue()


def test_plain_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(written())
    assert read_clip(path) == CLIP
    assert read_header(path) == CLIP.header


def test_the_figures_behind_an_event_are_kept_and_older_clips_have_none(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(written())
    (event,) = read_header(path).events
    assert event.measured == MEASURED
    assert (event.measured["yaw_deg"], event.measured["zone"]) == (4.0, "road")
    older = CLIP.header.to_json()
    del older["events"][0]["measured"]
    assert ClipHeader.from_json(older).events[0].measured == {}


def test_encrypted_there_and_back(tmp_path: Path, keys: tuple[str, Path]) -> None:
    path = tmp_path / "clip"
    path.write_bytes(written(keys[0]))
    assert read_clip(path, load_key(keys[1])) == CLIP


def test_nothing_of_an_encrypted_clip_can_be_read(keys: tuple[str, Path]) -> None:
    plain, sealed = written(), written(keys[0])
    assert b"asleep" in plain
    assert picture(1)[:24] in plain
    assert b"asleep" not in sealed
    assert picture(1)[:24] not in sealed
    assert written(keys[0])[100:] != sealed[100:]  # a fresh key each time


def test_without_the_key_it_says_what_is_wanted(tmp_path: Path, keys: tuple[str, Path]) -> None:
    path = tmp_path / "clip"
    path.write_bytes(written(keys[0]))
    with pytest.raises(ClipError, match="give the private key, --key FILE") as refused:
        read_header(path)
    assert refused.value.reason is ClipReason.SEALED


def test_a_wrong_key_is_told_from_damage(tmp_path: Path, keys: tuple[str, Path]) -> None:
    path, other = tmp_path / "clip", tmp_path / "other.pem"
    path.write_bytes(written(keys[0]))
    public = make_key(other)
    with pytest.raises(UserError, match=rf"encrypted to another key than {public[:12]}"):
        read_clip(path, load_key(other))


@pytest.mark.parametrize("sealed", [False, True])
def test_wherever_it_is_cut_off_it_is_no_clip(
    tmp_path: Path, keys: tuple[str, Path], sealed: bool
) -> None:
    content = written(keys[0] if sealed else "")
    key = load_key(keys[1]) if sealed else None
    path = tmp_path / "clip"
    steps = {*range(0, len(content), 499), *range(60), *range(len(content) - 30, len(content))}
    for length in steps:
        path.write_bytes(content[:length])
        with pytest.raises(UserError, match=r"cut off|no clip"):
            read_clip(path, key)
    path.write_bytes(content + b"!")
    with pytest.raises(UserError, match="damaged"):
        read_clip(path, key)


@settings(max_examples=60)
@given(data=st.data())
def test_a_changed_byte_is_found(
    tmp_path_factory: pytest.TempPathFactory,
    keys: tuple[str, Path],
    owner_key: Any,
    data: st.DataObject,
) -> None:
    sealed = data.draw(st.booleans())
    content = bytearray(written(keys[0] if sealed else ""))
    index = data.draw(st.integers(0, len(content) - 1))
    content[index] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.getbasetemp() / "changed"
    path.write_bytes(content)
    with pytest.raises(UserError):
        read_clip(path, owner_key)


def test_records_cannot_be_exchanged_or_left_out(tmp_path: Path, keys: tuple[str, Path]) -> None:
    sealed = written(keys[0]), 49, load_key(keys[1])
    for content, start, key in ((written(), 9, None), sealed):
        records, at = [], start
        while at < len(content):
            size = 4 + int.from_bytes(content[at : at + 4], "little")
            records.append(content[at : at + size])
            at += size
        path = tmp_path / "clip"
        for wrong in (
            [records[0], *records[2:]],
            [records[0], records[2], records[1], *records[3:]],
            records[1:],
            [records[-1]],
        ):
            path.write_bytes(content[:start] + b"".join(wrong))
            with pytest.raises(UserError, match="damaged"):
                read_clip(path, key)


def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("something else")
    for name, problem in (("missing", "No such file"), ("text", "no clip"), (".", "folder")):
        with pytest.raises(UserError, match=problem) as error:
            read_clip(tmp_path / name)
        assert "\n" not in str(error.value)


class TestKeys:
    def test_a_private_key_is_its_owners_and_not_overwritten(
        self, tmp_path: Path, keys: tuple[str, Path]
    ) -> None:
        path = tmp_path / "key.pem"
        assert len(bytes.fromhex(make_key(path))) == 32
        assert path.stat().st_mode & 0o777 == 0o600
        before = path.read_bytes()
        with pytest.raises(UserError, match="is there already"):
            make_key(path)
        assert path.read_bytes() == before

    def test_a_public_key_that_is_none_is_refused(self, keys: tuple[str, Path]) -> None:
        with pytest.raises(UserError, match="not an X25519 key"):
            lock_for("00" * 32)

    @pytest.mark.parametrize(
        ("content", "problem"), [(b"nonsense", "not a PEM key"), (None, "cannot read")]
    )
    def test_a_file_that_is_no_private_key(
        self, tmp_path: Path, keys: tuple[str, Path], content: bytes | None, problem: str
    ) -> None:
        path = tmp_path / "key.pem"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UserError, match=problem):
            load_key(path)

    def test_a_key_for_signatures_opens_nothing(
        self, tmp_path: Path, keys: tuple[str, Path]
    ) -> None:
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        path = tmp_path / "key.pem"
        path.write_bytes(
            Ed25519PrivateKey.generate().private_bytes(
                form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
            )
        )
        with pytest.raises(UserError, match="not an X25519 key: make one with `edge-fer recording"):
            load_key(path)


@pytest.mark.parametrize("sealed", [False, True])
def test_wherever_it_is_cut_off_it_shows_without_a_key(
    sealed: bool, keys: tuple[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "clip"
    with path.open("wb") as file:
        write_clip(file, CLIP, lock_for(keys[0] if sealed else ""))
    whole = path.read_bytes()
    assert not is_cut_off(path)
    step = max(1, len(whole) // 300)
    for end in {*range(0, len(whole), step), len(whole) - 1, len(whole) - 5, len(whole) - 21}:
        path.write_bytes(whole[:end])
        assert is_cut_off(path), end
    path.write_bytes(b"something else")
    assert not is_cut_off(path)
