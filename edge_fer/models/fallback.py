"""Which model the daemon starts with: the first of its candidates that passes the self-test."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from edge_fer.errors import ModelError, ModelReason, UserError
from edge_fer.models.attempts import LoadAttempts
from edge_fer.models.check import check_files, require_passed, require_sound
from edge_fer.models.classifier import Classifier, read_classifier
from edge_fer.models.files import ModelFiles
from edge_fer.models.kind import EMOTIONS, ModelKind
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


def open_classifier(
    config: ModelConfig, attempts: LoadAttempts | None = None
) -> Loaded[Classifier]:
    """Return the classifier that `config` names, or the best of the installed and shipped ones.

    UserErrors are those of `open_best`.
    """

    def build(files: ModelFiles) -> Classifier:
        return Classifier(files, threads=config.threads)

    return open_best(config, EMOTIONS, config.path, SHIPPED_MODEL, read_classifier, build, attempts)


def open_best(
    config: ModelConfig,
    kind: ModelKind,
    named: str,
    shipped: Path,
    read: Callable[[Path], ModelFiles],
    build: Callable[[ModelFiles], _Model],
    attempts: LoadAttempts | None = None,
) -> Loaded[_Model]:
    """Return the network of `kind` at the path `named`, or the best of installed and shipped ones.

    Each is read once, and those bytes are verified, tested in a process of their own and loaded. A
    model named by its path has no stand-in: whoever names it wants that one. With a trusted key
    each has to be signed by it, but for the one that came with this package. UserError when none
    can be used. `attempts` knows those that ended a start; its `ready` is for the caller.
    """
    known = attempts or LoadAttempts(None)
    store = ModelStore(Path(config.store), kind)

    def load(path: Path) -> _Model:
        files = read(path)
        if path == shipped:  # as trusted as this code
            result, _, runtime = check_files(files)
            require_passed(path, result, runtime)
            return build(files)
        if config.trusted_key:
            release = require_signature(files, config.trusted_key)
            if not named:
                store.require_release(release, path)
        _try_apart(files, known, 2 / 3 * max(1.0, known.until_s - time.monotonic()))
        return build(files)

    if named:
        path = Path(named)
        return Loaded(load(path), path, ())
    return first_that_loads(store.candidates(shipped), load)


def first_that_loads(candidates: Sequence[Path], load: Callable[[Path], _Model]) -> Loaded[_Model]:
    """Return the first of `candidates` for which `load` raises no UserError.

    UserError with all reasons when none is left.
    """
    failures: list[str] = []
    for path in candidates:
        try:
            return Loaded(load(path), path, tuple(failures))
        except UserError as error:
            failures.append(str(error))
    raise ModelError(ModelReason.NONE_USABLE, "; ".join(failures) or "there is no model to load")


def _try_apart(files: ModelFiles, attempts: LoadAttempts, timeout_s: float) -> None:
    digest = files.digest
    if attempts.is_passed_over(digest):
        raise ModelError(
            ModelReason.CHECK_DIED,
            f"{files.path}: passed over: the daemon did not survive it twice",
        )
    attempts.begin(digest)
    try:
        require_sound(files, timeout_s=timeout_s)
    except ModelError as error:
        if error.reason is ModelReason.CHECK_DIED:
            attempts.failed(digest)
        else:
            attempts.survived(digest)  # it said what is wrong, at once
        raise
