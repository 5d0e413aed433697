"""SLCAN on a serial port: what adapters, slcand, python-can and SavvyCAN speak."""

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.slcan import CLOSE_COMMAND, OPEN_COMMANDS, SlcanParser, encode_line
from firmware_bridge.transports.address import split_address
from firmware_bridge.transports.base import TransportCounters
from firmware_bridge.transports.serial_port import BAUDRATE, SerialPort
from firmware_bridge.transports.serial_transport import SerialTransport


def open_slcan(address: str) -> SerialTransport:
    """Open `PORT` or `PORT?baudrate=N`; see `SerialPort` for what goes wrong."""
    port, baudrate = split_address("slcan", address, BAUDRATE)
    return SerialTransport(SerialPort(port, baudrate), SlcanFraming())


class SlcanFraming:
    """Frames as lines; the channel of an adapter is opened before and closed after."""

    opening = OPEN_COMMANDS
    closing = CLOSE_COMMAND

    def __init__(self) -> None:
        self._parser = SlcanParser()
        self._received_bytes = 0

    @property
    def counters(self) -> TransportCounters:
        """Return what became of the bytes; replies of an adapter are understood, too."""
        parsed = self._parser.counters
        return TransportCounters(
            frames_received=parsed.frames,
            rejected_lines=parsed.rejected_lines,
            rejected_bytes=parsed.rejected_bytes,
            received_bytes=self._received_bytes,
            understood_bytes=self._received_bytes
            - parsed.rejected_bytes
            - self._parser.pending_bytes,
        )

    def encode(self, frame: CanFrame) -> bytes:
        """Return the line of `frame`; ValueError as `encode_line`."""
        return encode_line(frame)

    def feed(self, data: bytes, time_s: float) -> list[CanFrame]:
        """Return the frames that `data` completes, stamped `time_s`."""
        self._received_bytes += len(data)
        return self._parser.feed(data, time_s)
