"""The recent mouth openings: yawns, and whether the driver yawns now."""

import math
from dataclasses import dataclass

from edge_fer.driver_state.changed import changed
from edge_fer.driver_state.latch import ROUNDING_S
from edge_fer.driver_state.settings import PolicySettings

MOST_OPENING = 3.0  # the gap over the width of the mouth; more is a wrong number
MOST_YAWNS = 20  # that are remembered
# A mouth that closes for a moment, or is misjudged, does not end a yawn; one that moves as in talk
# does. After a yawn the face needs a moment.
PAUSE_S = 0.3
# A pause subtracts this multiple of its length: during a yawn the mouth is wide for more than two
# thirds of the time, misjudged frames included. In talk and laughter, vowels and pauses are about
# equally long.
PAUSE_WEIGHT = 2.0
AFTERWARDS_S = 1.0
# A mouth that is wide for so long excuses lids that close: a yawn shuts them before it is counted.
# In talk no mouth is wide for longer, but for acted expressions.
EXCUSES_AFTER_S = 1.2


@dataclass(frozen=True)  # without slots: see `changed`
class MouthEvidence:
    """`yawns_s` are the times at which yawns became clear, monotonic seconds.

    `wide_s` is how long the mouth has been wide open, less what pauses subtract, and `since_s` when
    it was last wide. `clear` is whether this was long enough for closed lids to belong to a yawn.
    `seen_s` is when the mouth was last seen.
    """

    seen_s: float | None = None
    wide_s: float = 0.0
    since_s: float | None = None
    clear: bool = False
    counted: bool = False
    yawns_s: tuple[float, ...] = ()

    @property
    def yawns(self) -> int:
        """Yawns within the window of the settings."""
        return len(self.yawns_s)

    def yawning(self, time_s: float) -> bool:
        """Whether the mouth is open as in a yawn, or was a moment ago."""
        if not self.clear or self.since_s is None:
            return False
        return time_s - self.since_s <= AFTERWARDS_S + ROUNDING_S


def update_mouth(
    before: MouthEvidence, opening: float | None, *, time_s: float, settings: PolicySettings
) -> MouthEvidence:
    """Return the evidence after a moment with the mouth open by `opening` (None: unseen)."""
    yawns_s = before.yawns_s
    if yawns_s and time_s - yawns_s[0] > settings.yawns_window_s:
        yawns_s = yawns_s[1:]
    kept = changed(before, yawns_s=yawns_s)
    if opening is None or not 0.0 <= opening <= MOST_OPENING:
        return kept
    gap_s = math.inf if before.seen_s is None else time_s - before.seen_s
    elapsed_s = 0.0 if gap_s > settings.dropout_s + ROUNDING_S else gap_s
    kept = changed(kept, seen_s=time_s)
    if opening < settings.mouth_yawn_from:
        if kept.since_s is None or time_s - kept.since_s > PAUSE_S + ROUNDING_S:
            return changed(kept, wide_s=0.0, counted=False, clear=kept.yawning(time_s))
        pause_s = min(elapsed_s, settings.look_speaks_for_s)
        return changed(kept, wide_s=max(kept.wide_s - PAUSE_WEIGHT * pause_s, 0.0))
    wide_s = kept.wide_s + min(elapsed_s, settings.look_speaks_for_s)
    clear = kept.clear or wide_s >= min(EXCUSES_AFTER_S, settings.yawn_min_s) - ROUNDING_S
    kept = changed(kept, wide_s=wide_s, since_s=time_s, clear=clear)
    if not kept.counted and wide_s >= settings.yawn_min_s - ROUNDING_S:
        return changed(kept, counted=True, yawns_s=(*yawns_s, time_s)[-MOST_YAWNS:])
    return kept
