"""How often the policy alarms for nothing, and how surely and soon it sees a danger."""

import statistics
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.states import DriverState
from edge_fer.stories.attention import STORIES
from edge_fer.stories.noise import Noise, noisy
from edge_fer.stories.scene import START_S, Story, told
from firmware_bridge.benchmark.output import Interrupted

FPS = 30
# What cannot be seen is no alarm.
CALM_STATES = frozenset({DriverState.NOT_READY, DriverState.ATTENTIVE, DriverState.UNSEEN})
# False alarms an hour of an attentive driver that are bearable.
GOALS = {DriverState.DISTRACTED: 1.0, DriverState.ASLEEP: 0.2, DriverState.UNRESPONSIVE: 0.2}
# So far from the moment at which a state is due it still counts as seen. PERCLOS is a figure of a
# minute, and a few misjudged frames move its crossing by a few closures.
SEEN_WITHIN_S = 5.0
DROWSY_SEEN_WITHIN_S = 20.0

Timeline = tuple[tuple[DriverState, float], ...]


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """Entries of a state in which an attentive driver was not; `goal` an hour, None: none set.

    `stories` are those in which it happened, with how often, the worst first.
    """

    state: DriverState
    count: int
    per_hour: float
    goal: float | None
    stories: tuple[tuple[str, int], ...] = ()

    @property
    def met(self) -> bool | None:
        """Whether the goal was met; None without one."""
        return None if self.goal is None else self.per_hour <= self.goal


@dataclass(frozen=True, slots=True)
class Detection:
    """How many of the times that a state was due it was said.

    Delays are in seconds after the state's own time had passed, None where nothing was seen.
    """

    state: DriverState
    due: int
    seen: int
    delay_p50_s: float | None
    delay_max_s: float | None


@dataclass(frozen=True, slots=True)
class StateFigures:
    """`attentive_hours` are of stories in which nothing is the matter."""

    fps: int
    seed: int
    attentive_hours: float
    noise: Noise
    false_alarms: tuple[FalseAlarms, ...]
    detections: tuple[Detection, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures under the names of the fields; states by their names."""
        return {
            "fps": self.fps,
            "seed": self.seed,
            "attentive_hours": self.attentive_hours,
            "noise": asdict(self.noise),
            "false_alarms": {
                alarm.state.label: {
                    "count": alarm.count,
                    "per_hour": alarm.per_hour,
                    "goal_per_hour": alarm.goal,
                    "met": alarm.met,
                    "stories": dict(alarm.stories),
                }
                for alarm in self.false_alarms
            },
            "detections": {
                found.state.label: {
                    "due": found.due,
                    "seen": found.seen,
                    "rate": found.seen / found.due,
                    "delay_p50_s": found.delay_p50_s,
                    "delay_max_s": found.delay_max_s,
                }
                for found in self.detections
            },
        }


def measure_states(
    *,
    hours: float,
    seed: int,
    noise: Noise | None = None,
    stories: Mapping[str, Story] = STORIES,
    say: Callable[[str], None] = lambda _: None,
) -> StateFigures:
    """Play `stories` repeatedly, each time with other noise, for `hours` attentive hours.

    The stories with a danger are played once for each four rounds of the attentive ones, and at
    least three times. Interrupted by Ctrl-C, with the figures of what was played until then.
    """
    level = noise or Noise()
    calm = {name: story for name, story in stories.items() if is_attentive(story)}
    eventful = [story for story in stories.values() if not is_attentive(story)]
    round_s = sum(story.seconds for story in calm.values())
    rounds = max(1, round(hours * 3600 / round_s))
    entries: dict[DriverState, Counter[str]] = {state: Counter() for state in DriverState}
    delays: dict[DriverState, list[float | None]] = {}
    attentive_s = 0.0
    interrupted = False
    try:
        for number in range(rounds):
            say(f"attentive drivers, round {number + 1} of {rounds}")
            for index, (name, story) in enumerate(calm.items()):
                states = timeline(story, seed + 1000 * number + index, level)
                attentive_s += story.seconds
                entries_of = (state for state, _ in states if state not in CALM_STATES)
                for state in entries_of:
                    entries[state][name] += 1
        for number in range(max(3, rounds // 4)):
            say(f"dangers, round {number + 1}")
            for index, story in enumerate(eventful):
                states = timeline(story, seed + 500_000 + 1000 * number + index, level)
                for state, due_s in story.expected:
                    if state not in CALM_STATES:
                        delays.setdefault(state, []).append(delay_s(states, state, due_s))
    except KeyboardInterrupt:
        if not attentive_s:
            raise
        interrupted = True
    attentive_hours = attentive_s / 3600
    figures = StateFigures(
        fps=FPS,
        seed=seed,
        attentive_hours=attentive_hours,
        noise=level,
        false_alarms=tuple(
            FalseAlarms(
                state=state,
                count=entries[state].total(),
                per_hour=entries[state].total() / attentive_hours,
                goal=GOALS.get(state),
                stories=tuple(entries[state].most_common()),
            )
            for state in DriverState
            if state not in CALM_STATES and state is not DriverState.NOT_AVAILABLE
        ),
        detections=tuple(_detection(state, delays[state]) for state in sorted(delays)),
    )
    if interrupted:
        raise Interrupted(figures)
    return figures


def is_attentive(story: Story) -> bool:
    """Whether nothing is the matter in this story."""
    return all(state in CALM_STATES for state, _ in story.expected)


def timeline(story: Story, seed: int, noise: Noise) -> Timeline:
    """Return the states that are said, each with the second in which it begins."""
    monitor = StateMonitor(story.settings, START_S)
    states = [(monitor.decision.state, 0.0)]
    for observation in noisy(told(story, FPS), seed, noise):
        decision = monitor.observe(observation)
        if decision.state is not states[-1][0]:
            states.append((decision.state, decision.time_s - START_S))
    return tuple(states)


def delay_s(states: Timeline, state: DriverState, due_s: float) -> float | None:
    """Return how late `state` is said that is due at `due_s`; None where it is not.

    Where it was said before, and still is, it is not late.
    """
    within_s = DROWSY_SEEN_WITHIN_S if state is DriverState.DROWSY else SEEN_WITHIN_S
    ends_s = [begin_s for _, begin_s in states[1:]] + [float("inf")]
    for (said, begin_s), end_s in zip(states, ends_s, strict=True):
        if said is state and begin_s <= due_s + within_s and end_s > due_s - within_s:
            return max(begin_s - due_s, -within_s)
    return None


def _detection(state: DriverState, delays: list[float | None]) -> Detection:
    seen = [delay for delay in delays if delay is not None]
    return Detection(
        state=state,
        due=len(delays),
        seen=len(seen),
        delay_p50_s=statistics.median(seen) if seen else None,
        delay_max_s=max(seen) if seen else None,
    )
