"""Which of the shipped emotion networks suits this device, by what each takes on it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_fer.benchmark.conditions import KERNEL_FLAGS

MOST_SHARE = 0.1
"""Of the time between two frames: half of what the whole daemon may take of a core (20 %)."""
FPS = 30
# Instructions that multiply and add int8 by fours or more (Intel's VNNI and AMX; Arm's SDOT, which
# Cortex-A55 and A76 have and A72 has not): with them an int8 network takes a quarter of the time.
DOT_PRODUCTS = ("avx_vnni", "avx512_vnni", "amx_int8", "asimddp", "i8mm")
assert set(DOT_PRODUCTS) <= set(KERNEL_FLAGS)


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """A shipped emotion network on this device, one thread.

    `accuracy` is that of its int8 file on its card's images, 0..1; `ms` the median of one face.
    """

    name: str
    accuracy: float
    multiply_adds: int | None
    ms: float

    @property
    def share(self) -> float:
        """The share of the time between two frames at FPS."""
        return self.ms * FPS / 1000


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The shipped networks, the most accurate first, and the `model.path` to choose.

    `dot_products` are the instructions of this processor that int8 networks run on; () without.
    """

    network: str
    reason: str
    dot_products: tuple[str, ...]
    choices: tuple[NetworkChoice, ...]


def recommend(choices: Sequence[NetworkChoice], flags: Sequence[str]) -> Recommendation:
    """Return the most accurate network that takes at most MOST_SHARE, or else the fastest.

    `flags` are those of the processor (`Machine.flags`). ValueError without a network.
    """
    if not choices:
        raise ValueError("no network to choose from")
    ranked = sorted(choices, key=lambda choice: -choice.accuracy)
    fitting = [choice for choice in ranked if choice.share <= MOST_SHARE]
    chosen = fitting[0] if fitting else min(ranked, key=lambda choice: choice.ms)
    dot_products = tuple(flag for flag in DOT_PRODUCTS if flag in flags)
    return Recommendation(
        chosen.name, _reason(chosen, ranked, dot_products), dot_products, tuple(ranked)
    )


def _reason(
    chosen: NetworkChoice, ranked: Sequence[NetworkChoice], dot_products: Sequence[str]
) -> str:
    processor = (
        f"the processor has int8 dot products ({', '.join(dot_products)})"
        if dot_products
        else "the processor has no int8 dot products"
    )
    taken = f"{chosen.name} takes {chosen.share:.1%} of the time between frames at {FPS} fps"
    if chosen.share > MOST_SHARE:
        smaller = (
            "no shipped network takes less" if len(ranked) > 1 else "no smaller one is shipped"
        )
        return f"{processor}; {taken}, more than {MOST_SHARE:.0%}, and {smaller}"
    if chosen is ranked[0]:
        return f"{processor}; {taken}, and is the most accurate"
    return f"{processor}; {taken}; {ranked[0].name} would take {ranked[0].share:.1%}"
