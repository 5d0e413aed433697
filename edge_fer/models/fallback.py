"""Which model the daemon starts with: the first of its candidates that passes the self-test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from edge_fer.errors import UserError
from edge_fer.models.check import require_model
from edge_fer.models.classifier import Classifier
from edge_fer.models.settings import ModelConfig
from edge_fer.models.signature import require_signature
from edge_fer.models.store import ModelStore
from edge_fer.paths import SHIPPED_MODEL

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


def open_classifier(config: ModelConfig) -> Loaded[Classifier]:
    """Return the classifier that `config` names, or the best of the installed and shipped ones.

    A model named by its path has no stand-in: whoever names it wants that one. With a trusted key
    each has to be signed by it, but for the one that came with this package. UserError when none
    can be used.
    """

    def load(path: Path) -> Classifier:
        return Classifier(path, threads=config.threads)

    def self_test(path: Path) -> None:
        if config.trusted_key and path != SHIPPED_MODEL:
            require_signature(path, config.trusted_key)
        require_model(path)

    if config.path:
        path = Path(config.path)
        if config.trusted_key:
            require_signature(path, config.trusted_key)
        return Loaded(load(path), path, ())
    candidates = ModelStore(Path(config.store)).candidates(SHIPPED_MODEL)
    return load_with_fallback(candidates, load, self_test)


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
