"""The config of a running daemon: read again on SIGHUP, as far as it can be changed live."""

import logging
from collections.abc import Callable, Iterator
from types import FrameType

from edge_fer.config.config import LIVE_SECTIONS, SECTIONS, Config
from edge_fer.errors import UserError
from edge_fer.setting import describe, shown

_log = logging.getLogger(__name__)


class LiveConfig:
    """Holds what is in force, and the wish for a new reading until the loop has time for it.

    `load` reads the config; it is called at once, when its UserError is the caller's, and after
    each wish, when an error is logged and the old config stays.
    """

    def __init__(self, load: Callable[[], Config]) -> None:
        self._load = load
        self._wanted = False
        self._read = load()  # what the files said last: the measure of the next change
        self.config = self._read

    def ask(self, signal_number: int, frame: FrameType | None) -> None:
        """Handle SIGHUP: take note."""
        self._wanted = True

    def changed(self) -> Config | None:
        """Return the config in force if it is another than at the last call, else None.

        Says in the log what changes now and what waits for a restart.
        """
        if not self._wanted:
            return None
        self._wanted = False
        try:
            new = self._load()
        except UserError as error:
            _log.error("config not read anew, the old one stays: %s", error)
            return None
        changes = list(_changes(self._read, new))
        for section, key, value in changes:
            if section in LIVE_SECTIONS:
                _log.info("config: %s.%s is %s now", section, key, value)
            else:
                _log.warning("config: %s.%s = %s needs a restart", section, key, value)
        if not changes:
            _log.info("config: read anew, nothing changed")
        self._read = new
        live = merge_live(self.config, new)
        if live == self.config:
            return None
        self.config = live
        return live


def merge_live(running: Config, new: Config) -> Config:
    """Return `running` with the sections of `new` that can change while the daemon runs."""
    return Config(
        **{name: getattr(new if name in LIVE_SECTIONS else running, name) for name in SECTIONS}
    )


def _changes(old: Config, new: Config) -> Iterator[tuple[str, str, str]]:
    """Yield section, key and new value of each setting that differs."""
    for name, settings_class in SECTIONS.items():
        for item in describe(settings_class):
            value = getattr(getattr(new, name), item.key)
            if value != getattr(getattr(old, name), item.key):
                yield name, item.key, shown(value)
