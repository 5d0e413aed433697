"""A pseudo-terminal: programs open its path, the other side is read and written here."""

import os
import tty


class Terminal:
    """`path` is what programs open, `device` the other side; both open until `close`.

    `port` is what opening `path` gives: for who writes as a program would.
    """

    def __init__(self) -> None:
        # The port stays open here, so that a program that closes it does not hang up for good.
        self.device, self.port = os.openpty()
        tty.setraw(self.port)
        self.path = os.ttyname(self.port)

    def close(self) -> None:
        """Unplug it."""
        os.close(self.port)
        os.close(self.device)
