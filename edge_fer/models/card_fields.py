"""Reads the values of a model card strictly: each error names file, key and value."""

import json
import math
import re
from pathlib import Path
from typing import Any, NoReturn

from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.files import MOST_CARD_BYTES

_SHA256 = re.compile(r"[0-9a-f]{64}")


def parse_card_json(content: bytes, path: Path) -> dict[str, Any]:
    """Return the JSON object in `content`; UserError if there is none."""
    if len(content) > MOST_CARD_BYTES:
        raise ModelError(
            ModelReason.BAD_CARD, f"{path}: {len(content)} bytes are too many for a model card"
        )
    try:
        values = json.loads(
            content,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_without_repeats,
        )
    except (ValueError, RecursionError) as error:
        raise ModelError(
            ModelReason.BAD_CARD, f"{path}: not a model card ({error}): copy it again"
        ) from error
    if not isinstance(values, dict):
        raise ModelError(
            ModelReason.BAD_CARD, f"{path}: not a model card (no JSON object): copy it again"
        )
    return values


class CardFields:
    """One object of a card. Each method returns the value of a key, or raises a UserError."""

    def __init__(self, values: dict[str, Any], source: str, prefix: str = "") -> None:
        self._values, self._source, self._prefix = values, source, prefix

    @staticmethod
    def dump(values: dict[str, Any]) -> str:
        """Return JSON text that reads back equal; ValueError for NaN and infinities."""
        return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def section(self, key: str) -> "CardFields":
        """Return the fields of an inner object."""
        return CardFields(self.mapping(key), self._source, f"{self._prefix}{key}.")

    def mapping(self, key: str) -> dict[str, Any]:
        """Return an inner object as it is."""
        value = self._get(key)
        if not isinstance(value, dict):
            self._refuse(key, value, "an object")
        return value

    def sections(self, key: str) -> "list[CardFields]":
        """Return the fields of each object of a list."""
        value = self._get(key)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._refuse(key, value, "a list of objects")
        return [
            CardFields(item, self._source, f"{self._prefix}{key}.{place}.")
            for place, item in enumerate(value)
        ]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are there."""
        return tuple(self._values)

    def is_null(self, key: str) -> bool:
        """Say whether the value is null; the key has to be there."""
        return self._get(key) is None

    def text(self, key: str) -> str:
        """Return a string."""
        value = self._get(key)
        if not isinstance(value, str):
            self._refuse(key, value, "a text")
        return value

    def sha256(self, key: str) -> str:
        """Return a sha256 in lower-case hex."""
        value = self.text(key)
        if not _SHA256.fullmatch(value):
            self._refuse(key, value, "a sha256 of 64 hex digits")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        value = self._get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._refuse(key, value, "a list of texts")
        return tuple(value)

    def integers(
        self, key: str, *, count: int | None = None, low: int = -(2**31), high: int = 2**31 - 1
    ) -> tuple[int, ...]:
        """Return a list of integers in low..high; `count` is how many, None for any number."""
        value = self._get(key)
        if not isinstance(value, list) or not all(
            type(item) is int and low <= item <= high for item in value
        ):
            self._refuse(key, value, f"a list of integers in {low}..{high}")
        if count is not None and len(value) != count:
            self._refuse(key, value, f"a list of {count} integers")
        return tuple(value)

    def integer(self, key: str, low: int, high: int | None = None) -> int:
        """Return an integer of `low` or more, `high` at most where that is given."""
        value = self._get(key)
        if type(value) is not int or value < low or (high is not None and value > high):
            wanted = f"of at least {low}" if high is None else f"in {low}..{high}"
            self._refuse(key, value, f"an integer {wanted}")
        return value

    def number(self, key: str, low: float, high: float) -> float:
        """Return a finite number in low..high."""
        value = self._get(key)
        if type(value) not in (int, float) or not low <= value <= high:
            self._refuse(key, value, f"a number in {low:g}..{high:g}")
        return float(value)

    def share(self, key: str) -> float:
        """Return a number in 0..1."""
        return self.number(key, 0.0, 1.0)

    def _get(self, key: str) -> Any:
        try:
            return self._values[key]
        except KeyError:
            raise ModelError(
                ModelReason.BAD_CARD,
                f"{self._source}: {self._prefix}{key} is missing from the model card",
            ) from None

    def _refuse(self, key: str, value: object, wanted: str) -> NoReturn:
        shown = repr(value)
        if len(shown) > 60:
            shown = f"{shown[:57]}..."
        if isinstance(value, float) and not math.isfinite(value):
            shown = "an infinite number"
        raise ModelError(
            ModelReason.BAD_CARD, f"{self._source}: {self._prefix}{key}: {shown} is not {wanted}"
        )


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):  # 1e999 is good JSON
        raise ValueError(f"{text} is not a finite number")
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} is there twice")
    return values


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")
