import numpy as np

from edge_fer.face.levels import levelled


def ramp(low: int, high: int) -> np.ndarray:
    return np.tile(np.linspace(low, high, 64), (64, 1)).astype(np.uint8)


def test_any_light_gives_the_same_range() -> None:
    bright, dim = levelled(ramp(80, 250)), levelled(ramp(5, 40))
    for crop in (bright, dim):
        assert 25 <= np.percentile(crop, 3) <= 40
        assert 215 <= np.percentile(crop, 97) <= 232
    assert np.abs(bright.astype(int) - dim).max() <= 8


def test_a_flat_crop_stays_flat_and_dark_noise_is_not_blown_up() -> None:
    assert np.ptp(levelled(np.full((64, 64), 7, np.uint8))) == 0
    noise = np.random.default_rng(1).integers(3, 6, (64, 64)).astype(np.uint8)
    assert np.ptp(levelled(noise)) <= 12 * 3
