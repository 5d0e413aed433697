"""A pseudo-terminal: programs open its path, the other side is read and written here."""

import os
import tty


class Terminal:
    """`path` is what programs open, `device` the other side; both open until `close`."""

    def __init__(self) -> None:
        # The port stays open here, so that a program that closes it does not hang up for good.
        self.device, self._port = os.openpty()
        tty.setraw(self._port)
        self.path = os.ttyname(self._port)

    def close(self) -> None:
        """Unplug it."""
        os.close(self._port)
        os.close(self.device)
