"""Keeps a parsed data set as .npz, so that the second start takes a fraction of a second.

One file a source: a source that changed replaces its own entry. The cache is a convenience: what
cannot be read is parsed anew, and what cannot be written is left unwritten.
"""

import contextlib
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from quantize.data.fer2013 import Fer2013

_LOG = logging.getLogger(__name__)
_FORMAT = 1  # raise when the layout of an entry or the rules of the parsers change


def cache_folder() -> Path:
    """Return $EDGE_FER_CACHE, else $XDG_CACHE_HOME/edge-fer, else ~/.cache/edge-fer."""
    if own := os.environ.get("EDGE_FER_CACHE"):
        return Path(own)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base, "edge-fer")
    return Path.home() / ".cache" / "edge-fer"


def fingerprint(source: Path, files: Sequence[Path]) -> str:
    """Return what identifies the state of a source: path, size and time of each of its files."""
    digest = hashlib.sha256(f"{_FORMAT} {source.resolve()}\n".encode())
    for path in files:
        status = path.stat()
        digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def load(source: Path, expected: str) -> Fer2013 | None:
    """Return the cached data set of `source`, or None if there is none with that fingerprint."""
    path = _entry(source)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as entry:
            if str(entry["fingerprint"]) != expected:
                return None
            return Fer2013(
                entry["images"].astype(np.uint8, casting="safe", copy=False),
                entry["labels"].astype(np.int64, casting="safe", copy=False),
                entry["usages"].astype(np.uint8, casting="safe", copy=False),
                json.loads(str(entry["skipped"])),
            )
    except Exception as error:  # NumPy and zipfile raise a dozen kinds on damaged bytes
        _LOG.warning("%s: cache ignored (%s)", path, error)
        return None


def store(source: Path, identity: str, dataset: Fer2013) -> None:
    """Keep `dataset`; a reader sees the whole entry or none, whenever this process is killed."""
    path = _entry(source)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".partial")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(
                    file,
                    fingerprint=np.array(identity),
                    images=dataset.images,
                    labels=dataset.labels,
                    usages=dataset.usages,
                    skipped=np.array(json.dumps(dict(dataset.skipped))),
                )
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        _LOG.warning("%s: not cached (%s)", path, error)


def _entry(source: Path) -> Path:
    key = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:16]
    return cache_folder() / f"fer2013-{key}.npz"
