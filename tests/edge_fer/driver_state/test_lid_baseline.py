"""How wide a driver's open eyes are: the quantile of what was seen."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge_fer.driver_state.lid_baseline import (
    BIN,
    BINS,
    NARROWEST,
    PRIOR_S,
    QUANTILE,
    WIDEST,
    LidBaseline,
)
from edge_fer.driver_state.settings import PolicySettings


@given(
    st.lists(st.floats(0.0, 60.0), min_size=BINS, max_size=BINS),
    st.floats(0.2, 0.5),
)
def test_it_is_the_quantile_of_the_seconds_and_of_what_counts_before(
    seconds: list[float], prior: float
) -> None:
    # At an edge of two bins rounding decides which one gets what counts before.
    assume(abs(prior / BIN - round(prior / BIN)) > 1e-6)
    settings = PolicySettings(lids_open_at=prior)
    found = LidBaseline(tuple(seconds)).open_at(settings)
    with_prior = list(seconds)
    with_prior[min(int(prior / BIN), BINS - 1)] += PRIOR_S
    # The seconds below `found` are the quantile of all: in the bin, a share of it.
    wanted, below = QUANTILE * sum(with_prior), 0.0
    for place, value in enumerate(with_prior):
        if below + value >= wanted:
            exact = place * BIN + BIN * (wanted - below) / value
            break
        below += value
    assert found == pytest.approx(min(max(exact, NARROWEST), WIDEST), abs=1e-6)
