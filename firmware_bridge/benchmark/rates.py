"""How many frames a second each transport encodes, sends and receives."""

import time
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import cycle

import can
from can.interfaces.slcan import slcanBus

from firmware_bridge.benchmark.figures import PEER, Rates
from firmware_bridge.benchmark.terminal import drained, fed, terminal
from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.errors import SendTimeoutError
from firmware_bridge.protocol.cobs import encode_packet
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, encode
from firmware_bridge.protocol.slcan import encode_line
from firmware_bridge.reception.supervision import BusSupervisor
from firmware_bridge.terminal.pty import Terminal
from firmware_bridge.transports import Transport, open_transport
from firmware_bridge.transports.base import WRITE_TIMEOUT_S
from firmware_bridge.transports.can_bus import as_message
from firmware_bridge.transports.udp_message import make_message

_BATCH = 200  # what the buffers of every bus hold, so that sending and receiving can take turns
_FED_FRAMES = 200_000
_ENCODERS: dict[str, Callable[[CanFrame], bytes]] = {"slcan": encode_line, "cobs": encode_packet}


def sample_frames(count: int = _BATCH) -> list[CanFrame]:
    """Return driver states as a sender protects them."""
    known = definition(DriverStateMessage.NAME)
    sender = Profile22Sender(known.data_ids)
    payload = encode(DriverStateMessage(1, 6, 2, 2, 87.2, 12.0, 3.0, 40, 7))
    return [CanFrame(known.can_id, sender.protect(payload), 0.0) for _ in range(count)]


def per_second(step: Callable[[], int], seconds: float) -> float:
    """Call `step` for `seconds`; return how many frames it did in each, by what it returned."""
    frames = 0
    started_s = time.perf_counter()
    while (taken_s := time.perf_counter() - started_s) < seconds:
        frames += step()
    return frames / taken_s


def message_rates(seconds: float) -> Rates:
    """Measure what is the same on every transport: a message to protected bytes, and back."""
    known = definition(DriverStateMessage.NAME)
    sender = Profile22Sender(known.data_ids)
    message = DriverStateMessage(1, 6, 2, 2, 87.2, 12.0, 3.0, 40, 7)
    supervisor = BusSupervisor()
    frames = cycle(sample_frames(160))  # ten rounds of the counter

    def protect() -> int:
        sender.protect(encode(message))
        return 1

    def judge() -> int:
        supervisor.judge(next(frames))
        return 1

    return Rates(
        "message, protected", per_second(protect, seconds), None, per_second(judge, seconds)
    )


def serial_rates(scheme: str, seconds: float) -> Rates:
    """Measure a transport over a serial port."""
    frames = sample_frames()
    encoder = _ENCODERS[scheme]
    with terminal() as port:
        transport = open_transport(f"{scheme}:{port.path}")
        with drained(port.device):
            sent = per_second(lambda: _send_all(transport, frames), seconds)
        with fed(port.device, _fed_bytes(scheme)):
            transport.receive(5.0)  # from here on it flows
            received = per_second(lambda: len(transport.receive(1.0)), seconds)
        transport.close()
    return Rates(scheme, per_second(lambda: _encode_all(encoder, frames), seconds), sent, received)


def peer_rates(seconds: float) -> Rates:
    """Measure python-can's SLCAN on such a port."""
    messages = [as_message(frame) for frame in sample_frames()]
    with terminal() as port:
        bus = open_peer(port)
        with drained(port.device):
            sent = per_second(lambda: _send_messages(bus, messages), seconds)
        with fed(port.device, _fed_bytes("slcan")):
            bus.recv(5.0)
            received = per_second(lambda: 0 if bus.recv(1.0) is None else 1, seconds)
        with drained(port.device), suppress(can.CanOperationError):
            bus.shutdown()
    return Rates(PEER, None, sent, received)


def bus_rates(uri: str, seconds: float) -> Rates:
    """Measure a bus: sending and receiving take turns, each timed for itself.

    BridgeError where it does not open here.
    """
    frames = sample_frames()
    send_s = receive_s = 0.0
    received = sent = 0
    with closing(open_transport(uri)) as sender, closing(open_transport(uri)) as receiver:
        while min(send_s, receive_s) < seconds and send_s + receive_s < 5 * seconds:
            started_s = time.perf_counter()
            sent += _send_all(sender, frames)
            between_s = time.perf_counter()
            while batch := len(receiver.receive(0.0)):
                received += batch
            receive_s += time.perf_counter() - between_s
            send_s += between_s - started_s
    scheme = uri.partition(":")[0]
    encoder = make_message if scheme == "udp_multicast" else as_message
    encode_per_s = per_second(lambda: _encode_all(encoder, frames), seconds)
    return Rates(scheme, encode_per_s, sent / send_s, received / receive_s)


def open_peer(port: Terminal, *, sleep_after_open: float = 0.0) -> slcanBus:
    """Open python-can's SLCAN; by itself it sleeps 2 s after opening, for boards that reset."""
    return slcanBus(port.path, sleep_after_open=sleep_after_open)


def _fed_bytes(scheme: str) -> bytes:
    frames = sample_frames(160)  # ten rounds of the counter
    return b"".join(map(_ENCODERS[scheme], frames)) * (_FED_FRAMES // len(frames))


def _encode_all(encoder: Callable[[CanFrame], object], frames: list[CanFrame]) -> int:
    for frame in frames:
        encoder(frame)
    return len(frames)


def _send_all(transport: Transport, frames: list[CanFrame]) -> int:
    """Return how many were taken: on a busy machine the reader may fall behind for too long."""
    taken = 0
    for frame in frames:
        with suppress(SendTimeoutError):
            transport.send(frame)
            taken += 1
    return taken


def _send_messages(bus: can.BusABC, messages: list[can.Message]) -> int:
    """Return how many python-can's transport took; it says any failure in this way."""
    taken = 0
    for message in messages:
        with suppress(can.CanOperationError):
            bus.send(message, timeout=WRITE_TIMEOUT_S)
            taken += 1
    return taken
