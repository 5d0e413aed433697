"""Ed25519 signatures of a model, its card and its release, for devices that trust one maker only.

`model.sig` beside `model.tflite` is one line: the number of the release and, in base64, the
signature over a fixed prefix, that number and the sha256 of both files. A later release has a
greater number, so that a device can refuse to go back to one that has a known fault. Keys: a
private one as PEM, the trusted public one as 64 hex digits; `edge-fer model keygen` makes both.
"""

# ruff: noqa: PLC0415 - cryptography is imported where it is needed

import base64
import binascii
import hashlib
import re
from pathlib import Path

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import (
    Extra,
    KeyFileError,
    KeyReason,
    ModelError,
    ModelReason,
    UsageError,
    UsageReason,
)
from edge_fer.keys import KEY_BYTES, read_private_key, require_cryptography, write_new_key
from edge_fer.models.files import ModelFiles, read_model_files, signature_path

# Keeps a signature made for another purpose from being taken for one of a model.
_PURPOSE = b"edge-fer model signature 2\n"
MOST_RELEASE = 2**53 - 1  # what JSON readers agree on
_LINE = re.compile(rb"([0-9]{1,16}) ([A-Za-z0-9+/]{86}==)\s*")


def sign_model(model_path: Path, private_key: Path, *, release: int) -> str:
    """Sign a model and its card as a release (0..2**53-1); return the public key, 64 hex digits.

    UserError when a file is missing or the key is no Ed25519 key in PEM without a password.
    """
    if not 0 <= release <= MOST_RELEASE:
        raise UsageError(UsageReason.BAD_VALUE, f"release: {release} is not in 0..{MOST_RELEASE}")
    require_cryptography("signatures", Extra.SIGNING)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = read_private_key(
        private_key,
        Ed25519PrivateKey,
        "`edge-fer model keygen`",
    )
    signature = key.sign(_message(read_model_files(model_path), release))
    line = b"%d %s\n" % (release, base64.b64encode(signature))
    write_atomically(signature_path(model_path), line)
    return str(key.public_key().public_bytes_raw().hex())


def make_signing_key(path: Path) -> str:
    """Write a new private key (PEM, for its owner's eyes only); return the public one in hex.

    UserError where there is a file already: devices trust the key in it.
    """
    require_cryptography("signatures", Extra.SIGNING)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return write_new_key(path, Ed25519PrivateKey.generate())


def require_signature(files: ModelFiles, trusted_key: str) -> int:
    """Return the number of the release; UserError unless `trusted_key` signed it all."""
    require_cryptography("signatures", Extra.SIGNING)
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        raw = bytes.fromhex(trusted_key)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise KeyFileError(
            KeyReason.NOT_A_KEY,
            f"trusted key: {trusted_key[:70]!r} is not {2 * KEY_BYTES} hex digits",
        )
    path = signature_path(files.path)
    if files.signature is None:
        raise ModelError(
            ModelReason.NOT_SIGNED,
            f"{path}: cannot read the signature (No such file or directory)",
        )
    try:
        line = _LINE.fullmatch(files.signature)
        if line is None:
            raise ValueError("no number and signature")
        release, signature = int(line[1]), base64.b64decode(line[2], validate=True)
        key = Ed25519PublicKey.from_public_bytes(raw)
        key.verify(signature, _message(files, release))
    except (InvalidSignature, binascii.Error, ValueError):
        raise ModelError(
            ModelReason.NOT_SIGNED,
            f"{path}: not a signature of this model and card by the trusted key {trusted_key[:12]}"
            "...: get the three files from their maker again",
        ) from None
    return release


def _message(files: ModelFiles, release: int) -> bytes:
    digests = b"".join(hashlib.sha256(part).digest() for part in (files.model, files.card))
    return _PURPOSE + b"%d\n" % release + digests
