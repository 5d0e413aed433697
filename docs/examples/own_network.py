"""A network of one's own: convert it to int8 with a card, and compare both on PublicTest.

python docs/examples/own_network.py mine.keras fer2013.csv mine.tflite
"""

import sys
from pathlib import Path

from quantize import convert_to_int8, evaluate, load_fer2013


def main(network: str, data: str, out: str) -> None:
    """Convert, and print what the conversion cost in accuracy."""
    dataset = load_fer2013(Path(data), progress=True)
    card = convert_to_int8(network, dataset, Path(out), progress=True)
    print(f"{out}: {card.parameters} parameters, {card.multiply_adds} multiply-adds")
    for path in (network, out):
        scores = evaluate(Path(path), dataset, "PublicTest").scores
        print(f"{path}: accuracy {scores.accuracy:.2%}, macro-F1 {scores.macro_f1:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
