"""A serial port: a UART, a USB adapter or a pseudo-terminal. pyserial opens and configures it."""

import contextlib
import termios

import serial

from firmware_bridge.transports.address import NumberOption
from firmware_bridge.transports.backlog import undelivered_bytes
from firmware_bridge.transports.byte_port import BytePort, Device
from firmware_bridge.transports.serial_trouble import why_not_open

# 12 Mbaud is what the fastest USB adapters (FT232H) reach.
BAUDRATE = NumberOption("baudrate", 115_200, 300, 12_000_000)
_CONTROL_MODES = 2  # of the list that tcgetattr returns


def open_serial_port(
    port: str, baudrate: int = BAUDRATE.default, *, keep_running: bool = False
) -> BytePort:
    """Open the serial port `port` for this program alone.

    TransportError, with what to do, where the port is missing, busy, not permitted or no port.
    `keep_running`: boards that are reset by DTR (Arduino's) are spared it, here and when the port
    is opened next, as far as the driver allows.
    """
    made = _open(port, baudrate, keep_running=keep_running)

    def discard() -> bool:
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(made.fileno(), termios.TCOFLUSH)
        return True

    def close(abort: bool) -> None:
        if abort:
            discard()
        with contextlib.suppress(termios.error):
            made.close()

    return BytePort(
        Device(
            name=port,
            descriptor=made.fileno(),
            hung_up="it was unplugged or hung up",
            unsent=undelivered_bytes,
            undelivered=undelivered_bytes,
            discard=discard,
            close=close,
        )
    )


def _open(port: str, baudrate: int, *, keep_running: bool) -> serial.Serial:
    try:
        made = serial.Serial(None, baudrate, timeout=0, exclusive=True)
        made.port = port
        if keep_running:
            made.dtr = False  # set before `open`, it is never raised by pyserial
        made.open()
        if keep_running:
            _keep_lines(made.fileno())
        return made
    except (OSError, ValueError, termios.error) as error:  # pyserial's own errors are OSErrors
        raise why_not_open(port, baudrate, error) from error


def _keep_lines(descriptor: int) -> None:
    """Leave DTR as it is when the port is closed: its edge at the next opening resets the board."""
    modes = termios.tcgetattr(descriptor)
    modes[_CONTROL_MODES] &= ~termios.HUPCL
    termios.tcsetattr(descriptor, termios.TCSANOW, modes)
