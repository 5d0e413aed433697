r"""The file of a clip.

"EFCLIP1\n", then "P" (plain) or "S" + id of the public key (8) + the clip's own public key (32),
then records, each a length (u32, little-endian) and so many protected bytes (`sealing`):
"H" + the header as JSON
"F" + camera (u8) + time relative to the first event (f64) + JPEG, once for each picture
"E", the end: without it the file was cut off
then, where the device signs its clips, the signature (`chain`).
"""

import io
import json
import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from edge_fer.errors import ClipError, ClipReason, UserError
from edge_fer.keys import KEY_BYTES
from edge_fer.recording.chain import (
    MOST_CLIP_BYTES,
    SIGNATURE_BLOCK_BYTES,
    SIGNATURE_MAGIC,
    signed_by,
)
from edge_fer.recording.clip import CAMERAS, Clip, ClipHeader, Shot
from edge_fer.recording.sealing import (
    CRC_BYTES,
    KEY_ID_BYTES,
    PLAIN,
    SEALED,
    TAG_BYTES,
    DamagedError,
    Lock,
    Opener,
    PlainLock,
    SealOpener,
    key_id,
)
from firmware_bridge.bounded_read import open_bounded, read_bounded

MAGIC = b"EFCLIP1\n"
_LENGTH = struct.Struct("<I")
_SHOT = struct.Struct("<Bd")
_HEADER, _FRAME, _END = b"H", b"F", b"E"
# Of a clip, which lasts a minute and what was before: more is no clip of a recorder.
_LONGEST_S = 600.0
_MOST_FPS = 120.0
_MOST_SHOTS = 100_000
_LONGEST_TEXT = 500
_MOST_FIGURES = 50  # behind an event
_LATEST_S = 4e9  # in 2096
_LONGEST_RECORD = 1 << 24  # a damaged length must not ask for memory without bound


def write_clip(file: BinaryIO, clip: Clip, lock: Lock) -> None:
    """Write all of a clip; OSError where the disk does not take it."""
    file.write(MAGIC + lock.prefix)
    for number, content in enumerate(_contents(clip)):
        record = lock.close(number, content)
        file.write(_LENGTH.pack(len(record)) + record)


def read_clip(path: Path, private_key: Any | None = None, *, device_key: str | None = None) -> Clip:
    """Return a clip; with `device_key` (hex) only one that this device signed.

    ClipError where it needs a key (reason SEALED) or has another one, or where the file cannot be
    read, is not a clip, is truncated or damaged. KeyFileError for a device key that is none.
    """
    header: ClipHeader | None = None
    shots = []
    for content in _records(path, private_key, device_key):
        if content[:1] == _HEADER:
            header = _header(path, content)
        else:
            shots.append(_shot(path, content))
            if len(shots) > _MOST_SHOTS:
                raise _damaged(path)
    if header is None:
        raise _damaged(path)
    return Clip(header, tuple(shots))


def read_header(path: Path, private_key: Any | None = None) -> ClipHeader:
    """Return a clip's header, without reading its pictures; errors as `read_clip`."""
    for content in _records(path, private_key):
        return _header(path, content)
    raise _damaged(path)


def is_cut_off(path: Path) -> bool:
    """Whether the file ends before its end record: as after a power cut. Needs no key.

    The contents are not judged: `read_clip` does that. ClipError where it cannot be read.
    """
    try:
        with open_bounded(path, MOST_CLIP_BYTES) as file:
            start = file.read(len(MAGIC) + 1)
            if start not in (MAGIC + PLAIN, MAGIC + SEALED):
                # Another file is refused for being one.
                return (MAGIC + PLAIN).startswith(start)
            end = len(_END) + CRC_BYTES
            if start == MAGIC + SEALED:
                file.seek(KEY_ID_BYTES + KEY_BYTES, os.SEEK_CUR)
                end = len(_END) + TAG_BYTES
            whole, last = os.fstat(file.fileno()).st_size, 0
            while length := file.read(_LENGTH.size):
                if len(length) < _LENGTH.size:
                    return True
                (last,) = _LENGTH.unpack(length)
                if file.seek(last, os.SEEK_CUR) > whole:
                    return True
            return last != end  # no other record is as short
    except OSError as error:
        raise ClipError(
            ClipReason.UNREADABLE, f"{path}: cannot read the clip ({error.strerror})"
        ) from error


def _contents(clip: Clip) -> Iterator[bytes]:
    yield _HEADER + json.dumps(clip.header.to_json()).encode()
    for shot in clip.shots:
        yield _FRAME + _SHOT.pack(shot.camera, shot.captured_s) + shot.jpeg
    yield _END


def _records(path: Path, private_key: Any | None, device_key: str | None = None) -> Iterator[bytes]:
    """Yield the contents before the end record; UserError unless that comes last."""
    try:
        with _opened(path, device_key) as file:
            opener = _opener(path, file, private_key)
            number = 0
            while (content := _record(path, file, opener, number))[:1] != _END:
                yield content
                number += 1
            # Who made it is another question: `chain`.
            rest = file.read(SIGNATURE_BLOCK_BYTES + 1)
            if rest and not (
                rest.startswith(SIGNATURE_MAGIC) and len(rest) == SIGNATURE_BLOCK_BYTES
            ):
                raise _damaged(path)
    except OSError as error:
        remedy = ": sudo edge-fer recording ..." if isinstance(error, PermissionError) else ""
        raise ClipError(
            ClipReason.UNREADABLE, f"{path}: cannot read the clip ({error.strerror}){remedy}"
        ) from error


def _opened(path: Path, device_key: str | None) -> BinaryIO:
    """Return the clip's bytes: with a device key those that were found to be signed, and no others.

    A file may be exchanged between a check and the reading.
    """
    if device_key is None:
        return open_bounded(path, MOST_CLIP_BYTES)
    content = read_bounded(path, MOST_CLIP_BYTES)
    problem = signed_by(content, device_key)
    if problem is not None:
        raise ClipError(
            ClipReason.NOT_SIGNED, f"{path}: {problem}: leave --device-key out to see it"
        )
    return io.BytesIO(content)


def _opener(path: Path, file: BinaryIO, private_key: Any | None) -> Opener:
    start = file.read(len(MAGIC) + 1)
    if start == MAGIC + PLAIN:
        if private_key is not None:
            raise ClipError(
                ClipReason.NOT_SEALED,
                f"{path}: not encrypted, so anyone can have written it: leave --key out to see it",
            )
        return PlainLock()
    if start != MAGIC + SEALED:
        raise ClipError(ClipReason.NOT_A_CLIP, f"{path}: no clip of edge-fer")
    prefix = file.read(KEY_ID_BYTES + KEY_BYTES)
    if len(prefix) < KEY_ID_BYTES + KEY_BYTES:
        raise _cut_off(path)
    wanted, own = prefix[:KEY_ID_BYTES], prefix[KEY_ID_BYTES:]
    if private_key is None:
        raise ClipError(ClipReason.SEALED, f"{path}: encrypted: give the private key, --key FILE")
    public = private_key.public_key().public_bytes_raw()
    if key_id(public) != wanted:
        raise ClipError(
            ClipReason.OTHER_KEY, f"{path}: encrypted to another key than {public.hex()[:12]}..."
        )
    try:
        return SealOpener(private_key, own)
    except DamagedError:
        raise _damaged(path) from None


def _record(path: Path, file: BinaryIO, opener: Opener, number: int) -> bytes:
    length = file.read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        raise _cut_off(path)
    (size,) = _LENGTH.unpack(length)
    if size > _LONGEST_RECORD:
        raise _damaged(path)
    record = file.read(size)
    if len(record) < size:
        raise _cut_off(path)
    try:
        content = opener.open(number, record)
    except DamagedError:
        raise _damaged(path) from None
    if (number == 0) != (content[:1] == _HEADER) or content[:1] not in (_HEADER, _FRAME, _END):
        raise _damaged(path)
    return content


def _header(path: Path, content: bytes) -> ClipHeader:
    try:
        header = ClipHeader.from_json(json.loads(content[1:]))
        possible = is_possible(header)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise _damaged(path) from None
    if not possible:
        raise _damaged(path)
    return header


def _shot(path: Path, content: bytes) -> Shot:
    if len(content) < 1 + _SHOT.size:
        raise _damaged(path)
    camera, time_s = _SHOT.unpack_from(content, 1)
    if camera >= len(CAMERAS) or not abs(time_s) <= _LONGEST_S:
        raise _damaged(path)
    return Shot(camera, time_s, content[1 + _SHOT.size :])


def is_possible(header: ClipHeader) -> bool:
    """Whether each value has its type, and no number asks for a video without an end."""
    texts = (header.version, header.ended, *(f"{e.state}{e.reason}" for e in header.events))
    times = (header.from_s, header.to_s, header.event_s, *(e.time_s for e in header.events))
    counts = header.shots
    return (
        all(isinstance(text, str) and len(text) <= _LONGEST_TEXT for text in texts)
        and all(isinstance(e.state, str) and isinstance(e.reason, str) for e in header.events)
        and all(_is_measured(e.measured) for e in header.events)
        and isinstance(header.clock_synchronised, bool)
        and len(header.events) > 0
        and all(type(time_s) in (int, float) and math.isfinite(time_s) for time_s in times)
        and -_LONGEST_S <= header.from_s <= header.to_s <= _LONGEST_S
        and 0.0 <= header.event_s <= _LATEST_S
        and type(header.fps) in (int, float)
        and 0.1 <= header.fps <= _MOST_FPS
        and len(counts) == len(CAMERAS)
        and all(type(count) is int and 0 <= count <= _MOST_SHOTS for count in counts)
    )


def _is_measured(figures: object) -> bool:
    """Whether these can be the figures behind an event: few, flat and finite."""
    if not isinstance(figures, dict) or len(figures) > _MOST_FIGURES:
        return False
    names, values = list(figures), list(figures.values())
    return all(len(name) <= _LONGEST_TEXT for name in names) and all(
        value is None
        or isinstance(value, bool)
        or (isinstance(value, str) and len(value) <= _LONGEST_TEXT)
        or (type(value) in (int, float) and math.isfinite(value))
        for value in values
    )


def _cut_off(path: Path) -> UserError:
    return ClipError(ClipReason.TRUNCATED, f"{path}: cut off: it was not written to its end")


def _damaged(path: Path) -> UserError:
    return ClipError(ClipReason.DAMAGED, f"{path}: damaged: it is not as it was written")
