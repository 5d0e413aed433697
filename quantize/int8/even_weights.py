"""Int8 weights with which every kernel rounds alike: pure arithmetic on arrays.

A kernel multiplies the int32 sum of a channel by input scale * weight scale / output scale and
rounds it to int8. XNNPACK does so in float32 and rounds halves to even; TFLite's own kernels do so
in fixed point, in two steps, and round halves away from zero. They differ by one unit wherever the
product falls on, or next to, a half. Where the factor is a power of two (a hair less: then the
first of the two steps changes nothing) only an even sum can fall on a half. So weights are even,
biases odd, and with them all sums odd: no sum is a tie, and all kernels round it the same way.
"""

import numpy as np
from numpy.typing import NDArray

LARGEST_WEIGHT = 126  # the largest even one of int8
# A factor of exactly 2**-n has the mantissa 1/2 in fixed point, which halves the sum and rounds it
# first; so much less, and the mantissa is just below 1 and leaves the sum as it is.
_BELOW = 1 - 2.0**-32
# float32 holds sums up to 2**24 exactly, and there are 2**8 outputs: sums that far apart fit.
_MOST_HALVINGS = 15
_LARGEST_BIAS = 2.0**30
# Of the mean variance: inputs that the images say little of. The later ones are for matrices that
# cannot be inverted with less.
_DAMPINGS = (0.01, 0.1, 1.0, 10.0)
_LEAST = 1e-9  # for channels without weights


def weight_scales(
    weights: NDArray[np.float64], in_scale: float, out_scale: float
) -> NDArray[np.float32]:
    """Return a scale for each channel of `weights` (float64[inputs, channels]): float32[channels].

    in_scale * scale / out_scale is just below a power of two. Of the smallest that holds the
    largest weight and its half, which cuts that off, it is the one that rounds with less error.
    """
    largest = np.maximum(np.abs(weights).max(axis=0), _LEAST)
    halvings = np.floor(np.log2(out_scale * LARGEST_WEIGHT / (in_scale * largest)))
    whole, cut = (
        scales_just_below(np.minimum(halvings + more, _MOST_HALVINGS), in_scale, out_scale)
        for more in (0, 1)
    )
    errors = [
        np.square(to_even(weights, scales) * scales.astype(np.float64) - weights).sum(axis=0)
        for scales in (whole, cut)
    ]
    return np.where(errors[0] <= errors[1], whole, cut).astype(np.float32)


def scales_just_below(
    halvings: NDArray[np.float64], in_scale: float, out_scale: float
) -> NDArray[np.float32]:
    """Return the largest weight scales whose factor is a hair below 2**-halvings (float32)."""
    wanted = 2.0**-halvings * _BELOW
    scales = (wanted * out_scale / in_scale).astype(np.float32)
    while np.any(too_large := in_scale * scales.astype(np.float64) / out_scale > wanted):
        scales = np.where(too_large, np.nextafter(scales, np.float32(0)), scales)
    return scales


def to_even(weights: NDArray[np.float64], scales: NDArray[np.float32]) -> NDArray[np.int8]:
    """Round `weights` to the nearest even multiples of `scales` (the last axis), as int8."""
    halves = np.round(weights / (2 * scales.astype(np.float64)))
    return np.clip(2 * halves, -LARGEST_WEIGHT, LARGEST_WEIGHT).astype(np.int8)


def to_odd(biases: NDArray[np.float64]) -> NDArray[np.int32]:
    """Round `biases`, in units of their scale, to the nearest odd number."""
    within = np.clip(biases, -_LARGEST_BIAS, _LARGEST_BIAS)
    return (2 * np.floor(within / 2) + 1).astype(np.int32)


def round_together(
    weights: NDArray[np.float64], scales: NDArray[np.float32], covariance: NDArray[np.float64]
) -> NDArray[np.int8]:
    """Round each weight to even so that the sums, not the weights, change least: int8 as `weights`.

    One input after the other is rounded, and the weights that are still to come make up for its
    error as far as their inputs go with it (Frantar et al. 2022, GPTQ, arXiv:2210.17323).
    `covariance` (float64[inputs, inputs]) is that of the layer's inputs; the bias takes their mean.
    """
    order = np.argsort(-np.diag(covariance), kind="stable")  # what varies most has most to correct
    upper = _corrections(covariance[np.ix_(order, order)])
    if upper is None:
        return to_even(weights, scales)
    left = weights[order].copy()
    rounded = np.zeros(left.shape, np.int8)
    for place in range(len(order)):
        rounded[place] = to_even(left[place], scales)
        error = (left[place] - rounded[place] * scales.astype(np.float64)) / upper[place, place]
        left[place + 1 :] -= np.outer(upper[place, place + 1 :], error)
    result = np.empty_like(rounded)
    result[order] = rounded
    return result


def _corrections(covariance: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the upper triangle by which later weights correct earlier ones, or None without one.

    Inputs that hardly vary, or vary with each other, leave a matrix that cannot be inverted in
    float64: then it is damped more, until it can be.
    """
    variance = max(float(np.diag(covariance).mean()), _LEAST)
    if not np.isfinite(covariance).all():
        return None
    for damping in _DAMPINGS:
        damped = covariance + damping * variance * np.eye(len(covariance))
        try:
            inverse = np.linalg.inv(damped)
            upper = np.linalg.cholesky((inverse + inverse.T) / 2).T
        except np.linalg.LinAlgError:
            continue
        if np.isfinite(upper).all() and np.diag(upper).min() > 0:
            return np.asarray(upper, np.float64)
    return None
