"""The scripted scene of `edge-fer demo`, as a user's script receives it."""

import json
import subprocess
import sys
from itertools import groupby
from typing import Any

import pytest

from edge_fer.camera.scene import PARTS

Lines = list[dict[str, Any]]

TRIES = 3
MOST_SLOWNESS = 2.0  # up to which what is seen of the driver is still that of the scene
pytestmark = pytest.mark.slow  # the scene takes its time; `make demo` plays it too

# What happens in the scene (edge_fer/camera/scene.py), and what has to be said of it.
EXPECTED_STATES = [
    "not ready",  # two seconds of usable frames are asked for
    "attentive",  # through coming nearer (5-8 s) and falling light (8-12 s)
    "camera degraded",  # a hand over the lens (12-15 s)
    "attentive",
    "no driver",  # leaves (18.5-22 s)
    "attentive",
    "distracted",  # looks aside (26-31 s)
    "attentive",
    "microsleep",  # closes the eyes (36-38 s)
    "attentive",
]


@pytest.fixture(scope="module")
def lines() -> Lines:
    """Return what is printed of a scene that was played in time; of the last one that was not.

    The camera draws each frame: where it has no processor for that, lids stay closed for longer
    than the scene says, and the driver falls asleep.
    """
    for _ in range(TRIES):
        played = play()
        if not is_slowed_down(played):
            return played
    if slowness(played) > MOST_SLOWNESS:
        pytest.skip(
            f"this machine played the scene {slowness(played):.1f} times as slowly as it is meant,"
            f" and {TRIES} times no better: run it where less else runs"
        )
    return played


def play() -> Lines:
    done = subprocess.run(
        [sys.executable, "-m", "edge_fer", "demo", "--json"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def summary(lines: Lines) -> dict[str, Any]:
    values: dict[str, Any] = lines[-1]["summary"]
    return values


def signals_of(lines: Lines, message: str) -> Lines:
    return [
        {"time_s": line["time_s"], **line["signals"]}
        for line in lines
        if line.get("message") == message and line["status"] == "ok"
    ]


def driver_states(lines: Lines) -> Lines:
    return signals_of(lines, "DriverState")


def slowness(lines: Lines) -> float:
    """Return how many times as long the scene took as it is meant to."""
    begun_s = [line["time_s"] for line in lines if "scene" in line]
    planned_s = PARTS[-2].moments[-1].time_s - PARTS[0].moments[-1].time_s
    return float((begun_s[-1] - begun_s[1]) / planned_s)


def is_slowed_down(lines: Lines) -> bool:
    """Say whether the camera's process could not draw its frames in time."""
    return slowness(lines) > 1.2


def is_of_the_scene(lines: Lines, state: str, start_s: float, end_s: float) -> bool:
    """Say whether the vehicle would hear of this state on a machine with nothing else to do.

    There the daemon has not gone and is not held up, and its camera is never lost: a degraded one
    was covered, as Health says each half second.
    """
    if state in ("asleep", "unresponsive"):
        # Lids that are closed for two seconds, on a machine that takes three to draw them.
        return not is_slowed_down(lines)
    if state != "camera degraded":
        return state not in ("unknown", "not available")
    return any(
        start_s <= signals["time_s"] <= end_s + 0.5 and signals["Camera"] in ("blocked", "dark")
        for signals in signals_of(lines, "Health")
    )


def test_the_states_come_in_the_order_of_the_scene(lines: Lines) -> None:
    said = []
    for state, group in groupby(driver_states(lines), key=lambda signals: signals["State"]):
        times_s = [signals["time_s"] for signals in group]
        if is_of_the_scene(lines, state, times_s[0], times_s[-1]):
            said.append(state)
    assert [state for state, _ in groupby(said)] == EXPECTED_STATES


def test_each_part_of_the_scene_is_named_when_it_begins(lines: Lines) -> None:
    named = [line["scene"] for line in lines if "scene" in line]
    assert named == [part.name for part in PARTS]
    # What is on the bus follows from what is before the camera.
    begun_s = {line["scene"]: line["time_s"] for line in lines if "scene" in line}
    states = driver_states(lines)
    for what, state in (("looks aside", "distracted"), ("closes the eyes", "microsleep")):
        first_s = next(signals["time_s"] for signals in states if signals["State"] == state)
        assert first_s > begun_s[what]


def test_the_vehicle_answers_what_the_driver_is_asked(lines: Lines) -> None:
    asked = {signals["Id"]: signals["Type"] for signals in signals_of(lines, "DriverRequest")}
    assert list(asked.values()) == ["look at the road", "take a break"]
    answers = [
        (signals["AcknowledgedId"], signals["Answer"])
        for signals in signals_of(lines, "ControllerStatus")
    ]
    for request_id in asked:
        assert (request_id, "all right") in answers


def test_a_yawn_is_counted(lines: Lines) -> None:
    yawns = [signals["Yawns"] for signals in signals_of(lines, "DriverEvidence")]
    counted = [count for count, _ in groupby(count for count in yawns if count is not None)]
    assert counted == [0, 1]


def test_every_frame_arrives_intact(lines: Lines) -> None:
    totals = summary(lines)
    frames = [line for line in lines if "message" in line]
    assert totals["frames"] == len(frames)
    # A machine that is held up for half a second sends what the receiver rightly calls stale.
    assert totals["good_frames"] + totals["stale_frames"] == totals["frames"]
    assert (totals["crc_failures"], totals["counter_gaps"]) == (0, 0)
    assert {line["status"] for line in frames} <= {"ok", "stale"}


def test_messages_come_at_their_cycles(lines: Lines) -> None:
    totals = summary(lines)
    state_frames = driver_states(lines)
    seconds = state_frames[-1]["time_s"] - state_frames[0]["time_s"]
    per_second = {
        name: count / seconds for name, count in totals["frames_by_message"].items() if count
    }
    assert per_second["DriverState"] == pytest.approx(10, rel=0.15)  # and some on change
    assert per_second["EmotionProbabilities"] == pytest.approx(5, rel=0.1)
    assert per_second["Health"] == pytest.approx(2, rel=0.1)
    for name in ("PipelineFigures", "FaultCounters"):
        assert per_second[name] == pytest.approx(1, rel=0.1)


def test_a_smiling_portrait_is_happy_while_it_smiles(lines: Lines) -> None:
    end_s = next(line["time_s"] for line in lines if line.get("scene") == "looks aside")
    emotions = [
        signals["Emotion"]
        for signals in driver_states(lines)
        if signals["State"] == "attentive" and signals["time_s"] < end_s
    ]
    known = [emotion for emotion in emotions if emotion not in (None, "not available")]
    assert len(known) > 100
    assert known.count("happy") / len(known) > 0.9


def test_nothing_is_claimed_of_a_driver_who_is_not_seen(lines: Lines) -> None:
    for signals in driver_states(lines):
        if signals["State"] in ("no driver", "camera degraded", "not ready"):
            assert signals["Emotion"] in (None, "not available")
            assert signals["Confidence"] in (None, "not available")
