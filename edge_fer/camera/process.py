"""The parent's side of a camera process: the newest frame, and the state of the camera."""

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from edge_fer.camera import DEFAULT_FPS, check_uri
from edge_fer.camera.base import Frame
from edge_fer.camera.slots import SlotReader, create_memory
from edge_fer.camera.uri import absolute_uri
from edge_fer.errors import CameraError, CameraReason
from edge_fer.isolated import python_module
from edge_fer.redaction import redacted_uri

_STATUS_BYTES = 1 << 16
_LOOK_AGAIN_S = 0.01
_KILL_S = 0.5  # how long to wait for a killed process to be gone
_RESTART_S = 0.1  # one that works goes within milliseconds; one that hangs will not go in any time


class CameraProcess:
    """Runs the camera of `uri` in a process that can be killed: camera drivers hang in practice.

    Frames that were not fetched are dropped; the newest wins. Use it from one thread at a time. The
    constructor raises UserError for a malformed URI. A camera that does not open is reported by
    `error`, because opening may take seconds.
    """

    def __init__(self, uri: str, *, fps: float = DEFAULT_FPS) -> None:
        self._scheme = check_uri(uri).scheme
        self._uri, self._asked_fps = uri, fps
        self._process: subprocess.Popen[bytes] | None = None
        self._told_to_open = False
        self._memory = self._event = self._status = -1
        self._next_sequence = 0
        self._captured_s = 0.0  # of the newest frame, over restarts
        self._forget_last_run()

    def _forget_last_run(self) -> None:
        self._slots: SlotReader | None = None
        self._opening_s: float | None = None
        self._status_text = b""
        self._fps: float | None = None
        self._written_at_end: int | None = None
        self._seen = 0  # frames that the child had written when the last one was fetched
        self._error: CameraError | None = None
        self._first_sequence = self._next_sequence

    @classmethod
    @contextmanager
    def prepared(cls, uri: str, fps: float) -> Iterator[Self]:
        """Provide a camera process that is prepared but not started, and clean it up at the end."""
        camera = cls(uri, fps=fps)
        camera.prepare()
        try:
            yield camera
        finally:
            camera.stop()

    def prepare(self) -> None:
        """Start the process without opening the camera: its imports take as long as the opening.

        Returns at once. If the system refuses a process, memory or a descriptor, `error` reports
        this and no process is alive.
        """
        if self._process is not None:
            raise RuntimeError("the camera process was already started")
        self._forget_last_run()
        try:
            self._spawn()
        except OSError as error:
            self._close_descriptors()
            self._error = CameraError(
                CameraReason.PROCESS_ENDED,
                f"camera {redacted_uri(self._uri)}: its process cannot be started"
                f" ({error.strerror})",
            )

    def _spawn(self) -> None:
        self._memory = create_memory()
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._status, status_of_child = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        passed = (self._memory, self._event, status_of_child)
        try:
            self._process = subprocess.Popen(
                python_module(
                    "edge_fer.camera.child",
                    self._scheme,
                    repr(self._asked_fps),
                    *map(str, passed),
                ),
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # decoders chatter; what matters comes as a status
                pass_fds=passed,
                # Its own session: Ctrl-C at the terminal is for the parent, even while the child
                # has not yet come to ignore it.
                start_new_session=True,
            )
        finally:
            os.close(status_of_child)

    def start(self) -> None:
        """Let the process open the camera, and start it if necessary; returns at once."""
        if self._told_to_open:
            raise RuntimeError("the camera process was already started")
        if self._process is None:
            self.prepare()
        self._told_to_open = True
        if self._process is not None and self._process.stdin is not None:
            line = json.dumps(absolute_uri(self._uri)).encode() + b"\n"
            try:
                os.write(self._process.stdin.fileno(), line)  # fits into the pipe: nothing waits
            except BrokenPipeError:
                pass  # it has died already, and its status says of what
            except OSError as error:
                self._give_up(error)

    @property
    def opened(self) -> bool:
        """Whether the camera has given a frame since it was started."""
        self._read_status()
        return self._slots is not None

    @property
    def opening_s(self) -> float | None:
        """When the process began to open the camera, in monotonic seconds; None: not yet."""
        self._read_status()
        return self._opening_s

    @property
    def fps(self) -> float | None:
        """The camera's nominal frame rate; None until it is open."""
        self._read_status()
        return self._fps

    @property
    def ended(self) -> bool:
        """Whether a recording has played out and its last frame was fetched."""
        self._read_status()
        return self._written_at_end is not None and self._seen >= self._written_at_end

    @property
    def error(self) -> CameraError | None:
        """The reason why the camera did not open or stopped; None if there is no error."""
        self._read_status()
        return self._error

    @property
    def alive(self) -> bool:
        """Whether the process runs. It may still hang: then no frames come."""
        self._read_status()
        return self._process is not None and self._status >= 0 and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id, or None when it was not started."""
        return self._process.pid if self._process is not None else None

    @property
    def given(self) -> int:
        """Number of frames from the camera since this object was created, fetched or not."""
        return self._first_sequence + (self._slots.written if self._slots is not None else 0)

    def ask_for(self, most_fps: float | None) -> None:
        """Limit the frame rate to this value; None: no limit. Repeat it after a restart.

        A camera that can skip frames then saves the work for them; another camera gives them all.
        """
        if self._slots is not None:
            self._slots.ask_for(most_fps)

    def latest(self) -> Frame | None:
        """Return the newest frame if it was not returned before, else None; does not wait.

        The frame is a copy and stays valid. `sequence` and `captured_s` increase also over
        restarts; a frame that violates this is dropped. A refused system call ends the process.
        """
        try:
            return self._latest()
        except OSError as error:
            self._give_up(error)
            return None

    def _latest(self) -> Frame | None:
        if self._process is None:
            return None
        try:
            os.eventfd_read(self._event)
        except BlockingIOError:
            return None
        self._read_status()
        if self._slots is None:
            return None
        frame = self._slots.read()
        if frame is None:
            return None
        self._seen = frame.sequence + 1
        self._next_sequence = self._first_sequence + self._seen
        if not self._captured_s < frame.captured_s <= time.monotonic():
            # A clock that runs backwards, or ahead: such a frame would pass for a fresh one later.
            return None
        self._captured_s = frame.captured_s
        return Frame(frame.grey, frame.captured_s, self._next_sequence - 1)

    def wait(self, timeout_s: float) -> Frame | None:
        """Return the newest frame as soon as there is one not yet returned.

        None after the time-out, and at once if the camera has ended or failed.
        """
        if self._process is None:
            return None
        deadline_s = time.monotonic() + timeout_s
        while (frame := self.latest()) is None:
            self._read_status()
            remaining_s = deadline_s - time.monotonic()
            if remaining_s <= 0 or self._status < 0:
                return None
            poll = select.poll()
            poll.register(self._event, select.POLLIN)
            poll.register(self._status, select.POLLIN)
            try:
                poll.poll(remaining_s * 1e3)
            except OSError:  # no memory: look again soon
                time.sleep(min(remaining_s, _LOOK_AGAIN_S))
        return frame

    def restart(self) -> None:
        """Stop the process, by force if need be, and restart it."""
        self.stop(_RESTART_S)
        self.start()

    def stop(self, timeout_s: float = 0.5) -> None:
        """End the process; kill it after `timeout_s`. Nothing is left of it. May be repeated."""
        process, self._process = self._process, None
        self._told_to_open = False
        if process is not None:
            if process.stdin is not None:
                with contextlib.suppress(OSError):
                    process.stdin.close()  # this asks it to go
            try:
                process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
                # One stuck in the kernel dies when its driver lets go of it.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_KILL_S)
        # What nobody fetched any more is a gap in the numbers, as any other frame that was dropped.
        self._next_sequence = self._first_sequence = self.given
        self._slots = None
        self._close_descriptors()

    def _close_descriptors(self) -> None:
        for descriptor in (self._memory, self._event, self._status):
            if descriptor >= 0:
                _close(descriptor)
        self._memory = self._event = self._status = -1

    def __enter__(self) -> "CameraProcess":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _read_status(self) -> None:
        """Read the new status lines of the child."""
        if self._status < 0:
            return
        try:
            received = os.read(self._status, _STATUS_BYTES)
            if not received:
                self._child_is_gone()
                return
            *lines, self._status_text = (self._status_text + received).split(b"\n")
            if len(self._status_text) > _STATUS_BYTES:
                raise ValueError("its status has no end")
            for line in lines:
                self._take(json.loads(line))
        except BlockingIOError:
            return
        # What decodes a stream from a network may say anything: it ends the process, not this one.
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            self._give_up(error)

    def _take(self, message: dict[str, Any]) -> None:
        if "height" in message:
            self._slots = SlotReader(self._memory, (message["height"], message["width"]))
            self._fps = message["fps"]
        elif "opening" in message:
            self._opening_s = message["opening"]
        elif "ended" in message:
            self._written_at_end = message["ended"]
        elif "error" in message:
            self._error = CameraError(CameraReason(message["reason"]), message["error"])

    def _give_up(self, error: Exception) -> None:
        """Give up the process after a refused system call or an invalid status line."""
        if self._process is not None:
            self._process.kill()
        if self._status >= 0:
            _close(self._status)
            self._status = -1
        self._error = self._error or CameraError(
            CameraReason.PROCESS_ENDED,
            f"camera {redacted_uri(self._uri)}: its process cannot be used"
            f" ({getattr(error, 'strerror', None) or error})",
        )

    def _child_is_gone(self) -> None:
        _close(self._status)
        self._status = -1
        if self._process is None or self._error is not None or self._written_at_end is not None:
            return
        try:
            status = self._process.wait(1.0)  # the pipe closes a moment before the process is gone
        except subprocess.TimeoutExpired:
            status = 0
        how = f"({status})" if status >= 0 else f"by signal {-status} ({signal.strsignal(-status)})"
        text = f"camera {redacted_uri(self._uri)}: its process was ended {how}"
        self._error = CameraError(CameraReason.PROCESS_ENDED, text)


def _close(descriptor: int) -> None:
    """Close a descriptor; it is released even if the system reports a failure."""
    with contextlib.suppress(OSError):
        os.close(descriptor)
