"""Which model the daemon starts with: the first of its candidates that passes the self-test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from edge_fer.errors import UserError

_Model = TypeVar("_Model")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[_Model]):
    """The model that was loaded, from where, and why those before it were not."""

    model: _Model
    path: Path
    failures: tuple[str, ...]

    @property
    def is_fallback(self) -> bool:
        """Say whether a model that should have come first failed."""
        return bool(self.failures)


def load_with_fallback(
    candidates: Sequence[Path],
    load: Callable[[Path], _Model],
    self_test: Callable[[Path], object],
) -> Loaded[_Model]:
    """Return the first of `candidates` that passes `self_test` and that `load` can load.

    Both are given the path and raise UserError for a model that will not do. UserError with all
    reasons when none is left.
    """
    failures: list[str] = []
    for path in candidates:
        try:
            self_test(path)
            return Loaded(load(path), path, tuple(failures))
        except UserError as error:
            failures.append(str(error))
    raise UserError("; ".join(failures) or "there is no model to load")
