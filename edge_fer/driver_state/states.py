"""The driver states, the reasons of their changes, and the requests to the driver."""

from dataclasses import dataclass
from enum import IntEnum


class DriverState(IntEnum):
    """The state of the driver; the values are the codes on the wire.

    There is no state for drunk or drugged drivers: no camera of this kind and no emotion network
    can detect them. ATTENTIVE is reported only if head and eyes were judged recently. UNSEEN means
    that the driver is present but cannot be judged: neither attentive nor an alarm. NOT_AVAILABLE
    is sent by the link when decisions stop; the policy never decides it.
    """

    NOT_READY = 0
    ATTENTIVE = 1
    DISTRACTED = 2
    DROWSY = 3
    MICROSLEEP = 4
    ASLEEP = 5
    UNRESPONSIVE = 6
    AGITATED = 7
    ANXIOUS = 8
    LOW = 9
    UNCERTAIN = 10
    NO_DRIVER = 11
    CAMERA_DEGRADED = 12
    UNSEEN = 13
    NOT_AVAILABLE = 15

    @property
    def label(self) -> str:
        """The name in plain words, as the wire's definition spells it: "no driver"."""
        return self.name.lower().replace("_", " ")


class Reason(IntEnum):
    """Why a state was entered; fits 8 bit.

    The tens group them: 0 the system, 1x the camera (10 + its condition), 2x presence, 3x emotion
    found, 4x emotion over, 5x eyelids, 6x head and gaze, 7x eyelids and head over, 8x answers.
    Codes are never given a second meaning.
    """

    STARTED = 0
    ENOUGH_EVIDENCE = 1
    NO_USABLE_FACE = 2
    CLOCK_RAN_BACKWARDS = 3

    CAMERA_RECOVERED = 10
    CAMERA_BLOCKED = 11
    CAMERA_DARK = 12
    CAMERA_OVEREXPOSED = 13
    CAMERA_FROZEN = 14
    CAMERA_LOST = 15
    CAMERA_NOT_STARTED = 16

    NO_FACE = 20
    FACE_RETURNED = 21
    SEAT_LOOKS_EMPTY = 22
    FACE_LOST = 23
    HEAD_AND_EYES_UNSEEN = 24
    EYES_UNSEEN = 25
    HEAD_UNSEEN = 26
    JUDGED_AGAIN = 27

    ANGER_OR_DISGUST = 30
    FEAR = 31
    SADNESS = 32
    LOW_CONFIDENCE = 33  # no longer given: the confidence is shown, and nobody is asked about it
    EMOTIONS_CONTRADICT = 34
    UNSEEN_FOR_LONG = 35

    ANGER_OR_DISGUST_OVER = 40
    FEAR_OVER = 41
    SADNESS_OVER = 42
    CONFIDENT_AGAIN = 43  # no longer given
    EMOTIONS_AGREE = 44

    EYES_OFTEN_CLOSED = 50
    EYES_CLOSED = 51
    EYES_STAYED_CLOSED = 52
    EYES_CLOSED_FOR_LONG = 53
    LIDS_AND_YAWNS = 54

    LONG_LOOK_AWAY = 60
    MANY_LOOKS_AWAY = 61
    NO_LOOK_BACK = 62
    LONG_LOOK_DOWN = 63
    LONG_LOOK_OF_THE_EYES = 64
    HEAD_TURNED_OUT_OF_SIGHT = 65

    EYES_SELDOM_CLOSED = 70
    EYES_OPEN_AGAIN = 71
    LOOKS_AT_THE_ROAD = 72
    EYES_NO_LONGER_SEEN = 73
    HEAD_NO_LONGER_SEEN = 74
    VEHICLE_IS_SLOW = 75
    ANOTHER_DRIVER = 76

    ANSWERED_ALL_RIGHT = 80
    ANSWERED_NOT_ALL_RIGHT = 81
    DID_NOT_ANSWER = 82

    @property
    def label(self) -> str:
        """The name in plain words, as the wire's definition spells it: "eyes closed"."""
        return self.name.lower().replace("_", " ")


class RequestKind(IntEnum):
    """The kind of a request to the driver; the values are the codes on the wire."""

    ARE_YOU_ALL_RIGHT = 1
    LOOK_AT_THE_ROAD = 2
    TAKE_A_BREAK = 3


class RequestSeverity(IntEnum):
    """The severity of a request; the values are the codes on the wire."""

    INFORMATION = 0
    ADVICE = 1
    WARNING = 2
    URGENT = 3


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the driver. `request_id` is 1..254 and new for each request.

    `raised_s` is the monotonic time at which it was raised; it lapses `valid_for_s` later.
    """

    request_id: int
    kind: RequestKind
    severity: RequestSeverity
    reason: Reason
    raised_s: float
    valid_for_s: int
