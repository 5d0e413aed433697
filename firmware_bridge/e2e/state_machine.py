"""The AUTOSAR E2E state machine: from the verdicts on single frames to trust in their sender.

E2E Protocol Specification, R22-11, chapter "Specification of E2E state machine". It counts, in a
window of the latest checks, those that found a good frame and those that found a damaged one.
Repeated frames, frames out of sequence and missing ones are neither. Pure.
"""

from dataclasses import dataclass, fields
from enum import StrEnum

MAX_WINDOW = 16


class ReceiverState(StrEnum):
    """Whether the receiver trusts the sender, by the names of the specification."""

    NODATA = "nodata"
    INIT = "init"  # good so far, not yet enough
    VALID = "valid"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class StateMachineSettings:
    """Window sizes, at least so many good and at most so many damaged frames in them.

    The defaults are made for cyclic messages of which two frames in a row may be lost. Two good
    frames begin, three in a row without a fault begin again; a quarter of the frames may be
    damaged, and half of them may be out of sequence.
    """

    window_size_init: int = 4
    min_ok_state_init: int = 2
    max_error_state_init: int = 1
    window_size_valid: int = 4
    min_ok_state_valid: int = 2
    max_error_state_valid: int = 1
    window_size_invalid: int = 3
    min_ok_state_invalid: int = 3
    max_error_state_invalid: int = 0

    def __post_init__(self) -> None:
        """ValueError for what can never be reached, or holds more than the window."""
        for field in fields(self):
            value = getattr(self, field.name)
            kind, _, state = field.name.rpartition("_")
            size = getattr(self, f"window_size_{state}")
            lowest, highest = 0, size
            if kind == "window_size":
                lowest, highest = 1, MAX_WINDOW
            elif kind == "min_ok_state":
                lowest = 1
            if not lowest <= value <= highest:
                raise ValueError(f"{field.name}: {value} is not in {lowest}..{highest}")
        if self.min_ok_state_valid > min(self.min_ok_state_init, self.min_ok_state_invalid):
            raise ValueError(
                f"min_ok_state_valid: {self.min_ok_state_valid} is more than makes it valid"
            )


DEFAULT_SETTINGS = StateMachineSettings()


class StateMachine:
    """The state of one message."""

    def __init__(self, settings: StateMachineSettings = DEFAULT_SETTINGS) -> None:
        self._settings = settings
        self._good = 0  # a bit for each check, the latest is the lowest
        self._damaged = 0
        self.state = ReceiverState.NODATA

    def add(self, *, good: bool = False, damaged: bool = False) -> None:
        """Take the result of one check over."""
        self._good = (self._good << 1 | good) % (1 << MAX_WINDOW)
        self._damaged = (self._damaged << 1 | damaged) % (1 << MAX_WINDOW)
        settings = self._settings
        match self.state:
            case ReceiverState.NODATA:
                if good:
                    self.state = ReceiverState.INIT
                    self._leave_init()
                else:
                    self._clear()
            case ReceiverState.INIT:
                self._leave_init()
            case ReceiverState.VALID:
                if not self._suffices(
                    settings.window_size_valid,
                    settings.min_ok_state_valid,
                    settings.max_error_state_valid,
                ):
                    self.invalidate()
            case ReceiverState.INVALID:
                if self._suffices(
                    settings.window_size_invalid,
                    settings.min_ok_state_invalid,
                    settings.max_error_state_invalid,
                ):
                    self.state = ReceiverState.VALID

    def _leave_init(self) -> None:
        settings = self._settings
        damaged = self._count(self._damaged, settings.window_size_init)
        if damaged > settings.max_error_state_init:
            self.invalidate()
        elif self._count(self._good, settings.window_size_init) >= settings.min_ok_state_init:
            self.state = ReceiverState.VALID

    def invalidate(self) -> None:
        """Trust the sender no more, and forget what led to it (ClearToInvalid)."""
        if self.state is not ReceiverState.NODATA:
            self.state = ReceiverState.INVALID
            self._clear()

    def _clear(self) -> None:
        self._good = self._damaged = 0

    def _suffices(self, size: int, min_ok: int, max_error: int) -> bool:
        return (
            self._count(self._good, size) >= min_ok
            and self._count(self._damaged, size) <= max_error
        )

    @staticmethod
    def _count(bits: int, size: int) -> int:
        return (bits & ((1 << size) - 1)).bit_count()
