"""Ed25519 signatures of a model and its card, for devices that trust one maker only.

`model.sig` beside `model.tflite` holds, in base64, the signature over a fixed prefix and the
sha256 of both files. Keys: a private one as PEM (`openssl genpkey -algorithm ed25519`), the
trusted public one as 64 hex digits, which `edge-fer model sign` prints.
"""

import base64
import binascii
import hashlib
from pathlib import Path
from typing import Any

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import UserError
from edge_fer.keys import KEY_BYTES, cryptography, read_private_key
from edge_fer.models.card import card_path

# Keeps a signature made for another purpose from being taken for one of a model.
_PURPOSE = b"edge-fer model signature 1\n"


def signature_path(model_path: Path) -> Path:
    """Return where the signature of a model lies."""
    return model_path.with_suffix(".sig")


def sign_model(model_path: Path, private_key: Path) -> str:
    """Sign a model and its card; return the public key to trust, as 64 hex digits.

    UserError when a file is missing or the key is no Ed25519 key in PEM without a password.
    """
    ed25519, serialization = _cryptography()
    key = read_private_key(
        private_key,
        serialization,
        ed25519.Ed25519PrivateKey,
        "`openssl genpkey -algorithm ed25519`",
    )
    signature = key.sign(_message(model_path))
    write_atomically(signature_path(model_path), base64.b64encode(signature) + b"\n")
    return str(key.public_key().public_bytes_raw().hex())


def require_signature(model_path: Path, trusted_key: str) -> bytes:
    """Return the signature file's bytes; UserError unless `trusted_key` signed model and card."""
    ed25519, _ = _cryptography()
    try:
        raw = bytes.fromhex(trusted_key)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise UserError(f"trusted key: {trusted_key[:70]!r} is not {2 * KEY_BYTES} hex digits")
    path = signature_path(model_path)
    content = _read(path, "signature")
    (exceptions,) = cryptography("signatures", "signing", "exceptions")
    try:
        signature = base64.b64decode(content.strip(), validate=True)
        ed25519.Ed25519PublicKey.from_public_bytes(raw).verify(signature, _message(model_path))
    except (exceptions.InvalidSignature, binascii.Error, ValueError):
        raise UserError(
            f"{path}: not a signature of this model and card by the trusted key {trusted_key[:12]}"
            "...: get the three files from their maker again"
        ) from None
    return content


def _message(model_path: Path) -> bytes:
    parts = (_read(model_path, "model"), _read(card_path(model_path), "model card"))
    return _PURPOSE + b"".join(hashlib.sha256(part).digest() for part in parts)


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot read the {what} ({error.strerror})") from error


def _cryptography() -> tuple[Any, ...]:
    primitives = "hazmat.primitives"
    modules = (f"{primitives}.asymmetric.ed25519", f"{primitives}.serialization")
    return cryptography("signatures", "signing", *modules)
