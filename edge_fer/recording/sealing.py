"""How the records of a clip are protected: by a checksum, or encrypted to a public key.

Encrypted: for each clip a fresh X25519 key pair, whose private half is written nowhere;
ChaCha20-Poly1305 with a key from HKDF-SHA256 over the shared secret; the nonce is the number of the
record, so that none can be left out, repeated or exchanged. The device cannot read what it wrote.
"""

# ruff: noqa: PLC0415 - cryptography is imported where it is needed

import hashlib
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from edge_fer.errors import Extra, KeyFileError, KeyReason
from edge_fer.keys import KEY_BYTES, read_private_key, require_cryptography, write_new_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

PLAIN, SEALED = b"P", b"S"
KEY_ID_BYTES = 8
CRC_BYTES = 4
TAG_BYTES = 16  # of Poly1305
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
        _require()
        from cryptography.hazmat.primitives.asymmetric.x25519 import (
            X25519PrivateKey,
            X25519PublicKey,
        )

        ephemeral = X25519PrivateKey.generate()
        own = ephemeral.public_key().public_bytes_raw()
        try:
            secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
        except ValueError as error:
            raise KeyFileError(
                KeyReason.NOT_A_KEY,
                f"recording.public_key: {public_key.hex()[:12]}... is not an X25519 key: make one "
                f"with {_KEYGEN}",
            ) from error
        self.prefix = SEALED + key_id(public_key) + own
        self._cipher = _cipher(secret, own, public_key)

    def close(self, number: int, content: bytes) -> bytes:
        """Return the encrypted record."""
        sealed: bytes = self._cipher.encrypt(_nonce(number), content, None)
        return sealed


class SealOpener:
    """Decrypts one clip; `own` is the key that its prefix brought."""

    def __init__(self, private_key: Any, own: bytes) -> None:
        _require()
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        public = private_key.public_key().public_bytes_raw()
        try:
            secret = private_key.exchange(X25519PublicKey.from_public_bytes(own))
        except ValueError as error:
            raise DamagedError("its key is none") from error
        self._cipher = _cipher(secret, own, public)

    def open(self, number: int, record: bytes) -> bytes:
        """Return the content; DamagedError where it is not as it was written."""
        from cryptography.exceptions import InvalidTag

        try:
            content: bytes = self._cipher.decrypt(_nonce(number), record, None)
        except InvalidTag:
            raise DamagedError("wrong authentication") from None
        return content


def lock_for(public_key: str) -> Lock:
    """Return a fresh lock for one clip; `public_key` in hex, empty for none.

    UserError where the key is none, or cryptography is missing: never unencrypted instead.
    """
    return SealingLock(bytes.fromhex(public_key)) if public_key else PlainLock()


def key_id(public_key: bytes) -> bytes:
    """Return what names a public key in a clip, so that a wrong key is not taken for damage."""
    return hashlib.sha256(public_key).digest()[:KEY_ID_BYTES]


def make_key(path: Path) -> str:
    """Write a new private key (PEM, for its owner's eyes only); return the public one in hex.

    UserError where there is a file already: a key that is lost closes its clips for ever.
    """
    _require()
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return write_new_key(path, X25519PrivateKey.generate())


def load_key(path: Path) -> Any:
    """Return the private X25519 key in a PEM file; UserError where it is none."""
    _require()
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return read_private_key(path, X25519PrivateKey, _KEYGEN)


def _require() -> None:
    require_cryptography("sealed clips", Extra.RECORDING)


def _cipher(secret: bytes, own: bytes, public_key: bytes) -> "ChaCha20Poly1305":
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derive = HKDF(SHA256(), KEY_BYTES, salt=own + public_key, info=_PURPOSE)
    return ChaCha20Poly1305(derive.derive(secret))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "little")


def _checksum(number: int, content: bytes) -> bytes:
    return zlib.crc32(content, zlib.crc32(_nonce(number))).to_bytes(CRC_BYTES, "little")
