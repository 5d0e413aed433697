"""What the vehicle says of itself and of the driver's answers, as far as it is known."""

from dataclasses import dataclass
from enum import IntEnum


class Answer(IntEnum):
    """The driver's answer to a request; the values are the codes on the wire."""

    NONE = 0
    ALL_RIGHT = 1
    NOT_ALL_RIGHT = 2
    DID_NOT_ANSWER = 3


@dataclass(frozen=True, slots=True)
class Vehicle:
    """The vehicle controller's latest trusted word; None: not known, which is never "no".

    `answer` belongs to the request with the id `answered_id`. `enabled` is the controller's
    switch for the whole driver state.
    """

    speed_km_h: float | None = None
    ignition_on: bool | None = None
    enabled: bool | None = None
    answered_id: int | None = None
    answer: Answer | None = None

    @property
    def wants_standby(self) -> bool:
        """Whether the driver is not to be watched: switched off, or the ignition is off.

        A vehicle that says neither, or nothing at all, is watched as one without a controller.
        """
        return self.enabled is False or self.ignition_on is False


UNKNOWN_VEHICLE = Vehicle()
