"""When something is out of order as a whole: the line, the port, the controller. Pure, seeded."""

import math
import random

from firmware_bridge.faults.spec import FaultSpec

# From shorter than a cycle to far longer than the 350 ms after which all is unknown.
LENGTHS_S = {"stall": (0.05, 1.0), "unplug": (0.1, 1.5), "reboot": (0.2, 2.0)}


class Outages:
    """The outages of one kind from `start_s` on. Ask with times that do not run backwards."""

    def __init__(self, spec: FaultSpec, kind: str, start_s: float) -> None:
        self._mean_s: float = getattr(spec, kind)
        self._length_s = LENGTHS_S[kind]
        self._random = random.Random(f"{spec.seed} {kind}")
        self.count = 0  # that have begun
        self._begun = False
        self._begin_s = self._end_s = math.inf
        if self._mean_s > 0.0:
            self._plan(start_s)

    def active(self, now_s: float) -> bool:
        """Return whether one lasts."""
        while now_s >= self._end_s:
            self._count_begun()
            self._plan(self._end_s)
        if now_s < self._begin_s:
            return False
        self._count_begun()
        return True

    def next_s(self, now_s: float) -> float:
        """Return when this changes next; infinite: never."""
        return self._end_s if self.active(now_s) else self._begin_s

    def _plan(self, from_s: float) -> None:
        self._begun = False
        self._begin_s = from_s + self._mean_s * self._random.uniform(0.5, 1.5)
        self._end_s = self._begin_s + self._random.uniform(*self._length_s)

    def _count_begun(self) -> None:
        if not self._begun:
            self._begun = True
            self.count += 1
