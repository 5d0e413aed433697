"""What of the vehicle's messages is believed: no single frame ends the monitoring.

E2E protection finds what a faulty line or a faulty sender does. It has no secret, so that everybody
on the bus can send frames that pass it. A switch-off therefore needs a second in which all frames
agree, and (`may_switch_off`) a vehicle that is known to stand; a speed that jumps is not known.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from edge_fer.observation import Vehicle

NEVER, PARKED, ALWAYS = "never", "parked", "always"

AGREE_S = 1.0
AGREE_FRAMES = 5  # of the ten that a controller sends in a second
PARKED_BELOW_KM_H = 5.0
# Full braking on a dry road is 10 m/s2, and sensors are filtered: 36 km/h in a second, and some.
MOST_CHANGE_KM_H_PER_S = 45.0
SPEED_NOISE_KM_H = 3.0
# Between two frames further apart the speed may have done anything.
SPEED_FORGOTTEN_S = 1.0
MANY_SWITCH_OFFS = 3  # in an hour; a driver stops more often hardly ever
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class TrustCounters:
    """What was not believed so far, and how often the vehicle switched off."""

    contradictions: int = 0  # frames that took back within a second what the last ones said
    speed_jumps: int = 0
    switch_offs: int = 0


NOTHING_COUNTED = TrustCounters()


class VehicleTrust:
    """Judges the frames of the controller; `off` is whether it is switched off at the start."""

    def __init__(self, may_switch_off: str = PARKED, *, off: bool = False) -> None:
        self._may_switch_off = may_switch_off
        self._off = off
        # Enabled, ignition, and whether the vehicle is known to stand.
        self._said: tuple[bool | None, bool | None, bool] | None = None
        self._since_s = 0.0  # all frames from then on said the same
        self._frames = 0
        self._last_s: float | None = None
        self._rejected: int | None = None
        self._speed: tuple[float, float] | None = None  # when, km/h
        self._speed_known_from_s: float | None = None
        self._switch_offs: deque[float] = deque(maxlen=MANY_SWITCH_OFFS + 1)
        self.counters = TrustCounters()

    def update(
        self, frames: Iterable[tuple[float, Vehicle]], latest: Vehicle, rejected: int
    ) -> Vehicle:
        """Return what is believed of `latest`; what is not is unknown.

        `frames` are those since the last call, with their monotonic seconds, and `rejected` is how
        many frames of the controller failed their protection so far: somebody else's counter is in
        between, perhaps.
        """
        if self._rejected is not None and rejected != self._rejected:
            self._begin_again()
        self._rejected = rejected
        speed_km_h = latest.speed_km_h
        for time_s, vehicle in frames:
            self._take(time_s, vehicle)
        if latest.enabled is None and latest.ignition_on is None:
            self._begin_again()
        if self._last_s is None or not self._speed_is_known(self._last_s):
            speed_km_h = None
        believed = replace(latest, speed_km_h=speed_km_h)
        wants_off = latest.enabled is False or latest.ignition_on is False
        if wants_off and not self._off:
            if not self._is_agreed or not self._may_be_off:
                return replace(
                    believed,
                    enabled=latest.enabled or None,
                    ignition_on=latest.ignition_on or None,
                )
            self._off = True
            self._count(switch_offs=1)
            self._switch_offs.append(self._last_s or 0.0)
        elif self._off and not wants_off and (latest.enabled or latest.ignition_on):
            # Nor does a single frame begin the filming of somebody who switched it off.
            if not self._is_agreed:
                return replace(believed, enabled=None, ignition_on=None)
            self._off = False
        return believed

    @property
    def many_switch_offs(self) -> bool:
        """Whether the vehicle was switched off more than three times within the last hour."""
        times = self._switch_offs
        return len(times) > MANY_SWITCH_OFFS and times[-1] - times[0] <= HOUR_S

    @property
    def _is_agreed(self) -> bool:
        return (
            self._last_s is not None
            and self._frames >= AGREE_FRAMES
            and self._last_s - self._since_s >= AGREE_S
        )

    @property
    def _may_be_off(self) -> bool:
        if self._may_switch_off == PARKED:
            return self._said is not None and self._said[2]
        return self._may_switch_off == ALWAYS

    def _take(self, time_s: float, vehicle: Vehicle) -> None:
        self._take_speed(time_s, vehicle.speed_km_h)
        speed_km_h = vehicle.speed_km_h
        stands = (
            speed_km_h is not None
            and speed_km_h < PARKED_BELOW_KM_H
            and self._speed_is_known(time_s)
        )
        said = vehicle.enabled, vehicle.ignition_on, stands
        if said != self._said:
            before = self._said
            if before is not None and before[:2] != said[:2] and time_s - self._since_s < AGREE_S:
                self._count(contradictions=1)
            self._said, self._since_s, self._frames = said, time_s, 0
        self._frames += 1
        self._last_s = time_s

    def _take_speed(self, time_s: float, speed_km_h: float | None) -> None:
        if speed_km_h is None:
            return
        before, self._speed = self._speed, (time_s, speed_km_h)
        if before is None or time_s - before[0] > SPEED_FORGOTTEN_S:
            self._speed_known_from_s = self._speed_known_from_s or time_s
            return
        most = SPEED_NOISE_KM_H + MOST_CHANGE_KM_H_PER_S * (time_s - before[0])
        if abs(speed_km_h - before[1]) > most:
            self._count(speed_jumps=1)
            self._speed_known_from_s = time_s + AGREE_S

    def _speed_is_known(self, time_s: float) -> bool:
        return self._speed_known_from_s is not None and time_s >= self._speed_known_from_s

    def _begin_again(self) -> None:
        self._said, self._frames = None, 0

    def _count(self, contradictions: int = 0, speed_jumps: int = 0, switch_offs: int = 0) -> None:
        before = self.counters
        self.counters = TrustCounters(
            before.contradictions + contradictions,
            before.speed_jumps + speed_jumps,
            before.switch_offs + switch_offs,
        )
