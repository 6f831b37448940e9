"""Inequality by deprivation: slope index, relative index and concentration index, age-standardised.

The rank is *local*: neighbourhoods of the place in order of deprivation, each standing at the middle of its people's
share of the ridit scale from 0 (least deprived) to 1 (most deprived). Directly standardised to the European Standard
Population 2013: the regression is made within each age group and the lines are averaged with the standard's weights, so
that a neighbourhood without anybody of an age group simply says nothing about it.

Signs, for good and bad outcomes alike: a positive slope means *more in the most deprived*; a concentration index below
zero means *concentrated among the most deprived*.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Inequality:
    """slope        SII: predicted at the most deprived end minus at the least deprived, in units of the measure
    ratio        RII: the one over the other; nan where the line leaves positive ground
    concentration   −1…1, below zero = concentrated among the most deprived
    mean         the age-standardised mean
    """

    slope: float
    ratio: float
    concentration: float
    mean: float


def ridits(rank: Array, people: Array) -> Array:
    """Relative rank of areas, 0 = least to 1 = most deprived end, float64[areas].

    rank     any number that is *smaller for more deprived* (as IMD ranks are); equal ones share their place
    people   residents of each area
    """
    people = np.asarray(people, np.float64)
    values, which = np.unique(-np.asarray(rank, np.float64), return_inverse=True)
    size = np.bincount(which, weights=people, minlength=len(values))
    if size.sum() <= 0:
        return np.full(len(people), np.nan)
    return np.asarray(((np.cumsum(size) - size / 2) / size.sum())[which])


def inequality(events: Array, people: Array, rank: Array, standard: Array) -> Inequality:
    """Age-standardised inequality of a count (events, people with a condition) over areas.

    events, people   float[areas, age groups]; rank float[areas] (small = deprived); standard float[age groups]:
                     weights of the standard population (0 leaves an age group out)
    All values are nan when there are fewer than two areas with people, or nobody at all.
    """
    events, people = np.asarray(events, np.float64), np.asarray(people, np.float64)
    r = ridits(rank, people.sum(axis=1))
    weights = np.where(people.sum(axis=0) > 0, standard, 0.0).astype(np.float64)
    nothing = Inequality(np.nan, np.nan, np.nan, np.nan)
    if weights.sum() <= 0 or (people.sum(axis=1) > 0).sum() < 2 or np.isnan(r).any():
        return nothing
    weights /= weights.sum()
    n = people.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_r = np.where(n > 0, r @ people / n, 0.0)
        mean_y = np.where(n > 0, events.sum(axis=0) / n, 0.0)
        spread = ((r[:, None] - mean_r) ** 2 * people).sum(axis=0)
        covariance = (r[:, None] - mean_r) * (events - mean_y * people)
        slopes = np.where(spread > 0, covariance.sum(axis=0) / spread, 0.0)
    slope, mean = float(weights @ slopes), float(weights @ mean_y)
    at_zero = float(weights @ (mean_y - slopes * mean_r))
    share = people.sum(axis=1) / people.sum()
    variance = float(share @ (r - share @ r) ** 2)
    if variance == 0:
        return nothing
    ratio = (at_zero + slope) / at_zero if at_zero > 0 and at_zero + slope > 0 else np.nan
    return Inequality(slope, ratio, -2 * variance * slope / mean if mean > 0 else np.nan, mean)


@lru_cache(maxsize=1)
def standard_population() -> Array:
    """Weights of the six age groups in the European Standard Population 2013, from the evidence."""
    from sim.evidence import load
    from sim.outcomes.measures import AGE_GROUP_STARTS

    table = load().draw(0).table("standard_population")
    by_start = dict(zip(table["age_from"], table["value"], strict=True))
    return np.array([by_start[start] for start in AGE_GROUP_STARTS], np.float64)
