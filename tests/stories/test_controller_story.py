"""The daemon and `edge-fer controller`, two processes at the ends of a line, as on a bench."""

import json
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.stories.drive import told_to_controller

SCRIPT = """
0   speed=0
6   enable=off
8   enable=on speed=80
12  speed=0
15  ignition=off
"""
# Off needs a parked vehicle, and a second of agreeing frames (vehicle.may_switch_off).
SECONDS = 18
BACK_TO_WORK_S = 2.0

pytestmark = pytest.mark.slow

CLI = (sys.executable, "-m", "edge_fer")
Events = list[dict[str, Any]]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Events:
    script = tmp_path_factory.mktemp("controller") / "script.txt"
    script.write_text(SCRIPT)
    return told_to_controller((), ("--script", str(script)), seconds=SECONDS)


def told(events: Events, state: str, after_s: float) -> float:
    """Return when the controller first heard `state` after a moment; infinite if it did not."""
    return next(
        (
            event["time_s"]
            for event in events[:-1]
            if event.get("state") == state and event["time_s"] >= after_s
        ),
        float("inf"),
    )


def test_the_states_follow_the_switch_and_the_ignition(events: Events) -> None:
    states = events[-1]["summary"]["states"]

    watched = ["standby" if state == "not available" else "watched" for state in states]
    course = [name for name, _ in groupby(watched)]
    assert course[-3:] == ["standby", "watched", "standby"]


def test_switched_on_it_is_back_at_work_within_two_seconds(events: Events) -> None:
    assert told(events, "not available", 6.0) < 8.0
    assert told(events, "not ready", 8.0) <= 8.0 + BACK_TO_WORK_S


def test_what_it_would_do_is_unknown_in_standby(events: Events) -> None:
    standby = [event for event in events[:-1] if event.get("state") == "not available"]

    assert len(standby) == 2
    assert {event["action"] for event in standby} == {"unknown"}


def test_every_frame_is_good(events: Events) -> None:
    summary = events[-1]["summary"]

    assert summary["frames_good"] == summary["frames_heard"] > 100
    assert summary["rejected_bytes"] == 0


def test_over_a_bad_line_both_go_on_and_neither_believes_what_is_wrong(tmp_path: Path) -> None:
    plug = tmp_path / "ttyBAD"
    faults = "drop=0.05,flip=0.0005,split=0.2,garbage=0.05,stall=8,unplug=6,reboot=9"
    controller = subprocess.Popen(
        [
            *(*CLI, "controller", f"slcan:{plug}", "--json", "--seconds", "25"),
            *("--speed", "90", "--faults", faults),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert controller.stdout is not None
    first = controller.stdout.readline()  # the line is there now
    daemon = subprocess.Popen(
        [*CLI, "run", "--camera", "demo:", "--link", f"slcan:{plug}"],
        stderr=subprocess.PIPE,
        text=True,
    )
    said, _ = controller.communicate(timeout=180)
    still_runs = daemon.poll() is None
    daemon.terminate()
    _, log = daemon.communicate(timeout=60)

    events = [json.loads(line) for line in (first + said).splitlines()]
    summary = events[-1]["summary"]
    assert still_runs, log
    assert (daemon.returncode, controller.returncode) == (0, 0)
    assert {"drop", "flip", "split", "garbage", "stall", "unplug", "reboot"} <= set(
        summary["faults"]
    )
    # Nothing but what this scene can bring, and each time that nothing was known, that is said.
    scene = {"not ready", "attentive", "camera degraded", "no driver", "not available", "unknown"}
    assert {event["state"] for event in events if event.get("event") == "driver"} <= scene
    assert "nothing" in summary["actions"]
    assert "unknown" in summary["actions"]
    assert "Traceback" not in log
