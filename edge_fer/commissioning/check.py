"""Leads through the steps: a function of timed samples, with no clock of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_fer.commissioning.sample import Sample
from edge_fer.commissioning.steps import INSTRUCTIONS, PREPARE_S, Step
from edge_fer.commissioning.verdicts import Result, Road, judge, road_of
from edge_fer.config.edit import Value
from edge_fer.doctor.finding import Level

STEPS: tuple[Step, ...] = tuple(Step)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the check is: the step, whether it measures yet, and the seconds until that changes."""

    step: Step
    number: int  # from 1
    measuring: bool
    left_s: float


class GuidedCheck:
    """The check of one driver, from `start_s` on (the clock of the samples)."""

    def __init__(self, start_s: float, steps: Sequence[Step] = STEPS) -> None:
        self._steps = tuple(steps)
        self._samples: dict[Step, list[Sample]] = {step: [] for step in self._steps}
        self._ends: list[tuple[Step, float, float]] = []  # measured from, until
        at_s = start_s
        for step in self._steps:
            begin_s = at_s + PREPARE_S
            at_s = begin_s + INSTRUCTIONS[step].measure_s
            self._ends.append((step, begin_s, at_s))
        self._now_s = start_s

    @property
    def length_s(self) -> float:
        """How long the whole takes."""
        return sum(PREPARE_S + INSTRUCTIONS[step].measure_s for step in self._steps)

    def take(self, sample: Sample) -> None:
        """Add what a picture showed."""
        self.tick(sample.time_s)
        for step, begin_s, end_s in self._ends:
            if begin_s <= sample.time_s < end_s:
                self._samples[step].append(sample)

    def tick(self, now_s: float) -> None:
        """Go on where no picture comes."""
        self._now_s = max(self._now_s, now_s)

    def progress(self) -> Progress | None:
        """Return where it is; None when it is through."""
        for number, (step, begin_s, end_s) in enumerate(self._ends, start=1):
            if self._now_s < end_s:
                measuring = self._now_s >= begin_s
                return Progress(
                    step, number, measuring, (end_s if measuring else begin_s) - self._now_s
                )
        return None

    def results(self) -> tuple[Result, ...]:
        """Return the results of the steps that are through."""
        road = self._road()
        return tuple(
            judge(step, self._samples[step], road)
            for step, _, end_s in self._ends
            if self._now_s >= end_s
        )

    def settings(self) -> dict[str, Value]:
        """Return the piece of config that follows from the results: the neutral pose, if known."""
        road = self._road()
        looked = [one for one in self.results() if one.step is Step.ROAD]
        if road is None or not looked or looked[0].level is Level.FAILED:
            return {}
        return {
            "driver_state.neutral_yaw_deg": round(min(max(road.yaw_deg, -60.0), 60.0), 1),
            "driver_state.neutral_pitch_deg": round(min(max(road.pitch_deg, -45.0), 45.0), 1),
        }

    def _road(self) -> Road | None:
        return road_of(self._samples.get(Step.ROAD, ()))
