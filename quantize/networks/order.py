"""In which order a network's outputs fit the truth best."""

import numpy as np
from numpy.typing import NDArray

# What another order or range has to bring, as a share of the images: chance gives 0.1 at most to
# the best of all orders.
LEAST_GAIN = 0.15


def order_of(
    confusion: NDArray[np.int64], kind_labels: tuple[str, ...], labels: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Return what the outputs, called `labels`, should be called; None where they fit as they are.

    `confusion` (int64[classes, classes]) has a row for the truth and a column for each answer, both
    in the order of `kind_labels`.
    """
    gained = _sum(confusion, best_assignment(confusion)) - confusion.trace()
    if gained < LEAST_GAIN * confusion.sum():
        return None
    return renamed(confusion, kind_labels, labels)


def renamed(
    confusion: NDArray[np.int64], kind_labels: tuple[str, ...], labels: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the names with which the outputs, called `labels`, fit the truth best."""
    best = best_assignment(confusion)
    means = {kind_labels[column]: kind_labels[row] for column, row in enumerate(best)}
    return tuple(means[label] for label in labels)


def best_share(confusion: NDArray[np.int64]) -> float:
    """Return the share of right answers (0..1) with the outputs in the best order."""
    return float(_sum(confusion, best_assignment(confusion)) / confusion.sum())


def best_assignment(confusion: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a row for each column, each once, with the largest sum: int64[columns].

    Dynamic programming over subsets of rows: exact, and quick for ten classes.
    """
    size = len(confusion)
    best = np.full(1 << size, -1, np.int64)
    best[0] = 0
    chosen = np.zeros(1 << size, np.int64)
    for rows in range((1 << size) - 1):
        column = rows.bit_count()
        for row in range(size):
            more = rows | 1 << row
            value = best[rows] + confusion[row, column]
            if more != rows and value > best[more]:
                best[more], chosen[more] = value, row
    result, rows = np.zeros(size, np.int64), (1 << size) - 1
    for column in reversed(range(size)):
        result[column] = chosen[rows]
        rows &= ~(1 << int(result[column]))
    return result


def _sum(confusion: NDArray[np.int64], rows: NDArray[np.int64]) -> int:
    return int(confusion[rows, np.arange(len(rows))].sum())
