"""Probabilistic sensitivity analysis: how much of the spread of runs is uncertain evidence and how much is chance.

Every evidence draw is run with the same seeds, so the table of values is draws × seeds and the two-way random-effects
analysis of variance splits it (Searle, Casella & McCulloch, Variance Components, 1992; O'Hagan, Stevenson & Madan,
Health Economics 2007;16:1009, for models of individuals). What is left over is chance that differs from draw to draw.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.errors import UserError
from sim.outcomes.summary import HIGH, LOW, variance_components

Array = NDArray[Any]
FEWEST = 2


@dataclass(frozen=True)
class Split:
    """One outcome over draws × seeds.

    mean                          of all runs
    low, high                     hold 90 % of runs: evidence and chance together
    evidence_low, evidence_high   hold 90 % of draws once chance is taken out: what better evidence could narrow
    evidence, luck                variances: between draws; chance (between seeds, and what is left over)
    common                        the part of `luck` that is shared by all draws (the seed's main effect)
    draws, seeds                  how many there were
    """

    mean: float
    low: float
    high: float
    evidence_low: float
    evidence_high: float
    evidence: float
    luck: float
    common: float
    draws: int
    seeds: int

    @property
    def luck_share(self) -> float:
        """Share (0–1) of the variance of single runs that is chance; 0 where nothing varies."""
        total = self.evidence + self.luck
        return self.luck / total if total > 0 else 0.0

    @property
    def standard_error(self) -> float:
        """Of the mean of all runs, as an estimate of what endless draws and seeds would give."""
        own = (self.luck - self.common) / (self.draws * self.seeds)
        return math.sqrt(self.evidence / self.draws + self.common / self.seeds + own)


def split(values: Array) -> Split:
    """Split the spread of one outcome.

    values   float64[draws, seeds], at least 2 × 2. Raises `UserError` for fewer, or when a run has no value.
    """
    values = np.asarray(values, np.float64)
    draws, seeds = checked(values)
    evidence, seed, left = (float(part) for part in variance_components(values))
    low, high = np.quantile(values, (LOW, HIGH))
    e_low, e_high = np.quantile(without_luck(values), (LOW, HIGH))
    return Split(
        mean=float(values.mean()),
        low=float(low),
        high=float(high),
        evidence_low=float(e_low),
        evidence_high=float(e_high),
        evidence=evidence,
        luck=seed + left,
        common=seed,
        draws=draws,
        seeds=seeds,
    )


def without_luck(values: Array) -> Array:
    """Each draw's mean, drawn towards the mean of all until the spread is that of the evidence alone: float64[draws].

    The means of few seeds spread more than what they estimate; their deviations are multiplied by the square root of
    (variance between draws ÷ variance of the means), so that the variance is right and the order is kept.
    """
    values = np.asarray(values, np.float64)
    _, seeds = checked(values)
    evidence, _, left = (float(part) for part in variance_components(values))
    means = values.mean(axis=1)
    spread = evidence + left / seeds
    shrink = math.sqrt(evidence / spread) if spread > 0 else 0.0
    return np.asarray(means.mean() + shrink * (means - means.mean()))


def seeds_needed(found: Split, half_width: float, sure: float = 0.9) -> int:
    """Seeds a draw so that chance moves the mean of a draw by at most `half_width` with probability `sure`."""
    _positive(half_width)
    return max(1, math.ceil((_z(sure) ** 2) * found.luck / half_width**2 - 1e-9))


def draws_needed(found: Split, half_width: float, seeds: int | None = None, sure: float = 0.9) -> int | None:
    """Draws so that the mean of all runs is known to ± `half_width` with probability `sure`, at so many seeds each.

    seeds: by default as many as there were. None when no number of draws is enough: chance that all draws share is
    then too large, and more seeds are needed.
    """
    _positive(half_width)
    seeds = seeds or found.seeds
    room = (half_width / _z(sure)) ** 2 - found.common / seeds
    if room <= 0:
        return None
    return max(1, math.ceil((found.evidence + (found.luck - found.common) / seeds) / room - 1e-9))


def checked(values: Array) -> tuple[int, int]:
    """Draws and seeds of a table. Raises `UserError` when there are too few or a run has no value."""
    if values.ndim != 2 or min(values.shape) < FEWEST:
        raise UserError("Evidence and chance can only be told apart with at least two draws and two seeds of each.")
    if not np.isfinite(values).all():
        rows = np.flatnonzero(~np.isfinite(values).all(axis=1))
        raise UserError(f"Some runs have no value: rows {', '.join(map(str, rows[:10]))}. Run them again or drop them.")
    return values.shape[0], values.shape[1]


def _z(sure: float) -> float:
    return float(ndtri(0.5 + sure / 2))


def _positive(half_width: float) -> None:
    if not half_width > 0:
        raise UserError(f"The precision asked for must be above 0, not {half_width:g}.")
