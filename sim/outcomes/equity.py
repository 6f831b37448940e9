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
    """Relative rank of areas, 0 = least to 1 = most deprived end, float64[..., areas].

    rank     any number that is *smaller for more deprived* (as IMD ranks are); equal ones share their place
    people   residents of each area, float64[..., areas]; nan where there are none at all
    """
    people = np.asarray(people, np.float64)
    values, which = np.unique(-np.asarray(rank, np.float64), return_inverse=True)
    each = people.reshape(-1, people.shape[-1])
    size = np.stack([np.bincount(which, weights=one, minlength=len(values)) for one in each])
    whole = size.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        place = np.where(whole > 0, (np.cumsum(size, axis=1) - size / 2) / whole, np.nan)
    return place[:, which].reshape(people.shape)


def inequality(events: Array, people: Array, rank: Array, standard: Array) -> Inequality:
    """Age-standardised inequality of a count (events, people with a condition) over areas.

    events, people   float[areas, age groups]; rank float[areas] (small = deprived); standard float[age groups]:
                     weights of the standard population (0 leaves an age group out)
    All values are nan when there are fewer than two areas with people, or nobody at all.
    """
    return Inequality(*(float(each[0]) for each in inequalities([events], [people], rank, standard)))


def inequalities(events: Any, people: Any, rank: Array, standard: Array) -> tuple[Array, Array, Array, Array]:
    """As `inequality`, of several times at once: events, people float[times, areas, age groups]; returns slope, ratio,
    concentration and mean, float64[times] each."""
    events, people = np.asarray(events, np.float64), np.asarray(people, np.float64)
    of_area, of_age = people.sum(axis=2), people.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = ridits(rank, of_area)
        weights = np.where(of_age > 0, standard, 0.0).astype(np.float64)
        whole = weights.sum(axis=1, keepdims=True)
        nothing = (whole[:, 0] <= 0) | ((of_area > 0).sum(axis=1) < 2) | np.isnan(r).any(axis=1)
        weights /= whole
        mean_r = np.where(of_age > 0, np.einsum("ta,tag->tg", r, people) / of_age, 0.0)
        mean_y = np.where(of_age > 0, events.sum(axis=1) / of_age, 0.0)
        off = r[:, :, None] - mean_r[:, None, :]
        spread = np.einsum("tag,tag,tag->tg", off, off, people)
        covariance = np.einsum("tag,tag->tg", off, events - mean_y[:, None, :] * people)
        slopes = np.where(spread > 0, covariance / spread, 0.0)
        slope, mean = (weights * slopes).sum(axis=1), (weights * mean_y).sum(axis=1)
        at_zero = (weights * (mean_y - slopes * mean_r)).sum(axis=1)
        share = of_area / of_area.sum(axis=1, keepdims=True)
        variance = (share * (r - (share * r).sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
        nothing |= variance == 0
        ratio = np.where((at_zero > 0) & (at_zero + slope > 0), (at_zero + slope) / at_zero, np.nan)
        concentration = np.where(mean > 0, -2 * variance * slope / mean, np.nan)
    slope, ratio, concentration, mean = (
        np.where(nothing, np.nan, each) for each in (slope, ratio, concentration, mean)
    )
    return slope, ratio, concentration, mean


@lru_cache(maxsize=1)
def standard_population() -> Array:
    """Weights of the six age groups in the European Standard Population 2013, from the evidence."""
    from sim.evidence import load
    from sim.outcomes.measures import AGE_GROUP_STARTS

    table = load().draw(0).table("standard_population")
    by_start = dict(zip(table["age_from"], table["value"], strict=True))
    return np.array([by_start[start] for start in AGE_GROUP_STARTS], np.float64)
