"""Sends the daemon's status to systemd: sd_notify(3) over the socket in $NOTIFY_SOCKET."""

import contextlib
import socket


class Notifier:
    """Sends `READY=1` and similar to the socket `address`; without an address it does nothing."""

    def __init__(self, address: str | None) -> None:
        # A leading @ stands for the zero byte of the abstract namespace.
        abstract = address is not None and address.startswith("@")
        self._address = f"\0{address[1:]}" if address is not None and abstract else address
        # Opened once: a process that gets no more descriptors must still be able to feed the
        # watchdog.
        self._socket: socket.socket | None = None
        self._open()

    def send(self, *assignments: str) -> None:
        """Send assignments such as `READY=1` or `STATUS=attentive, 30 fps`; never raises."""
        if self._socket is None:
            self._open()
        if not self._address or self._socket is None:
            return
        # A service manager that does not listen must not stop the daemon; if it waits for the
        # watchdog it will say so itself.
        with contextlib.suppress(OSError):
            self._socket.sendto("\n".join(assignments).encode(), self._address)

    def __del__(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _open(self) -> None:
        if self._address:
            with contextlib.suppress(OSError):
                kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
                self._socket = socket.socket(socket.AF_UNIX, kind)
