"""The errors that a user can put right: a small tree under `BridgeError`, each with a reason.

The text is for people and may change at any time; programs look at the class and at `reason`.
"""

from enum import StrEnum
from typing import Generic, TypeVar


class BridgeError(Exception):
    """Something the user can put right.

    The text is one line that names the thing, the value and the remedy. The command line prints it
    without a traceback and ends with exit code 2.
    """


Reason = TypeVar("Reason", bound=StrEnum)


class ReasonedError(BridgeError, Generic[Reason]):
    """A `BridgeError` whose `reason` programs may branch on."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(reason, text)  # both, so that it can be pickled
        self.reason = reason
        self.text = text

    def __str__(self) -> str:
        return self.text


class LinkReason(StrEnum):
    """Why a link does not carry frames."""

    BAD_ADDRESS = "bad address"  # an unknown scheme or option, or no port
    MISSING_PACKAGE = "missing package"
    NOT_FOUND = "not found"  # no such port or interface
    BUSY = "busy"  # another program has it open
    NO_PERMISSION = "no permission"
    DOES_NOT_OPEN = "does not open"
    GONE = "gone"  # it was open: unplugged, hung up or taken down
    CLOSED = "closed"  # by this program
    NOT_TAKEN = "not taken"  # the other side did not take a frame in time
    END = "end"  # of a recording or of a stream
    FAILED = "failed"  # an error inside its driver


class LinkError(ReasonedError[LinkReason]):
    """A link to the vehicle controller cannot be used as it was asked for."""


class TransportError(LinkError):
    """The port or bus does not open, or is gone; opening it again may help."""


class SendTimeoutError(TransportError):
    """The other side did not take a frame in time: that frame is lost, the port is still there."""

    def __init__(self, text: str) -> None:
        super().__init__(LinkReason.NOT_TAKEN, text)
        self.args = (text,)


class EndOfStream(TransportError):  # noqa: N818 - no error: it is how a recording ends
    """There will be no more frames, and opening again does not bring any.

    `damage` says why it is too early, where it is: the rest of a recording cannot be read.
    """

    def __init__(self, text: str, damage: str | None = None) -> None:
        super().__init__(LinkReason.END, text)
        self.args = (text, damage)
        self.damage = damage


class LogReason(StrEnum):
    """Why a frame log cannot be used."""

    UNKNOWN_KIND = "unknown kind"  # the ending of its name
    BAD_NAME = "bad name"  # a URI that names no file
    UNREADABLE = "unreadable"
    BAD_FORMAT = "bad format"  # it holds no frames, or is of another kind
    EXISTS = "exists"
    NOT_WRITABLE = "not writable"


class LogError(ReasonedError[LogReason]):
    """A frame log cannot be read or written."""


class InputReason(StrEnum):
    """Why a value that a user gave is refused."""

    UNKNOWN_NAME = "unknown name"
    BAD_VALUE = "bad value"
    BAD_FORMAT = "bad format"  # not NAME=VALUE, not a time
    UNREADABLE = "unreadable"


class InputError(ReasonedError[InputReason]):
    """A value, a script or a fault of the simulated vehicle is refused."""


class OutputReason(StrEnum):
    """Why a picture or plot cannot be written."""

    NO_FOLDER = "no folder"
    BAD_NAME = "bad name"  # the ending names no format
    NOT_WRITABLE = "not writable"
    MISSING_PACKAGE = "missing package"
    NOTHING_RECEIVED = "nothing received"


class OutputError(ReasonedError[OutputReason]):
    """A picture or plot cannot be written."""


class MeasurementReason(StrEnum):
    """Why a benchmark of the link has no result."""

    FRAME_MISSING = "frame missing"


class MeasurementError(ReasonedError[MeasurementReason]):
    """A benchmark of the link did not receive what it measures."""
