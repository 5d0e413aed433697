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
from pathlib import Path
from typing import Any

import numpy as np

from quantize.data.fer2013 import Fer2013

_LOG = logging.getLogger(__name__)
_PREFIX = "fer2013-"
MOST_BYTES = 1 << 30  # of all entries: a dozen data sets of FER2013's size
_FORMAT = 2  # raise when the layout of an entry or the rules of the parsers change


def cache_folder() -> Path:
    """Return $EDGE_FER_CACHE, else $XDG_CACHE_HOME/edge-fer, else ~/.cache/edge-fer."""
    if own := os.environ.get("EDGE_FER_CACHE"):
        return Path(own)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base, "edge-fer")
    return Path.home() / ".cache" / "edge-fer"


def entries() -> list[Path]:
    """Return the cached data sets, the one used last first."""
    found = [path for path in cache_folder().glob(f"{_PREFIX}*.npz") if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def clear_cache() -> int:
    """Delete all entries, and what killed writers left; return how many bytes that were."""
    freed = 0
    for path in cache_folder().glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            size = path.stat().st_size
            path.unlink()
            freed += size
    return freed


def _keep_within_bound() -> None:
    """Delete the entries that were used longest ago where all together are too large."""
    total = 0
    for path in entries():
        with contextlib.suppress(OSError):
            total += path.stat().st_size
            if total > MOST_BYTES:
                path.unlink()


def fingerprint(source: Path, state: str, options: str = "") -> str:
    """Return what identifies a source, the `state` of its files, and how they are read."""
    text = f"{_FORMAT} {source.resolve()}\n{options}\n{state}\n"
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def load(source: Path, expected: str) -> Fer2013 | None:
    """Return the cached data set of `source`, or None if there is none with that fingerprint."""
    path = _entry(source)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as entry:
            if str(entry["fingerprint"]) != expected:
                return None
            with contextlib.suppress(OSError):
                os.utime(path)  # used now: the ones used longest ago go first
            about = json.loads(str(entry["about"]))
            return Fer2013(
                entry["images"].astype(np.uint8, casting="safe", copy=False),
                entry["labels"].astype(np.int64, casting="safe", copy=False),
                entry["usages"].astype(np.uint8, casting="safe", copy=False),
                about["skipped"],
                about["passed_over"],
                tuple(about["notes"]),
                tuple(about["classes"]),
                entry.get("names"),
            )
    except Exception as error:  # NumPy and zipfile raise a dozen kinds on damaged bytes
        _LOG.warning("%s: cache ignored (%s)", path, error)
        return None


def store(source: Path, identity: str, dataset: Fer2013) -> bool:
    """Keep `dataset`, and return whether it could be.

    A reader sees the whole entry or none, whenever this process is killed.
    """
    path = _entry(source)
    about = {
        "skipped": dict(dataset.skipped),
        "passed_over": dict(dataset.passed_over),
        "notes": dataset.notes,
        "classes": dataset.classes,
    }
    names: dict[str, Any] = {} if dataset.names is None else {"names": dataset.names}
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
                    about=np.array(json.dumps(about)),
                    **names,
                )
            temporary.replace(path)
            _keep_within_bound()
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        _LOG.warning("%s: not cached (%s)", path, error)
        return False
    return True


def _entry(source: Path) -> Path:
    key = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:16]
    return cache_folder() / f"{_PREFIX}{key}.npz"
