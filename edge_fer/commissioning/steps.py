"""What the person is asked to do, one after the other: less than two minutes in all."""

from dataclasses import dataclass
from enum import Enum

PREPARE_S = 4.0  # to read what is asked, and do it


class Step(Enum):
    """A step of the check."""

    AIM = "aim"
    LIGHT = "light"
    ROAD = "road"
    EYES_CLOSED = "eyes closed"
    DOWN = "look down"
    LEFT_MIRROR = "left mirror"
    RIGHT_MIRROR = "right mirror"


@dataclass(frozen=True, slots=True)
class Instruction:
    """What is asked, and for how long it is measured."""

    text: str
    measure_s: float


INSTRUCTIONS: dict[Step, Instruction] = {
    Step.AIM: Instruction("Sit as you drive, and look ahead.", 4.0),
    Step.LIGHT: Instruction("Stay as you are: the light is measured.", 4.0),
    Step.ROAD: Instruction("Look at the road straight ahead.", 6.0),
    Step.EYES_CLOSED: Instruction("Close your eyes until the next sound.", 4.0),
    Step.DOWN: Instruction("Look down at your lap.", 4.0),
    Step.LEFT_MIRROR: Instruction("Look at the left mirror.", 4.0),
    Step.RIGHT_MIRROR: Instruction("Look at the right mirror.", 4.0),
}
