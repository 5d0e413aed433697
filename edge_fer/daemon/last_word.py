"""Stores the vehicle's last unambiguous on/off command across restarts of the daemon.

After a kill in standby, a daemon must not open the camera just because the vehicle sleeps and sends
nothing. The file is in the runtime directory and is valid for one boot, like the command itself.
"""

import json
import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from edge_fer.boot import boot_id
from edge_fer.driver_state.standby import Standby
from firmware_bridge.bounded_read import read_bounded

_MOST_BYTES = 512
_log = logging.getLogger(__name__)


class LastWord:
    """The command in the file at `path`; without a path nothing is stored. No method raises."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._boot = boot_id()
        self._kept = Standby()
        self._warned = False

    def read(self) -> Standby:
        """Return the vehicle's last command in this boot; no command if none is known."""
        if self._path is None:
            return Standby()
        try:
            left = json.loads(read_bounded(self._path, _MOST_BYTES))
            if left["boot"] != self._boot:
                return Standby()
            enabled, ignition_on = left["enabled"], left["ignition_on"]
        except FileNotFoundError:
            return Standby()
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            _log.warning("%s: the vehicle's last word is lost (%s)", self._path, error)
            return Standby()
        for word in (enabled, ignition_on):
            if word is not None and not isinstance(word, bool):
                return Standby()
        self._kept = Standby(enabled, ignition_on)
        return self._kept

    def keep(self, standby: Standby) -> None:
        """Store `standby` for the next process; after a failure a later call tries again."""
        if self._path is None or standby == self._kept:
            return
        left = {
            "boot": self._boot,
            "enabled": standby.enabled,
            "ignition_on": standby.ignition_on,
        }
        name = ""
        try:
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump(left, file)
            Path(name).replace(self._path)
        except OSError as error:
            if name:
                with suppress(OSError):
                    Path(name).unlink()
            if not self._warned:
                _log.warning(
                    "%s: cannot be written (%s): a standby would not outlive this process",
                    self._path,
                    error.strerror,
                )
            self._warned = True
            return
        self._kept, self._warned = standby, False
