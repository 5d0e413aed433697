"""Stories of looks, eyelids and answers, with the states and requests that must follow.

A look counts from its first frame, so a state that needs 3.5 s begins 3.5 s after the look. Each
story begins with ten attentive seconds unless it needs longer.
"""

from dataclasses import replace

from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState, RequestKind, RequestSeverity
from edge_fer.observation import UNKNOWN_VEHICLE, Answer, CameraCondition, HeadPose, Vehicle
from edge_fer.stories.scene import (
    AHEAD,
    ANGRY,
    ASKING,
    BLINKING,
    CALM,
    HAPPY,
    HEAVY,
    LAP,
    SHUT,
    SURPRISED,
    TORN,
    Eyes,
    Mood,
    Scene,
    Story,
    answering,
    empty_seat,
    lens_covered,
    turned,
)

NOT_READY = DriverState.NOT_READY
ATTENTIVE = DriverState.ATTENTIVE
DISTRACTED = DriverState.DISTRACTED
DROWSY = DriverState.DROWSY
MICROSLEEP = DriverState.MICROSLEEP
ASLEEP = DriverState.ASLEEP
UNRESPONSIVE = DriverState.UNRESPONSIVE
AGITATED = DriverState.AGITATED
UNCERTAIN = DriverState.UNCERTAIN
NO_DRIVER = DriverState.NO_DRIVER
UNSEEN = DriverState.UNSEEN
CAMERA_DEGRADED = DriverState.CAMERA_DEGRADED

ALL_RIGHT = RequestKind.ARE_YOU_ALL_RIGHT
LOOK = RequestKind.LOOK_AT_THE_ROAD
BREAK = RequestKind.TAKE_A_BREAK
ADVICE = RequestSeverity.ADVICE
WARNING = RequestSeverity.WARNING
URGENT = RequestSeverity.URGENT

MOTORWAY = Vehicle(speed_km_h=120.0, ignition_on=True)
TOWN = Vehicle(speed_km_h=35.0, ignition_on=True)
JAM = Vehicle(speed_km_h=8.0, ignition_on=True)
STANDING = Vehicle(speed_km_h=0.0, ignition_on=True)
PARKED = Vehicle(speed_km_h=0.0, ignition_on=False)

BEGIN = ((NOT_READY, 0.0), (ATTENTIVE, 2.0))
DRY = Eyes(0.2, 1.6)  # 37 blinks a minute
ROAD_SIGN = turned(20.0, 5.0)
MIRROR = turned(35.0, 5.0)
PASSENGER = turned(-50.0)


def road(seconds: float, vehicle: Vehicle = MOTORWAY, mood: Mood = CALM) -> Scene:
    """Return a driver who looks at the road and blinks."""
    return Scene(seconds, mood, eyes=BLINKING, head=AHEAD, vehicle=vehicle)


def look(seconds: float, head: HeadPose, vehicle: Vehicle = MOTORWAY, mood: Mood = CALM) -> Scene:
    """Return a look somewhere else; the eyes of a turned head are seldom seen."""
    return Scene(seconds, mood, eyes=None, head=head, vehicle=vehicle)


def lids(
    seconds: float,
    eyes: Eyes | None,
    vehicle: Vehicle = MOTORWAY,
    mood: Mood = CALM,
    head: HeadPose = AHEAD,
) -> Scene:
    """Return a head that faces the road, with other lids."""
    return Scene(seconds, mood, eyes=eyes, head=head, vehicle=vehicle)


def in_the_lap(seconds: float, vehicle: Vehicle = MOTORWAY) -> Scene:
    """Return a look at a phone in the lap: the lids are lowered as well."""
    return lids(seconds, SHUT, vehicle, head=LAP)


def drive(*scenes: Scene) -> tuple[Scene, ...]:
    """Begin with ten attentive seconds."""
    return (road(10), *scenes)


def yawning(seconds: float, eyes: Eyes = BLINKING) -> Scene:
    """Return a mouth wide open."""
    return replace(lids(seconds, eyes, mood=SURPRISED), mouth=0.8)


def torn(seconds: float) -> Scene:
    """Return a face that the network cannot read."""
    return road(seconds, mood=TORN)


LOOKS = {
    "looks aside and back": Story(
        drive(look(2, PASSENGER), road(20), look(3, PASSENGER), road(15)), BEGIN
    ),
    "looks aside for too long": Story(
        drive(look(5, PASSENGER), road(25)),
        (*BEGIN, (DISTRACTED, 13.5), (ATTENTIVE, 17.0)),
        requests=((LOOK, WARNING, 13.5),),
    ),
    "a road sign is not away": Story(drive(lids(15, BLINKING, head=ROAD_SIGN), road(15)), BEGIN),
    "looks up at the sun visor": Story(
        drive(look(4.6, turned(0.0, 35.0)), road(20)),
        (*BEGIN, (DISTRACTED, 13.5), (ATTENTIVE, 16.6)),
        requests=((LOOK, WARNING, 13.5),),
    ),
    "text in the lap": Story(
        # The lids are down as well, and yet nobody sleeps.
        drive(in_the_lap(5), road(25)),
        (*BEGIN, (DISTRACTED, 13.5), (ATTENTIVE, 17.0)),
        requests=((LOOK, WARNING, 13.5),),
    ),
    "text in the lap, line by line": Story(
        # 2 s down and 1 s up: ten seconds are together in the fifth look.
        drive(*(in_the_lap(2), road(1)) * 6, road(25)),
        (*BEGIN, (DISTRACTED, 24.0), (ATTENTIVE, 29.0)),
        requests=((LOOK, WARNING, 24.0),),
    ),
    "text in the lap and no look back": Story(
        drive(in_the_lap(12), road(25)),
        (*BEGIN, (DISTRACTED, 13.5), (UNRESPONSIVE, 16.5), (ATTENTIVE, 25.0)),
        # What is urgent is asked anew when nobody has answered for eight seconds.
        requests=((LOOK, WARNING, 13.5), (ALL_RIGHT, URGENT, 16.5), (ALL_RIGHT, URGENT, 24.5)),
    ),
    "a glance back is not enough": Story(
        # Half a second on the road: the warning still stands, and the next long look is a new one.
        drive(in_the_lap(4), road(0.6), in_the_lap(8), road(20)),
        (*BEGIN, (DISTRACTED, 13.5), (UNRESPONSIVE, 21.1), (ATTENTIVE, 25.6)),
        requests=((LOOK, WARNING, 13.5), (ALL_RIGHT, URGENT, 21.1)),
    ),
    "in town a look may last longer": Story(
        (
            road(10, TOWN),
            look(5, PASSENGER, TOWN),
            road(30, TOWN),
            look(7, PASSENGER, TOWN),
            road(13, TOWN),
        ),
        # Of a turned head the eyes are not seen: after 4 s attention is unknown.
        (
            *BEGIN,
            (UNSEEN, 14.0),
            (ATTENTIVE, 16.0),
            (UNSEEN, 49.0),
            (DISTRACTED, 51.0),
            (ATTENTIVE, 54.0),
        ),
        requests=((LOOK, WARNING, 51.0),),
    ),
    "with no speed the stricter limit counts": Story(
        (road(10, UNKNOWN_VEHICLE), look(5, PASSENGER, UNKNOWN_VEHICLE), road(20, UNKNOWN_VEHICLE)),
        (*BEGIN, (DISTRACTED, 13.5), (ATTENTIVE, 17.0)),
        requests=((LOOK, WARNING, 13.5),),
    ),
    "standing still looks around": Story(
        (
            road(10, STANDING),
            look(20, PASSENGER, STANDING),
            in_the_lap(20, STANDING),
            road(10, STANDING),
        ),
        # That is no alarm, and with the eyes not seen no attention either.
        (*BEGIN, (UNSEEN, 14.0), (ATTENTIVE, 31.0)),
    ),
    "stops while looking aside": Story(
        drive(look(5, PASSENGER), look(15, PASSENGER, STANDING), road(10, STANDING)),
        (*BEGIN, (DISTRACTED, 13.5), (UNSEEN, 15.0), (ATTENTIVE, 31.0)),
        requests=((LOOK, WARNING, 13.5),),
    ),
    "mirrors every few seconds": Story(drive(*(look(0.8, MIRROR), road(5)) * 16), BEGIN),
    "talking and laughing": Story(
        # A glance at the passenger in each sentence; laughing narrows the eyes.
        drive(
            *(look(1.4, PASSENGER, mood=HAPPY), lids(5, Eyes(0.6, 5.0), mood=HAPPY)) * 9, road(10)
        ),
        BEGIN,
    ),
    "talks to the passenger's face": Story(
        # Half of the time: ten seconds are together in each fifth look, once it is no glance.
        drive(*(look(2.2, PASSENGER, mood=HAPPY), road(2.2, mood=HAPPY)) * 10, road(10)),
        (*BEGIN, (DISTRACTED, 29.6), (ATTENTIVE, 31.8), (DISTRACTED, 51.6), (ATTENTIVE, 53.8)),
        requests=((LOOK, WARNING, 29.6), (LOOK, WARNING, 51.6)),
    ),
    "a camera beside the wheel": Story(
        # The head seems turned by 18°, and after a minute that is straight ahead: 20° from there
        # are not away, 36° are.
        (
            lids(70, BLINKING, head=turned(18)),
            lids(8, BLINKING, head=turned(38)),
            lids(10, BLINKING, head=turned(18)),
            look(5, turned(-18)),
            lids(20, BLINKING, head=turned(18)),
        ),
        (*BEGIN, (DISTRACTED, 91.5), (ATTENTIVE, 95.0)),
        requests=((LOOK, WARNING, 91.5),),
    ),
    "camera knocked aside": Story(
        # It says distracted, the driver answers, and the neutral pose is learned anew.
        (
            road(70),
            lids(4, BLINKING, head=turned(40)),
            answering(lids(75, BLINKING, head=turned(40)), 1, Answer.ALL_RIGHT),
        ),
        (*BEGIN, (DISTRACTED, 73.5), (ATTENTIVE, 136.0)),
        requests=((LOOK, WARNING, 73.5),),
    ),
    "driver swap at a stop": Story(
        # The first sits turned by 16°, the second by -16°: 20° from there are not away.
        (
            lids(70, BLINKING, head=turned(16)),
            lids(5, BLINKING, STANDING, head=turned(16)),
            empty_seat(12, STANDING),
            lids(68, BLINKING, head=turned(-16)),
            lids(8, BLINKING, head=turned(-36)),
            lids(10, BLINKING, head=turned(-16)),
        ),
        (*BEGIN, (NO_DRIVER, 77.0), (ATTENTIVE, 88.0)),
    ),
}

SLEEP = {
    "dry air makes blink": Story(drive(lids(110, DRY), road(20)), BEGIN),
    "microsleep on a motorway": Story(
        drive(road(50), lids(1.6, SHUT), road(20)),
        # The first clear sight of open eyes ends it, and not a whole second of them.
        (*BEGIN, (MICROSLEEP, 61.0), (ATTENTIVE, 61.85)),
        requests=((BREAK, WARNING, 61.0),),
    ),
    "slow falling asleep": Story(
        # Slow closures, a fifth of the time, make 15 % of a minute with the twelfth of them.
        (road(62), lids(60, HEAVY), lids(1.6, SHUT), lids(9, HEAVY), lids(8, SHUT), road(20)),
        (
            *BEGIN,
            (DROWSY, 108.0),
            (MICROSLEEP, 123.0),
            (DROWSY, 123.85),
            (MICROSLEEP, 133.6),
            (ASLEEP, 135.6),
            (UNRESPONSIVE, 138.6),
            (DROWSY, 143.75),
        ),
        requests=(
            (BREAK, ADVICE, 108.0),
            (BREAK, WARNING, 116.0),
            (BREAK, WARNING, 123.0),
            (BREAK, ADVICE, 123.85),
            (BREAK, WARNING, 131.85),
            (BREAK, WARNING, 133.6),
            (ALL_RIGHT, URGENT, 135.6),
            (ALL_RIGHT, URGENT, 138.6),
            (BREAK, ADVICE, 143.75),
            (BREAK, WARNING, 151.75),
        ),
    ),
    "falls asleep and wakes": Story(
        drive(road(20), lids(5, SHUT), road(20)),
        (*BEGIN, (MICROSLEEP, 31.0), (ASLEEP, 33.0), (ATTENTIVE, 37.0)),
        requests=((BREAK, WARNING, 31.0), (ALL_RIGHT, URGENT, 33.0)),
    ),
    "the head sinks in sleep": Story(
        # The lids were closed before the head went down: no look into the lap.
        drive(road(20), lids(1, SHUT), lids(7, SHUT, head=LAP), road(20)),
        (*BEGIN, (MICROSLEEP, 31.0), (ASLEEP, 33.0), (UNRESPONSIVE, 36.0), (ATTENTIVE, 41.0)),
        requests=(
            (BREAK, WARNING, 31.0),
            (ALL_RIGHT, URGENT, 33.0),
            (ALL_RIGHT, URGENT, 36.0),
        ),
    ),
    "a sleeper sinks out of the picture": Story(
        # For ten seconds that is still a sleeper, then an empty picture.
        drive(lids(5, SHUT), empty_seat(20, MOTORWAY), road(10)),
        (*BEGIN, (MICROSLEEP, 11.0), (ASLEEP, 13.0), (NO_DRIVER, 25.0), (ATTENTIVE, 36.0)),
        requests=(
            (BREAK, WARNING, 11.0),
            (ALL_RIGHT, URGENT, 13.0),
            (ALL_RIGHT, URGENT, 21.0),
        ),
    ),
    "a nap in the parked car asks nothing": Story(
        (road(10, STANDING), lids(20, SHUT, STANDING), road(10, STANDING)),
        (*BEGIN, (MICROSLEEP, 11.0), (ASLEEP, 13.0), (UNRESPONSIVE, 16.0), (ATTENTIVE, 33.0)),
    ),
    "nobody sleeps with the ignition off": Story(
        # Everything is forgotten: nobody is judged.
        (road(10, STANDING), lids(20, SHUT, PARKED), road(10, PARKED)),
        (*BEGIN, (UNSEEN, 10.0)),
    ),
    "a yawn": Story(
        drive(
            yawning(4, Eyes(0.8, 4.0)),
            road(10),
            yawning(4, Eyes(0.8, 4.0)),
            road(20),
        ),
        BEGIN,
    ),
    "a long yawn is no sleep": Story(
        # Eyes shut for 2 s in a yawn belong to it.
        drive(yawning(1.5), yawning(2, SHUT), road(20)),
        BEGIN,
    ),
    "asleep with the mouth open": Story(
        # Eyes shut for longer than any yawn are shut, whatever the mouth does.
        drive(yawning(1.5), yawning(5, SHUT), road(20)),
        (*BEGIN, (ASLEEP, 14.5), (ATTENTIVE, 18.5)),
        requests=((ALL_RIGHT, URGENT, 14.5),),
    ),
    "laughing until the eyes close": Story(
        drive(lids(24, Eyes(0.8, 6.0), mood=HAPPY), road(20)), BEGIN
    ),
    "a glare does not bridge two blinks": Story(
        # Closed, unseen, closed: what was not seen was not closed.
        drive(*(lids(0.4, SHUT), lids(0.8, None), lids(0.4, SHUT), road(4)) * 6),
        BEGIN,
    ),
    "glasses glare every other moment": Story(
        drive(*(lids(0.6, Eyes(0.2, 0.6)), lids(0.6, None)) * 20, road(10)), BEGIN
    ),
    "asleep behind glasses that glare": Story(
        # Three quarters are seen, and a frame speaks for the short gap before it.
        drive(*(lids(0.6, SHUT), lids(0.2, None)) * 10, road(15)),
        (*BEGIN, (MICROSLEEP, 11.0), (ASLEEP, 13.0), (UNRESPONSIVE, 16.0), (ATTENTIVE, 21.0)),
        requests=(
            (BREAK, WARNING, 11.0),
            (ALL_RIGHT, URGENT, 13.0),
            (ALL_RIGHT, URGENT, 16.0),
        ),
    ),
    "sunglasses": Story(
        # What cannot be seen is not said: neither asleep nor attentive. After a minute it is asked.
        drive(lids(80, None)),
        (*BEGIN, (UNSEEN, 13.9), (UNCERTAIN, 73.9)),
        requests=((ALL_RIGHT, ADVICE, 73.9), (ALL_RIGHT, WARNING, 81.9)),
    ),
    "sunglasses and a look aside": Story(
        drive(lids(20, None), look(5, PASSENGER), lids(20, None)),
        (*BEGIN, (UNSEEN, 13.9), (DISTRACTED, 33.5), (UNSEEN, 37.0)),
        requests=((LOOK, WARNING, 33.5),),
    ),
    "drowsy, and then sunglasses": Story(
        (road(62), lids(80, HEAVY), lids(20, None)),
        (*BEGIN, (DROWSY, 108.0), (UNSEEN, 147.0)),
        # Unseen as late as PERCLOS is outdated, so that the one follows the other.
        PolicySettings(confidence_threshold=0.5, sense_unseen_after_s=5.0),
        requests=((BREAK, ADVICE, 108.0), (BREAK, WARNING, 116.0)),
    ),
    "a break helps": Story(
        # With the ignition off everything is forgotten.
        (road(62), lids(70, HEAVY), road(5, PARKED), road(40)),
        (*BEGIN, (DROWSY, 108.0), (UNSEEN, 132.0), (ATTENTIVE, 138.0)),
        requests=((BREAK, ADVICE, 108.0), (BREAK, WARNING, 116.0)),
    ),
    "drowsiness fades": Story(
        (road(10), lids(60, HEAVY), road(60)),
        (*BEGIN, (DROWSY, 60.0), (ATTENTIVE, 100.0)),
        requests=((BREAK, ADVICE, 60.0), (BREAK, WARNING, 68.0)),
    ),
}

CABIN = {
    "long tunnel": Story(
        drive(
            lids(0.4, SHUT),
            Scene(40, face=False, camera=CameraCondition.DARK, vehicle=MOTORWAY),
            lids(0.6, SHUT),
            road(20),
        ),
        (*BEGIN, (CAMERA_DEGRADED, 10.8), (ATTENTIVE, 51.4)),
    ),
    "sun strobe through trees": Story(
        drive(
            *(
                Scene(0.1, face=False, camera=CameraCondition.OVEREXPOSED, vehicle=MOTORWAY),
                road(0.5),
            )
            * 60,
            road(10),
        ),
        BEGIN,
    ),
    "the lens is covered while the driver sleeps": Story(
        # What is not seen is not said, also not of a sleeper; then the sleep is found again.
        drive(lids(5, SHUT), lens_covered(15), lids(5, SHUT), road(20)),
        (
            *BEGIN,
            (MICROSLEEP, 11.0),
            (ASLEEP, 13.0),
            (CAMERA_DEGRADED, 15.4),
            (MICROSLEEP, 31.0),
            (ASLEEP, 33.0),
            (ATTENTIVE, 37.0),
        ),
        requests=(
            (BREAK, WARNING, 11.0),
            (ALL_RIGHT, URGENT, 13.0),
            (BREAK, WARNING, 31.0),
            (ALL_RIGHT, URGENT, 33.0),
        ),
    ),
    "passenger leaning in": Story(
        # For a moment the face is another one, and turned.
        drive(*(look(1, turned(-40, -10)), road(9)) * 5),
        BEGIN,
    ),
    "face half covered": Story(
        # A hand at the chin: joy and anger at once, the eyes are seen, and the driver answers.
        drive(torn(8), answering(torn(22), 1, Answer.ALL_RIGHT), road(20)),
        (*BEGIN, (UNCERTAIN, 16.05), (ATTENTIVE, 18.0)),
        settings=ASKING,
        requests=((ALL_RIGHT, ADVICE, 16.05),),
    ),
    "anger in a jam": Story(
        # Against the calm face of the ten seconds before.
        (road(10, JAM), road(20, JAM, ANGRY), road(20, JAM)),
        (*BEGIN, (AGITATED, 14.1), (ATTENTIVE, 33.9)),
    ),
    "standing still": Story(
        (road(20, STANDING), look(10, LAP, STANDING), road(30, STANDING)),
        (*BEGIN, (UNSEEN, 24.0), (ATTENTIVE, 31.0)),
    ),
    "all right is quiet for a while": Story(
        # Uncertain for two minutes: the second question comes a minute after the answer. Half an
        # hour, as it is by default, would be a long story.
        drive(torn(8), answering(torn(72), 1, Answer.ALL_RIGHT)),
        (*BEGIN, (UNCERTAIN, 16.05), (ATTENTIVE, 18.0), (UNCERTAIN, 78.0)),
        settings=ASKING,
        requests=(
            (ALL_RIGHT, ADVICE, 16.05),
            (ALL_RIGHT, ADVICE, 78.0),
            (ALL_RIGHT, WARNING, 86.0),
        ),
    ),
    "no answer is asked again more strongly": Story(
        drive(torn(40), road(20)),
        (*BEGIN, (UNCERTAIN, 16.05), (ATTENTIVE, 53.3)),
        settings=ASKING,
        requests=((ALL_RIGHT, ADVICE, 16.05), (ALL_RIGHT, WARNING, 24.05)),
    ),
    "the vehicle says that nobody answers": Story(
        drive(torn(10), answering(torn(30), 1, Answer.DID_NOT_ANSWER), road(20)),
        (*BEGIN, (UNCERTAIN, 16.05), (ATTENTIVE, 53.3)),
        settings=ASKING,
        requests=((ALL_RIGHT, ADVICE, 16.05), (ALL_RIGHT, WARNING, 20.0)),
    ),
    "not all right means a break": Story(
        drive(torn(10), answering(torn(20), 1, Answer.NOT_ALL_RIGHT), road(20)),
        (*BEGIN, (UNCERTAIN, 16.05), (ATTENTIVE, 43.3)),
        settings=ASKING,
        requests=((ALL_RIGHT, ADVICE, 16.05), (BREAK, WARNING, 20.0)),
    ),
    "who answers is not unresponsive": Story(
        drive(look(4, PASSENGER), answering(look(8, PASSENGER), 1, Answer.ALL_RIGHT), road(20)),
        (*BEGIN, (DISTRACTED, 13.5), (ATTENTIVE, 24.0)),
        requests=((LOOK, WARNING, 13.5),),
    ),
    "an answer does not open closed eyes": Story(
        drive(lids(2, SHUT), answering(lids(6, SHUT), 1, Answer.ALL_RIGHT), road(20)),
        (*BEGIN, (MICROSLEEP, 11.0), (ASLEEP, 13.0), (UNRESPONSIVE, 16.0), (ATTENTIVE, 21.0)),
        requests=(
            (BREAK, WARNING, 11.0),
            (ALL_RIGHT, URGENT, 13.0),
            (ALL_RIGHT, URGENT, 16.0),
        ),
    ),
}

STORIES = {**LOOKS, **SLEEP, **CABIN}
