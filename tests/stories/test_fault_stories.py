"""Traffic over a line with one fault after the other, in simulated time, and what is promised.

A minute of each in every run of the tests, half an hour of each in the slow ones.
"""

from dataclasses import dataclass

import pytest

from firmware_bridge.faults.outages import LENGTHS_S
from firmware_bridge.faults.spec import parse_faults
from firmware_bridge.protocol.slcan import MAX_LINE_LENGTH
from firmware_bridge.reception.supervision import FrameStatus
from tests.stories.simulated_line import Findings, SimulatedLine

MINUTE_S = 70.0  # so that two questions are asked
HALF_HOUR_S = 1800.0
# Longest wait for the current state on a line that loses single frames: too many in a row are a
# wrong sequence, and three good ones are asked for after that.
SHORT_S = 2.0
# After a silence: two lost frames, and three good ones.
AFTER_OUTAGE_S = 0.5


@dataclass(frozen=True)
class Story:
    """A fault, and how well the controller has to be informed all the same."""

    faults: str
    trusted_share: float  # of the time
    longest_wrong_s: float  # without the current state
    oldest_s: float = 0.0  # of what is acted on
    all_answered: bool = True
    scheme: str = "slcan"


STORIES = {
    "no fault": Story("seed=1", 0.99, 0.11),
    "bit flips": Story("flip=0.001", 0.95, SHORT_S),
    "bursts": Story("burst=0.1", 0.95, SHORT_S),
    "drops": Story("drop=0.1", 0.95, SHORT_S),
    "duplicates": Story("duplicate=0.1", 0.99, 0.11),
    "reorders": Story("reorder=0.05", 0.85, SHORT_S, oldest_s=0.26),
    "delays": Story("delay=0.05", 0.9, SHORT_S, oldest_s=0.6),
    "split writes": Story("split=0.3", 0.99, 0.2, oldest_s=0.2),
    "merged writes": Story("merge=0.3", 0.97, SHORT_S, oldest_s=0.8),
    "garbage": Story("garbage=0.1", 0.99, 0.11),
    "stalls": Story("stall=5", 0.9, LENGTHS_S["stall"][1] + AFTER_OUTAGE_S, oldest_s=1.1),
    "unplugged": Story("unplug=10", 0.88, LENGTHS_S["unplug"][1] + AFTER_OUTAGE_S),
    # A question that was shown and not yet answered is forgotten by a controller that reboots.
    "reboots": Story("reboot=10", 0.8, AFTER_OUTAGE_S, all_answered=False),
    "all at once": Story(
        "flip=0.0003,burst=0.01,drop=0.02,duplicate=0.02,reorder=0.01,delay=0.01,split=0.1,"
        "merge=0.1,garbage=0.02,stall=20,unplug=30,reboot=60",
        0.7,
        6.0,
        oldest_s=2.0,
        all_answered=False,
    ),
    "bit flips, COBS": Story("flip=0.001", 0.95, SHORT_S, scheme="cobs"),
    "bursts, COBS": Story("burst=0.1", 0.95, SHORT_S, scheme="cobs"),
    "garbage, COBS": Story("garbage=0.1", 0.95, SHORT_S, scheme="cobs"),
    "split writes, COBS": Story("split=0.3", 0.99, 0.2, oldest_s=0.2, scheme="cobs"),
}


def check(story: Story, seconds: float) -> None:
    found = SimulatedLine(parse_faults(story.faults), story.scheme).run(seconds)

    # What the protection promises: nothing false, nothing old as new, nothing held too long.
    assert found.false_used == 0
    assert (found.out_of_order, found.used_twice) == (0, 0)
    assert found.held_too_long == 0
    assert found.oldest_used_s <= story.oldest_s + 0.011
    # What the link promises: all is well again afterwards, and nothing that was asked is lost.
    assert found.ends_well
    assert found.shown == found.asked >= 2
    assert found.answered == found.asked or not story.all_answered
    assert found.longest_wrong_s <= story.longest_wrong_s
    assert found.trusted_s >= story.trusted_share * seconds
    # What the parsers promise: no more memory than for one line.
    assert found.longest_pending <= MAX_LINE_LENGTH
    # And the fault did happen.
    happened(story, found)


def happened(story: Story, found: Findings) -> None:
    for name in story.faults.replace("=", ",").split(",")[::2]:
        if name in ("stall", "unplug", "reboot"):
            assert found.outages > 0
        elif name != "seed":
            assert found.line_faults[name] > 10 or "," in story.faults


@pytest.mark.parametrize("name", STORIES)
def test_a_minute(name: str) -> None:
    check(STORIES[name], MINUTE_S)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_half_an_hour(name: str) -> None:
    check(STORIES[name], HALF_HOUR_S)


@pytest.mark.slow
def test_on_a_line_beyond_use_falsehoods_stay_below_one_in_256() -> None:
    """Half of all lines are wrong: the CRC of eight bits has its limit, and is still not alone."""
    found = SimulatedLine(parse_faults("flip=0.005")).run(HALF_HOUR_S)

    assert found.statuses[FrameStatus.WRONG_CRC] > 1000
    assert found.false_used <= found.statuses[FrameStatus.WRONG_CRC] / 256
    assert (found.out_of_order, found.held_too_long) == (0, 0)


@pytest.mark.slow
def test_on_such_a_line_cobs_lets_nothing_false_through() -> None:
    found = SimulatedLine(parse_faults("flip=0.005"), "cobs").run(HALF_HOUR_S)

    assert found.false_used == 0
    # CRC-32 leaves nothing for the CRC of the frame to find.
    assert found.statuses[FrameStatus.WRONG_CRC] == 0


def test_on_a_good_line_a_request_is_sent_five_times_and_not_again_once_acknowledged() -> None:
    found = SimulatedLine(parse_faults("seed=1")).run(200.0)

    assert found.sent["DriverRequest"] == 5 * found.asked == 20


def test_the_same_seed_is_the_same_story() -> None:
    faults = parse_faults(STORIES["all at once"].faults)

    assert SimulatedLine(faults).run(60.0) == SimulatedLine(faults).run(60.0)
