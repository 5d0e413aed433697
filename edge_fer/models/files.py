"""Model, card and signature as they were read: once, so that what is verified is what runs."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edge_fer.errors import ModelError, ModelReason
from firmware_bridge.bounded_read import read_bounded

MOST_MODEL_BYTES = 32 << 20  # the largest network here has half a megabyte
MOST_CARD_BYTES = 1 << 20  # a card is a few kilobytes; more is another file
MOST_SIGNATURE_BYTES = 4 << 10


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The bytes of a model, its card, its signature (None: there is none), and where they are from.

    `path` is for messages: nothing is read from it again.
    """

    path: Path
    model: bytes
    card: bytes
    signature: bytes | None = None

    @property
    def digest(self) -> str:
        """The sha256 of model and card, which names the two together."""
        parts = (self.model, self.card)
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def card_path(model_path: Path) -> Path:
    """Return where the card of a model lies."""
    return model_path.with_suffix(".json")


def signature_path(model_path: Path) -> Path:
    """Return where the signature of a model lies."""
    return model_path.with_suffix(".sig")


def read_model_files(model_path: Path) -> ModelFiles:
    """Read a model, its card and, where there is one, its signature.

    UserError when model or card is missing, or one of them cannot be read or is too large.
    """
    return ModelFiles(
        model_path,
        read_model(model_path),
        read_card_bytes(card_path(model_path)),
        _read_signature(signature_path(model_path)),
    )


def read_model(path: Path) -> bytes:
    """Return the bytes of a model; UserError where they cannot be read or are too many."""
    try:
        return read_bounded(path, MOST_MODEL_BYTES)
    except OSError as error:
        raise ModelError(
            ModelReason.UNREADABLE, f"{path}: cannot read the model ({error.strerror})"
        ) from error


def read_card_bytes(path: Path) -> bytes:
    """Return the bytes of a card; UserError where they cannot be read or are too many."""
    try:
        return read_bounded(path, MOST_CARD_BYTES)
    except FileNotFoundError:
        raise ModelError(
            ModelReason.BAD_CARD,
            f"{path}: the model card is missing: `edge-fer quantize` writes it beside the model",
        ) from None
    except OSError as error:
        raise ModelError(
            ModelReason.BAD_CARD, f"{path}: cannot read the model card ({error.strerror})"
        ) from error


def _read_signature(path: Path) -> bytes | None:
    try:
        return read_bounded(path, MOST_SIGNATURE_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(
            ModelReason.NOT_SIGNED, f"{path}: cannot read the signature ({error.strerror})"
        ) from error
