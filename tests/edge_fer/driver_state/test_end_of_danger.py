"""What ends a microsleep, a sleep and an unresponsive driver, and what must not prolong them."""

from collections.abc import Iterator

import pytest

from edge_fer.driver_state.eye_sample import UNSEEN, EyeSample
from edge_fer.driver_state.eyelid_evidence import EyelidEvidence, update_eyelids
from edge_fer.driver_state.head_evidence import HeadEvidence
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState
from edge_fer.observation import CameraCondition, FaceBox, HeadPose, Observation, Vehicle
from edge_fer.stories.scene import FACE, OPEN, SHUT, Eyes, Mood, distribution

SETTINGS = PolicySettings()
FPS = 30
START_S = 500.0
OPEN_LIDS, SHUT_LIDS = EyeSample(0.36, 0.03), EyeSample(0.11, 0.97)
DANGERS = {"microsleep": 1.2, "asleep": 3.5, "unresponsive": 6.5}
STATES = {DriverState[name.upper()]: seconds for name, seconds in DANGERS.items()}
DOUBTFUL = {
    "half open": EyeSample(0.22, 0.5),
    "neither": EyeSample(closed=0.5),
    "wide, and shut to the network": EyeSample(0.36, 0.97),
    "narrow, and open to the network": EyeSample(0.11, 0.03),
    "not seen": UNSEEN,
}


class Lids:
    """The evidence of lids that are shown something, at any rate."""

    def __init__(self) -> None:
        self.evidence, self.time_s = EyelidEvidence(), START_S

    def show(self, sample: EyeSample, seconds: float, *, every_s: float = 1 / FPS) -> None:
        for _ in range(max(round(seconds / every_s), 1)):
            self.time_s += every_s
            self.evidence = update_eyelids(
                self.evidence,
                sample,
                head=HeadEvidence(),
                time_s=self.time_s,
                settings=SETTINGS,
            )

    def holds(self, danger: str) -> bool:
        return bool(getattr(self.evidence, danger))


def sleeping(danger: str) -> Lids:
    lids = Lids()
    lids.show(OPEN_LIDS, 5.0)
    lids.show(SHUT_LIDS, DANGERS[danger])
    assert lids.holds(danger)
    return lids


def test_the_first_clear_sight_of_open_eyes_ends_a_microsleep() -> None:
    lids = sleeping("microsleep")
    frames = 0
    while lids.holds("microsleep"):
        lids.show(OPEN_LIDS, 1 / FPS)
        frames += 1
    assert frames / FPS == pytest.approx(SETTINGS.microsleep_over_s, abs=1.1 / FPS)


@pytest.mark.parametrize("gap_s", [0.3, 0.7, 1.5, 4.0])
def test_where_sights_are_few_the_very_first_one_ends_it(gap_s: float) -> None:
    lids = sleeping("microsleep")
    lids.show(OPEN_LIDS, gap_s, every_s=gap_s)
    assert not lids.holds("microsleep")


@pytest.mark.parametrize(("danger", "sights"), [("asleep", 7), ("unresponsive", 10)])
def test_a_longer_sleep_needs_more_sights_and_no_unbroken_second(danger: str, sights: int) -> None:
    lids = sleeping(danger)
    for _ in range(sights):
        assert lids.holds(danger)
        lids.show(UNSEEN, 0.7)
        lids.show(OPEN_LIDS, 1 / FPS)
    assert not lids.holds(danger)


@pytest.mark.parametrize("every_s", [1 / FPS, 0.4, 2.0])
@pytest.mark.parametrize("doubt", DOUBTFUL)
@pytest.mark.parametrize("danger", DANGERS)
def test_doubtful_and_sparse_sights_do_not_prolong_a_danger(
    danger: str, doubt: str, every_s: float
) -> None:
    lids = sleeping(danger)
    lids.show(DOUBTFUL[doubt], SETTINGS.danger_kept_s + every_s, every_s=every_s)
    assert not lids.holds(danger)
    # Nor do they begin it anew.
    lids.show(DOUBTFUL[doubt], 20.0, every_s=every_s)
    assert not lids.evidence.danger


CALM: Mood = {}
VEHICLE = Vehicle(speed_km_h=120.0, ignition_on=True)
PASSENGER = FaceBox(620, 120, 160, 160, 1.0)


SHOWN_FPS = 15


def shown(
    eyes: Eyes, begin_s: float, seconds: float, *, face: FaceBox = FACE, cut: bool = False
) -> Iterator[Observation]:
    for number in range(round(seconds * SHOWN_FPS)):
        yield Observation(
            START_S + begin_s + number / SHOWN_FPS,
            CameraCondition.GOOD,
            face,
            distribution(CALM),
            eyes=eyes.reading(number / SHOWN_FPS),
            head=HeadPose(0.0, 0.0, 0.0),
            cut=cut and number == 0,
            vehicle=VEHICLE,
        )


def asleep(state: DriverState) -> StateMonitor:
    """A driver who comes to be in this state at second 12 and so long as it takes."""
    monitor = StateMonitor(SETTINGS, START_S)
    for observation in (*shown(OPEN, 0.0, 12.0), *shown(SHUT, 12.0, STATES[state])):
        monitor.observe(observation)
    assert monitor.decision.state is state
    return monitor


@pytest.mark.parametrize("eyes", [OPEN, SHUT], ids=["eyes open", "eyes shut"])
@pytest.mark.parametrize("state", STATES)
def test_a_change_of_scene_ends_it_at_once(state: DriverState, eyes: Eyes) -> None:
    monitor = asleep(state)
    said = {
        monitor.observe(observation).state
        for observation in shown(eyes, 12.0 + STATES[state], 3.0, cut=True)
    }
    # Whoever is in the new scene is not yet the driver, and not asleep.
    assert not said & set(STATES)


@pytest.mark.parametrize("state", STATES)
def test_a_change_of_person_ends_it(state: DriverState) -> None:
    monitor = asleep(state)
    begin_s = 12.0 + STATES[state]
    course = [
        (observation.time_s, monitor.observe(observation).state)
        for observation in shown(OPEN, begin_s, 8.0, face=PASSENGER)
    ]
    swapped_s = START_S + begin_s + SETTINGS.driver_swap_s
    # Before that it may be somebody who leans in, and the driver still sleeps.
    assert {said for time_s, said in course if time_s < swapped_s - 0.1} == {state}
    assert not {said for time_s, said in course if time_s > swapped_s + 0.1} & set(STATES)


def test_the_next_person_has_to_sleep_for_oneself() -> None:
    monitor = asleep(DriverState.ASLEEP)
    course = [
        monitor.observe(observation).state for observation in shown(SHUT, 15.5, 8.0, face=PASSENGER)
    ]
    after = course[round((SETTINGS.driver_swap_s + 0.1) * SHOWN_FPS) :]
    first = next(index for index, said in enumerate(after) if said in STATES)
    assert first / SHOWN_FPS == pytest.approx(SETTINGS.microsleep_after_s, abs=0.2)
    assert after[first] is DriverState.MICROSLEEP
