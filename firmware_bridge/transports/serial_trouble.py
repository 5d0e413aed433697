"""Why a serial port does not open, and what to do about it, in one line."""

import errno
import grp
import stat
from pathlib import Path

from serial.tools import list_ports

_GROUP_MAY = stat.S_IRGRP | stat.S_IWGRP


def why_not_open(port: str, baudrate: int, error: Exception) -> str:
    """Return the line for what opening `port` at `baudrate` raised."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ENOTDIR):
        present = ", ".join(sorted(found.device for found in list_ports.comports()))
        hint = f"there is {present}" if present else "is it plugged in?"
        return f"link: {port}: no such port; {hint}"
    if number in (errno.EAGAIN, errno.EBUSY):
        return f"link: {port} is busy: another program has it open; end that one first"
    if number in (errno.EACCES, errno.EPERM):
        return f"link: {port}: permission denied{_group_remedy(port)}"
    if isinstance(error, ValueError):
        return f"link: {port} cannot run at {baudrate} baud; try 115200"
    if number is None or not _is_character_device(port):
        return f"link: {port} is not a serial port"
    return f"link: {port} does not open: {error}"


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
