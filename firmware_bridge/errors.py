"""What can go wrong between here and the vehicle controller."""


class BridgeError(Exception):
    """Something the user can put right.

    The text is one line that names the thing, the value and the remedy. The command line prints it
    without a traceback and ends with exit code 2.
    """


class TransportError(BridgeError):
    """The port or bus does not open, or is gone; opening it again may help."""


class SendTimeoutError(TransportError):
    """The other side did not take a frame in time: that frame is lost, the port is still there."""


class EndOfStream(TransportError):  # noqa: N818 - no error: it is how a recording ends
    """There will be no more frames, and opening again does not bring any.

    `damage` says why it is too early, where it is: the rest of a recording cannot be read.
    """

    def __init__(self, text: str, damage: str | None = None) -> None:
        super().__init__(text)
        self.damage = damage
