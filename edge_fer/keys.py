"""Keys of the two things that need the package cryptography: signed models and sealed clips.

It is an extra, looked for when it is needed: a device with neither has no use for it.
"""

import importlib
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

KEY_BYTES = 32  # of a public key, Ed25519 or X25519


def cryptography(purpose: str, extra: str, *modules: str) -> tuple[Any, ...]:
    """Return modules of cryptography; UserError, which names the extra, where it is missing."""
    try:
        return tuple(importlib.import_module(f"cryptography.{name}") for name in modules)
    except ImportError as error:
        raise MissingPackageError(
            Extra(extra), f"{purpose} need cryptography: pip install 'edge-fer[{extra}]' ({error})"
        ) from error


def read_private_key(path: Path, serialization: Any, kind: type, how: str) -> Any:
    """Return the private key in a PEM file.

    UserError when it cannot be read, has a password or is not of `kind`; `how` one is made.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise KeyFileError(
            KeyReason.UNREADABLE, f"{path}: cannot read the private key ({error.strerror})"
        ) from error
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(
            KeyReason.NOT_A_KEY, f"{path}: no PEM key without a password ({error})"
        ) from error
    if not isinstance(key, kind):
        name = kind.__name__.removesuffix("PrivateKey")
        raise KeyFileError(KeyReason.NOT_A_KEY, f"{path}: no {name} key: make one with {how}")
    return key


def write_new_key(path: Path, key: Any, serialization: Any) -> str:
    """Write a private key (PEM, for its owner's eyes only); return the public one in hex.

    UserError where there is a file already: a key that is overwritten is lost.
    """
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
