"""Runs the real daemon on a camera, over a real pty, and keeps what the other end received."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from firmware_bridge.monitor.run import watch_bus
from firmware_bridge.monitor.sources import LivePort
from firmware_bridge.reception.supervision import JudgedFrame
from firmware_bridge.reception.watching import Line, Summary, Watch, frame_as_json
from firmware_bridge.terminal.pty_wire import PtyWire


@dataclass
class Drive:
    """What the vehicle's end of the line saw of one run of the daemon."""

    frames: list[dict[str, Any]] = field(default_factory=list)
    summary: Summary | None = None
    exit_code: int | None = None
    log: str = ""
    first_frame_s: float | None = None  # monotonic

    # The monitor's view.
    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        if self.first_frame_s is None:
            self.first_frame_s = judged.frame.time_s
        self.frames.append(frame_as_json(judged, watch.start_s))

    def refresh(self, watch: Watch, line: Line, now_s: float) -> None:
        pass

    def end(self, summary: Summary) -> None:
        self.summary = summary

    def signals(self, message: str) -> list[dict[str, Any]]:
        """Return the signals, with their time, of each frame of one message."""
        return [
            {"time_s": frame["time_s"], **frame["signals"]}
            for frame in self.frames
            if frame["message"] == message and frame["signals"] is not None
        ]


def drive(camera: str, *, seconds: float | None = None, arguments: tuple[str, ...] = ()) -> Drive:
    """Run the daemon on `camera` until its input ends, or for `seconds`."""
    seen = Drive()
    with PtyWire() as wire:
        daemon = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "edge_fer.cli.app",
                "run",
                "--camera",
                camera,
                "--link",
                f"slcan:{wire.end_a}",
                *arguments,
            ],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            watch_bus(
                LivePort(f"slcan:{wire.end_b}"),
                seen,
                seconds=seconds,
                until=lambda: daemon.poll() is not None,
            )
        finally:
            daemon.terminate()
            _, seen.log = daemon.communicate(timeout=60)
        seen.exit_code = daemon.returncode
    return seen


def told_to_controller(
    daemon_options: Sequence[str], controller_options: Sequence[str], *, seconds: float
) -> list[dict[str, Any]]:
    """Run the daemon on the demo against `edge-fer controller`; return what that printed.

    Each object is an event, the last one the summary.
    """
    cli = (sys.executable, "-m", "edge_fer")
    with PtyWire() as wire:
        daemon = subprocess.Popen(
            [
                *(*cli, "run", "--camera", "demo:", "--link", f"slcan:{wire.end_a}"),
                *daemon_options,
            ],
            stderr=subprocess.DEVNULL,
        )
        try:
            done = subprocess.run(
                [
                    *(*cli, "controller", f"slcan:{wire.end_b}", "--json"),
                    *("--seconds", str(seconds), *controller_options),
                ],
                capture_output=True,
                text=True,
                timeout=seconds + 180,
                check=False,
            )
        finally:
            daemon.terminate()
            daemon.wait(60.0)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
