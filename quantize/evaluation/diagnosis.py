"""Recognises from a network's answers that it is asked wrongly: another range, another order.

A network that gets pixels in a range that it was not trained on, or whose outputs stand for other
classes than is thought, answers without any sign of it, and is wrong. Asked for the same faces in
each range that people use, and with its outputs in each order, it shows what it was made for.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.data.calibration_set import balanced_rows
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.predictors import KerasPredictor
from quantize.evaluation.scores import confusion_matrix
from quantize.networks.adapting import adapt
from quantize.networks.order import LEAST_GAIN, best_share, renamed
from quantize.networks.use import RANGES, Use

ASKED = 210  # images, 30 of each of seven classes: a share of right answers is known to 0.035
_ENOUGH = 0.05  # of the gain that a simpler remedy may leave


@dataclass(frozen=True, slots=True)
class Finding:
    """How a network should be used, and what that brings: shares of right answers on `n` images."""

    use: Use
    accuracy: float
    better: float
    n: int
    text: str
    options: str

    @property
    def message(self) -> str:
        """What is wrong and which options mend it, in a sentence."""
        return (
            f"{self.text}: on {self.n} images it is right in {self.accuracy:.0%}, and in "
            f"{self.better:.0%} with {self.options}"
        )


def diagnose(
    model: Any,
    source: str,
    use: Use,
    rows: Fer2013,
    *,
    advance: Callable[[float], None] = lambda amount: None,
) -> Finding | None:
    """Return how else `model`, as it was read, should be used for the faces of `rows`; or None.

    `advance` is called with the images that were used: at most ASKED for each of RANGES.
    """
    some = rows.rows(balanced_rows(rows.labels, count=min(ASKED, len(rows)), seed=1))
    some = some.at_side(use.side_px)
    asked = (use.low, use.high)
    ranges = {f"{use.low:g}:{use.high:g}": asked}
    ranges |= {name: each for name, each in RANGES.items() if not np.allclose(each, asked)}
    confusions: dict[str, NDArray[np.int64]] = {}
    for name, (low, high) in ranges.items():
        network = adapt(model, source, replace(use, low=low, high=high), use.kind)
        answers = KerasPredictor(network).log_probabilities(some.images, advance).argmax(axis=1)
        confusions[name] = confusion_matrix(some.labels, answers, len(use.kind.labels))
    return _judge(use, len(some), confusions)


def _judge(use: Use, n: int, confusions: dict[str, NDArray[np.int64]]) -> Finding | None:
    as_is, *_ = confusions
    accuracy = {name: confusion.trace() / n for name, confusion in confusions.items()}
    ordered = {name: best_share(confusion) for name, confusion in confusions.items()}
    top = max(ordered.values())
    if max(top, *accuracy.values()) < accuracy[as_is] + LEAST_GAIN:
        return None
    range_alone = max(accuracy, key=lambda name: accuracy[name])
    range_and_order = max(ordered, key=lambda name: ordered[name])
    # The simplest that brings nearly all: another order, another range, or both.
    if ordered[as_is] >= top - _ENOUGH and ordered[as_is] > accuracy[range_alone] + _ENOUGH:
        choice, reorder = as_is, True
    elif accuracy[range_alone] >= top - LEAST_GAIN:
        choice, reorder = range_alone, False
    else:
        choice, reorder = range_and_order, True
    if (ordered if reorder else accuracy)[choice] < accuracy[as_is] + LEAST_GAIN:
        return None
    low, high = (float(part) for part in choice.split(":"))
    options, texts, found = [], [], replace(use, low=low, high=high)
    if choice != as_is:
        options.append(f"--input-range {choice}")
        texts.append(_range_text(choice, as_is))
    if reorder:
        labels = renamed(confusions[choice], use.kind.labels, use.labels)
        options.append(f"--labels {','.join(labels)}")
        texts.append("its outputs are in another order")
        found = replace(found, labels=labels)
    better = float((ordered if reorder else accuracy)[choice])
    return Finding(found, float(accuracy[as_is]), better, n, " and ".join(texts), " ".join(options))


def _range_text(found: str, asked: str) -> str:
    if found == "0:0.0039":
        return "its pixels were divided by 255 twice in training"
    return f"its pixels were not scaled to {asked} in training"
