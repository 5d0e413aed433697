"""Lets `close` in one thread end what others wait for in the same transport."""

import contextlib
import os
import select
import threading
import time

from firmware_bridge.errors import LinkReason, TransportError

_LOOK_AGAIN_S = 0.005


class Gate:
    """Where a transport waits, and who may touch its descriptors.

    Hold `sending` or `receiving` while sending or receiving, and both to give the descriptors back
    after `shut`: a number that is closed under a thread that waits on it may by then be another
    file.
    """

    def __init__(self, name: str, *, readable: int | None = None, writable: int | None = None):
        self.name = name
        self.sending = threading.Lock()
        self.receiving = threading.Lock()
        self._shutting = threading.Lock()
        self._is_shut = False
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._readable = _poll(self._wake, readable, select.POLLIN)
        self._writable = _poll(self._wake, writable, select.POLLOUT)

    def check(self) -> None:
        """TransportError if the transport was closed."""
        if self._is_shut:
            raise TransportError(LinkReason.CLOSED, f"link: {self.name} was closed")

    def wait_readable(self, timeout_s: float) -> bool:
        """Return whether something arrived (or the port hung up) in time; see `check`."""
        return self._wait(self._readable, timeout_s)

    def wait_writable(self, timeout_s: float) -> bool:
        """Return whether something can be written in time; see `check`."""
        return self._wait(self._writable, timeout_s)

    def _wait(self, waiting: select.poll, timeout_s: float) -> bool:
        try:
            ready = waiting.poll(max(0.0, timeout_s) * 1000)
        except OSError:  # no memory for it: the caller comes back
            time.sleep(min(max(0.0, timeout_s), _LOOK_AGAIN_S))
            ready = []
        self.check()
        return bool(ready)

    def shut(self) -> bool:
        """End all waiting, now and later; return whether this is the first time."""
        with self._shutting:
            if self._is_shut:
                return False
            self._is_shut = True
        with contextlib.suppress(OSError):  # whoever waits sees it when the time is up
            os.eventfd_write(self._wake, 1)  # never read: it wakes whoever waits, for good
        return True

    def release(self) -> None:
        """Give back what the gate itself holds; nobody waits any more."""
        with contextlib.suppress(OSError):
            os.close(self._wake)


def _poll(wake: int, descriptor: int | None, event: int) -> select.poll:
    waiting = select.poll()
    waiting.register(wake, select.POLLIN)
    if descriptor is not None:
        waiting.register(descriptor, event)
    return waiting
