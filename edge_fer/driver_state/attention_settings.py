"""The settings of eyelids, looks and requests, with their ranges and sources."""

from dataclasses import dataclass

from edge_fer.driver_state.sense_settings import OWN_CHOICE, STATE_TABLE, SenseSettings
from edge_fer.setting import setting

# The table names these sources. It was not compared with their texts.
ADDW = STATE_TABLE + ", after EU ADDW (Regulation (EU) 2023/2590)"
EURO_NCAP_VATS = STATE_TABLE + ", after Euro NCAP's visual attention time sharing"
# As the FHWA's brief on PERCLOS sums it up.
PERCLOS = STATE_TABLE + "; a minute as in Wierwille et al. 1994"


@dataclass(frozen=True, slots=True)
class AttentionSettings(SenseSettings):
    """Times in seconds, angles in degrees, speeds in km/h, closure as a share of 1.

    If eyes or head are not seen, the states that need them are never entered.
    """

    eyes_closed_from: float = setting(
        0.6,
        "Eyes closed from",
        "From this probability on the eyes count as closed; between the two they count as unseen.",
        minimum=0.5,
        maximum=0.99,
        source=OWN_CHOICE,
    )
    eyes_open_below: float = setting(
        0.4,
        "Eyes open below",
        "Below this probability they count as open; it must be below eyes_closed_from.",
        minimum=0.01,
        maximum=0.5,
        source=OWN_CHOICE,
    )
    look_speaks_for_s: float = setting(
        0.3,
        "One look speaks for",
        "A frame with eyes or head counts for the time since the one before, and for no more than"
        " this: what lies further back was not seen.",
        minimum=0.1,
        maximum=0.5,
        source=OWN_CHOICE + ": at 10 fps, two frames lost",
    )
    unseen_gap_s: float = setting(
        1.0,
        "Unseen gap",
        "A closure or a look goes on where eyes or head were unseen for no longer than this; what"
        " was not seen of it does not count.",
        minimum=0.1,
        maximum=3.0,
        source=OWN_CHOICE + ": glasses glare and detectors miss for some tenths of a second",
    )
    eyes_open_again_s: float = setting(
        0.5,
        "Eyes open again",
        "An opening of this length ends a closure; a shorter one may be a misjudged frame.",
        minimum=0.1,
        maximum=1.0,
        source=OWN_CHOICE,
    )
    eyes_open_weight: float = setting(
        1.0,
        "Weight of an opening",
        "A shorter opening takes so many times its length off the closure: misjudged frames delay"
        " sleep a little, and single closed ones add up to nothing.",
        minimum=0.0,
        maximum=10.0,
        source=OWN_CHOICE + ", tried on few stories with `benchmark states`: of 28 unresponsive 2"
        " missed 6 and 1 missed 2; 0.5 missed 2 as well, and invented 4 microsleeps instead of 1",
    )
    blink_min_s: float = setting(
        0.05,
        "Shortest blink",
        "A shorter closure is a misjudged frame and no blink.",
        minimum=0.0,
        maximum=0.2,
        source=OWN_CHOICE + ": half of a short blink of 0.1 s",
    )
    blink_max_s: float = setting(
        0.4,
        "Longest blink",
        "A closure of up to this is a blink; only longer ones count for PERCLOS.",
        minimum=0.2,
        maximum=0.8,
        source=OWN_CHOICE + ": PERCLOS reflects slow closures rather than blinks (FHWA 1998)",
    )
    blink_min_fps: float = setting(
        15.0,
        "Frame rate for blinks",
        "With fewer frames of the eyes a second, less a tenth, a blink and a slow closure are not"
        " distinguished: blink rate, PERCLOS and with it drowsy are withheld.",
        minimum=5.0,
        maximum=60.0,
        source=STATE_TABLE,
    )
    perclos_window_s: float = setting(
        60.0,
        "PERCLOS window",
        "PERCLOS is the share of closed time in so many seconds in which the eyes were seen.",
        minimum=10.0,
        maximum=300.0,
        source=PERCLOS,
    )
    perclos_max_age_s: float = setting(
        180.0,
        "PERCLOS outdated after",
        "What the eyes did longer ago does not count, however little was seen since.",
        minimum=20.0,
        maximum=900.0,
        source=OWN_CHOICE + ": three windows",
    )
    eyes_max_age_s: float = setting(
        5.0,
        "Eyes outdated after",
        "With the eyes unseen for so long, PERCLOS is not available and drowsy ends.",
        minimum=0.5,
        maximum=60.0,
        source=OWN_CHOICE + ": a figure of a minute outlasts a glance aside",
    )
    drowsy_enter: float = setting(
        0.15,
        "PERCLOS to enter drowsy",
        "Drowsy begins at this share.",
        minimum=0.05,
        maximum=0.5,
        source=STATE_TABLE,
    )
    drowsy_leave: float = setting(
        0.10,
        "PERCLOS to leave drowsy",
        "Drowsy ends below this share; it must be below drowsy_enter.",
        minimum=0.01,
        maximum=0.45,
        source=STATE_TABLE,
    )
    microsleep_after_s: float = setting(
        1.0,
        "Microsleep after",
        "The eyes are closed for so long.",
        minimum=0.5,
        maximum=3.0,
        source=STATE_TABLE,
    )
    microsleep_over_s: float = setting(
        0.25,
        "Microsleep over after",
        "The eyes are clearly open for so long: the first sight of open eyes, and a few frames"
        " more.",
        minimum=0.1,
        maximum=10.0,
        source=OWN_CHOICE + ": one frame may be misjudged; so was one in twenty in noise",
    )
    asleep_after_s: float = setting(
        3.0,
        "Asleep after",
        "The eyes are closed for so long; it must be above microsleep_after_s.",
        minimum=1.0,
        maximum=10.0,
        source=STATE_TABLE,
    )
    asleep_over_s: float = setting(
        2.0,
        "Asleep over after",
        "The eyes are open for so long; blinks do not interrupt it.",
        minimum=0.2,
        maximum=30.0,
        source=STATE_TABLE,
    )
    unresponsive_after_s: float = setting(
        6.0,
        "Unresponsive after",
        "The eyes are closed for so long; it must be above asleep_after_s.",
        minimum=2.0,
        maximum=30.0,
        source=STATE_TABLE,
    )
    unresponsive_after_warning_s: float = setting(
        3.0,
        "Unresponsive after the warning",
        "The look stays away for so long after distracted was said.",
        minimum=1.0,
        maximum=30.0,
        source=STATE_TABLE,
    )
    unresponsive_over_s: float = setting(
        3.0,
        "Unresponsive over after",
        "The eyes are open and the head is on the road for so long.",
        minimum=0.2,
        maximum=30.0,
        source=STATE_TABLE,
    )
    closed_before_nod_s: float = setting(
        0.5,
        "Closed before a nod",
        "With the head down, eyes count as closed only if they had been for so long before: the"
        " lids of a driver who looks into the lap are down as well, and that is distraction.",
        minimum=0.1,
        maximum=2.0,
        source=OWN_CHOICE + ": the lids run ahead of the head by some tenths of a second",
    )
    danger_kept_s: float = setting(
        10.0,
        "Danger kept for",
        "Microsleep, asleep and unresponsive outlast the last sight of shut eyes, or of the"
        " head, by so long: the head of a sleeper sinks out of the picture.",
        minimum=0.5,
        maximum=60.0,
        source=OWN_CHOICE,
    )

    neutral_yaw_deg: float = setting(
        0.0,
        "Neutral yaw",
        "Where the head points when the driver looks at the road, until it is learned; to the"
        " driver's left it is positive. A camera beside the wheel needs it.",
        minimum=-60.0,
        maximum=60.0,
        source="a camera straight before the driver",
    )
    neutral_pitch_deg: float = setting(
        0.0,
        "Neutral pitch",
        "The same for the pitch; upwards it is positive.",
        minimum=-45.0,
        maximum=45.0,
        source="a camera at the height of the eyes",
    )
    neutral_learn_s: float = setting(
        60.0,
        "Neutral learned over",
        "The median of so many seconds in which the head was seen, driving, becomes the neutral"
        " pose. Forgotten at ignition off and when another driver may have come.",
        minimum=5.0,
        maximum=600.0,
        source=STATE_TABLE,
    )
    neutral_min_speed_km_h: float = setting(
        10.0,
        "Neutral learned above",
        "Slower it is not learned: who parks looks everywhere. An unknown speed counts as driving.",
        minimum=0.0,
        maximum=100.0,
        source=OWN_CHOICE + ": above walking speed",
    )
    neutral_max_yaw_deg: float = setting(
        20.0,
        "Farthest neutral yaw",
        "The learned yaw lies no farther from neutral_yaw_deg, so that aside cannot become normal.",
        minimum=0.0,
        maximum=45.0,
        source=OWN_CHOICE + ": less than away_yaw_deg",
    )
    neutral_max_pitch_deg: float = setting(
        12.0,
        "Farthest neutral pitch",
        "The same for the pitch.",
        minimum=0.0,
        maximum=45.0,
        source=OWN_CHOICE + ": less than away_down_deg",
    )
    away_yaw_deg: float = setting(
        28.0,
        "Away by yaw",
        "A head turned farther from neutral looks away from the road; mirrors lie beyond it too.",
        minimum=10.0,
        maximum=60.0,
        source=OWN_CHOICE + ": head pose stands for gaze, which turns farther than the head",
    )
    away_down_deg: float = setting(
        20.0,
        "Away downwards",
        "A head tilted farther down looks away from the road.",
        minimum=5.0,
        maximum=45.0,
        source=OWN_CHOICE + ": a look into the lap takes the head down with the eyes",
    )
    away_up_deg: float = setting(
        25.0,
        "Away upwards",
        "A head tilted farther up looks away from the road.",
        minimum=5.0,
        maximum=60.0,
        source=OWN_CHOICE,
    )
    away_hysteresis_deg: float = setting(
        5.0,
        "Away hysteresis",
        "So much nearer to neutral than it left, the head is back on the road.",
        minimum=0.0,
        maximum=9.0,
        source=OWN_CHOICE + ": above the noise of a pose from five landmarks",
    )
    look_back_s: float = setting(
        0.3,
        "Look back",
        "A shorter look at the road does not end a look away.",
        minimum=0.0,
        maximum=2.0,
        source=OWN_CHOICE + ": shorter than a fixation that takes in a road",
    )
    long_look_s: float = setting(
        3.5,
        "Long look",
        "Distracted after so long a look away at high speed, and where the speed is not known.",
        minimum=1.0,
        maximum=30.0,
        source=ADDW,
    )
    long_look_slow_s: float = setting(
        6.0,
        "Long look, slow",
        "The same below high speed.",
        minimum=1.0,
        maximum=60.0,
        source=ADDW,
    )
    high_speed_km_h: float = setting(
        50.0,
        "High speed",
        "From here on long_look_s counts.",
        minimum=20.0,
        maximum=130.0,
        source=ADDW,
    )
    distraction_min_speed_km_h: float = setting(
        20.0,
        "Distracted from",
        "Slower nobody is distracted.",
        minimum=0.0,
        maximum=50.0,
        source=ADDW,
    )
    speed_hysteresis_km_h: float = setting(
        5.0,
        "Speed hysteresis",
        "So much below distraction_min_speed_km_h a distraction ends.",
        minimum=0.0,
        maximum=20.0,
        source=OWN_CHOICE,
    )
    looks_away_s: float = setting(
        10.0,
        "Looks away, together",
        "Distracted as well after so much time away within looks_window_s, in looks of any length.",
        minimum=2.0,
        maximum=60.0,
        source=EURO_NCAP_VATS,
    )
    looks_window_s: float = setting(
        30.0,
        "Window of looks",
        "See looks_away_s, which must be below it.",
        minimum=5.0,
        maximum=120.0,
        source=EURO_NCAP_VATS,
    )
    attentive_after_s: float = setting(
        2.0,
        "Distraction over after",
        "The head is back on the road for so long; the looks before it are then forgotten.",
        minimum=0.2,
        maximum=10.0,
        source=STATE_TABLE,
    )
    driver_swap_s: float = setting(
        5.0,
        "Another driver after",
        "A face that stays for so long where the driver's was not, while that is not seen, is"
        " another driver's: what was learned begins anew.",
        minimum=1.0,
        maximum=60.0,
        source=OWN_CHOICE + ": quicker than two people can change seats",
    )

    quiet_after_answer_s: float = setting(
        1800.0,
        "Quiet after an answer",
        "A driver who answered that all is right is not called uncertain for so long. What eyes and"
        " head show counts nevertheless.",
        minimum=0.0,
        maximum=14_400.0,
        source=OWN_CHOICE + ": one question in half an hour",
    )
    request_min_speed_km_h: float = setting(
        5.0,
        "Requests from",
        "At a lower known speed the driver gets no request but the question of uncertainty.",
        minimum=0.0,
        maximum=50.0,
        source=OWN_CHOICE + ": who sleeps in a parked car is not to be woken",
    )
