"""Starts the daemon. The vehicle waits for it, so slow steps run in parallel."""

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

# The service manager restarts an ended daemon at once. A daemon that fails by itself will fail
# again, so it waits for this time before it exits: a missing port must not occupy a core.
FAILED_WAIT_S = 2.0
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it

_log = logging.getLogger(__name__)


def run_daemon(
    *, config_path: Path | None, camera: str | None, link: str | None, model: Path | None
) -> int:
    """Run until the camera's input ends or a signal comes; return 0, or EXIT_INTERRUPTED on SIGINT.

    Command-line values override the config. Raises UserError or BridgeError for errors at the
    start: config and port and, without a service manager, model, face detector and camera.
    """
    # Only this module and `starting` read the environment; all others get arguments.
    manager = os.environ.get("NOTIFY_SOCKET")

    def load() -> Config:
        return _overruled(load_config(config_path, os.environ), camera, link, model)

    forbid_dumps()
    logging.raiseExceptions = False  # a line that cannot be written must not cause a traceback
    try:
        config = LiveConfig(load)
        logging.basicConfig(level=config.config.log.level.upper(), handlers=[log_handler()])
        # A service manager sends SIGHUP to reload the config. At a terminal, SIGHUP means that the
        # terminal closes, so it ends the daemon.
        with (
            stop_signals(reload=config.ask if manager and config_path else None) as stop,
            CameraProcess.prepared(config.config.camera.uri, config.config.camera.fps) as process,
        ):
            # Done here, while the camera process imports its modules.
            from edge_fer.daemon.assembly import assemble
            from edge_fer.daemon.log_frame import opening_lines

            daemon = assemble(config.config, process, Notifier(manager), managed=bool(manager))
            # Not earlier: an error at the start is one line.
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
