"""Which frames are shown, and how one reads in a line of text. Pure."""

from dataclasses import dataclass

from firmware_bridge.supervision import JudgedFrame
from firmware_bridge.watching import message_as_json


@dataclass(frozen=True, slots=True)
class FrameFilter:
    """Words that must be in a frame's line, in any order and case; `-word` must not be."""

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def passes(self, line: str) -> bool:
        """Return whether a frame with this line is shown."""
        folded = line.casefold()
        return all(word in folded for word in self.words) and not any(
            word in folded for word in self.without
        )


def parse_filter(text: str) -> FrameFilter:
    """Return the filter of `3A0 state=attentive -ok`; every text is one."""
    words = text.casefold().split()
    return FrameFilter(
        tuple(word for word in words if not word.startswith("-")),
        tuple(word[1:] for word in words if word.startswith("-") and len(word) > 1),
    )


def frame_line(judged: JudgedFrame) -> str:
    """Return what a filter looks at: id, message, verdict, data and the signals that are known."""
    frame = judged.frame
    return " ".join(
        (
            f"{frame.can_id:03X}",
            judged.name or "other",
            judged.status.value,
            frame.data.hex().upper(),
            signals_line(judged),
        )
    )


def signals_line(judged: JudgedFrame) -> str:
    """Return the signals that have a value: State=attentive Confidence=87.2."""
    if judged.message is None:
        return ""
    return " ".join(
        f"{name}={str(value).replace(' ', '_')}"
        for name, value in message_as_json(judged.message).items()
        if value is not None
    )
