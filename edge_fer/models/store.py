"""The models that were brought to a device later: one in use, and the one before it.

    current  -> versions/3f2a...-1      what the daemon starts with
    previous -> versions/9c41...-1      what it falls back to
    versions/3f2a...-1/model.tflite, model.json, model.sig
    floor                           the oldest signed release that may be used here

That is the emotion network's folder; each other kind has one of its own name below it.
No link: the model that came with edge-fer. A link is switched by renaming, so a power cut or a
kill at any moment leaves each link at a whole version, and versions are checked before a link
points at them.

The floor rises with each signed installation to the release that becomes previous: one step back
is allowed, and nothing that was replaced before.
"""

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge_fer.atomic_write import sync_folder, write_atomically
from edge_fer.errors import ModelError, ModelReason, UserError
from edge_fer.models.card import NetworkCard, load_network, network_card_of
from edge_fer.models.check import require_sound
from edge_fer.models.files import (
    MOST_MODEL_BYTES,
    ModelFiles,
    card_path,
    read_model_files,
    signature_path,
)
from edge_fer.models.kind import EMOTIONS, ModelKind
from edge_fer.models.signature import require_signature
from firmware_bridge.bounded_read import read_bounded

_CURRENT, _PREVIOUS, _FLOOR = "current", "previous", "floor"
_FLOOR_BYTES = 17  # of MOST_RELEASE, and a line end
_MODEL = "model.tflite"
_INCOMING = ".incoming-"


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation did: the card, where the model lies, and if it was there before."""

    card: NetworkCard
    path: Path
    was_current: bool


class ModelStore:
    """The folder of installed models of one kind.

    `folder` is that of all kinds. `check` is what a model has to pass (UserError if not).
    """

    def __init__(
        self,
        folder: Path,
        kind: ModelKind = EMOTIONS,
        *,
        check: Callable[[ModelFiles], None] = require_sound,
    ) -> None:
        self._folder = folder if kind is EMOTIONS else folder / kind.name
        self._kind, self._check = kind, check

    @property
    def current(self) -> Path | None:
        """The model to start with, or None for the one that came with edge-fer."""
        return self._model(_CURRENT)

    @property
    def previous(self) -> Path | None:
        """The model to fall back to, or None for the one that came with edge-fer."""
        return self._model(_PREVIOUS)

    def candidates(self, shipped: Path) -> list[Path]:
        """Return the models to try at start, in that order: current, previous, `shipped`.

        After a rollback to the shipped model that is the current one.
        """
        return list(dict.fromkeys((self.current or shipped, self.previous or shipped, shipped)))

    def install(self, source: Path, *, trusted_key: str = "") -> Installed:
        """Check a model and its card, copy them in, and make them the current ones.

        With `trusted_key` (see `signature`) the model has to be signed, as a release that is not
        older than the current one. What was current becomes previous, unless it is damaged.
        UserError when the model is refused; then all is as it was.
        """
        read = read_model_files(source)
        card = network_card_of(read, self._kind)
        files = {_MODEL: read.model, card_path(Path(_MODEL)).name: read.card}
        if read.signature is not None:
            files[signature_path(Path(_MODEL)).name] = read.signature
        release = require_signature(read, trusted_key) if trusted_key else None
        with self._locked():
            replaced = self._release_of(self.current, trusted_key) if trusted_key else None
            if release is not None:
                self.require_release(release, source, not_below=replaced)
            self._check(read)
            digest = _digest(files)
            if self.current is not None and _digest_of(self.current.parent) == digest:
                return Installed(card, self.current, True)
            version = self._keep(self._copy_in(files), digest)
            if self.current is None or _is_whole(self.current):
                self._switch(_PREVIOUS, self._target(_CURRENT))
            self._switch(_CURRENT, version)
            if release is not None:
                self._raise_floor(release if replaced is None else replaced)
            self._drop_unused()
        return Installed(card, self._folder / version / _MODEL, False)

    def rollback(self, *, trusted_key: str = "") -> Path | None:
        """Change current and previous; return the model that is current now (None: the shipped).

        UserError when there is nothing to change to, or the previous model is damaged or, with
        `trusted_key`, not signed as a release that may be used.
        """
        nothing = ModelError(
            ModelReason.STORE, f"{self._folder}: there is no other model to roll back to"
        )
        if not self._folder.is_dir():  # the wrong one, perhaps: locking would make it
            raise nothing
        with self._locked():
            current, previous = self._target(_CURRENT), self._target(_PREVIOUS)
            if current == previous:
                raise nothing
            if self.previous is not None:
                files = read_model_files(self.previous)
                if trusted_key:
                    release = require_signature(files, trusted_key)
                    self.require_release(release, self.previous)
                self._check(files)
            self._switch(_CURRENT, previous)
            self._switch(_PREVIOUS, current)
        return self.current

    @property
    def floor(self) -> int:
        """The oldest signed release that may be used here; 0 before the first one."""
        try:
            return int(read_bounded(self._folder / _FLOOR, _FLOOR_BYTES))
        except (OSError, ValueError):
            return 0

    def require_release(self, release: int, path: Path, *, not_below: int | None = None) -> None:
        """UserError, which names `path`, for a release older than the floor or `not_below`."""
        oldest = max(self.floor, not_below or 0)
        if release < oldest:
            raise ModelError(
                ModelReason.OUTDATED,
                f"{path}: release {release} is older than {oldest}, the oldest that this device"
                " accepts: ask its maker for the newest one",
            )

    def _release_of(self, model: Path | None, trusted_key: str) -> int | None:
        """Return the release of an installed model; None where it has none that counts."""
        if model is None:
            return None
        try:
            return require_signature(read_model_files(model), trusted_key)
        except UserError:
            return None

    def _raise_floor(self, release: int) -> None:
        if release > self.floor:
            write_atomically(self._folder / _FLOOR, f"{release}\n".encode())

    def _model(self, link: str) -> Path | None:
        target = self._target(link)
        # Through the link once and not at each file, so that card and model are of one version.
        return None if target is None else self._folder / target / _MODEL

    def _target(self, link: str) -> str | None:
        try:
            return str((self._folder / link).readlink())
        except OSError:
            return None

    def _copy_in(self, files: dict[str, bytes]) -> Path:
        incoming = Path(tempfile.mkdtemp(dir=self._folder, prefix=_INCOMING))
        incoming.chmod(0o755)  # mkdtemp gives 0700, which the daemon's user could not read
        for name, content in files.items():
            write_atomically(incoming / name, content)
        return incoming

    def _keep(self, incoming: Path, digest: str) -> str:
        """Give a checked copy its name below versions/, which no other copy has."""
        versions = self._folder / "versions"
        versions.mkdir(exist_ok=True)
        number = 1
        while (version := versions / f"{digest[:16]}-{number}").exists():
            number += 1
        incoming.rename(version)
        sync_folder(versions)
        return f"versions/{version.name}"

    def _switch(self, link: str, target: str | None) -> None:
        path = self._folder / link
        if target is None:
            path.unlink(missing_ok=True)
        else:
            temporary = self._folder / f".{link}"
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(target)
            temporary.replace(path)
        sync_folder(self._folder)

    def _drop_unused(self) -> None:
        kept = {self._target(_CURRENT), self._target(_PREVIOUS)}
        for version in (self._folder / "versions").glob("*"):
            if f"versions/{version.name}" not in kept:
                shutil.rmtree(version, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep a second installation out; leftovers of a killed one go first and last."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / ".lock").open("wb") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise ModelError(
                        ModelReason.STORE, f"{self._folder}: another installation is running"
                    ) from None
                self._clear_incoming()
                try:
                    yield
                finally:
                    self._clear_incoming()
        except OSError as error:
            raise ModelError(
                ModelReason.STORE,
                f"{self._folder}: cannot be written ({error.strerror}): run it with sudo",
            ) from error

    def _clear_incoming(self) -> None:
        for leftover in self._folder.glob(f"{_INCOMING}*"):
            shutil.rmtree(leftover, ignore_errors=True)


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _digest_of(version: Path) -> str | None:
    try:
        return _digest(
            {path.name: read_bounded(path, MOST_MODEL_BYTES) for path in version.iterdir()}
        )
    except OSError:
        return None


def _is_whole(model: Path) -> bool:
    try:
        load_network(model)
    except UserError:
        return False
    return True
