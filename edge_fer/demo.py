"""The main job on any machine: daemon and monitor against each other over a pseudo-terminal."""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from edge_fer.errors import DaemonError, DaemonReason
from edge_fer.isolated import python_module, stop
from firmware_bridge.monitor.picture import PictureView
from firmware_bridge.monitor.run import run_monitor, watch_bus
from firmware_bridge.monitor.sources import LivePort
from firmware_bridge.terminal.pty_wire import PtyWire

STOP_S = 1.0  # what the daemon promises on SIGTERM


def run_demo(*, seconds: float | None, json_lines: bool, picture: Path | None = None) -> int:
    """Show the scripted scene until it ends, or for `seconds`; return the exit code.

    What is shown went through a real daemon process and a real terminal device. `picture` draws
    the last view into an SVG file instead of showing it. UserError where the daemon fails.
    """
    with PtyWire() as wire, tempfile.TemporaryFile() as log:
        daemon = _start_daemon(wire.end_a, log)
        uri, until = f"slcan:{wire.end_b}", lambda: daemon.poll() is not None
        try:
            if picture is None:
                code = run_monitor(uri, json_lines=json_lines, seconds=seconds, until=until)
            else:
                view = PictureView(picture)
                seen = watch_bus(LivePort(uri), view, seconds=seconds, until=until)
                code = 0 if seen.good_frames else 1
        finally:
            stop(daemon, STOP_S)
        if daemon.returncode != 0:
            log.seek(0)
            said = log.read().decode(errors="replace").strip().splitlines() or ["no message"]
            raise DaemonError(
                DaemonReason.ENDED, f"the daemon ended with {daemon.returncode}: {said[-1]}"
            )
    return code


def _start_daemon(port: str, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        python_module(
            *("edge_fer", "run", "--config", os.devnull),  # and not the service's config
            *("--camera", "demo:", "--link", f"slcan:{port}"),
        ),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
