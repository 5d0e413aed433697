"""Weights that all kernels round alike: the two ways of rounding, computed here by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from quantize.int8.even_weights import (
    LARGEST_WEIGHT,
    round_together,
    scales_just_below,
    to_even,
    to_odd,
    weight_scales,
)

IN_SCALE, OUT_SCALE = float(np.float32(0.0267)), float(np.float32(0.0307))


def as_xnnpack_rounds(sums: NDArray[np.int64], factor: float) -> NDArray[np.int64]:
    """Multiply in float32 and round halves to even."""
    product = sums.astype(np.float32) * np.float32(factor)
    return np.asarray(np.rint(product), np.int64)


def as_tflite_rounds(sums: NDArray[np.int64], factor: float) -> NDArray[np.int64]:
    """Multiply in fixed point: gemmlowp's high multiply, then its rounding shift."""
    mantissa, exponent = np.frexp(factor)
    fixed = round(mantissa * 2**31)
    if fixed == 2**31:
        fixed, exponent = fixed // 2, exponent + 1
    product = sums * fixed
    high = (product + np.where(product >= 0, 2**30, 1 - 2**30)) / 2**31
    high = np.trunc(high).astype(np.int64)
    shift = -int(exponent)
    mask = 2**shift - 1
    above = (high & mask) > (mask >> 1) + (high < 0)
    return np.asarray((high >> shift) + above, np.int64)


def factor_of(scale: np.float32) -> float:
    return IN_SCALE * float(scale) / OUT_SCALE


@pytest.mark.parametrize("halvings", [3, 7, 9, 12, 15])
def test_both_roundings_of_odd_sums_are_the_same(halvings: int) -> None:
    scale = scales_just_below(np.array([float(halvings)]), IN_SCALE, OUT_SCALE)[0]
    odd = np.arange(-(2**halvings) * 140 + 1, 2**halvings * 140, 2)
    factor = factor_of(scale)
    np.testing.assert_array_equal(as_xnnpack_rounds(odd, factor), as_tflite_rounds(odd, factor))


def test_both_roundings_of_other_sums_or_factors_are_not() -> None:
    scale = scales_just_below(np.array([9.0]), IN_SCALE, OUT_SCALE)[0]
    sums = np.arange(-70_000, 70_000)
    for factor in (factor_of(scale), 0.00213, 2.0**-9):
        apart = as_xnnpack_rounds(sums, factor) != as_tflite_rounds(sums, factor)
        assert 0 < apart.mean() < 0.01
    odd = sums[1::2]  # a power of two itself: the first of TFLite's two steps halves the sum
    assert np.any(as_xnnpack_rounds(odd, 2.0**-9) != as_tflite_rounds(odd, 2.0**-9))


def test_factors_are_a_hair_below_powers_of_two() -> None:
    weights = np.random.default_rng(1).normal(0, 0.1, (50, 40))
    factors = IN_SCALE * weight_scales(weights, IN_SCALE, OUT_SCALE).astype(float) / OUT_SCALE
    powers = 2.0 ** np.ceil(np.log2(factors))
    assert np.all(factors < powers * (1 - 2.0**-32))
    assert np.all(factors > powers * (1 - 2.0**-22))


def test_weights_are_even_and_near() -> None:
    weights = np.random.default_rng(2).normal(0, 0.1, (50, 40))
    scales = weight_scales(weights, IN_SCALE, OUT_SCALE)
    rounded = to_even(weights, scales)
    assert np.all(rounded % 2 == 0)
    assert np.abs(rounded).max() <= LARGEST_WEIGHT
    exact = scales.astype(float)
    uncut = np.abs(weights) <= LARGEST_WEIGHT * exact
    assert np.all(np.abs(rounded * exact - weights)[uncut] <= np.tile(exact, (50, 1))[uncut])


def test_channels_without_weights_keep_a_scale_that_bears_a_bias() -> None:
    scales = weight_scales(np.zeros((9, 2)), IN_SCALE, OUT_SCALE)
    assert np.all(scales > OUT_SCALE / IN_SCALE * 2.0**-16)
    np.testing.assert_array_equal(to_odd(np.array([0.0, 1.9, -0.1, -4.0, 1e12])) % 2, 1)


def test_to_odd_takes_the_nearest() -> None:
    np.testing.assert_array_equal(to_odd(np.array([0.5, 2.1, -1.2, 6.0])), [1, 3, -1, 7])


def test_rounded_together_the_sums_change_less() -> None:
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(2000, 8)) @ rng.normal(size=(8, 32)) + rng.normal(size=(2000, 32))
    weights = rng.normal(0, 0.1, (32, 10))
    scales = weight_scales(weights, IN_SCALE, OUT_SCALE)
    covariance = np.cov(inputs.T, bias=True)
    together = round_together(weights, scales, covariance)
    assert np.all(together % 2 == 0)
    lost, lost_alone = (
        np.square(inputs @ (rounded * scales.astype(float) - weights)).mean()
        for rounded in (together, to_even(weights, scales))
    )
    assert lost < 0.5 * lost_alone
