"""How long something took, over many times. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True, slots=True)
class Distribution:
    """Times in milliseconds, as TFLite's `benchmark_model` gives them and with percentiles."""

    count: int
    min_ms: float
    p50_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    mean_ms: float
    std_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Self:
        """Sum up measured times; ValueError where there are none."""
        if not seconds:
            raise ValueError("no times to sum up")
        milliseconds = np.asarray(seconds, float) * 1000.0
        p50, p90, p95, p99 = (float(q) for q in np.percentile(milliseconds, [50, 90, 95, 99]))
        return cls(
            len(milliseconds),
            float(milliseconds.min()),
            p50,
            p90,
            p95,
            p99,
            float(milliseconds.max()),
            float(milliseconds.mean()),
            float(milliseconds.std()),
        )
