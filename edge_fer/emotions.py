"""The seven classes of FER2013, in the order of its labels and of the network's output."""

from enum import IntEnum


class Emotion(IntEnum):
    """A FER2013 label (Goodfellow et al. 2013); its value is its index in the network's output."""

    ANGRY = 0
    DISGUST = 1
    FEAR = 2
    HAPPY = 3
    SAD = 4
    SURPRISE = 5
    NEUTRAL = 6


LABELS: tuple[str, ...] = tuple(emotion.name.lower() for emotion in Emotion)
