import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.recording.steady_time import OUT_OF_ORDER_S, SteadyTime


def test_the_first_is_the_start_and_the_others_keep_their_distance() -> None:
    times = SteadyTime(100.0)
    assert times.original(100.0) is None
    assert [times.take(time_s) for time_s in (5000.0, 5000.5, 5002.0)] == [100.0, 100.5, 102.0]
    assert times.original(102.0) == 5002.0


def test_a_log_that_is_a_little_out_of_order_is_not_stretched() -> None:
    times = SteadyTime(0.0)
    given_s = [index / 10 - 0.15 * (index % 2) for index in range(1000)]
    returned = [times.take(time_s) for time_s in given_s]

    assert returned == sorted(returned)
    assert returned[-1] == pytest.approx(given_s[-2], abs=0.01)


def test_a_clock_that_was_set_goes_on_from_the_latest() -> None:
    times = SteadyTime(0.0)
    assert [times.take(time_s) for time_s in (50.0, 51.0, 20.0, 21.0)] == [0.0, 1.0, 1.0, 2.0]
    assert times.original(2.0) == 21.0


@given(st.lists(st.floats(0, 1e9)))
def test_it_never_runs_backwards_and_steps_no_further_than_its_source(given_s: list[float]) -> None:
    times = SteadyTime(0.0)
    before_s, latest_s = None, 0.0
    for time_s in given_s:
        returned_s = times.take(time_s)
        forward_s = 0.0 if before_s is None else max(0.0, time_s - before_s)
        assert 0.0 <= returned_s - latest_s <= forward_s + 1e-6
        before_s, latest_s = time_s, returned_s
    assert OUT_OF_ORDER_S > 0
