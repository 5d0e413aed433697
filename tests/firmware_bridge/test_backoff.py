"""Waits that double up to a limit, and begin anew after a success."""

from firmware_bridge.backoff import Backoff


def test_each_wait_is_twice_the_one_before_up_to_the_limit() -> None:
    backoff = Backoff(0.5, 3.0)
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    backoff.reset()
    assert (backoff.wait_s, backoff.next_s(), backoff.wait_s) == (0.5, 0.5, 1.0)


def test_a_step_may_have_a_lower_limit() -> None:
    backoff = Backoff(0.5, 8.0)
    assert [backoff.next_s(1.0) for _ in range(3)] == [0.5, 1.0, 1.0]
    assert [backoff.next_s() for _ in range(3)] == [1.0, 2.0, 4.0]
