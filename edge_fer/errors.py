"""The errors that a user can put right: a small tree under `UserError`, each with a typed reason.

The text is for people and may change at any time; programs look at the class and at `reason`.
Errors of the link to the vehicle are `firmware_bridge.errors.LinkError`.
"""

from enum import StrEnum
from typing import Generic, TypeVar


class UserError(Exception):
    """Something the user can put right.

    The text is one line that names the thing, the value and the remedy. The command line prints it
    without a traceback and ends with exit code 2.
    """


Reason = TypeVar("Reason", bound=StrEnum)


class ReasonedError(UserError, Generic[Reason]):
    """A `UserError` whose `reason` programs may branch on."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(reason, text)  # both, so that it can be pickled
        self.reason = reason
        self.text = text

    def __str__(self) -> str:
        return self.text


class UsageReason(StrEnum):
    """Why a command line, or an argument of a function, is refused."""

    BAD_VALUE = "bad value"  # out of range, or none of the known names
    CONTRADICTION = "contradiction"  # options that exclude or need each other
    NOT_FOUND = "not found"  # a file or folder that an option names


class UsageError(ReasonedError[UsageReason]):
    """An option or argument is wrong."""


class ConfigReason(StrEnum):
    """Why a config is refused."""

    UNREADABLE = "unreadable"
    NOT_TOML = "not TOML"
    UNKNOWN_KEY = "unknown key"
    BAD_VALUE = "bad value"


class ConfigError(ReasonedError[ConfigReason]):
    """The config file, or a variable of the environment that overrules it, is wrong."""


class CameraReason(StrEnum):
    """Why a camera gives no frames."""

    BAD_URI = "bad URI"
    NOT_FOUND = "not found"  # no such device, file or folder
    NO_PERMISSION = "no permission"
    MISSING_PACKAGE = "missing package"  # what this kind of camera needs is not installed
    DOES_NOT_OPEN = "does not open"
    NO_FRAMES = "no frames"  # it opened, and then gave none or stopped
    PROCESS_ENDED = "process ended"
    FAILED = "failed"  # an error inside its driver


class CameraError(ReasonedError[CameraReason]):
    """A camera cannot be used."""


class ModelReason(StrEnum):
    """Why a model is refused."""

    UNREADABLE = "unreadable"
    NOT_A_MODEL = "not a model"  # the bytes are not such a file, or damaged
    BAD_CARD = "bad card"  # missing, damaged, or of another version
    CARD_MISMATCH = "card mismatch"  # the card describes another file
    WRONG_KIND = "wrong kind"  # a network for something else
    UNSUPPORTED = "unsupported"  # shapes, types or operators that are not those of this project
    NO_RUNTIME = "no runtime"
    FAILED_CHECK = "failed check"  # this device does not compute what the card says
    CHECK_DIED = "check died"  # the process that ran it ended, or did not end in time
    NOT_SIGNED = "not signed"  # no valid signature by the trusted key
    OUTDATED = "outdated"  # an older release than this device accepts
    NONE_USABLE = "none usable"  # each candidate was refused
    STORE = "store"  # the folder of installed models is locked or cannot be written
    NO_DOWNLOAD = "no download"


class ModelError(ReasonedError[ModelReason]):
    """A network, its card or its signature is refused."""


class DataReason(StrEnum):
    """Why data is refused."""

    NOT_FOUND = "not found"
    UNREADABLE = "unreadable"
    BAD_FORMAT = "bad format"
    BAD_ROW = "bad row"
    EMPTY = "empty"  # no rows, or none of a class or usage that is needed
    MISMATCH = "mismatch"  # it does not belong to the other data, or to this run


class DataError(ReasonedError[DataReason]):
    """FER2013, votes, patches, clips or the files of a training are not what they should be."""


class ClipReason(StrEnum):
    """Why a recorded clip cannot be opened."""

    UNREADABLE = "unreadable"
    NOT_A_CLIP = "not a clip"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    SEALED = "sealed"  # a private key is needed
    OTHER_KEY = "other key"
    NOT_SEALED = "not sealed"  # and a private key was given: anyone can have written it
    NOT_SIGNED = "not signed"  # by the device that was named: anyone can have written it
    NONE = "none"  # nothing was recorded, or no clip has this number


class ClipError(ReasonedError[ClipReason]):
    """A recorded clip cannot be opened."""


class KeyReason(StrEnum):
    """Why a cryptographic key is refused."""

    UNREADABLE = "unreadable"
    NOT_A_KEY = "not a key"  # or one of another kind


class KeyFileError(ReasonedError[KeyReason]):
    """A key, or the file that holds it, cannot be used."""


class DaemonReason(StrEnum):
    """Why the status of a daemon is not known."""

    NOT_RUNNING = "not running"
    NO_PERMISSION = "no permission"
    NO_ANSWER = "no answer"
    NOT_A_DAEMON = "not a daemon"  # something else answers
    UNKNOWN_VERSION = "unknown version"  # its status has another format
    ENDED = "ended"  # one that this program started


class DaemonError(ReasonedError[DaemonReason]):
    """There is no daemon, or none that answers."""


class OutputReason(StrEnum):
    """Why a result cannot be written."""

    NO_FOLDER = "no folder"
    BAD_NAME = "bad name"  # the ending names no format
    EXISTS = "exists"
    NOT_WRITABLE = "not writable"


class OutputError(ReasonedError[OutputReason]):
    """A result cannot be written where the user wants it."""


class Extra(StrEnum):
    """The extras of the package: `pip install 'edge-fer[NAME]'`."""

    WORKSTATION = "workstation"
    SIGNING = "signing"
    RECORDING = "recording"
    PLOT = "plot"
    DISTRIBUTED = "distributed"
    PREVIEW = "preview"


class MissingPackageError(ReasonedError[Extra]):
    """An extra of this package is not installed; `reason` is its name."""


class ResultReason(StrEnum):
    """Why a network is not shipped although it could be made."""

    ACCURACY_LOST = "accuracy lost"
    ANSWERS_DIFFER = "answers differ"
    NOT_CONVERTIBLE = "not convertible"


class ConversionError(ReasonedError[ResultReason]):
    """The int8 file cannot be made, or is not as good as its float network."""
