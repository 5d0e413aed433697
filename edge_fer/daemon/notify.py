"""Tell systemd how the daemon is: sd_notify(3) over the datagram socket that it names."""

import os
import socket


class Notifier:
    """Sends `READY=1` and the like; does nothing where no service manager listens."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address if address is not None else os.environ.get("NOTIFY_SOCKET")

    @property
    def is_heard(self) -> bool:
        """Whether a service manager started this process and wants to hear of it."""
        return bool(self._address)

    def send(self, *assignments: str) -> None:
        """Send assignments such as `READY=1` or `STATUS=attentive, 30 fps`; never raises."""
        if not self._address:
            return
        # A leading @ stands for the zero byte of the abstract namespace.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
                sender.sendto("\n".join(assignments).encode(), address)
        except OSError:
            # A service manager that does not listen must not stop the daemon; if it waits for the
            # watchdog it will say so itself.
            return
