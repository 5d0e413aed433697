"""The search spaces are the published ones, and their points are networks."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("keras", reason="needs the workstation extra")

from edge_fer.errors import UserError
from quantize.search.space import EdgePoint, PaperPoint, suggest, suggest_edge, suggest_paper


class Drawn:
    """Stands for an Optuna trial: each value is what hypothesis draws from the range."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1) -> int:
        return self._data.draw(st.sampled_from(range(low, high + 1, step)), label=name)


class Fixed:
    """Stands for an Optuna trial whose values are given; one out of the range is refused."""

    def __init__(self, **values: int) -> None:
        self._values = values

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1) -> int:
        assert self._values[name] in range(low, high + 1, step)
        return self._values[name]


@given(st.data())
def test_each_point_of_the_paper_is_in_its_space(data: st.DataObject) -> None:
    point = suggest_paper(Drawn(data))
    assert point.first in range(32, 257, 32)
    assert 1 <= len(point.further) <= 4
    assert set(point.further) <= set(range(64, 513, 64))
    assert point.convolution_dropout in (0.1, 0.2, 0.3, 0.4)
    assert point.dense_dropout in (0.1, 0.2, 0.3, 0.4)


PUBLISHED = Fixed(
    first=256,
    further=4,
    width2=512,
    width3=384,
    width4=192,
    width5=384,
    convolution_dropout_tenths=4,
    dense_dropout_tenths=3,
)


def test_the_published_network_is_a_point_of_the_space() -> None:
    point = suggest_paper(PUBLISHED)
    assert point == PaperPoint(256, (512, 384, 192, 384), 0.4, 0.3)
    assert point.build(48).count_params() == 5_173_959


def test_the_shipped_edge_is_a_point_of_the_space() -> None:
    values: dict[str, Any] = {"width1": 32, "width2": 48, "width3": 96, "width4": 192}
    point = suggest_edge(Fixed(**values, depth1=1, depth2=2, depth3=3, depth4=2))
    assert point == EdgePoint(((32,), (48, 48), (96, 96, 96), (192, 192)))
    assert point.build(48).count_params() == 744_423


@settings(max_examples=5)
@given(st.data())
def test_points_are_networks_of_seven_classes(data: st.DataObject) -> None:
    assert suggest("edge", Drawn(data)).build(24).output_shape == (None, 7)


def test_a_space_that_is_not_there() -> None:
    with pytest.raises(UserError, match=r"'vgg' is not one of paper, edge"):
        suggest("vgg", PUBLISHED)
