"""What one check of `edge-fer doctor` saw."""

from dataclasses import asdict, dataclass
from enum import Enum


class Level(Enum):
    """How bad a finding is; only FAILED makes the exit code 1."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw, in one line, and what to do (empty where nothing is)."""

    check: str
    level: Level
    text: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """Return it as a JSON object."""
        return asdict(self) | {"level": self.level.value}
