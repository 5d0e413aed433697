"""Why a serial port does not open, and what to do about it, in one line."""

import errno
import grp
import stat
from pathlib import Path

from serial.tools import list_ports

from firmware_bridge.errors import LinkReason, TransportError

_GROUP_MAY = stat.S_IRGRP | stat.S_IWGRP


def why_not_open(port: str, baudrate: int, error: Exception) -> TransportError:
    """Return the error for what opening `port` at `baudrate` raised."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ENOTDIR):
        present = ", ".join(sorted(found.device for found in list_ports.comports()))
        hint = f"there is {present}" if present else "is it plugged in?"
        return TransportError(LinkReason.NOT_FOUND, f"link: {port}: no such port; {hint}")
    if number in (errno.EAGAIN, errno.EBUSY):
        text = f"link: {port} is busy: another program has it open; end that one first"
        return TransportError(LinkReason.BUSY, text)
    if number in (errno.EACCES, errno.EPERM):
        text = f"link: {port}: permission denied{_group_remedy(port)}"
        return TransportError(LinkReason.NO_PERMISSION, text)
    if isinstance(error, ValueError):
        text = f"link: {port} cannot run at {baudrate} baud; try 115200"
        return TransportError(LinkReason.BAD_ADDRESS, text)
    if number is None or not _is_character_device(port):
        return TransportError(LinkReason.DOES_NOT_OPEN, f"link: {port} is not a serial port")
    return TransportError(LinkReason.DOES_NOT_OPEN, f"link: {port} does not open: {error}")


def _group_remedy(port: str) -> str:
    try:
        status = Path(port).stat()
        group = grp.getgrgid(status.st_gid).gr_name
    except (OSError, KeyError):
        return ""
    if status.st_gid == 0 or status.st_mode & _GROUP_MAY != _GROUP_MAY:
        # To join that group would not help, or help too much.
        return f": it is not open to its group {group}; give it to a group with a udev rule"
    return f": it belongs to group {group}; sudo usermod -aG {group} $USER, then log in again"


def _is_character_device(port: str) -> bool:
    try:
        return Path(port).is_char_device()
    except OSError:
        return False
