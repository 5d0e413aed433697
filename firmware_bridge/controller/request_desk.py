"""The requests that came for the driver: shown at once, and answered or not. Pure."""

from dataclasses import dataclass, replace

from firmware_bridge.controller.vehicle import NO_ANSWER
from firmware_bridge.protocol.database import definition, value_code
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverRequestMessage,
)

DID_NOT_ANSWER = value_code(ControllerStatusMessage.NAME, "Answer", "did not answer")
_NO_REQUEST = value_code(DriverRequestMessage.NAME, "Type", "none")
# A driver needs so long to read a question and press a button (project's choice).
ANSWER_AFTER_S = 1.0
# A request is repeated each second until it is acknowledged. Its id in a frame that comes so many
# cycles after the last one is another question: the sender began anew with its ids.
_NEW_AFTER_CYCLES = 3.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A request on the driver's display. `until_s` None: it does not lapse."""

    request: DriverRequestMessage
    shown_s: float
    heard_s: float  # its latest frame
    until_s: float | None
    answer: int = NO_ANSWER

    @property
    def is_open(self) -> bool:
        """Whether the driver may still answer."""
        return self.answer == NO_ANSWER


class RequestDesk:
    """Shows the newest request. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.shown: Shown | None = None
        self._new_after_s = _NEW_AFTER_CYCLES * (definition("DriverRequest").cycle_s or 1.0)

    def take(self, request: DriverRequestMessage, now_s: float) -> bool:
        """Take a trusted frame; return whether it is a new request."""
        if request.request_id is None or request.kind in (None, _NO_REQUEST):
            return False
        known = self.shown
        if (
            known is not None
            and known.request.request_id == request.request_id
            and now_s - known.heard_s < self._new_after_s
        ):
            self.shown = replace(known, heard_s=now_s)
            return False
        until_s = None if request.valid_for_s is None else now_s + request.valid_for_s
        self.shown = Shown(request, now_s, now_s, until_s)
        return True

    def answer(self, code: int) -> bool:
        """Let the driver answer; return whether there was something to be answered."""
        shown = self.shown
        if shown is None or not shown.is_open:
            return False
        self.shown = replace(shown, answer=code)
        return True

    def pass_time(self, now_s: float, usual_answer: int) -> bool:
        """Give the usual answer when its time has come; return whether one was given just now."""
        shown = self.shown
        if shown is None or not shown.is_open:
            return False
        if shown.until_s is not None and now_s >= shown.until_s:
            return self.answer(DID_NOT_ANSWER)
        if usual_answer != NO_ANSWER and now_s >= shown.shown_s + ANSWER_AFTER_S:
            return self.answer(usual_answer)
        return False
