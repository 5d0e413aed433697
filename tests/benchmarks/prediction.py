"""Predicts frames a second on boards that were not at hand. A prediction, and no measurement.

`python -m tests.benchmarks.prediction GROWTH.json` prints the table of docs/performance.md for what
`edge-fer benchmark growth --out GROWTH.json` measured.

    a frame = multiply-adds of the network / int8 rate of a core  +  the rest here * slowness

The rates are published ones of int8 convolutional networks on one core of the very processor, the
slowness is by one published benchmark. The range is that of the rates, and the rest by half more or
a third less: one benchmark is no pipeline.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_fer.benchmark.operator_times import multiply_adds
from edge_fer.models.operators import list_operators
from edge_fer.paths import SHIPPED_MODEL

_REST_OF = "640x480"
_EVERY_S, _FPS = 0.5, 30  # so often the detector looks, at so many frames a second
# ncnn's benchmark/README.md, one thread: resnet18_int8 (1.82 G multiply-adds) 158.5 ms and
# resnet50_int8 (4.09 G) 424 ms on a Raspberry Pi 4 at 1.8 GHz; mobilenet_int8 (0.569 G) 16.1 ms,
# resnet18_int8 55.7 ms and resnet50_int8 107.2 ms on a Jetson AGX Orin (Cortex-A78AE, 2.2 GHz).
# XNNPACK's README: int8 MobileNet v1 24 ms on the four cores of a Raspberry Pi 4 at 1.5 GHz.
_A72_GIGA = (7.1, 11.5)  # XNNPACK's a core and brought to 1.8 GHz; ncnn's resnet18
_A78AE_GIGA_A_GHZ = (32.7 / 2.2, 38.2 / 2.2)  # of resnet18 and resnet50
# No int8 figure of a Cortex-A76 was found. It has the dot product of the A78AE; a fifth less at the
# lower end, for it is the older core.
_A76_GIGA_A_GHZ = (0.8 * _A78AE_GIGA_A_GHZ[0], _A78AE_GIGA_A_GHZ[1])

# `sysbench cpu run` (1.0.20, one thread): events a second of processor time. 4,350 on the machine
# that the figures of docs/performance.md are from; published: 812 on a Raspberry Pi 4 at 1.8 GHz,
# 1,847 on a Raspberry Pi 5 (zbotic.in, "Raspberry Pi 5 benchmarks").
_HERE_EVENTS, _PI4_EVENTS, _PI5_EVENTS = 4350.0, 812.0, 1847.0
_REST_SPREAD = 1.5


@dataclass(frozen=True, slots=True)
class Board:
    """A board: int8 rate of one core (giga multiply-adds a second, lowest and highest published).

    `slowness` is how many times longer plain code takes than on the machine measured here.
    """

    name: str
    core: str
    giga: tuple[float, float]
    slowness: float


BOARDS = (
    Board("Raspberry Pi 4", "Cortex-A72, 1.8 GHz", _A72_GIGA, _HERE_EVENTS / _PI4_EVENTS),
    Board(
        "Raspberry Pi 5",
        "Cortex-A76, 2.4 GHz",
        (2.4 * _A76_GIGA_A_GHZ[0], 2.4 * _A76_GIGA_A_GHZ[1]),
        _HERE_EVENTS / _PI5_EVENTS,
    ),
    # Its plain code is taken to be as fast a clock as that of the A76.
    Board(
        "Jetson Orin Nano",
        "Cortex-A78AE, 1.5 GHz",
        (1.5 * _A78AE_GIGA_A_GHZ[0], 1.5 * _A78AE_GIGA_A_GHZ[1]),
        _HERE_EVENTS / _PI5_EVENTS * 2.4 / 1.5,
    ),
)


@dataclass(frozen=True, slots=True)
class Prediction:
    """Lowest and highest: of the network alone and of a whole frame, in ms; frames a second."""

    board: Board
    network_ms: tuple[float, float]
    frame_ms: tuple[float, float]

    @property
    def fps(self) -> tuple[float, float]:
        """Frames a second on one core."""
        low, high = self.frame_ms
        return 1000.0 / high, 1000.0 / low


def predict(board: Board, multiply_adds: int, rest_ms: float) -> Prediction:
    """Predict for a network and for what a frame takes here beside it (`rest_ms`, one core)."""
    slow, fast = board.giga
    network_ms = multiply_adds / fast / 1e6, multiply_adds / slow / 1e6
    rest = rest_ms * board.slowness
    frame_ms = network_ms[0] + rest / _REST_SPREAD, network_ms[1] + rest * _REST_SPREAD
    return Prediction(board, network_ms, frame_ms)


def rest_ms(growth: Mapping[str, Any]) -> float:
    """Return what a frame of 640x480 takes beside the network, detections included, by the mean.

    `growth` is the JSON of `edge-fer benchmark growth`.
    """
    cost = growth["sizes"][_REST_OF]
    detections = 1 / (_EVERY_S * _FPS)
    whole = cost["tracked_ms"] + detections * (cost["detected_ms"] - cost["tracked_ms"])
    return float(max(whole - growth["threads"]["1"], 0.0) + cost["copy_ms"])


def main(arguments: list[str]) -> None:
    """Print the table as Markdown."""
    growth = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    operators = list_operators(SHIPPED_MODEL.read_bytes(), str(SHIPPED_MODEL))
    total = sum(map(multiply_adds, operators))
    print("| board, one core | network | frame | frames a second |\n|---|---|---|---|")
    for board in BOARDS:
        one = predict(board, total, rest_ms(growth))
        network, frame, fps = one.network_ms, one.frame_ms, one.fps
        print(
            f"| {board.name} ({board.core}) | {network[0]:.1f} to {network[1]:.1f} ms | "
            f"{frame[0]:.1f} to {frame[1]:.1f} ms | {fps[0]:.0f} to {fps[1]:.0f} |"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
