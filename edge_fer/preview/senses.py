"""Which senses see the driver now, and since when not. Pure."""

from dataclasses import dataclass

from edge_fer.live.scene import Scene

NAMES = ("face", "head", "eyes")


@dataclass(frozen=True, slots=True)
class Sense:
    """`unseen_s` is for how long it has seen nothing: 0 while it sees, None where it never did."""

    name: str
    unseen_s: float | None


class Senses:
    """Follows what face, head and eyes were seen in."""

    def __init__(self) -> None:
        self._seen_s: dict[str, float] = {}
        self._now_s = 0.0

    def take(self, scene: Scene | None, now_s: float) -> None:
        """Note what was seen in a picture at `now_s` (monotonic)."""
        self._now_s = now_s
        if scene is None:
            return
        eyes = scene.eyes
        for name, seen in (
            ("face", scene.box is not None),
            ("head", scene.head is not None),
            ("eyes", eyes is not None and (eyes.right is not None or eyes.left is not None)),
        ):
            if seen:
                self._seen_s[name] = now_s

    def now(self) -> tuple[Sense, ...]:
        """Return each sense as of the newest picture."""
        return tuple(
            Sense(name, self._now_s - self._seen_s[name] if name in self._seen_s else None)
            for name in NAMES
        )
