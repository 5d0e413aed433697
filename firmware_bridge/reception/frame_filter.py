"""Which frames are shown, and how their signals read in a line of text. Pure."""

from dataclasses import dataclass

from firmware_bridge.protocol.frame import id_text
from firmware_bridge.reception.supervision import JudgedFrame
from firmware_bridge.reception.watching import message_as_json

_DATA = "data="


@dataclass(frozen=True, slots=True)
class FrameFilter:
    """Words that must be in what is known of a frame, in any order; `without` must not be."""

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether every frame passes."""
        return not self.words and not self.without

    def passes(self, judged: JudgedFrame) -> bool:
        """Return whether a frame is shown.

        A word is looked for in id, message, verdict and signals; only `data=b4d0` in the data, and
        from its start: else an id would be found in the data of other messages.
        """
        text, data = _text(judged).casefold(), _DATA + judged.frame.data.hex()

        def is_in(word: str) -> bool:
            return data.startswith(word) if word.startswith(_DATA) else word in text

        return all(map(is_in, self.words)) and not any(map(is_in, self.without))


def parse_filter(text: str) -> FrameFilter:
    """Return the filter of `3A0 state=attentive -ok`, in any case; every text is one."""
    words = text.casefold().split()
    return FrameFilter(
        tuple(word for word in words if not word.startswith("-")),
        tuple(word[1:] for word in words if word.startswith("-") and len(word) > 1),
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


def _text(judged: JudgedFrame) -> str:
    name = judged.name or "other"
    return f"{id_text(judged.frame.can_id)} {name} {judged.status.value} {signals_line(judged)}"
