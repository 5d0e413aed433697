"""How evenly the cyclic frames come."""

import time
from itertools import pairwise

from firmware_bridge.benchmark.figures import JITTER_BOUND_MS, Times
from firmware_bridge.benchmark.latency import PARSERS, read_until
from firmware_bridge.benchmark.terminal import terminal
from firmware_bridge.errors import MeasurementError, MeasurementReason
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage

SLEEP = "sleep alone"
_PUBLISH_S = 1 / 30  # as often as a camera gives frames


def cycle_jitter(scheme: str, cycles: int) -> Times:
    """Measure driver states on the port: how far the time between two is from the cycle.

    The vision loop publishes meanwhile, and the link sends its other messages.
    """
    known = definition(DriverStateMessage.NAME)
    cycle_s = known.cycle_s or 0.0
    arrived_s: list[float] = []

    def note(frame: CanFrame) -> bool:
        if frame.can_id == known.can_id:
            arrived_s.append(frame.time_s)
        return False

    with terminal() as port:
        parser = PARSERS[scheme]()
        link = Link(f"{scheme}:{port.path}")
        link.open()
        link.start()
        patience_s = time.monotonic() + 2 * cycles * cycle_s + 1.0
        try:
            # The first frame is before the first snapshot and the second one a change.
            while len(arrived_s) < cycles + 3:
                if time.monotonic() > patience_s:
                    raise MeasurementError(
                        MeasurementReason.FRAME_MISSING,
                        f"benchmark: {scheme} does not send at its cycle",
                    )
                link.publish(Snapshot(time.monotonic(), DriverStateMessage(1, event_sequence=0)))
                read_until(port.device, parser, note, _PUBLISH_S)
        finally:
            link.stop()
    return Times.of(scheme, _off_cycle_s(arrived_s[2:], cycle_s), JITTER_BOUND_MS)


def sleep_jitter(cycles: int) -> Times:
    """Measure a loop that only sleeps: what the machine, as busy as it is, does to anything."""
    cycle_s = definition(DriverStateMessage.NAME).cycle_s or 0.0
    due_s = time.monotonic()
    woken_s: list[float] = []
    for _ in range(cycles + 1):
        due_s += cycle_s
        time.sleep(max(0.0, due_s - time.monotonic()))
        woken_s.append(time.monotonic())
    return Times.of(SLEEP, _off_cycle_s(woken_s, cycle_s))


def _off_cycle_s(times_s: list[float], cycle_s: float) -> list[float]:
    return [abs(later - earlier - cycle_s) for earlier, later in pairwise(times_s)]
