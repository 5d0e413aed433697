"""The camera's own process: reads frames into shared memory until its parent goes away.

Started by `edge_fer.camera.process` with SCHEME FPS MEMORY EVENT STATUS, the last three being
inherited descriptors. The first line of standard input is the URI, as JSON, and means "open": every
user may read a command line, and a URI may hold a password. The modules of the scheme are imported
before. The end of standard input means "exit".
"""

import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from edge_fer.camera import load_backend, open_camera
from edge_fer.camera.base import SkippingCamera
from edge_fer.camera.slots import SlotWriter
from edge_fer.camera.torn import is_torn
from edge_fer.errors import CameraError, CameraReason
from edge_fer.health.shedding import FrameSkipper
from edge_fer.no_dumps import forbid_dumps
from edge_fer.redaction import redacted


def main(arguments: list[str]) -> int:
    """Run the camera; return the exit status."""
    # Ctrl-C and a service manager's SIGTERM reach all processes of a daemon. This one must not go
    # before its parent, to whom that would look like a lost camera.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    forbid_dumps()
    scheme, fps, *descriptors = arguments
    with suppress(Exception):  # it fails again when the camera is opened, and is reported there
        load_backend(scheme)
    uri = _read_uri()
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    memory, event, status = map(int, descriptors)
    try:
        _run(uri, float(fps), memory, event, status)
    except CameraError as error:
        _report(status, error=str(error), reason=error.reason)
        return 2
    except Exception as error:
        # Whoever reads the parent's log has no other trace of what happened here.
        text = " ".join(str(error).split())  # OpenCV's have several lines
        error_text = redacted(f"camera {uri}: {type(error).__name__}: {text}", uri)
        _report(status, error=error_text, reason=CameraReason.FAILED)
        return 1
    return 0


def _run(uri: str, fps: float, memory: int, event: int, status: int) -> None:
    _report(status, opening=time.monotonic())
    camera = open_camera(uri, fps=fps)
    slots: SlotWriter | None = None
    skipper = FrameSkipper()
    skipping = camera if isinstance(camera, SkippingCamera) else None
    while (grey := camera.read()) is not None:
        captured_s = time.monotonic()
        if is_torn(grey):
            continue  # too many of them are a lost camera, and the parent sees that
        if slots is None:
            slots = SlotWriter(memory, grey.shape)
            _report(status, height=grey.shape[0], width=grey.shape[1], fps=camera.fps)
        slots.write(grey, captured_s)
        os.eventfd_write(event, 1)
        skipper.came(captured_s)
        skipper.taken(captured_s, slots.most_fps)
        # The parent would leave these frames out: they need not be decoded either.
        while skipping is not None and skipper.may_skip(time.monotonic()):
            skipping.skip()
            skipper.came(time.monotonic())
            slots.skip()
    _report(status, ended=slots.written if slots else 0)
    camera.close()


def _report(status: int, **message: Any) -> None:
    os.write(status, (json.dumps(message) + "\n").encode())


def _read_uri() -> str:
    """Return the URI; read byte by byte, because the input after it belongs to another reader."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            os._exit(0)  # the parent has gone before it said what for
        line += byte
    return str(json.loads(line))


def _leave_with_parent() -> None:
    """End the process when standard input does: its other end is the parent's alone.

    Unlike PR_SET_PDEATHSIG, this does not end the camera together with the *thread* that started
    it. A driver that hangs in a system call does not block this thread.
    """
    while os.read(0, 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    # Not sys.exit: a driver's clean-up can hang as well, and the kernel takes everything back.
    os._exit(main(sys.argv[1:]))
