"""What the policy makes of clips of real faces, against what a person sees in them.

An annotation file is TOML with a table for each clip, by its file name without the ending. Times
are intervals in seconds from the clip's begin, [[from, to], ...]; each key may be left out:

- `closed_s`: both lids are down, from the first frame without an iris to the first with one again;
- `away_s`: head and eyes together point away from the camera's side of the road;
- `unclear_s`: the annotator cannot say; nothing is counted there;
- `gone_s`: no head is in the picture.

Other keys are left to whoever wrote them. A clip without a table is not counted. Clips shorter than
BACK_AND_FORTH_S are played forth, back and forth again: each frame is measured once, and the policy
sees the measurements in that order.
"""

import itertools
import math
import statistics
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge_fer.camera.base import Frame
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.config.config import Config
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.policy import Decision
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState, Reason
from edge_fer.errors import DataError, DataReason
from edge_fer.face.eyes import EyeReader
from edge_fer.face.opening import open_tracker
from edge_fer.models.classifier import Classifier
from edge_fer.observation import Observation
from edge_fer.paths import SHIPPED_MODEL
from edge_fer.pipeline import Pipeline

Interval = tuple[float, float]

ENDINGS = frozenset({".mp4", ".gif", ".avi", ".mkv", ".mov", ".webm"})
BACK_AND_FORTH_S = 20.0
PLAYS = 3
SLEEP = frozenset({DriverState.MICROSLEEP, DriverState.ASLEEP, DriverState.UNRESPONSIVE})
EMOTIONS = frozenset({DriverState.AGITATED, DriverState.ANXIOUS, DriverState.LOW})
# So far from an annotated interval a state still belongs to it: half-open lids belong to neither.
NEAR_S = 0.5
LATE_S = 0.3  # shut eyes called attentive for so long beyond the microsleep's second are no miss
TRUTH_KEYS = ("closed_s", "away_s", "unclear_s", "gone_s")
Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Truth:
    """What a person sees in a clip, in seconds of the clip."""

    closed_s: tuple[Interval, ...] = ()
    away_s: tuple[Interval, ...] = ()
    unclear_s: tuple[Interval, ...] = ()
    gone_s: tuple[Interval, ...] = ()

    def played(self, length_s: float, plays: int) -> "Truth":
        """Return the truth of a clip of `length_s` played forth and back `plays` times in all."""

        def unfolded(intervals: tuple[Interval, ...]) -> tuple[Interval, ...]:
            found: list[Interval] = []
            for play in range(plays):
                shown = (
                    intervals
                    if play % 2 == 0
                    else [(length_s - end, length_s - begin) for begin, end in reversed(intervals)]
                )
                for begin, end in shown:
                    at = (play * length_s + begin, play * length_s + end)
                    # What reaches over the turning point is one interval.
                    if found and at[0] - found[-1][1] < 0.1:
                        found[-1] = (found[-1][0], at[1])
                    else:
                        found.append(at)
            return tuple(found)

        return Truth(*(unfolded(getattr(self, key)) for key in TRUTH_KEYS))


@dataclass(frozen=True, slots=True)
class Event:
    """A state that was entered, `time_s` after the begin of the clip."""

    clip: str
    state: DriverState
    reason: Reason
    time_s: float


@dataclass(frozen=True, slots=True)
class Danger:
    """An annotated closure or look that has to be found; `delay_s` None: it was not.

    The delay counts from the moment at which the state is due.
    """

    clip: str
    kind: str
    begin_s: float
    end_s: float
    delay_s: float | None


@dataclass(frozen=True, slots=True)
class ClipMetrics:
    """Of all clips together: played seconds, false alarms, dangers, and time unseen."""

    clips: tuple[str, ...]
    seconds: float
    unseen_s: float
    attentive_while_shut_s: float
    false_alarms: tuple[Event, ...]
    emotions: tuple[Event, ...]
    dangers: tuple[Danger, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the metrics, rates an hour and shares with their 95 % confidence intervals."""
        hours = self.seconds / 3600
        kinds = {kind: [d for d in self.dangers if d.kind == kind] for kind in ("closed", "away")}
        return {
            "clips": list(self.clips),
            "seconds": round(self.seconds, 1),
            "unseen_share": self.unseen_s / self.seconds if self.seconds else None,
            "attentive_while_shut_s": round(self.attentive_while_shut_s, 2),
            "false_alarms": {
                name: {
                    "count": len(events),
                    "per_hour": len(events) / hours if hours else None,
                    "per_hour_95": rate_interval(len(events), hours),
                    "where": [f"{event.clip} {event.time_s:.1f} s" for event in events],
                }
                for name, events in self.by_kind().items()
            },
            "dangers": {
                kind: {
                    "due": len(due),
                    "found": sum(danger.delay_s is not None for danger in due),
                    "recall_95": share_interval(
                        sum(danger.delay_s is not None for danger in due), len(due)
                    ),
                    "delay_p50_s": _median([d.delay_s for d in due if d.delay_s is not None]),
                    "missed": [f"{d.clip} {d.begin_s:.1f} s" for d in due if d.delay_s is None],
                }
                for kind, due in kinds.items()
            },
        }

    def by_kind(self) -> dict[str, list[Event]]:
        """Return the false alarms by kind; emotions, of which nobody knows the truth, apart."""
        kinds = {
            "sleep": SLEEP,
            "distracted": {DriverState.DISTRACTED},
            "drowsy": {DriverState.DROWSY},
            "no driver": {DriverState.NO_DRIVER},
            "uncertain": {DriverState.UNCERTAIN},
        }
        found = {
            name: [event for event in self.false_alarms if event.state in states]
            for name, states in kinds.items()
        }
        return {**found, "emotion states": list(self.emotions)}


def read_annotations(path: Path) -> dict[str, Truth]:
    """Read an annotation file; DataError, with the clip and the key, where it is none."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(
            DataReason.BAD_FORMAT, f"{path}: cannot be read as annotations ({error})"
        ) from error
    truths = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise DataError(
                DataReason.BAD_FORMAT, f"{path}: {name}: write a table [{name}] with intervals"
            )
        truths[name] = Truth(
            *(_intervals(path, name, key, table.get(key, [])) for key in TRUTH_KEYS)
        )
    return truths


def _intervals(path: Path, clip: str, key: str, given: Any) -> tuple[Interval, ...]:
    found = []
    for pair in given if isinstance(given, list) else [given]:
        good = isinstance(pair, list) and len(pair) == 2
        if not good or not all(isinstance(value, int | float) for value in pair):
            raise DataError(
                DataReason.BAD_FORMAT,
                f"{path}: {clip}.{key}: {pair!r} is not [from, to] in seconds",
            )
        if not 0 <= pair[0] < pair[1] < math.inf:
            raise DataError(
                DataReason.BAD_FORMAT, f"{path}: {clip}.{key}: {pair!r} does not go forward in time"
            )
        found.append((float(pair[0]), float(pair[1])))
    return tuple(sorted(found))


class _Noting(StateMonitor):
    """A monitor that keeps what it observes."""

    def __init__(self, settings: PolicySettings) -> None:
        super().__init__(settings, 0.0)
        self.observations: list[Observation] = []

    def observe(self, observation: Observation) -> Decision:
        self.observations.append(observation)
        return super().observe(observation)


def measure_clip(path: Path, config: Config) -> list[Observation]:
    """Return what the networks measure in each frame of a clip, by the frames' own times.

    DataError where no frame can be read.
    """
    noting = _Noting(config.driver_state)
    pipeline = Pipeline(
        Classifier(SHIPPED_MODEL),
        open_tracker(config.face, driver_side=config.driver_state.driver_side),
        ConditionMonitor(),
        noting,
        EyeReader(),
    )
    video = cv2.VideoCapture(str(path))
    fps = video.get(cv2.CAP_PROP_FPS) or 30.0
    number, last_s = 0, -math.inf
    try:
        while True:
            read, picture = video.read()
            if not read:
                break
            time_s = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if not time_s > last_s:  # a container without times, or a NaN
                time_s = last_s + 1 / fps if number else 0.0
            grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
            pipeline.frame(Frame(grey, time_s, number))
            number, last_s = number + 1, time_s
    finally:
        video.release()
    if not noting.observations:
        raise DataError(DataReason.UNREADABLE, f"{path}: no frame can be read; is it a video?")
    return noting.observations


def play(
    observations: Sequence[Observation], settings: PolicySettings, plays: int
) -> tuple[list[Decision], float]:
    """Return the decisions of a clip played forth and back, and the length of one play."""
    first_s = observations[0].time_s
    frames = len(observations)
    length_s = (observations[-1].time_s - first_s) * frames / max(frames - 1, 1)
    monitor = StateMonitor(settings, 0.0)
    decisions = []
    for number in range(plays):
        order = observations if number % 2 == 0 else observations[::-1]
        for seen in order:
            time_s = seen.time_s - first_s if number % 2 == 0 else length_s - seen.time_s + first_s
            moved = replace(seen, time_s=number * length_s + time_s)
            decisions.append(monitor.observe(moved))
    return decisions, length_s


def measure_clips(
    folder: Path,
    annotations: Path,
    config: Config,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> ClipMetrics:
    """Run each annotated clip of `folder`, those of its folders too; DataError where there is none.

    The emotion's threshold is the card's, as in the daemon.
    """
    truths = read_annotations(annotations)
    paths = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.stem in truths
    )
    if not paths:
        raise DataError(DataReason.EMPTY, f"{folder}: no clip in it is annotated in {annotations}")
    found = []
    for number, path in enumerate(paths):
        say(f"{path.stem}, clip {number + 1} of {len(paths)}")
        observations = measure_clip(path, config)
        length_s = observations[-1].time_s - observations[0].time_s
        plays = PLAYS if length_s < BACK_AND_FORTH_S else 1
        decisions, length_s = play(observations, config.driver_state, plays)
        truth = truths[path.stem].played(length_s, plays)
        found.append(judge(path.stem, decisions, truth, config.driver_state))
    return ClipMetrics(
        clips=tuple(path.stem for path in paths),
        seconds=sum(each.seconds for each in found),
        unseen_s=sum(each.unseen_s for each in found),
        attentive_while_shut_s=sum(each.attentive_while_shut_s for each in found),
        false_alarms=tuple(event for each in found for event in each.false_alarms),
        emotions=tuple(event for each in found for event in each.emotions),
        dangers=tuple(danger for each in found for danger in each.dangers),
    )


def judge(
    clip: str, decisions: Sequence[Decision], truth: Truth, settings: PolicySettings
) -> ClipMetrics:
    """Return what the decisions of one clip are worth against the truth."""
    entered = [
        Event(clip, now.state, now.reason, now.time_s)
        for before, now in itertools.pairwise(decisions)
        if now.state is not before.state
    ]
    unseen_s = shut_s = 0.0
    ready_s = next((d.time_s for d in decisions if d.state is not DriverState.NOT_READY), math.inf)
    for before, now in itertools.pairwise(decisions):
        elapsed_s = now.time_s - before.time_s
        unseen_s += elapsed_s if now.state is DriverState.UNSEEN else 0.0
        late = any(
            begin + settings.microsleep_after_s + LATE_S < now.time_s < end
            for begin, end in truth.closed_s
        )
        shut_s += elapsed_s if late and now.state is DriverState.ATTENTIVE else 0.0
    return ClipMetrics(
        clips=(clip,),
        seconds=decisions[-1].time_s - decisions[0].time_s,
        unseen_s=unseen_s,
        attentive_while_shut_s=shut_s,
        false_alarms=tuple(event for event in entered if _is_false(event, truth, settings)),
        emotions=tuple(event for event in entered if event.state in EMOTIONS),
        dangers=(
            *_dangers(clip, entered, truth.closed_s, "closed", SLEEP, ready_s, settings),
            *_dangers(
                clip,
                entered,
                truth.away_s,
                "away",
                frozenset({DriverState.DISTRACTED}),
                ready_s,
                settings,
            ),
        ),
    )


def _is_false(event: Event, truth: Truth, settings: PolicySettings) -> bool:
    """Whether nothing in the clip speaks for a state that is an alarm, or a question."""
    if _near(event.time_s, truth.unclear_s):
        return False
    if event.reason is Reason.NO_LOOK_BACK or event.state is DriverState.DISTRACTED:
        recent_s = sum(
            max(min(end, event.time_s) - max(begin, event.time_s - settings.looks_window_s), 0.0)
            for begin, end in truth.away_s
        )
        often = recent_s >= settings.looks_away_s - 1.0
        return not often and not _near(event.time_s, truth.away_s)
    if event.state in SLEEP:
        return not _near(event.time_s, truth.closed_s)
    if event.state is DriverState.NO_DRIVER:
        return not _near(event.time_s, truth.gone_s)
    return event.state in (DriverState.DROWSY, DriverState.UNCERTAIN)


def _near(time_s: float, intervals: tuple[Interval, ...]) -> bool:
    return any(begin - NEAR_S <= time_s <= end + NEAR_S for begin, end in intervals)


def _dangers(
    clip: str,
    entered: Sequence[Event],
    intervals: tuple[Interval, ...],
    kind: str,
    states: frozenset[DriverState],
    ready_s: float,
    settings: PolicySettings,
) -> list[Danger]:
    due_after_s = settings.microsleep_after_s if kind == "closed" else settings.long_look_s
    found = []
    for begin, end in intervals:
        if end - max(begin, ready_s - due_after_s) < due_after_s:
            continue
        due_s = max(begin + due_after_s, ready_s)
        times_s = [
            event.time_s
            for event in entered
            if event.state in states and begin <= event.time_s <= end + NEAR_S
        ]
        # Where it holds already, as of a closure before that was hardly interrupted, it is in time.
        before = [event for event in entered if event.time_s < begin]
        held = bool(before) and before[-1].state in states
        later = [event for event in entered if begin <= event.time_s <= due_s]
        if held and all(event.state in states for event in later):
            times_s = [due_s]
        delay_s = times_s[0] - due_s if times_s else None
        found.append(Danger(clip, kind, begin, end, delay_s))
    return found


def rate_interval(count: int, hours: float) -> tuple[float, float] | None:
    """Return the 95 % interval of a rate an hour, from a Poisson count (Byar's approximation)."""
    if hours <= 0.0:
        return None
    above = count + 1
    low = 0.0
    if count:
        low = count * (1 - 1 / (9 * count) - Z_95 / (3 * math.sqrt(count))) ** 3
    high = above * (1 - 1 / (9 * above) + Z_95 / (3 * math.sqrt(above))) ** 3
    return max(low, 0.0) / hours, high / hours


def share_interval(count: int, of: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a share (Wilson 1927)."""
    if of == 0:
        return None
    share, z2 = count / of, Z_95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z_95 / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None
