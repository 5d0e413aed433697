"""The table of what the pipeline's choices are worth."""

import pytest

from tests.benchmarks.choices import in_turns, measure_choices


def test_both_ways_are_run_on_each_frame_in_turns() -> None:
    order: list[str] = []
    plain_ms, chosen_ms = in_turns(
        lambda n: order.append(f"plain {n}"), lambda n: order.append(f"chosen {n}"), 3
    )
    assert order == ["plain 0", "chosen 0", "plain 1", "chosen 1", "plain 2", "chosen 2"]
    assert plain_ms >= 0
    assert chosen_ms >= 0


@pytest.mark.slow
def test_searching_less_and_following_are_worth_it() -> None:
    searching, following, *others = measure_choices(frames=24)
    # Far from what is measured, 12 and 22, so that a busy machine is no failure.
    assert searching.factor > 3
    assert following.factor > 3
    assert len(others) == 3
