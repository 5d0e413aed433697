"""Clips for tests, without a camera."""

import numpy as np

from edge_fer.driver_state.measured import Measured
from edge_fer.recording.clip import CABIN, FORWARD, Clip, Event, Shot
from edge_fer.recording.gathering import Gatherer
from edge_fer.recording.pictures import compress

# The figures behind the event.
MEASURED = Measured(yaw_deg=4.04, lid_opening=0.104, zone="road", profile=False).to_json()


def picture(number: int, size: int = 48) -> bytes:
    """Return a JPEG whose brightness is its number."""
    grey = np.full((size, size), number % 256, np.uint8)
    return compress(grey, width_px=640, quality=90)


def make_clip(*, shots: int = 6, fps: float = 10.0, forward: bool = False) -> Clip:
    """Return a clip of `shots` pictures around an event in their middle."""
    gatherer = Gatherer(10.0, 10.0, fps)
    for number in range(shots):
        time_s = 100.0 + number / fps
        gatherer.shot(Shot(CABIN, time_s, picture(number)))
        if forward:
            gatherer.shot(Shot(FORWARD, time_s + 0.03, picture(100 + number)))
        if number == shots // 2:
            gatherer.event(Event(time_s, "asleep", "eyes stayed closed", MEASURED))
    clip = gatherer.finish(1.7e9, synchronised=True)
    assert clip is not None
    return clip
