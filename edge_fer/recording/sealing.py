"""How the records of a clip are protected: by a checksum, or encrypted to a public key.

Encrypted: for each clip a fresh X25519 key pair, whose private half is written nowhere;
ChaCha20-Poly1305 with a key from HKDF-SHA256 over the shared secret; the nonce is the number of the
record, so that none can be left out, repeated or exchanged. The device cannot read what it wrote.
"""

import hashlib
import zlib
from pathlib import Path
from typing import Any, Protocol

from edge_fer.errors import KeyFileError, KeyReason
from edge_fer.keys import KEY_BYTES, cryptography, read_private_key, write_new_key

PLAIN, SEALED = b"P", b"S"
KEY_ID_BYTES = 8
CRC_BYTES = 4
_PURPOSE = b"edge-fer clip 1"
_KEYGEN = "`edge-fer recording keygen`"


class DamagedError(ValueError):
    """A record that is not as it was written."""


class Lock(Protocol):
    """Protects the records of one clip; `prefix` stands before them in the file."""

    @property
    def prefix(self) -> bytes:
        """What a reader needs to know first."""
        ...

    def close(self, number: int, content: bytes) -> bytes:
        """Return the protected record."""
        ...


class Opener(Protocol):
    """The other way."""

    def open(self, number: int, record: bytes) -> bytes:
        """Return the content of a record; DamagedError where it is not as it was written."""
        ...


class PlainLock:
    """A CRC-32 and no secret; both ways."""

    prefix = PLAIN

    def close(self, number: int, content: bytes) -> bytes:
        """Return the content with its checksum."""
        return content + _checksum(number, content)

    def open(self, number: int, record: bytes) -> bytes:
        """Return the content; DamagedError where the checksum is another."""
        content, checksum = record[:-CRC_BYTES], record[-CRC_BYTES:]
        if checksum != _checksum(number, content):
            raise DamagedError("wrong checksum")
        return content


class SealingLock:
    """Encrypts one clip to a public key. UserError for a key that is none."""

    def __init__(self, public_key: bytes) -> None:
        parts = _parts()
        x25519 = parts[0]
        ephemeral = x25519.X25519PrivateKey.generate()
        own = ephemeral.public_key().public_bytes_raw()
        try:
            secret = ephemeral.exchange(x25519.X25519PublicKey.from_public_bytes(public_key))
        except ValueError as error:
            raise KeyFileError(
                KeyReason.NOT_A_KEY,
                f"recording.public_key: {public_key.hex()[:12]}... is no X25519 key: make one with"
                f" {_KEYGEN}",
            ) from error
        self.prefix = SEALED + key_id(public_key) + own
        self._cipher = _cipher(secret, own, public_key, parts)

    def close(self, number: int, content: bytes) -> bytes:
        """Return the encrypted record."""
        sealed: bytes = self._cipher.encrypt(_nonce(number), content, None)
        return sealed


class SealOpener:
    """Decrypts one clip; `own` is the key that its prefix brought."""

    def __init__(self, private_key: Any, own: bytes) -> None:
        parts = _parts()
        public = private_key.public_key().public_bytes_raw()
        try:
            secret = private_key.exchange(parts[0].X25519PublicKey.from_public_bytes(own))
        except ValueError as error:
            raise DamagedError("its key is none") from error
        self._cipher = _cipher(secret, own, public, parts)
        (self._exceptions,) = cryptography("sealed clips", "recording", "exceptions")

    def open(self, number: int, record: bytes) -> bytes:
        """Return the content; DamagedError where it is not as it was written."""
        try:
            content: bytes = self._cipher.decrypt(_nonce(number), record, None)
        except self._exceptions.InvalidTag:
            raise DamagedError("wrong authentication") from None
        return content


def lock_for(public_key: str) -> Lock:
    """Return a fresh lock for one clip; `public_key` in hex, empty for none.

    UserError where the key is none, or cryptography is missing: never unencrypted instead.
    """
    return SealingLock(bytes.fromhex(public_key)) if public_key else PlainLock()


def key_id(public_key: bytes) -> bytes:
    """Return what names a public key in a clip, so that a wrong one is told from damage."""
    return hashlib.sha256(public_key).digest()[:KEY_ID_BYTES]


def make_key(path: Path) -> str:
    """Write a new private key (PEM, for its owner's eyes only); return the public one in hex.

    UserError where there is a file already: a key that is lost closes its clips for ever.
    """
    x25519, serialization = _parts()[:2]
    key = x25519.X25519PrivateKey.generate()
    return write_new_key(path, key, serialization)


def load_key(path: Path) -> Any:
    """Return the private X25519 key in a PEM file; UserError where it is none."""
    x25519, serialization = _parts()[:2]
    return read_private_key(path, serialization, x25519.X25519PrivateKey, _KEYGEN)


def _parts() -> tuple[Any, ...]:
    hazmat = "hazmat.primitives"
    return cryptography(
        "sealed clips",
        "recording",
        f"{hazmat}.asymmetric.x25519",
        f"{hazmat}.serialization",
        f"{hazmat}.kdf.hkdf",
        f"{hazmat}.hashes",
        f"{hazmat}.ciphers.aead",
    )


def _cipher(secret: bytes, own: bytes, public_key: bytes, parts: tuple[Any, ...]) -> Any:
    _, _, hkdf, hashes, aead = parts
    derive = hkdf.HKDF(hashes.SHA256(), KEY_BYTES, salt=own + public_key, info=_PURPOSE)
    return aead.ChaCha20Poly1305(derive.derive(secret))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "little")


def _checksum(number: int, content: bytes) -> bytes:
    return zlib.crc32(content, zlib.crc32(_nonce(number))).to_bytes(CRC_BYTES, "little")
