"""Tells systemd how the daemon is: sd_notify(3) over the datagram socket that it names."""

import socket


class Notifier:
    """Sends `READY=1` and the like to the socket `address` ($NOTIFY_SOCKET); nothing without it."""

    def __init__(self, address: str | None) -> None:
        self._address = address

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
