"""Which of the shipped networks is recommended, for processors and times."""

import pytest

from edge_fer.benchmark.recommendation import DOT_PRODUCTS, NetworkChoice, recommend
from edge_fer.paths import SHIPPED_MODEL, shipped_emotion_networks

VNNI = ("avx2", "avx512f", "avx512_vnni")
CORTEX_A72 = ("asimd",)
CORTEX_A76 = ("asimd", "asimddp")


def networks(ms: float, small_ms: float) -> list[NetworkChoice]:
    return [
        NetworkChoice("edge-small.tflite", 0.703, 39_648_128, small_ms),
        NetworkChoice("edge.tflite", 0.7099, 101_524_800, ms),
    ]


@pytest.mark.parametrize(
    ("flags", "ms", "small_ms", "network", "said"),
    [
        (VNNI, 0.65, 0.3, "edge.tflite", "has int8 dot products (avx512_vnni)"),
        (("avx2",), 2.6, 1.1, "edge.tflite", "no int8 dot products; edge.tflite takes 7.8%"),
        (CORTEX_A76, 3.0, 1.2, "edge.tflite", "dot products (asimddp); edge.tflite takes 9.0%"),
        (CORTEX_A72, 8.0, 3.2, "edge-small.tflite", "9.6% of the time between frames at 30 fps"),
        (CORTEX_A72, 8.0, 3.2, "edge-small.tflite", "edge.tflite would take 24.0%"),
        (CORTEX_A72, 30.0, 12.0, "edge-small.tflite", "and no shipped network takes less"),
    ],
)
def test_the_most_accurate_network_within_a_tenth_of_a_frame(
    flags: tuple[str, ...], ms: float, small_ms: float, network: str, said: str
) -> None:
    found = recommend(networks(ms, small_ms), flags)
    assert found.network == network
    assert said in found.reason
    assert [choice.name for choice in found.choices] == ["edge.tflite", "edge-small.tflite"]
    assert set(found.dot_products) == set(flags) & set(DOT_PRODUCTS)


def test_the_only_network_is_recommended_with_a_word_where_it_is_slow() -> None:
    (edge,) = networks(8.0, 1.0)[1:]
    found = recommend([edge], CORTEX_A72)
    assert found.network == "edge.tflite"
    assert "more than 10%, and no smaller one is shipped" in found.reason


def test_without_a_network_there_is_nothing_to_recommend() -> None:
    with pytest.raises(ValueError, match="no network"):
        recommend([], VNNI)


def test_the_default_network_is_the_first_that_ships() -> None:
    paths = shipped_emotion_networks()
    assert paths[0] == SHIPPED_MODEL
    assert all(path.is_file() for path in paths)
