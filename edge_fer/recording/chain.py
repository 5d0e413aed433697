r"""Who made a clip, and which clip came before it: a signature of the device after each clip.

The last 144 bytes of a signed clip: "EFSIGN1\n", its number (u64, little-endian), the sha256 of the
whole file of the clip before it (zeros for the first), the device's public key (32) and an Ed25519
signature (64) over a fixed prefix, number, that sha256 and the sha256 of all bytes before these.
So a clip that is missing, renamed, exchanged or cut shows without the key that opens the clips.
The newest clips can be taken away unseen until the device makes the next one: that one has the
number after theirs.
"""

# ruff: noqa: PLC0415 - cryptography is imported where it is needed

import contextlib
import hashlib
import io
import json
import os
import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import Extra, KeyFileError, KeyReason, OutputError
from edge_fer.keys import KEY_BYTES, read_private_key, require_cryptography, write_new_key
from edge_fer.recording.stored import MOST_NUMBER, StoredClip
from firmware_bridge.bounded_read import read_bounded

SIGNATURE_MAGIC = b"EFSIGN1\n"
_SIGNATURE_BYTES, _DIGEST_BYTES = 64, 32
_NUMBER = struct.Struct("<Q")
_BLOCK = struct.Struct(f"<8sQ{_DIGEST_BYTES}s{KEY_BYTES}s{_SIGNATURE_BYTES}s")
SIGNATURE_BLOCK_BYTES = _BLOCK.size
# Keeps a signature made for another purpose from being taken for one of a clip.
_PURPOSE = b"edge-fer clip signature 1\n"
_NOTHING_BEFORE = bytes(_DIGEST_BYTES)
_STATE = ".chain.json"
_MOST_STATE_BYTES = 1 << 12
# Twice what a recorder may gather: more is no clip of it, and would be read for minutes.
MOST_CLIP_BYTES = 256 << 20
_PART = 1 << 20
_KEYGEN = "`edge-fer recording device-key`"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chain is: the number of its last clip, and the sha256 of that clip's file."""

    number: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a clip; `problem` is None where it is signed and follows the one before."""

    number: int
    path: Path
    problem: str | None


class ClipChain:
    """Signs the clips of one folder, one after the other; OSError where the disk does not work."""

    def __init__(self, folder: Path, private_key: Any) -> None:
        self._state = folder / _STATE
        self._key = private_key
        self._public = private_key.public_key().public_bytes_raw()

    def last(self, newest: StoredClip | None) -> Place:
        """Return the clip that the next one follows; `newest` is the last one of the folder.

        The folder's own note counts where it is further on: the last clip may have been taken away.
        """
        noted = self._noted()
        if newest is not None and newest.number > noted.number:
            # From before the clips were signed, or the power failed before the note was written.
            with newest.path.open("rb") as file:
                return Place(newest.number, hashlib.file_digest(file, "sha256").digest())
        return noted

    def sign(self, file: io.BufferedRandom, number: int, before: Place) -> Place:
        """Add the signature to a clip that was written to `file`; return its place."""
        file.flush()
        file.seek(0)
        content = hashlib.file_digest(file, "sha256")
        message = _message(number, before.digest, content.digest())
        block = _BLOCK.pack(
            SIGNATURE_MAGIC, number, before.digest, self._public, self._key.sign(message)
        )
        file.seek(0, os.SEEK_END)
        file.write(block)
        content.update(block)
        return Place(number, content.digest())

    def note(self, place: Place) -> None:
        """Remember the clip that is kept now; without the note it is found in the folder."""
        text = json.dumps({"number": place.number, "sha256": place.digest.hex()}) + "\n"
        with contextlib.suppress(OutputError):
            write_atomically(self._state, text.encode(), mode=0o600)

    def _noted(self) -> Place:
        try:
            values = json.loads(read_bounded(self._state, _MOST_STATE_BYTES))
            number, digest = values["number"], bytes.fromhex(values["sha256"])
            if type(number) is int and 0 < number <= MOST_NUMBER and len(digest) == _DIGEST_BYTES:
                return Place(number, digest)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass  # none yet, or not as it was written: the folder says what it can
        return Place(0, _NOTHING_BEFORE)


def verify_clips(clips: Sequence[StoredClip], public_key: str) -> list[Verdict]:
    """Return a verdict on each clip of a folder, in their order.

    `public_key` is the device's, 64 hex digits; KeyFileError where it is not a key. The first clip
    may follow one that the ring has deleted.
    """
    key = _public_key(public_key)
    verdicts: list[Verdict] = []
    before: Place | None = None
    for clip in clips:
        problem, place = _examine(clip, key, before)
        verdicts.append(Verdict(clip.number, clip.path, problem))
        before = place
    return verdicts


def check_device_key(public_key: str) -> None:
    """KeyFileError unless `public_key` is 64 hex digits; also where `cryptography` is missing."""
    _public_key(public_key)


def signed_by(content: bytes, public_key: str) -> str | None:
    """Return why `content` is no clip that the device of this key made; None where it is one.

    Whether clips are missing says `verify_clips` alone. KeyFileError as there.
    """
    from cryptography.exceptions import InvalidSignature

    key = _public_key(public_key)
    signed, block = content[: -_BLOCK.size], content[-_BLOCK.size :]
    if block[: len(SIGNATURE_MAGIC)] != SIGNATURE_MAGIC or len(block) != _BLOCK.size:
        return "not signed, or cut off"
    _, number, previous, _, signature = _BLOCK.unpack(block)
    try:
        key.verify(signature, _message(number, previous, hashlib.sha256(signed).digest()))
    except InvalidSignature:
        return "changed, or signed by another device"
    return None


def make_device_key(path: Path) -> str:
    """Write a new private key (PEM, 0600); return the public one in hex. UserError if it exists."""
    require_cryptography("signed clips", Extra.RECORDING)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return write_new_key(path, Ed25519PrivateKey.generate())


def load_device_key(path: Path) -> Any:
    """Return the private Ed25519 key in a PEM file; UserError where it is none."""
    require_cryptography("signed clips", Extra.RECORDING)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return read_private_key(path, Ed25519PrivateKey, _KEYGEN)


def _examine(clip: StoredClip, key: Any, before: Place | None) -> tuple[str | None, Place]:
    """Return what is wrong with a clip, and its place; `before` is the clip that lies before it."""
    from cryptography.exceptions import InvalidSignature

    problem = None
    try:
        block, content, digest = _read(clip.path)
        if block[: len(SIGNATURE_MAGIC)] != SIGNATURE_MAGIC or len(block) != _BLOCK.size:
            problem = "not signed, or cut off"
        else:
            _, number, previous, _, signature = _BLOCK.unpack(block)
            key.verify(signature, _message(number, previous, content))
            if number != clip.number:
                problem = f"was made as clip {number}: renamed or copied"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    except InvalidSignature:
        problem = "changed, or signed by another device"
    if problem is not None:
        return problem, Place(clip.number, b"")
    return _break_before(number, previous, before), Place(number, digest)


def _break_before(number: int, previous: bytes, before: Place | None) -> str | None:
    """Return how a clip does not follow the one that lies before it; None where it does."""
    if before is None:
        return None
    first, last = before.number + 1, number - 1
    if first <= last:
        missing = f"clip {first}" if first == last else f"clips {first} to {last}"
        return f"{missing} before it: missing"
    if before.digest and previous != before.digest:
        return f"does not follow clip {before.number}, which lies before it"
    return None


def _read(path: Path) -> tuple[bytes, bytes, bytes]:
    """Return the last bytes of a clip, the sha256 of those before, and that of all."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file")
        if status.st_size > MOST_CLIP_BYTES:
            raise OSError(0, f"more than {MOST_CLIP_BYTES >> 20} MiB")
        left = max(0, status.st_size - _BLOCK.size)
        content = hashlib.sha256()
        while left and (part := file.read(min(left, _PART))):
            content.update(part)
            left -= len(part)
        block = file.read(_BLOCK.size)
        whole = content.copy()
        whole.update(block)
        return block, content.digest(), whole.digest()


def _public_key(text: str) -> Any:
    require_cryptography("signed clips", Extra.RECORDING)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        raise KeyFileError(
            KeyReason.NOT_A_KEY, f"device key: {text[:70]!r} is not {2 * KEY_BYTES} hex digits"
        ) from None


def _message(number: int, previous: bytes, content: bytes) -> bytes:
    return _PURPOSE + _NUMBER.pack(number) + previous + content
