"""The recent emotions relative to the resting face, filtered independently of the frame rate."""

import math
import statistics
from dataclasses import dataclass, field

from edge_fer.driver_state.changed import changed
from edge_fer.driver_state.latch import RELEASED, ROUNDING_S, Latch
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.emotions import Emotion

STRETCH_S = 1.0
KINDS = ((Emotion.ANGRY, Emotion.DISGUST), (Emotion.FEAR,), (Emotion.SAD,))  # of the three states
NEGATIVE = (Emotion.ANGRY, Emotion.DISGUST, Emotion.FEAR, Emotion.SAD)


@dataclass(frozen=True)  # without slots: see `changed`
class RestingFace:
    """The network's probabilities for this driver's face at rest.

    `stretches` are the means of the seconds seen so far. `median` is the median per emotion once
    enough was seen; it stays when the learning time is over.
    """

    median: tuple[float, ...] | None = None
    stretches: tuple[tuple[float, ...], ...] = ()
    sums: tuple[float, ...] = (0.0,) * len(Emotion)
    seen_s: float = 0.0

    def seen(
        self, probabilities: tuple[float, ...], elapsed_s: float, settings: PolicySettings
    ) -> "RestingFace":
        """Return what is known after `elapsed_s` with these probabilities."""
        if len(self.stretches) * STRETCH_S >= settings.rest_learn_s - ROUNDING_S:
            return self
        sums = tuple(
            old + new * elapsed_s for old, new in zip(self.sums, probabilities, strict=True)
        )
        seen_s = self.seen_s + elapsed_s
        if seen_s < STRETCH_S - ROUNDING_S:
            return changed(self, sums=sums, seen_s=seen_s)
        stretches = (*self.stretches, tuple(value / seen_s for value in sums))
        median = None
        if len(stretches) * STRETCH_S >= settings.rest_known_after_s - ROUNDING_S:
            median = tuple(statistics.median(values) for values in zip(*stretches, strict=True))
        return RestingFace(median, stretches)

    def excess(self, probabilities: tuple[float, ...], emotions: tuple[Emotion, ...]) -> float:
        """Return how much more the face shows `emotions` than at rest: 0 nothing, 1 fully."""
        shown, rest = 0.0, 0.0
        for emotion in emotions:
            shown += probabilities[emotion]
            rest += 0.0 if self.median is None else self.median[emotion]
        return min(max((shown - rest) / max(1.0 - rest, 0.05), 0.0), 1.0)


@dataclass(frozen=True)  # without slots: see `changed`
class EmotionEvidence:
    """`probabilities` are the seven filtered ones in FER2013 order, None before the first frame.

    `seen_s` is when they were last seen, in monotonic seconds. The latches hold which emotion lasts
    long enough to be a driver state. `contradictory` is the latch of a face that keeps showing joy
    and negative emotions at the same time.
    """

    probabilities: tuple[float, ...] | None = None
    seen_s: float | None = None
    rest: RestingFace = field(default_factory=RestingFace)
    agitated: Latch = RELEASED
    anxious: Latch = RELEASED
    low: Latch = RELEASED
    contradictory: Latch = RELEASED

    def age_s(self, time_s: float) -> float:
        """Seconds since probabilities were last seen."""
        return math.inf if self.seen_s is None else time_s - self.seen_s

    def laughs(self, settings: PolicySettings) -> bool:
        """Whether the face shows enough joy that narrowed lids may be a laugh."""
        probabilities = self.probabilities
        return probabilities is not None and probabilities[Emotion.HAPPY] >= settings.laugh_from


def update_emotion(
    before: EmotionEvidence,
    probabilities: tuple[float, ...],
    *,
    time_s: float,
    elapsed_s: float,
    settings: PolicySettings,
) -> EmotionEvidence:
    """Return the evidence after a usable frame that counts for the last `elapsed_s` seconds."""
    filtered = _filter(before.probabilities, probabilities, elapsed_s, settings)
    rest = before.rest
    # Once it is known, what goes far beyond it is an emotion and no rest.
    agitated, anxious, low = (rest.excess(filtered, kind) for kind in KINDS)
    calm = max(agitated, anxious, low) < settings.emotion_leave
    if rest.median is None or calm:
        rest = rest.seen(probabilities, elapsed_s, settings)

    def emotion(latch: Latch, excess: float, after_s: float) -> Latch:
        return latch.step(
            # Without a face at rest to compare with, a calm one of many people looks angry.
            enters=rest.median is not None and excess >= settings.emotion_enter,
            leaves=excess < settings.emotion_leave,
            elapsed_s=elapsed_s,
            enter_s=after_s,
            leave_s=settings.emotion_over_s,
        )

    negative = sum(filtered[emotion] for emotion in NEGATIVE)
    contradicts = min(filtered[Emotion.HAPPY], negative) >= settings.contradictory_from
    return EmotionEvidence(
        probabilities=filtered,
        seen_s=time_s,
        rest=rest,
        agitated=emotion(before.agitated, agitated, settings.agitated_after_s),
        anxious=emotion(before.anxious, anxious, settings.anxious_after_s),
        low=emotion(before.low, low, settings.low_after_s),
        contradictory=before.contradictory.step(
            enters=contradicts,
            leaves=not contradicts,
            elapsed_s=elapsed_s,
            enter_s=settings.contradictory_after_s,
            leave_s=settings.emotion_over_s,
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
