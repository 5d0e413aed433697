"""Switches camera and recorder off while the vehicle requests standby, and on again."""

from edge_fer.daemon.frames import FrameSource
from edge_fer.daemon.last_word import LastWord
from edge_fer.health.meter import HealthMeter
from edge_fer.observation import Vehicle
from edge_fer.pipeline import Pipeline
from edge_fer.recording.process import RecorderProcess

STOP_CAMERA_S = 0.4


class StandbySwitch:
    """Follows the vehicle: camera and recorder are off while it requests standby.

    It begins with the vehicle's last command to the previous process of the same boot
    (`last_word`).
    """

    def __init__(
        self,
        frames: FrameSource,
        pipeline: Pipeline,
        recorder: RecorderProcess,
        meter: HealthMeter,
        last_word: LastWord | None = None,
    ) -> None:
        self._frames = frames
        self._pipeline = pipeline
        self._recorder = recorder
        self._meter = meter
        self._last_word = last_word or LastWord(None)
        self._standby = self._last_word.read()
        self.active = self._standby.reason is not None
        if self.active:
            self._recorder.pause(paused=True)
            self._meter.pause()

    @property
    def reason(self) -> str | None:
        """The reason of the standby; None if there is none."""
        return self._standby.reason

    def update(self, vehicle: Vehicle, now_s: float) -> str | None:
        """Apply the vehicle's message; return the reason of the standby, or None."""
        self._standby = self._standby.heard(vehicle)
        # First, so that the next process knows it whatever ends this one.
        self._last_word.keep(self._standby)
        reason = self._standby.reason
        if reason is not None and not self.active:
            self.active = True
            self._frames.stop(STOP_CAMERA_S)
            self._recorder.pause(paused=True)
            self._meter.pause()
        elif reason is None and self.active:
            self.active = False
            self._frames.start()
            self._recorder.pause(paused=False)
            self._pipeline.restart(now_s)
        return reason
