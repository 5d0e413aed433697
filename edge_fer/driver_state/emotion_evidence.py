"""What the face has shown of late, filtered so that the frame rate does not matter."""

import math
from dataclasses import dataclass

from edge_fer.driver_state.latch import RELEASED, Latch
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.emotions import Emotion


@dataclass(frozen=True, slots=True)
class EmotionEvidence:
    """`probabilities` are the seven filtered ones in FER2013 order, None before the first frame.

    The latches say which emotion holds for long enough to be a state of the driver.
    """

    probabilities: tuple[float, ...] | None = None
    agitated: Latch = RELEASED
    anxious: Latch = RELEASED
    low: Latch = RELEASED
    uncertain: Latch = RELEASED


def update_emotion(
    before: EmotionEvidence,
    probabilities: tuple[float, ...],
    *,
    elapsed_s: float,
    settings: PolicySettings,
) -> EmotionEvidence:
    """Return the evidence after a usable frame that speaks for the last `elapsed_s` seconds."""
    filtered = _filter(before.probabilities, probabilities, elapsed_s, settings)

    def emotion(latch: Latch, value: float, after_s: float) -> Latch:
        return latch.step(
            enters=value >= settings.emotion_enter,
            leaves=value < settings.emotion_leave,
            elapsed_s=elapsed_s,
            enter_s=after_s,
            leave_s=settings.emotion_over_s,
        )

    unsure = max(filtered) < settings.confidence_threshold
    return EmotionEvidence(
        probabilities=filtered,
        agitated=emotion(
            before.agitated,
            filtered[Emotion.ANGRY] + filtered[Emotion.DISGUST],
            settings.agitated_after_s,
        ),
        anxious=emotion(before.anxious, filtered[Emotion.FEAR], settings.anxious_after_s),
        low=emotion(before.low, filtered[Emotion.SAD], settings.low_after_s),
        uncertain=before.uncertain.step(
            enters=unsure,
            leaves=not unsure,
            elapsed_s=elapsed_s,
            enter_s=settings.uncertain_after_s,
            leave_s=settings.confident_after_s,
        ),
    )


def _filter(
    before: tuple[float, ...] | None,
    probabilities: tuple[float, ...],
    elapsed_s: float,
    settings: PolicySettings,
) -> tuple[float, ...]:
    """First-order low pass of which the time constant, not the weight of a frame, is fixed."""
    if before is None:
        return probabilities
    weight = -math.expm1(-elapsed_s / settings.evidence_time_constant_s)
    return tuple(old + weight * (new - old) for old, new in zip(before, probabilities, strict=True))
