"""COBS with a CRC-32 on a serial port: for noisy lines, and controllers without CAN."""

from firmware_bridge.protocol.cobs import DELIMITER, PACKET_OVERHEAD, CobsParser, encode_packet
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.transports.address import split_options
from firmware_bridge.transports.base import TransportCounters
from firmware_bridge.transports.place import Place, open_place, place_of
from firmware_bridge.transports.serial_transport import SerialTransport


def check_cobs(address: str) -> None:
    """BridgeError where the options of an address are wrong; opens nothing."""
    _parse(address)


def open_cobs(address: str) -> SerialTransport:
    """Open `PORT` or `PORT?baudrate=N`; see `open_place` for what goes wrong."""
    return SerialTransport(open_place(_parse(address)), CobsFraming())


def _parse(address: str) -> Place:
    port, options = split_options("cobs", address, ("baudrate",))
    return place_of("cobs", address, port, options)


class CobsFraming:
    """Frames as packets, each of which stands for itself."""

    closing = bytes((DELIMITER,))  # ends a packet that a write time-out may have torn

    def __init__(self) -> None:
        self._parser = CobsParser()
        self._received_bytes = 0
        self._understood_bytes = 0

    @property
    def counters(self) -> TransportCounters:
        """Return what became of the bytes.

        Delimiters that enclose nothing are not understood: a line at rest has none, and one at a
        wrong baud rate may look like nothing else.
        """
        parsed = self._parser.counters
        return TransportCounters(
            frames_received=parsed.frames,
            rejected_lines=parsed.rejected_packets,
            rejected_bytes=parsed.rejected_bytes,
            received_bytes=self._received_bytes,
            understood_bytes=self._understood_bytes,
        )

    def encode(self, frame: CanFrame) -> bytes:
        """Return the packet of `frame`; ValueError as `encode_packet`."""
        return encode_packet(frame)

    def feed(self, data: bytes, time_s: float) -> list[CanFrame]:
        """Return the frames that `data` completes, stamped `time_s`."""
        frames = self._parser.feed(data, time_s)
        self._received_bytes += len(data)
        self._understood_bytes += sum(PACKET_OVERHEAD + len(frame.data) for frame in frames)
        return frames
