"""Graduation takes the noise of a sample out of a table and keeps what is smooth in it."""

from __future__ import annotations

import numpy as np
import pytest

from sim import draws
from sim.life.graduation import graduate
from sim.life.grid import BANDS, DECILES, SEXES

pytestmark = pytest.mark.unit

SHAPE = SEXES, BANDS, DECILES


def smooth_table() -> np.ndarray:
    """Levels that jump from band to band, and a gradient over deciles that changes evenly with age."""
    sex, band, decile = np.indices(SHAPE)
    x = (decile - (DECILES - 1) / 2) / DECILES
    level = 1 + 0.3 * (band % 3) + 2 * sex
    return np.asarray(level * np.exp(-(0.1 + 0.02 * band) * x + 0.2 * x**2))


def noise(size: float) -> np.ndarray:
    """Factors with a standard deviation of `size` in the logarithm, about."""
    u = draws.uniforms(draws.make_keys(5, np.arange(1, np.prod(SHAPE) + 1)), 0, 0)
    return np.asarray(np.exp(size * np.sqrt(12) * (u.astype(float) - 0.5)).reshape(SHAPE))


def test_what_is_smooth_stays() -> None:
    table = smooth_table()
    # Coefficients over ages are straight lines, which second differences do not penalise.
    assert graduate(table, np.ones(SHAPE)) == pytest.approx(table, rel=1e-9)


def test_noise_is_less_than_half() -> None:
    table, size = smooth_table(), 0.05
    found = np.log(graduate(table * noise(size), np.ones(SHAPE)) / table)
    # The level of each band keeps its tenth of the variance; three coefficients, spread over some ages, keep less.
    assert found.std() < size / 2
    assert np.abs(found[:, :, -1]).max() < 3 * size


def test_cases_of_each_band_keep_their_sum() -> None:
    table = smooth_table() * noise(0.2)
    number = np.linspace(1, 50, np.prod(SHAPE)).reshape(SHAPE)
    found = graduate(table, number)
    assert (number * table / found).sum(2) == pytest.approx(number.sum(2), rel=1e-12)


def test_a_band_without_cases_is_left_at_its_level() -> None:
    found = graduate(np.ones(SHAPE), np.zeros(SHAPE))
    assert found == pytest.approx(np.ones(SHAPE))
