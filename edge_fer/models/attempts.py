"""Counts the starts that a model did not survive, so that it is passed over after two.

A model is marked before it is tried, and the mark is taken away when the daemon is ready. Whatever
ends the process in between, a crash, a kill for its memory or the watchdog, leaves the mark. The
file lies in the runtime directory and counts for one boot: a power cut is no model's fault.
"""

import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from edge_fer.boot import boot_id
from firmware_bridge.bounded_read import read_bounded

MOST_ATTEMPTS = 2
# Of the ten seconds in which the vehicle is told something after any start. Two models that hang
# are given 3.3 s and 1.1 s; a check takes 0.5 s on x86 and should take 2 s on a Pi 4 that boots.
ALL_CHECKS_S = 5.0
_MOST_BYTES = 4096
_MOST_MODELS = 8  # the store has two


class LoadAttempts:
    """The marks in the file at `path`; without a path none are kept. Nothing here raises."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.until_s = time.monotonic() + ALL_CHECKS_S  # for the checks of all kinds together
        self._boot = boot_id()
        self._begun: set[str] = set()
        self._counts = self._read()

    def is_passed_over(self, digest: str) -> bool:
        """Whether the model ended so many starts that it is not to be tried again."""
        return self._counts.get(digest, 0) >= MOST_ATTEMPTS

    def begin(self, digest: str) -> None:
        """Mark a model before it is tried."""
        self._begun.add(digest)
        self._counts[digest] = min(self._counts.get(digest, 0) + 1, MOST_ATTEMPTS)
        self._write()

    def survived(self, digest: str) -> None:
        """Take the mark away: the model did no harm, whatever else may be wrong with it."""
        self._begun.discard(digest)
        if self._counts.pop(digest, None) is not None:
            self._write()

    def failed(self, digest: str) -> None:
        """Leave the mark, also when the daemon is ready with another model."""
        self._begun.discard(digest)

    def ready(self) -> None:
        """Take away the marks of models that were tried and are in use."""
        for digest in tuple(self._begun):
            self.survived(digest)

    def _read(self) -> dict[str, int]:
        if self._path is None:
            return {}
        try:
            left = json.loads(read_bounded(self._path, _MOST_BYTES))
            if left["boot"] != self._boot:
                return {}
            counts = {str(digest): int(count) for digest, count in left["starts"].items()}
        except (
            OSError,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            RecursionError,
            OverflowError,
        ):
            return {}  # of another boot, or no such file at all
        return dict(list(counts.items())[-_MOST_MODELS:])

    def _write(self) -> None:
        if self._path is None:
            return
        with suppress(OSError):
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump({"boot": self._boot, "starts": self._counts}, file)
            Path(name).replace(self._path)
