"""How long it takes from an event in the program to its first byte on the port."""

import os
import random
import select
import time
from collections.abc import Callable

from firmware_bridge.benchmark.figures import EVENT_BOUND_MS, PEER, Times
from firmware_bridge.benchmark.rates import open_peer, sample_frames
from firmware_bridge.benchmark.terminal import terminal
from firmware_bridge.errors import MeasurementError, MeasurementReason
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.cobs import CobsParser
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, decode
from firmware_bridge.protocol.slcan import SlcanParser
from firmware_bridge.transports import open_transport
from firmware_bridge.transports.can_bus import as_message

_READ_BYTES = 65_536
_LOST_S = 2.0  # an event that is not on the port by then is a fault of the benchmark
# Between two events: longer than the gap that the schedule keeps behind a change (20 ms), and of
# all lengths, so that they fall everywhere into the cycle of 100 ms.
_PAUSE_S = (0.025, 0.060)
PARSERS: dict[str, Callable[[], SlcanParser | CobsParser]] = {
    "slcan": SlcanParser,
    "cobs": CobsParser,
}


def event_to_byte(scheme: str, count: int) -> Times:
    """Measure a change of state: from `Link.publish` in the caller to its frame on the port.

    The link does its usual work meanwhile. A frame is written at once, so that its first byte
    comes with its last.
    """
    pauses = random.Random(1)
    taken_s: list[float] = []
    with terminal() as port:
        parser = PARSERS[scheme]()
        link = Link(f"{scheme}:{port.path}")
        link.open()
        link.start()
        try:
            for index in range(count):
                read_until(port.device, parser, lambda frame: False, pauses.uniform(*_PAUSE_S))
                sequence = index % 255
                started_s = time.monotonic()
                link.publish(Snapshot(started_s, DriverStateMessage(1, event_sequence=sequence)))
                arrived_s = read_until(port.device, parser, _has_sequence(sequence), _LOST_S)
                if arrived_s is None:
                    raise MeasurementError(
                        MeasurementReason.FRAME_MISSING,
                        f"benchmark: a change was not on {scheme} within {_LOST_S} s",
                    )
                taken_s.append(arrived_s - started_s)
        finally:
            link.stop()
    return Times.of(scheme, taken_s, EVENT_BOUND_MS)


def send_to_byte(scheme: str, count: int) -> Times:
    """Measure a transport alone: from `send` to the first byte on the port."""
    frame = sample_frames(1)[0]
    with terminal() as port:
        transport = open_transport(f"{scheme}:{port.path}")
        taken_s = _times_to_byte(port.device, lambda: transport.send(frame), count)
        transport.close()
    return Times.of(scheme, taken_s)


def peer_send_to_byte(count: int) -> Times:
    """Measure python-can's SLCAN in the same way."""
    message = as_message(sample_frames(1)[0])
    with terminal() as port:
        bus = open_peer(port)
        taken_s = _times_to_byte(port.device, lambda: bus.send(message), count)
        bus.shutdown()
    return Times.of(PEER, taken_s)


def _times_to_byte(device: int, send: Callable[[], None], count: int) -> list[float]:
    taken_s = []
    for _ in range(count):
        while select.select([device], [], [], 0.001)[0]:
            os.read(device, _READ_BYTES)
        started_s = time.monotonic()
        send()
        select.select([device], [], [], _LOST_S)
        taken_s.append(time.monotonic() - started_s)
    return taken_s


def read_until(
    device: int,
    parser: SlcanParser | CobsParser,
    wanted: Callable[[CanFrame], bool],
    within_s: float,
) -> float | None:
    """Read what the terminal was sent; return when the wanted frame came, None if it did not."""
    deadline_s = time.monotonic() + within_s
    while (left_s := deadline_s - time.monotonic()) > 0:
        if not select.select([device], [], [], left_s)[0]:
            break
        now_s = time.monotonic()
        for frame in parser.feed(os.read(device, _READ_BYTES), now_s):
            if wanted(frame):
                return frame.time_s
    return None


def _has_sequence(sequence: int) -> Callable[[CanFrame], bool]:
    def check(frame: CanFrame) -> bool:
        message = decode(frame.can_id, frame.data)
        return isinstance(message, DriverStateMessage) and message.event_sequence == sequence

    return check
