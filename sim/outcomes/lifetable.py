"""Period life tables after Chiang: life expectancy from a year's deaths and people by five-year band.

Source of the method: Chiang, The Life Table and Its Construction (1984); Eayres & Williams, J Epidemiol Community
Health 2004;58:243 (small areas, last band 85+ or 90+, variance with the last band's term left out).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
WIDTH = 5.0
HALF = 0.5
#: share of the first band lived by those who die in it: most of them die in the first weeks of life
FIRST = 0.1


def life_expectancy(deaths: Array, people: Array) -> Array:
    """Life expectancy at birth, years.

    deaths, people   float[..., bands]: five-year bands 0–4, 5–9 …, the last one open (90+)
    Returns float64[...]; nan where a band has nobody, or where nobody dies in the last (then it has no value).
    """
    return with_error(deaths, people)[0]


def standard_error(deaths: Array, people: Array) -> Array:
    """Chiang's standard error of `life_expectancy`, years (deaths as binomial counts, not weighted ones)."""
    return with_error(deaths, people)[1]


def healthy(deaths: Array, people: Array, well: Array) -> Array:
    """Healthy life expectancy at birth by Sullivan's method, years.

    well   float[..., bands]: those of `people` who are in good health; or the sum of their utilities, which gives
           quality-adjusted life expectancy. Bands and nan as in `life_expectancy`.
    """
    return healthy_with_error(deaths, people, well)[0]


def healthy_standard_error(deaths: Array, people: Array, well: Array) -> Array:
    """Standard error of `healthy`, years: of deaths (Chiang) and of the share in good health (binomial) together."""
    return healthy_with_error(deaths, people, well)[1]


def healthy_with_error(deaths: Array, people: Array, well: Array) -> tuple[Array, Array]:
    """`healthy` and its `healthy_standard_error`, worked out together."""
    deaths, people, well = (np.asarray(x, np.float64) for x in (deaths, people, well))
    a, rate, q, alive, lived = _columns(deaths, people)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = well / people
        good = lived * share
        total = good[..., ::-1].cumsum(axis=-1)[..., ::-1]
        expected = np.where(np.isfinite(total[..., 0]) & (rate[..., -1] > 0), total[..., 0], np.nan)
        variance_q = np.where(deaths > 0, q**2 * (1 - q) / deaths, 0.0)
        following = np.where(alive[..., 1:] > 0, total[..., 1:] / alive[..., 1:], 0.0)
        within = share[..., :-1] * (1 - a[:-1]) * WIDTH
        dying = (alive[..., :-1] ** 2 * (within + following) ** 2 * variance_q[..., :-1]).sum(axis=-1)
        ailing = (lived**2 * np.maximum(share * (1 - share), 0.0) / people).sum(axis=-1)
    return expected, np.sqrt(dying + ailing)


def _columns(deaths: Array, people: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Columns of the life table: share of a band lived by its dead, death rate, chance of dying, survivors (from 1),
    years lived."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = deaths / people
        a = np.full(rate.shape[-1], HALF)
        a[0] = FIRST
        q = WIDTH * rate / (1 + (1 - a) * WIDTH * rate)
        q = np.minimum(q, 1.0)
        q[..., -1] = 1.0
        alive = np.concatenate([np.ones_like(q[..., :1]), np.cumprod(1 - q[..., :-1], axis=-1)], axis=-1)
        lived = alive * (1 - q + a * q) * WIDTH
        lived[..., -1] = alive[..., -1] / rate[..., -1]
    return a, rate, q, alive, lived


def with_error(deaths: Array, people: Array) -> tuple[Array, Array]:
    """`life_expectancy` and its `standard_error`, worked out together."""
    deaths, people = np.asarray(deaths, np.float64), np.asarray(people, np.float64)
    a, rate, q, alive, lived = _columns(deaths, people)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = lived[..., ::-1].cumsum(axis=-1)[..., ::-1]
        expected = total / alive
        expected = np.where(np.isfinite(rate).all(axis=-1) & (rate[..., -1] > 0), expected[..., 0], np.nan)
        variance_q = np.where(deaths > 0, q**2 * (1 - q) / deaths, 0.0)
        following = np.where(alive[..., 1:] > 0, total[..., 1:] / alive[..., 1:], 0.0)
        term = alive[..., :-1] ** 2 * ((1 - a[:-1]) * WIDTH + following) ** 2 * variance_q[..., :-1]
    return expected, np.sqrt(term.sum(axis=-1))
