"""Resources that the machine refuses the vision loop: it continues, logs this and retries."""

import logging

import cv2

_NO_MEMORY = -4  # cv2.Error.StsNoMem
_log = logging.getLogger(__name__)

REFUSALS = (OSError, MemoryError, cv2.error)


def is_refusal(error: BaseException) -> bool:
    """Return whether a resource is refused: memory, a descriptor, a process or a device.

    Every other error is a bug, from which a new process recovers better.
    """
    if isinstance(error, cv2.error):
        return error.code == _NO_MEMORY
    return isinstance(error, OSError | MemoryError)


class LackLog:
    """Logs the beginning and the end of a refusal once each."""

    def __init__(self) -> None:
        self._lasts = False

    def note(self, error: BaseException) -> None:
        """Record an iteration of the loop that was aborted by `error`."""
        if not self._lasts:
            self._lasts = True
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            _log.error("the machine refuses something (%s): no picture is judged", why)

    def over(self) -> None:
        """Record a successful iteration."""
        if self._lasts:
            self._lasts = False
            _log.info("the machine gives what was refused: pictures are judged again")
