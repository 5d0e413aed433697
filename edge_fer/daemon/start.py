"""Starts the daemon. A vehicle waits for it: what takes long goes on at the same time."""

import logging
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from edge_fer import __version__
from edge_fer.camera.process import CameraProcess
from edge_fer.config.config import Config, load_config
from edge_fer.config.live import LiveConfig
from edge_fer.daemon.journal import log_handler
from edge_fer.daemon.notify import Notifier
from edge_fer.daemon.signals import stop_signals
from edge_fer.no_dumps import forbid_dumps

# The service manager starts what ended anew at once. What fails by itself will fail again: it waits
# so long before, so that a port that is missing does not cost a core.
FAILED_WAIT_S = 2.0
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it

_log = logging.getLogger(__name__)


def run_daemon(
    *, config_path: Path | None, camera: str | None, link: str | None, model: Path | None
) -> int:
    """Run until the camera's input ends or a signal comes; return 0, or EXIT_INTERRUPTED on SIGINT.

    Command-line values overrule the config. UserError or BridgeError for what is wrong at start:
    config, port and, without a service manager, model, face detector and camera.
    """
    # Only here and in `starting` is the environment read; all else gets arguments.
    manager = os.environ.get("NOTIFY_SOCKET")

    def load() -> Config:
        return _overruled(load_config(config_path, os.environ), camera, link, model)

    forbid_dumps()
    logging.raiseExceptions = False  # a line that cannot be written is not to make thirty more
    try:
        config = LiveConfig(load)
        logging.basicConfig(level=config.config.log.level.upper(), handlers=[log_handler()])
        # A service manager sends SIGHUP to have the config read anew. To a person's daemon it comes
        # from a terminal that closes, and is an end.
        with (
            stop_signals(reload=config.ask if manager and config_path else None) as stop,
            CameraProcess.prepared(config.config.camera.uri, config.config.camera.fps) as process,
        ):
            # Here, while the camera's process imports what it needs.
            from edge_fer.daemon.assembly import assemble
            from edge_fer.daemon.log_frame import opening_lines

            daemon = assemble(config.config, process, Notifier(manager), managed=bool(manager))
            # Here and not before: what is wrong at the start is one line.
            for level, text in opening_lines(
                __version__, config.config, config_path, daemon.networks
            ):
                _log.log(level, "%s", text)
            daemon.run(stop, config.changed)
    except Exception:
        if manager:
            time.sleep(FAILED_WAIT_S)
        raise
    return EXIT_INTERRUPTED if stop.number == signal.SIGINT else 0


def _overruled(config: Config, camera: str | None, link: str | None, model: Path | None) -> Config:
    if camera is not None:
        config = replace(config, camera=replace(config.camera, uri=camera))
    if link is not None:
        config = replace(config, link=replace(config.link, uri=link))
    if model is not None:
        config = replace(config, model=replace(config.model, path=str(model)))
    return config
