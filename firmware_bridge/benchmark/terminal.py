"""The port that is measured: a pseudo-terminal whose other side is read or fed by another process.

Another process, so that what is measured has the interpreter for itself; `cat`, so that the other
side costs as little as it can.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from firmware_bridge.terminal.pty import Terminal


@contextmanager
def terminal() -> Iterator[Terminal]:
    """Yield a terminal and unplug it in the end."""
    made = Terminal()
    try:
        yield made
    finally:
        made.close()


@contextmanager
def drained(device: int) -> Iterator[None]:
    """Let another process read all that is written to the terminal."""
    with _cat(device, subprocess.DEVNULL):
        yield


@contextmanager
def fed(device: int, data: bytes) -> Iterator[None]:
    """Let another process write `data` to the terminal, as fast as it is taken."""
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.seek(0)
        with _cat(source, device):
            yield


@contextmanager
def _cat(source: int | IO[bytes], target: int) -> Iterator[None]:
    with subprocess.Popen(["cat"], stdin=source, stdout=target, stderr=subprocess.DEVNULL) as cat:
        try:
            yield
        finally:
            cat.kill()
