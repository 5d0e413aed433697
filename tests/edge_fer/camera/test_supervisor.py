"""When a silent camera counts as lost, and when its process is started anew."""

import itertools

import pytest

from edge_fer.camera.supervisor import (
    HUNG_AFTER_S,
    LONGEST_RESTART_GAP_S,
    LOST_AFTER_S,
    OPENING_S,
    SLOW_OPENING_S,
    CameraSupervisor,
)
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.observation import CameraCondition

SAID_S = 2.0  # so soon the vehicle knows of a camera that is not there


def running_supervisor(at_s: float = 1.0) -> CameraSupervisor:
    supervisor = CameraSupervisor(0.0)
    supervisor.frame(at_s)
    return supervisor


def test_a_camera_that_has_shown_nothing_is_starting_and_gets_time() -> None:
    supervisor = CameraSupervisor(0.0)
    for now_s in (0.1, OPENING_S - 0.1):
        verdict = supervisor.silence(now_s, alive=True)
        assert verdict is not None
        assert verdict.camera is CameraCondition.STARTING
        assert not verdict.restart
    late = supervisor.silence(OPENING_S, alive=True)
    assert late is not None
    assert late.restart


def test_one_that_opens_slowly_is_not_there_yet_and_still_gets_time() -> None:
    supervisor = CameraSupervisor(0.0)
    opening_s = 0.9  # what came before was not the camera's
    for now_s, said in (
        (opening_s + SLOW_OPENING_S - 0.1, CameraCondition.STARTING),
        (opening_s + SLOW_OPENING_S + 0.1, CameraCondition.LOST),
        (OPENING_S - 0.1, CameraCondition.LOST),
    ):
        verdict = supervisor.silence(now_s, alive=True, opening_s=opening_s)
        assert verdict is not None
        assert (verdict.camera, verdict.restart) == (said, False)
    supervisor.frame(OPENING_S - 0.05)
    assert supervisor.silence(OPENING_S, alive=True, opening_s=opening_s) is None
    settings = PolicySettings()
    assert SLOW_OPENING_S + settings.camera_degraded_after_s <= SAID_S


def test_a_camera_that_fails_to_open_is_lost_until_its_first_frame() -> None:
    supervisor = CameraSupervisor(0.0)
    verdict = supervisor.silence(0.4, alive=False)
    assert verdict is not None
    assert (verdict.camera, verdict.restart) == (CameraCondition.LOST, True)
    supervisor.restarted(0.4)
    again = supervisor.silence(0.5, alive=True)
    assert again is not None
    assert (again.camera, again.restart) == (CameraCondition.LOST, False)
    assert not supervisor.opened
    supervisor.frame(1.0)
    assert supervisor.opened
    assert supervisor.silence(1.1, alive=True) is None


def test_a_short_gap_is_nothing_and_a_longer_one_is_lost() -> None:
    supervisor = running_supervisor()
    assert supervisor.silence(1.0 + LOST_AFTER_S - 0.01, alive=True) is None
    verdict = supervisor.silence(1.0 + LOST_AFTER_S + 0.01, alive=True)
    assert verdict is not None
    assert verdict.camera is CameraCondition.LOST
    assert not verdict.restart


def test_a_camera_that_hangs_is_restarted() -> None:
    verdict = running_supervisor().silence(1.0 + HUNG_AFTER_S, alive=True)
    assert verdict is not None
    assert verdict.restart


def test_a_dead_process_is_lost_and_restarted_at_once() -> None:
    verdict = running_supervisor().silence(1.01, alive=False)
    assert verdict is not None
    assert (verdict.camera, verdict.restart) == (CameraCondition.LOST, True)


def test_restarts_come_ever_slower_but_do_not_stop() -> None:
    supervisor = running_supervisor()
    times_s = []
    for tick in range(6_000):
        now_s = 1.0 + tick / 100
        verdict = supervisor.silence(now_s, alive=False)
        if verdict is not None and verdict.restart:
            supervisor.restarted(now_s)
            times_s.append(now_s)
    gaps_s = [later - earlier for earlier, later in itertools.pairwise(times_s)]
    assert gaps_s == sorted(gaps_s)
    assert gaps_s[0] < 1.0
    assert gaps_s[-1] == pytest.approx(LONGEST_RESTART_GAP_S, abs=0.02)
    assert supervisor.restarts == len(times_s)


def test_after_a_healthy_time_a_restart_is_immediate_again() -> None:
    supervisor = running_supervisor()
    for now_s in (1.1, 1.8, 3.0, 5.5):
        supervisor.restarted(now_s)
    for tick in range(12 * 30):
        supervisor.frame(12.0 + tick / 30)
    assert supervisor.silence(24.1, alive=False) is not None
    supervisor.restarted(24.1)
    verdict = supervisor.silence(24.7, alive=False)
    assert verdict is not None
    assert verdict.restart
