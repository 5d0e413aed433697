"""The daemon's side of the recorder: hands it frames and events, and keeps its process running.

Nothing here waits for the recorder, and nothing that fails there is an error here.
"""

import contextlib
import logging
import socket
import subprocess
import time
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edge_fer.camera import check_uri
from edge_fer.camera.base import Frame
from edge_fer.driver_state.measured import NOTHING_MEASURED, Measured
from edge_fer.driver_state.states import DriverState
from edge_fer.errors import UserError
from edge_fer.isolated import python_module
from edge_fer.recording.chain import load_device_key
from edge_fer.recording.feed import Channel, FrameSender
from edge_fer.recording.flag import RecordingFlag, RecordingStatus
from edge_fer.recording.sealing import lock_for
from edge_fer.recording.settings import RecordingConfig
from firmware_bridge.backoff import Backoff

FIRST_RESTART_GAP_S, LONGEST_RESTART_GAP_S = 1.0, 60.0
# A frame is compressed within milliseconds; a process that hands none back for so long hangs.
HUNG_S = 10.0
STARTING_S = 60.0  # until it first answers: a cold disk on a busy board
_UNSENT = 16  # messages that wait for a recorder that is late

_log = logging.getLogger(__name__)


def check_recording(config: RecordingConfig) -> None:
    """UserError for a forward camera or a public key that cannot be one; looks at no device."""
    if config.enabled:
        if config.forward_camera:
            check_uri(config.forward_camera)
        lock_for(config.public_key)
        if config.device_key:
            load_device_key(Path(config.device_key))


class RecorderProcess:
    """The recorder of one config; does nothing at all unless that switches it on.

    UserError on construction as `check_recording`. With `keep_going` the error is logged, `status`
    reports it and nothing is recorded: a key that is missing must not end the monitoring.
    """

    def __init__(self, config: RecordingConfig, *, keep_going: bool = False) -> None:
        self._config = config
        self._problem: str | None = None
        try:
            check_recording(config)
        except UserError as error:
            if not keep_going:
                raise
            _log.error("nothing is recorded: %s", error)
            self._problem = str(error)
        self._records = config.enabled and self._problem is None
        self._process: subprocess.Popen[bytes] | None = None
        self._killed: list[subprocess.Popen[bytes]] = []
        self._channel: Channel | None = None
        self._frames: FrameSender | None = None
        self._unsent: deque[dict[str, Any]] = deque(maxlen=_UNSENT)
        self._due_s = self._answered_s = self._restart_s = 0.0
        self._has_answered = False
        self._backoff = Backoff(FIRST_RESTART_GAP_S, LONGEST_RESTART_GAP_S)
        self._state: DriverState | None = None
        self._paused = False
        self._dropped = self._starts = 0
        self._told: dict[str, Any] = {}
        self._before: dict[str, int] = {"kept": 0, "lost": 0}  # of processes that are gone
        self._logged: tuple[str | None, str | None] = (None, None)

    @property
    def flag(self) -> RecordingFlag:
        """What to say on the bus. On also while a recorder that died is being replaced."""
        if not self._records or self._paused:
            return RecordingFlag.OFF
        return RecordingFlag.EVENT if self._told.get("gathers") else RecordingFlag.ON

    @property
    def status(self) -> RecordingStatus | None:
        """How it is; None where it is switched off."""
        if not self._config.enabled:
            return None
        told = self._told
        error = self._problem or told.get("error")
        if self._process is None:
            error = error or "the recorder's process does not run"
        return RecordingStatus(
            flag=self.flag.name.lower(),
            folder=self._config.folder,
            encrypted=bool(self._config.public_key),
            clips=told.get("clips", 0),
            size=told.get("size", 0),
            kept=self._before["kept"] + told.get("kept", 0),
            lost=self._before["lost"] + told.get("lost", 0),
            frames_dropped=self._dropped,
            restarts=max(0, self._starts - 1),
            error=error,
            forward_error=told.get("forward_error"),
        )

    @property
    def pid(self) -> int | None:
        """The process id; None while none runs."""
        return None if self._process is None else self._process.pid

    def frame(self, frame: Frame) -> None:
        """Hand over a frame of the cabin camera, as often as the config wants one."""
        if not self._records or frame.captured_s < self._due_s:
            return
        self._listen(time.monotonic())  # it hands slots back
        period_s = 1.0 / self._config.fps
        # As the rate says on the average, also where the camera's is no multiple of it.
        self._due_s = max(self._due_s + period_s, frame.captured_s - period_s)
        if (
            self._channel is None
            or self._frames is None
            or not self._frames.send(frame, self._channel)
        ):
            self._dropped += 1

    def decided(
        self,
        state: DriverState,
        reason: str,
        time_s: float,
        measured: Measured = NOTHING_MEASURED,
    ) -> None:
        """Take a decision; the beginning of a state that counts is an event."""
        if not self._records or state is self._state:
            return
        self._state = state
        if state in self._config.event_states:
            event = {
                "time_s": time_s,
                "state": state.label,
                "reason": reason,
                "measured": measured.to_json(),
            }
            self._unsent.append({"event": event})
            self._send()

    def pause(self, *, paused: bool) -> None:
        """Hold nothing and open no camera while the vehicle wants nobody watched."""
        if self._records and paused is not self._paused:
            self._paused = paused
            self._state = None
            self._unsent.append({"paused": paused})
            self._send()

    def look_after(self, now_s: float) -> None:
        """Read the recorder's messages, and start or restart it, at a capped rate."""
        if not self._records:
            return
        self._killed = [process for process in self._killed if process.poll() is None]
        self._listen(now_s)
        self._send()
        if self._process is not None:
            patience_s = HUNG_S if self._has_answered else STARTING_S
            hangs = (
                self._frames is not None
                and self._frames.waiting
                and now_s - self._answered_s > patience_s
            )
            if self._process.poll() is None and not hangs:
                return
            _log.warning("recording: its process %s", "hangs" if hangs else "has died")
            self._end(kill=True)
        if now_s >= self._restart_s:
            self._restart_s = now_s + self._backoff.next_s()
            self._start(now_s)

    def stop(self, timeout_s: float) -> None:
        """End it: a clip that was begun is kept as far as it came.

        Where the disk takes longer than `timeout_s`, the recorder ends by itself soon after.
        """
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            if self._has_answered:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(timeout_s)
            # One that is still starting has nothing to keep, and would read the request late.
            self._end(kill=not self._has_answered)

    def _start(self, now_s: float) -> None:
        try:
            mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:
            _log.warning("recording: cannot be started: %s", error.strerror)
            return
        try:
            frames = FrameSender()
        except OSError as error:
            _log.warning("recording: cannot be started: %s", error.strerror)
            mine.close()
            other.close()
            return
        passed = (other.fileno(), frames.memory)
        try:
            self._process = subprocess.Popen(
                python_module("edge_fer.recording.child", *map(str, passed)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what matters comes as a status
                pass_fds=passed,
                cwd="/",
                start_new_session=True,  # Ctrl-C at the terminal is for the daemon
            )
        except OSError as error:  # no memory or no processes left: try again later
            _log.warning("recording: cannot be started: %s", error.strerror)
            mine.close()
            frames.close()
            return
        finally:
            other.close()
        self._starts += 1
        self._channel, self._frames = Channel(mine), frames
        self._answered_s, self._has_answered = now_s, False
        self._unsent.appendleft({"config": asdict(self._config)})
        if self._paused:
            self._unsent.append({"paused": True})
        self._send()

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is not None and kill:
            process.kill()
            # Not waited for: one that waits for a disk goes when the disk lets it.
            self._killed.append(process)
        if self._channel is not None:
            self._channel.close()
        if self._frames is not None:
            self._frames.close()
        self._channel = self._frames = None
        self._unsent.clear()
        for name in self._before:
            self._before[name] += self._told.pop(name, 0)
        self._told["gathers"] = False

    def _send(self) -> None:
        while self._unsent and self._channel is not None:
            if not self._channel.send(self._unsent[0]):
                return
            self._unsent.popleft()

    def _listen(self, now_s: float) -> None:
        if self._channel is None or self._frames is None:
            return
        # What decodes a forward camera's stream may say anything. It is left then, and counts as
        # hanging once all slots are with it.
        with contextlib.suppress(EOFError, KeyError, TypeError, ValueError):
            while (message := self._channel.receive()) is not None:
                self._answered_s, self._has_answered = now_s, True
                if "free" in message:
                    self._frames.handed_back(message["free"])
                elif "status" in message:
                    self._take(message["status"])

    def _take(self, status: dict[str, Any]) -> None:
        kept = status["kept"] - self._told.get("kept", 0)
        self._told = status
        if kept > 0:
            self._backoff.reset()
            _log.info("recording: a clip was kept in %s", self._config.folder)
        errors = status["error"], status["forward_error"]
        for old, new in zip(self._logged, errors, strict=True):
            if new is not None and new != old:
                _log.warning("recording: %s", new)
        self._logged = errors
