"""Supervises a camera process: decides what is wrong with it, and when to restart it.

Pure: the daemon passes the times and carries out the decisions.
"""

from dataclasses import dataclass

from edge_fer.observation import CameraCondition
from firmware_bridge.backoff import Backoff

# Without a frame for so long the camera counts as lost. The slowest rate that can be configured
# for real use, 10 fps, has a frame each 0.1 s.
LOST_AFTER_S = 0.4
# A driver that hangs does not come back by itself; its process is killed after so long.
HUNG_AFTER_S = 2.0
# Opening takes a USB camera up to some seconds; a process that has shown no frame gets longer.
OPENING_S = 8.0
# The vehicle need not wait for that: after so long the camera counts as missing. With what the
# policy takes to call that degraded (`camera_degraded_after_s`) the vehicle knows within 2 s.
SLOW_OPENING_S = 1.2
# Restarts: at once, then ever slower, so that a camera that is gone does not cost a core.
FIRST_RESTART_GAP_S = 0.5
LONGEST_RESTART_GAP_S = 5.0
# After so long of good frames the next fault counts as a first one again.
HEALTHY_AFTER_S = 10.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The meaning of a missing frame, and whether to restart the camera process."""

    camera: CameraCondition
    restart: bool


class CameraSupervisor:
    """Judges one camera process after another; times are monotonic seconds."""

    def __init__(self, started_s: float) -> None:
        self._started_s = started_s  # of the process that runs now
        self._frame_s: float | None = None  # the newest frame of that process
        self._first_frame_s: float | None = None
        self._does_not_open = False
        self.opened = False  # whether it has ever given a frame
        self._next_restart_s = started_s
        self._backoff = Backoff(FIRST_RESTART_GAP_S, LONGEST_RESTART_GAP_S)
        self.restarts = 0

    def frame(self, now_s: float) -> None:
        """Record a frame."""
        self.opened = True
        self._frame_s = now_s
        if self._first_frame_s is None:
            self._first_frame_s = now_s
        elif now_s - self._first_frame_s >= HEALTHY_AFTER_S:
            self._backoff.reset()

    def restarted(self, now_s: float) -> None:
        """Record a new process."""
        self.restarts += 1
        self._started_s = now_s
        self._frame_s = self._first_frame_s = None
        self._next_restart_s = now_s + self._backoff.next_s()

    def silence(
        self, now_s: float, *, alive: bool, opening_s: float | None = None
    ) -> Verdict | None:
        """Judge a moment without a new frame; None while this is normal.

        `opening_s` is when the process began to open the camera. The imports before that take long
        on a busy machine, and are not a fault of the camera.
        """
        last_s = self._started_s if self._frame_s is None else self._frame_s
        silent_s = now_s - last_s
        patience_s = OPENING_S if self._frame_s is None else HUNG_AFTER_S
        restart = (not alive or silent_s >= patience_s) and now_s >= self._next_restart_s
        if not self.opened:
            slow = opening_s is not None and now_s - opening_s >= SLOW_OPENING_S
            # Once it has failed to open it is no longer starting, however often that is tried.
            self._does_not_open |= restart or not alive or slow
            missing = CameraCondition.LOST if self._does_not_open else CameraCondition.STARTING
            return Verdict(missing, restart)
        if alive and self._frame_s is not None and silent_s < LOST_AFTER_S:
            return None
        return Verdict(CameraCondition.LOST, restart)
