"""How a pilot is evaluated: who is matched to whom on what, the estimator, and the chance that the effect is worth it.

All pure functions of what an evaluator can see.

Matching. Each pilot neighbourhood gets the k others with the smallest Euclidean distance in the observables, each in
standard deviations over all neighbourhoods; one may serve several.

Estimator. With y the indicator of a neighbourhood in the waves *earlier*, *before* and *after*, c its comparators:

    d = (after − before) − mean_c(after − before) − λ t [(before − earlier) − mean_c(before − earlier)]

t: months of the pilot ÷ months between the first waves; λ: how much of the differences in trend before the pilot is
more than sampling noise, max(0, 1 − noise ÷ variance), so that noise is not projected forward. The estimate is the mean
of d, its standard error the larger of their spread ÷ √n and what sampling alone gives.

Decision. P(effect > d*) = Φ((estimate − d*) ÷ standard error), the posterior under a flat prior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Estimate:
    """What an evaluation finds: the effect, its standard error, and how much of the earlier trend was projected."""

    effect: float
    error: float
    trend_share: float

    def chance_above(self, worthwhile: float) -> float:
        """P(effect > worthwhile)."""
        if self.error <= 0.0:
            return float(self.effect > worthwhile)
        return float(ndtr((self.effect - worthwhile) / self.error))


def nearest_neighbours(observables: Floats, pilots: Integers, k: int) -> Integers:
    """The k neighbourhoods nearest to each pilot among all others: int64[pilots, k].

    observables: float64[areas, n]. Ties go to the earlier neighbourhood. Raises ValueError with fewer than k others.
    """
    spread = observables.std(axis=0)
    scaled = (observables - observables.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    others = np.setdiff1d(np.arange(len(observables)), pilots)
    if len(others) < k:
        raise ValueError(f"{len(others)} neighbourhoods are left to compare with, {k} are wanted")
    distance = ((scaled[pilots][:, None, :] - scaled[others][None, :, :]) ** 2).sum(axis=2)
    return np.asarray(others[np.argsort(distance, axis=1, kind="stable")[:, :k]], np.int64)


def estimate(
    earlier: Floats, before: Floats, after: Floats, pilots: Integers, matched: Integers, noise: Floats, periods: float
) -> Estimate:
    """The effect of a pilot (see the top of this file).

    earlier, before, after: the indicator by neighbourhood, float64[A]; matched: int64[n, k]; noise: sampling variance
    of one wave by neighbourhood, float64[A]; periods: t. A neighbourhood that is not asked may hold anything.
    """

    def against(change: Floats) -> Floats:
        return np.asarray(change[pilots] - change[matched].mean(axis=1))

    count, k = matched.shape
    one_wave = noise[pilots] + noise[matched].mean(axis=1) / k
    sampling = float((2 * one_wave).mean())
    trend = against(before - earlier)
    variance = float(trend.var(ddof=1)) if count > 1 else 0.0
    share = max(0.0, 1.0 - sampling / variance) if variance > 0 else 0.0
    each = against(after - before) - share * periods * trend
    between = float(each.std(ddof=1)) if count > 1 else 0.0
    return Estimate(float(each.mean()), max(between, math.sqrt(sampling)) / math.sqrt(count), share)


def asked(truth: Floats, spread: Floats, sample: int, normal: Floats) -> tuple[Floats, Floats]:
    """What a sample survey finds: the means and their sampling variance, float64[A] each.

    truth, spread: mean and standard deviation of the answers of all adults; sample: how many are asked in each
    neighbourhood; normal: standard normal draws of the survey's own stream.
    """
    variance = spread**2 / max(sample, 1)
    return np.asarray(truth + np.sqrt(variance) * normal), np.asarray(variance)


def counted(expected: Floats, people: Floats, overdispersion: float, normal: Floats, per: float) -> tuple[Any, Floats]:
    """Events a year per `per` people as registers show them: Poisson with overdispersion, as a normal.

    expected: events a year that risk gives; people: who live there. Returns rates and their variance, float64[A] each.
    """
    safe = np.maximum(people, 1.0)
    variance = overdispersion * np.maximum(expected, 0.0) * (per / safe) ** 2
    return expected / safe * per + np.sqrt(variance) * normal, variance
