"""Switches the parts off while the vehicle wants nobody watched, and on again."""

from edge_fer.daemon.frames import FrameSource
from edge_fer.driver_state.standby import Standby
from edge_fer.health.meter import HealthMeter
from edge_fer.observation import Vehicle
from edge_fer.pipeline import Pipeline
from edge_fer.recording.process import RecorderProcess

STOP_CAMERA_S = 0.4


class StandbySwitch:
    """Follows what the vehicle says: camera and recorder are off while it wants a standby."""

    def __init__(
        self,
        frames: FrameSource,
        pipeline: Pipeline,
        recorder: RecorderProcess,
        meter: HealthMeter,
    ) -> None:
        self._frames = frames
        self._pipeline = pipeline
        self._recorder = recorder
        self._meter = meter
        self._standby = Standby()
        self.active = False

    def update(self, vehicle: Vehicle, now_s: float) -> str | None:
        """Apply the vehicle's message; return why it is a standby, or None."""
        self._standby = self._standby.heard(vehicle)
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
