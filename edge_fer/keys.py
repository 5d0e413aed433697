"""Keys of the two things that need the package cryptography: signed models and sealed clips.

It is an extra, looked for when it is needed: a device with neither has no use for it.
"""

# ruff: noqa: PLC0415 - cryptography is imported where it is needed

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import (
    Extra,
    KeyFileError,
    KeyReason,
    MissingPackageError,
    OutputError,
    OutputReason,
)
from firmware_bridge.bounded_read import read_bounded

_MOST_PEM_BYTES = 1 << 16  # a key has some hundred; a device or a pipe has no end
KEY_BYTES = 32  # of a public key, Ed25519 or X25519


def require_cryptography(purpose: str, extra: Extra) -> None:
    """UserError, which names the extra, where the package cryptography is not installed."""
    if find_spec("cryptography") is None:
        raise MissingPackageError(
            extra, f"{purpose} need cryptography: pip install 'edge-fer[{extra}]'"
        )


def read_private_key(path: Path, kind: type, how: str) -> Any:
    """Return the private key in a PEM file.

    UserError when it cannot be read, has a password or is not of `kind`; `how` one is made.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        content = read_bounded(path, _MOST_PEM_BYTES)
    except OSError as error:
        raise KeyFileError(
            KeyReason.UNREADABLE, f"{path}: cannot read the private key ({error.strerror})"
        ) from error
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            KeyReason.NOT_A_KEY, f"{path}: not a PEM key without a password ({error})"
        ) from error
    if not isinstance(key, kind):
        name = kind.__name__.removesuffix("PrivateKey")
        raise KeyFileError(KeyReason.NOT_A_KEY, f"{path}: not an {name} key: make one with {how}")
    return key


def write_new_key(path: Path, key: Any) -> str:
    """Write a private key (PEM, for its owner's eyes only); return the public one in hex.

    UserError where there is a file already: a key that is overwritten is lost.
    """
    from cryptography.hazmat.primitives import serialization

    if path.exists() or path.is_symlink():
        raise OutputError(
            OutputReason.EXISTS, f"{path}: is there already: choose another name, or move it away"
        )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_atomically(path, pem, mode=0o600)
    return str(key.public_key().public_bytes_raw().hex())
