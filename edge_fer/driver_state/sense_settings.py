"""The settings of lids, gaze, mouth and presence, with their ranges and sources."""

from dataclasses import dataclass

from edge_fer.setting import setting

STATE_TABLE = "the project's table of driver states"
OWN_CHOICE = "project's choice"


@dataclass(frozen=True, slots=True)
class SenseSettings:
    """Times in seconds, angles in degrees, openings as shares of the driver's own open eyes."""

    eye_visible_from: float = setting(
        0.5,
        "Eye visible from",
        "An eye counts only where the network is so sure that it can be judged.",
        minimum=0.1,
        maximum=0.99,
        source=OWN_CHOICE,
    )
    lids_open_at: float = setting(
        0.34,
        "Lid opening of open eyes",
        "Height over width of an open eye, until the driver's own is learned.",
        minimum=0.2,
        maximum=0.6,
        source="median over the open eyes of 20 people, as MediaPipe's iris network measures them",
    )
    lids_shut_at: float = setting(
        0.10,
        "Lid opening of shut eyes",
        "Height over width of a shut eye: the line of the lashes has a height of its own.",
        minimum=0.0,
        maximum=0.2,
        source="the same people: 0.05 to 0.16",
    )
    lids_learned_over_s: float = setting(
        60.0,
        "Open lids learned over",
        "The opening of the driver's open eyes is the upper quarter of what was seen of late;"
        " what is so long ago counts about a third.",
        minimum=10.0,
        maximum=600.0,
        source=OWN_CHOICE + ": longer than a drowsy minute, shorter than a change of light",
    )
    lids_shut_below: float = setting(
        0.3,
        "Lids shut below",
        "Share of the own opening below which lids count as shut.",
        minimum=0.05,
        maximum=0.5,
        source="PERCLOS P80 counts 20 % and less (Wierwille et al. 1994); a tenth for the error of"
        " the measurement",
    )
    lids_surely_shut_below: float = setting(
        0.22,
        "Lids surely shut below",
        "Share of the own opening below which time with shut lids counts fully towards a sleep; it"
        " counts less and less up to lids_shut_below, where it counts half: narrowed eyes may look"
        " shut in a soft picture.",
        minimum=0.0,
        maximum=0.5,
        source="PERCLOS P80 counts 20 % and less (Wierwille et al. 1994); eyes shut in the"
        " project's clips and changed versions of them measure 0 to 0.2 at the median, eyes"
        " narrowed for a second in a blurred picture 0.26",
    )
    lids_shut_bowed_below: float = setting(
        0.15,
        "Lids shut below, head bowed",
        "The same in a bowed head, where lids follow the gaze down.",
        minimum=0.0,
        maximum=0.5,
        source=OWN_CHOICE + ": upper lid and gaze move together (Becker and Fuchs 1988)",
    )
    lids_open_above: float = setting(
        0.5,
        "Lids open above",
        "Share of the own opening above which eyes are clearly open; between the two they are half"
        " closed. It must be above lids_shut_below.",
        minimum=0.3,
        maximum=0.9,
        source=OWN_CHOICE,
    )
    bowed_deg: float = setting(
        10.0,
        "Head bowed",
        "So far below the neutral pitch the head is bowed: lowered lids may then be a look down.",
        minimum=2.0,
        maximum=30.0,
        source=OWN_CHOICE + ": half of away_down_deg",
    )
    grimace_closure_s: float = setting(
        3.0,
        "Closure in a yawn or laugh",
        "Lids shut in a yawn or a laugh count as sleep only after so long.",
        minimum=1.0,
        maximum=10.0,
        source=OWN_CHOICE + ": a yawn lasts 4 to 7 s, its peak with shut eyes the smaller part"
        " (Barbizet 1958; Provine 1986)",
    )
    laugh_from: float = setting(
        0.6,
        "Laugh from",
        "Filtered evidence of happiness from which narrowed lids may be a laugh.",
        minimum=0.3,
        maximum=0.95,
        source=OWN_CHOICE + ": on the annotated clips, also half as large and askew, 0.45 to 0.9"
        " give the same states",
    )
    blink_closing_s: float = setting(
        0.25,
        "Longest closing of a blink",
        "Lids that take longer to fall make a slow closure, however short, and no blink.",
        minimum=0.05,
        maximum=1.0,
        source="blinks close in about 0.1 s, drowsy ones in 0.2 s and more (Caffier et al. 2003)",
    )
    half_closed_weight: float = setting(
        0.25,
        "Weight of half-closed lids",
        "Time with half-closed lids and a level gaze counts so much of closed time for drowsy.",
        minimum=0.0,
        maximum=1.0,
        source=OWN_CHOICE + ": drooping lids are a sign of light drowsiness (Wierwille and"
        " Ellsworth 1994)",
    )

    mouth_yawn_from: float = setting(
        0.35,
        "Yawn from",
        "Gap between the lips over the width of the mouth, as the face network measures it. Talk"
        " stays below it most of the time.",
        minimum=0.2,
        maximum=1.5,
        source="of held-out faces labelled as yawning, 98 % are wider (47), of others 2 % (51)",
    )
    yawn_min_s: float = setting(
        1.8,
        "Shortest yawn",
        "The mouth is so wide open for so long; vowels, laughter and grimaces are shorter.",
        minimum=0.2,
        maximum=5.0,
        source="in 330 s of talk at most 1.2 s, pauses of 0.3 s bridged, and 1.7 s in a mouth"
        " opened wide on purpose; a yawn lasts 4 to 7 s (Barbizet 1958)",
    )
    yawns_window_s: float = setting(
        600.0,
        "Yawns counted over",
        "Yawns of so many seconds are counted.",
        minimum=60.0,
        maximum=3600.0,
        source=OWN_CHOICE,
    )
    yawn_weight: float = setting(
        0.02,
        "Weight of a yawn",
        "Each of up to three yawns lowers the PERCLOS that drowsy needs by so much.",
        minimum=0.0,
        maximum=0.05,
        source="small on purpose: before they nodded off, drivers yawned less (Vural et al. 2007)",
    )
    nod_weight: float = setting(
        0.03,
        "Weight of a nod",
        "Each of up to three nods with lids not open does the same.",
        minimum=0.0,
        maximum=0.05,
        source=OWN_CHOICE,
    )
    nod_deg: float = setting(
        12.0,
        "Nod",
        "The head falls by so much against the seconds before while the lids are not open.",
        minimum=5.0,
        maximum=45.0,
        source=OWN_CHOICE,
    )

    driver_side: str = setting(
        "unknown",
        "Driver's side",
        "The side of the vehicle on which the driver sits. It says in which part of the picture"
        " the driver's face is looked for (face.seat_region), and on which side of the road ahead"
        " the centre console, the wider half of the windscreen and the passenger are.",
        choices=("unknown", "left", "middle", "right"),
        source=OWN_CHOICE + ": a camera that sees nobody but the driver needs none",
    )
    windscreen_deg: float = setting(
        8.0,
        "Windscreen towards the middle",
        "With a known driver_side a look towards the vehicle's middle is away only farther aside"
        " by so much: the windscreen and the road reach farther there than on the door's side.",
        minimum=0.0,
        maximum=30.0,
        source=OWN_CHOICE,
    )
    gaze_full_scale: float = setting(
        0.8,
        "Gaze scale",
        "Sine of the eye's turn = offset of the iris in half widths of the eye / this.",
        minimum=0.3,
        maximum=2.0,
        source="radius of the eye 12 mm over half of a lid gap of 30 mm",
    )
    gaze_rest_y: float = setting(
        0.12,
        "Gaze at rest",
        "Offset of the iris upwards, in half widths of the eye, when the eyes look where the head"
        " points, until it is learned: the lids' corners lie below the iris.",
        minimum=-0.2,
        maximum=0.4,
        source="median over 20 people, as MediaPipe's iris network measures them",
    )
    gaze_min_px: float = setting(
        24.0,
        "Narrowest eye for gaze",
        "Of narrower eyes, in pixels, no gaze is taken.",
        minimum=8.0,
        maximum=100.0,
        source="what the eye network was measured on",
    )
    gaze_away_yaw_deg: float = setting(
        22.0,
        "Away by gaze",
        "Where the gaze is measured, head and eyes together look away farther aside than this.",
        minimum=10.0,
        maximum=60.0,
        source=OWN_CHOICE + ": outside of the windscreen before the driver, inside of the mirrors",
    )
    gaze_away_down_deg: float = setting(
        18.0,
        "Away downwards by gaze",
        "The same downwards: below the instrument cluster's upper half.",
        minimum=5.0,
        maximum=45.0,
        source=OWN_CHOICE + ": a cluster lies 15 to 20 degrees below the road, a phone below 30",
    )
    gaze_away_up_deg: float = setting(
        22.0,
        "Away upwards by gaze",
        "The same upwards.",
        minimum=5.0,
        maximum=60.0,
        source=OWN_CHOICE,
    )
    gaze_time_constant_s: float = setting(
        0.3,
        "Gaze time constant",
        "The gaze is filtered: a step is 63 % done after this time.",
        minimum=0.0,
        maximum=2.0,
        source=OWN_CHOICE + ": a fixation lasts about as long",
    )
    cluster_yaw_deg: float = setting(
        15.0,
        "Instrument cluster",
        "A look down within this yaw goes to the instrument cluster or the lap.",
        minimum=5.0,
        maximum=40.0,
        source=OWN_CHOICE,
    )
    lap_below_deg: float = setting(
        30.0,
        "Lap below",
        "A look farther down goes to the lap, whatever its yaw; above it to cluster or centre.",
        minimum=15.0,
        maximum=60.0,
        source="displays belong above 30 degrees (NHTSA 2013, visual-manual guidelines)",
    )
    mirror_glance_s: float = setting(
        2.0,
        "Glance at a mirror",
        "A look aside, and not down, of up to this length is one at a mirror or over the"
        " shoulder: it does not count among the looks away.",
        minimum=0.0,
        maximum=5.0,
        source="2 s, the limit of a single glance in NHTSA 2013; mirror glances last about 1 s",
    )

    unseen_after_s: float = setting(
        3.0,
        "Unseen after",
        "With head and eyes not judged for so long, attention is unknown.",
        minimum=1.0,
        maximum=30.0,
        source=STATE_TABLE,
    )
    sense_unseen_after_s: float = setting(
        4.0,
        "One sense unseen after",
        "With the eyes alone, or the head alone, not judged for so long, attention is unknown too.",
        minimum=1.0,
        maximum=30.0,
        source=OWN_CHOICE + ": longer than a look that is too long, of which the eyes are not seen",
    )
    judged_after_s: float = setting(
        1.0,
        "Unseen over after",
        "Unseen ends once head and eyes were judged for so long; where the camera or the daemon had"
        " failed, for ready_again_after_s.",
        minimum=0.1,
        maximum=10.0,
        source=STATE_TABLE,
    )
    rest_known_after_s: float = setting(
        8.0,
        "Resting face known after",
        "The driver's face at rest is the median of what it showed; before so many seconds no"
        " emotion is a state.",
        minimum=1.0,
        maximum=60.0,
        source=OWN_CHOICE,
    )
    rest_learn_s: float = setting(
        60.0,
        "Resting face learned over",
        "After so many seconds the face at rest is no longer changed; forgotten with the driver.",
        minimum=10.0,
        maximum=600.0,
        source=OWN_CHOICE + ": as long as the neutral pose",
    )
    contradictory_from: float = setting(
        0.3,
        "Contradictory emotions from",
        "A face contradicts itself where joy, and anger, disgust, fear and sadness together, both"
        " have this evidence.",
        minimum=0.1,
        maximum=0.5,
        source=OWN_CHOICE,
    )
    contradictory_after_s: float = setting(
        30.0,
        "Contradictory emotions, asked after",
        "Uncertain begins where that goes on for so long.",
        minimum=1.0,
        maximum=600.0,
        source=OWN_CHOICE,
    )

    unseen_question_s: float = setting(
        60.0,
        "Unseen, asked after",
        "A driver unseen for so long at speed is asked.",
        minimum=5.0,
        maximum=3600.0,
        source=OWN_CHOICE,
    )
    question_every_s: float = setting(
        1800.0,
        "Question at most every",
        "Uncertain is not entered again within so long, answered or not.",
        minimum=0.0,
        maximum=14_400.0,
        source=OWN_CHOICE + ": one question in half an hour",
    )
    empty_seat_after_s: float = setting(
        10.0,
        "No driver without a look at the seat",
        "No driver is said after so long without a face, where the seat itself cannot be judged: a"
        " head may have turned, sunk or be covered. It must be above no_driver_after_s.",
        minimum=2.0,
        maximum=120.0,
        source=OWN_CHOICE,
    )
    lost_look_s: float = setting(
        0.7,
        "Last look before the face was lost",
        "What the head did so shortly before it was lost says where it went.",
        minimum=0.1,
        maximum=3.0,
        source=OWN_CHOICE,
    )
    lost_turn_deg: float = setting(
        15.0,
        "Turn before the face was lost",
        "A head turned or bowed so far when it was lost looks away, and goes on to.",
        minimum=5.0,
        maximum=60.0,
        source=OWN_CHOICE,
    )
    face_jump: float = setting(
        0.6,
        "Face jump",
        "A face farther from where the driver's was, in its widths, is another one; six widths for"
        " each second between come on top, 1.5 widths at the most.",
        minimum=0.2,
        maximum=1.4,
        source=OWN_CHOICE + ": 1 m/s is six widths of a face a second",
    )
    face_growth: float = setting(
        1.35,
        "Face growth",
        "A face larger or smaller by this factor from one frame to the next is another one.",
        minimum=1.1,
        maximum=3.0,
        source=OWN_CHOICE,
    )
