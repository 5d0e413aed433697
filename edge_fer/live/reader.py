"""Reads what a daemon shows, for programs that do not serve a page."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DaemonError, DaemonReason
from edge_fer.live.packet import MOST_HEADER_BYTES, Header
from edge_fer.recording.pictures import decompress

SILENCE_S = 15.0  # a camera may take ten seconds to open
START_S = 60.0  # a slow board loads networks and libraries from a slow card, beside other programs


def read_pictures(path: Path) -> Iterator[tuple[Header, NDArray[np.uint8] | None]]:
    """Yield what the daemon at `path` shows: the header, and the picture uint8[h,w] if any.

    DaemonError where it cannot be read, or ends.
    """
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(socket.socket(socket.AF_UNIX))
        client.settimeout(SILENCE_S)
        try:
            client.connect(str(path))
            stream = stack.enter_context(client.makefile("rb"))
            while line := stream.readline(MOST_HEADER_BYTES):
                header = Header.from_line(line)
                if header.ended is not None:
                    raise DaemonError(DaemonReason.ENDED, f"preview: {header.ended}")
                yield header, _picture(stream.read(header.jpeg_bytes), header.jpeg_bytes)
        except PermissionError as error:
            raise DaemonError(
                DaemonReason.NO_PERMISSION,
                f"preview: {path}: only root and the daemon's user may see its pictures: use sudo",
            ) from error
        except (OSError, ValueError) as error:
            raise DaemonError(
                DaemonReason.NO_ANSWER, f"preview: {path}: the daemon does not answer: {error}"
            ) from error
    raise DaemonError(DaemonReason.ENDED, "preview: the daemon has ended, or refused this program")


def wait_for_socket(path: Path, ended: Callable[[], bool], timeout_s: float = START_S) -> None:
    """Wait until a daemon that starts has its socket, or has `ended`; DaemonError after that."""
    until_s = time.monotonic() + timeout_s
    while not path.exists() and not ended():
        if time.monotonic() > until_s:
            raise DaemonError(
                DaemonReason.NO_ANSWER,
                f"preview: the daemon for the camera has not started within {timeout_s:g} s",
            )
        time.sleep(0.05)


def _picture(jpeg: bytes, wanted: int) -> NDArray[np.uint8] | None:
    if len(jpeg) != wanted:
        raise ValueError("cut off in the middle of a picture")
    if not jpeg:
        return None
    return decompress(jpeg)
