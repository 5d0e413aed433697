"""The settings of the driver-state policy, with their ranges and sources."""

from dataclasses import dataclass, replace
from typing import Self

from edge_fer.driver_state.attention_settings import AttentionSettings
from edge_fer.driver_state.sense_settings import OWN_CHOICE, STATE_TABLE
from edge_fer.setting import SettingError, check_settings, setting

# Facial expressions of emotion last between 0.5 s and 4 s: a state of the driver must outlast one.
EXPRESSION_LENGTH = "expressions last 0.5 to 4 s (Matsumoto and Hwang 2011); project's choice"
HIGHEST_THRESHOLD = 0.95  # above it nearly every frame would be uncertain

# Of each pair the first must be below the second, or a state would switch on and off at once.
ASCENDING = (
    ("emotion_leave", "emotion_enter"),
    ("eyes_open_below", "eyes_closed_from"),
    ("blink_min_s", "blink_max_s"),
    ("blink_max_s", "microsleep_after_s"),
    ("drowsy_leave", "drowsy_enter"),
    ("microsleep_after_s", "asleep_after_s"),
    ("asleep_after_s", "unresponsive_after_s"),
    ("perclos_window_s", "perclos_max_age_s"),
    ("looks_away_s", "looks_window_s"),
    ("lids_shut_below", "lids_open_above"),
    ("no_driver_after_s", "empty_seat_after_s"),
    ("rest_known_after_s", "rest_learn_s"),
    ("look_back_s", "attentive_after_s"),
)


@dataclass(frozen=True, slots=True)
class PolicySettings(AttentionSettings):
    """Times in seconds, evidence and confidence as shares of 1."""

    emotion_states: bool = setting(
        True,
        "Infer emotions",
        "The one switch. Off: no emotion is kept or sent, and agitated, anxious, low and uncertain"
        " never occur. At work the law allows emotion inference only for medical or safety"
        " reasons.",
        source="Regulation (EU) 2024/1689, article 5(1)(f)",
    )

    evidence_time_constant_s: float = setting(
        1.0,
        "Evidence time constant",
        "Emotion evidence is the probability, filtered: a step is 63 % done after this time.",
        minimum=0.1,
        maximum=10.0,
        source=OWN_CHOICE + ": hides single frames, delays a state by about one second",
    )
    emotion_enter: float = setting(
        0.6,
        "Emotion evidence to enter",
        "Agitated (anger + disgust), anxious (fear) and low (sadness) begin at this evidence.",
        minimum=0.3,
        maximum=0.95,
        source=STATE_TABLE,
    )
    emotion_leave: float = setting(
        0.4,
        "Emotion evidence to leave",
        "They end below this evidence; it must be below emotion_enter.",
        minimum=0.05,
        maximum=0.9,
        source=STATE_TABLE,
    )
    agitated_after_s: float = setting(
        3.0,
        "Agitated after",
        "Anger and disgust must hold for so long.",
        minimum=0.5,
        maximum=60.0,
        source=EXPRESSION_LENGTH,
    )
    anxious_after_s: float = setting(
        3.0,
        "Anxious after",
        "Fear must hold for so long.",
        minimum=0.5,
        maximum=60.0,
        source=EXPRESSION_LENGTH,
    )
    low_after_s: float = setting(
        10.0,
        "Low after",
        "Sadness must hold for so long: low mood is slow, and a neutral face often looks sad.",
        minimum=0.5,
        maximum=300.0,
        source=STATE_TABLE,
    )
    emotion_over_s: float = setting(
        3.0,
        "Emotion over after",
        "The evidence must stay below emotion_leave for so long.",
        minimum=0.5,
        maximum=60.0,
        source=STATE_TABLE,
    )

    confidence_threshold: float = setting(
        0.0,
        "Confidence threshold",
        "Below this confidence (the highest filtered probability) the emotion is shown as unsure;"
        " nobody is asked about it. 0: as the model's card says, which knows what its confidence is"
        " worth.",
        minimum=0.0,
        maximum=HIGHEST_THRESHOLD,
        source="the model card: covers a fixed share of the validation images",
    )
    request_valid_s: int = setting(
        8,
        "Question valid for",
        "So long the driver has time to answer; without an answer the severity is raised. Whole"
        " seconds on the wire.",
        minimum=1,
        maximum=254,
        source=OWN_CHOICE,
    )

    no_driver_after_s: float = setting(
        2.0,
        "No driver after",
        "No face for so long, seen by a good camera, on a seat that looks empty; elsewhere see"
        " empty_seat_after_s.",
        minimum=0.5,
        maximum=60.0,
        source=STATE_TABLE,
    )
    driver_back_after_s: float = setting(
        1.0,
        "Driver back after",
        "No driver ends once a face was there for so long.",
        minimum=0.2,
        maximum=10.0,
        source=STATE_TABLE,
    )
    face_confirmed_after_s: float = setting(
        0.2,
        "Face confirmed after",
        "A face seen for less does not count as a driver: detectors flash on seats and windows.",
        minimum=0.0,
        maximum=1.0,
        source=OWN_CHOICE,
    )
    dropout_s: float = setting(
        0.5,
        "Longest drop-out",
        "Shorter gaps between usable frames do not count as gaps; a longer one counts so much at"
        " the most, because a single frame cannot speak for the whole of it.",
        minimum=0.1,
        maximum=1.0,
        source=OWN_CHOICE + ": detectors miss a turning head for some tenths of a second",
    )
    evidence_max_age_s: float = setting(
        2.5,
        "Evidence outdated after",
        "Without a usable frame for so long what the face showed is forgotten; where that was no"
        " fault of the face, nothing is decided: not ready.",
        minimum=0.5,
        maximum=10.0,
        source=OWN_CHOICE,
    )

    ready_after_s: float = setting(
        2.0,
        "Ready after",
        "Usable frames needed after the start.",
        minimum=0.0,
        maximum=30.0,
        source=STATE_TABLE,
    )
    ready_again_after_s: float = setting(
        0.5,
        "Ready again after",
        "Usable frames needed after the evidence was outdated.",
        minimum=0.0,
        maximum=30.0,
        source=OWN_CHOICE + ": the first frames of a returning face are often cut",
    )

    camera_degraded_after_s: float = setting(
        0.4,
        "Camera degraded after",
        "The camera must be blocked, dark, overexposed, frozen or lost for so long.",
        minimum=0.0,
        maximum=1.0,
        source=STATE_TABLE + " (within 1 s; frozen takes 0.5 s to be seen at all)",
    )
    camera_good_after_s: float = setting(
        1.0,
        "Camera good after",
        "Camera degraded ends once the camera was good for so long.",
        minimum=0.1,
        maximum=10.0,
        source=STATE_TABLE,
    )
    camera_flicker_s: float = setting(
        0.25,
        "Camera flicker",
        "Bad moments closer together than this count as one: sun through trees.",
        minimum=0.1,
        maximum=1.0,
        source=OWN_CHOICE + ": more than the 0.1 s at which a lost camera is reported",
    )
    camera_start_s: float = setting(
        5.0,
        "Camera process start-up time",
        "So long after the start the camera's process may take before it opens the camera. One that"
        " then gives no frame for 1.2 s is a fault.",
        minimum=0.0,
        maximum=60.0,
        source=OWN_CHOICE + ": its imports take 0.3 s, and several seconds on a board that boots",
    )

    clock_jump_s: float = setting(
        1.0,
        "Clock jump",
        "Observations older than the newest are ignored; older by more than this, the clock was"
        " set back and the evidence begins anew.",
        minimum=0.1,
        maximum=60.0,
        source=OWN_CHOICE,
    )

    def __post_init__(self) -> None:
        """Refuse values out of range, and pairs that would switch a state on and off at once."""
        check_settings(self)
        for lower, upper in ASCENDING:
            below, above = getattr(self, lower), getattr(self, upper)
            if below >= above:
                problem = f"{below:g} is not below {upper} ({above:g})"
                raise SettingError(lower, problem, also=(upper,))

    def for_model(self, uncertain_threshold: float) -> Self:
        """Return these settings with the model card's threshold, unless the config sets one.

        `uncertain_threshold` is a confidence, 0..1; above the setting's maximum it counts as that.
        """
        if self.confidence_threshold > 0.0:
            return self
        return replace(self, confidence_threshold=min(uncertain_threshold, HIGHEST_THRESHOLD))
