"""The interface of a camera: one frame after the other, at the camera's own rate."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture for the pipeline.

    `grey` is uint8[h,w]; `captured_s` the monotonic time at which the camera handed it over;
    `sequence` counts the camera's frames from 0, so that a gap is the number of frames dropped.
    """

    grey: NDArray[np.uint8]
    captured_s: float
    sequence: int


class Camera(Protocol):
    """A source of grey frames that all have one size. One file in this folder is one backend."""

    @property
    def fps(self) -> float:
        """The camera's nominal frame rate, in frames per second."""
        ...

    def read(self) -> NDArray[np.uint8] | None:
        """Return the next frame, uint8[h,w], at the camera's pace; None when it has played out.

        UserError when the camera fails. May block for ever if a driver hangs: call it in a process
        that can be killed.
        """
        ...

    def close(self) -> None:
        """Release the device or file."""
        ...


@runtime_checkable
class SkippingCamera(Protocol):
    """A camera that can skip the decoding of a picture."""

    def skip(self) -> None:
        """Take the next frame as `Camera.read` does, without decoding it."""
        ...


class Pace:
    """Lets frames through at a fixed rate, as a live camera would."""

    def __init__(
        self,
        fps: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._period_s = 1.0 / fps
        self._clock = clock
        self._sleep = sleep
        self._due_s: float | None = None
        self._last_due_s: float | None = None

    def wait(self) -> None:
        """Sleep until the next frame is due."""
        now_s = self._clock()
        if self._due_s is None or now_s - self._due_s > self._period_s:
            # Too late for this frame: go on from here. A camera does not hurry to catch up either.
            self._due_s = now_s
        elif now_s < self._due_s:
            self._sleep(self._due_s - now_s)
        self._due_s += self._period_s

    def wait_since_last(self, since_last_s: float) -> None:
        """Sleep until `since_last_s` after the previous frame was due: for time-stamped frames."""
        now_s = self._clock()
        if self._last_due_s is None or now_s - self._last_due_s > 2 * since_last_s:
            self._last_due_s = now_s
            return
        self._last_due_s += since_last_s
        if now_s < self._last_due_s:
            self._sleep(self._last_due_s - now_s)
