"""The requests to the driver, and the effect of an answer or of none."""

from dataclasses import dataclass, replace

from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import (
    DriverState,
    Reason,
    Request,
    RequestKind,
    RequestSeverity,
)
from edge_fer.observation import Answer, Vehicle

LAST_REQUEST_ID = 254
# "All right" of somebody who is asleep holds for so long, and once: anybody on the bus can say it.
# As long as the driver has for an answer.
ALL_RIGHT_HOLDS_S = 8.0

REQUESTS = {
    DriverState.UNCERTAIN: (RequestKind.ARE_YOU_ALL_RIGHT, RequestSeverity.ADVICE),
    DriverState.DROWSY: (RequestKind.TAKE_A_BREAK, RequestSeverity.ADVICE),
    DriverState.DISTRACTED: (RequestKind.LOOK_AT_THE_ROAD, RequestSeverity.WARNING),
    DriverState.MICROSLEEP: (RequestKind.TAKE_A_BREAK, RequestSeverity.WARNING),
    DriverState.ASLEEP: (RequestKind.ARE_YOU_ALL_RIGHT, RequestSeverity.URGENT),
    DriverState.UNRESPONSIVE: (RequestKind.ARE_YOU_ALL_RIGHT, RequestSeverity.URGENT),
}


@dataclass(frozen=True, slots=True)
class Asking:
    """The active request, and what remains of earlier ones.

    `request_id` is the id of the latest request (0: none yet). `ids` are the requests of the
    present matter to which an answer counts; `answer` is the received answer, and `raised` whether
    the severity was already raised. Until `quiet_until_s` (monotonic) the state is not *uncertain*;
    `asked_s` is when it last became so. `urgent` is whether the matter has become urgent, and
    `all_right_s` when the driver nevertheless answered that all is right.
    """

    request: Request | None = None
    request_id: int = 0
    ids: tuple[int, ...] = ()
    answer: Answer | None = None
    raised: bool = False
    quiet_until_s: float | None = None
    asked_s: float | None = None
    urgent: bool = False
    all_right_s: float | None = None

    def quiet(self, time_s: float) -> bool:
        """Whether the driver recently answered that all is right."""
        return self.quiet_until_s is not None and time_s < self.quiet_until_s

    def asked_of_late(self, time_s: float, settings: PolicySettings) -> bool:
        """Whether the last *uncertain* is too recent for another one."""
        return self.asked_s is not None and time_s - self.asked_s < settings.question_every_s

    def asks_again_s(self, settings: PolicySettings) -> float:
        """Return the monotonic time before which nobody is called uncertain anew; 0: never yet."""
        asked_s = None if self.asked_s is None else self.asked_s + settings.question_every_s
        return max(asked_s or 0.0, self.quiet_until_s or 0.0)


NOTHING_ASKED = Asking()


def hear(before: Asking, vehicle: Vehicle, time_s: float, settings: PolicySettings) -> Asking:
    """Apply the vehicle's message; an answer counts once, for its own request."""
    if vehicle.answered_id not in before.ids or before.answer is not None:
        return before
    if vehicle.answer in (None, Answer.NONE):
        return before
    heard = replace(before, answer=vehicle.answer)
    if vehicle.answer is Answer.ALL_RIGHT:
        heard = replace(heard, quiet_until_s=time_s + settings.quiet_after_answer_s)
    return heard


def ask(
    heard: Asking,
    state: DriverState,
    *,
    changed: bool,
    reason: Reason,
    vehicle: Vehicle,
    time_s: float,
    settings: PolicySettings,
) -> Asking:
    """Return the active request in `state`: a new one when the state is entered, else none."""
    if changed and state is DriverState.UNCERTAIN:
        heard = replace(heard, asked_s=time_s)
    speed = vehicle.speed_km_h
    stands = speed is not None and speed < settings.request_min_speed_km_h
    # What is urgent already is not silenced by a speed: whoever sleeps may be rolling to a stop,
    # and a speed is as easily forged as an answer.
    silenced = stands and state is not DriverState.UNCERTAIN and not heard.urgent
    if state not in REQUESTS or silenced:
        return _nothing_asked(heard)
    kind, severity = REQUESTS[state]
    if changed or not heard.ids:
        asked = _new(heard, kind, severity, reason, vehicle, time_s, settings)
        if severity is not RequestSeverity.URGENT:
            return replace(asked, urgent=False, all_right_s=None)
        return replace(asked, urgent=True)
    if heard.urgent and heard.answer is Answer.ALL_RIGHT:
        heard = _believed_for_a_while(heard, time_s)
        if heard.request is None and heard.answer is None:
            asked = _new(heard, kind, RequestSeverity.URGENT, reason, vehicle, time_s, settings)
            return replace(asked, raised=True)
    if heard.request is None or heard.answer is Answer.ALL_RIGHT:
        return replace(heard, request=None)
    followed = _follow_up(heard, heard.request, vehicle, time_s, settings)
    urgent_now = (
        followed.request is not None and followed.request.severity is RequestSeverity.URGENT
    )
    return replace(followed, urgent=heard.urgent or urgent_now)


def _nothing_asked(heard: Asking) -> Asking:
    """Return what stays known where nothing is asked: the same object in most frames."""
    stands = heard.request, heard.ids, heard.answer, heard.raised, heard.urgent, heard.all_right_s
    if stands == (None, (), None, False, False, None):
        return heard
    return replace(
        heard, request=None, ids=(), answer=None, raised=False, urgent=False, all_right_s=None
    )


def _believed_for_a_while(heard: Asking, time_s: float) -> Asking:
    """Withdraw the request for a while, and then forget the answer: the evidence went on."""
    since_s = time_s if heard.all_right_s is None else heard.all_right_s
    if time_s - since_s < ALL_RIGHT_HOLDS_S:
        return replace(heard, request=None, all_right_s=since_s)
    return replace(heard, answer=None)


def _follow_up(
    heard: Asking, standing: Request, vehicle: Vehicle, time_s: float, settings: PolicySettings
) -> Asking:
    """Return what follows a request that was answered with a no, or not at all."""
    more = RequestSeverity(min(standing.severity + 1, RequestSeverity.URGENT))
    if heard.answer is Answer.NOT_ALL_RIGHT:
        kind, reason = RequestKind.TAKE_A_BREAK, Reason.ANSWERED_NOT_ALL_RIGHT
        return replace(
            _new(heard, kind, more, reason, vehicle, time_s, settings),
            raised=True,
        )
    refused = heard.answer is Answer.DID_NOT_ANSWER
    if not refused and time_s - standing.raised_s < standing.valid_for_s:
        return heard
    # What is urgent is asked again for as long as its state holds.
    if heard.raised and standing.severity is not RequestSeverity.URGENT:
        return replace(heard, request=None)
    again = _new(heard, standing.kind, more, Reason.DID_NOT_ANSWER, vehicle, time_s, settings)
    # An answer to the request before is late, but an answer.
    ids = again.ids if refused else (standing.request_id, *again.ids)
    return replace(again, raised=True, ids=ids)


def _new(
    heard: Asking,
    kind: RequestKind,
    severity: RequestSeverity,
    reason: Reason,
    vehicle: Vehicle,
    time_s: float,
    settings: PolicySettings,
) -> Asking:
    request_id = heard.request_id % LAST_REQUEST_ID + 1
    # Not the one that the vehicle still answers, from before our restart.
    if request_id == vehicle.answered_id:
        request_id = request_id % LAST_REQUEST_ID + 1
    return replace(
        heard,
        request=Request(request_id, kind, severity, reason, time_s, settings.request_valid_s),
        request_id=request_id,
        ids=(request_id,),
        answer=None,
        raised=False,
    )
