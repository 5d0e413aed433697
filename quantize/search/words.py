"""What the verb and its workers agree on, without Optuna."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from quantize.data.classes import emotion_classes
from quantize.data.load import Reading
from quantize.verbs.reading import reading_of

ENVIRONMENT = "env:"
"""A storage of `env:NAME` is in that environment variable."""


@dataclass(frozen=True, slots=True)
class ReadingWords:
    """The options of the command line on how data is read, for each worker."""

    labels: str | None = None
    face_crop: bool = False
    yunet: str | None = None
    skip_bad: bool = False

    def reading(self) -> Reading:
        """Return how the data is read; UserError where a word is wrong."""
        return reading_of(
            skip_bad=self.skip_bad,
            classes=emotion_classes(self.labels),
            face_crop=self.face_crop,
            yunet=Path(self.yunet) if self.yunet else None,
        )

    def to_text(self) -> str:
        """Return the options as a word of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "ReadingWords":
        """Return what `to_text` wrote."""
        return cls(**json.loads(text))
