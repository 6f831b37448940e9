"""From many runs to one finding: paired differences to the baseline, their interval, and how much of it is noise.

The unit of comparison is the pair (evidence draw, seed): a scenario and the baseline under the same draw and seed share
their history and their chance, so their difference is far less noisy than either. Intervals hold 90 % of runs: what the
model says under the uncertainty of the evidence, not the confidence interval of a mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
LOW, HIGH = 0.05, 0.95
#: with fewer runs, all differences share a sign by chance too often (with five: once in sixteen) to claim a direction
FEWEST_RUNS = 5


@dataclass(frozen=True)
class Interval:
    """Mean, and the 5th and 95th percentile of runs; `runs` is how many there were."""

    mean: float
    low: float
    high: float
    runs: int

    @property
    def clear(self) -> bool:
        """Whether the direction is clear: enough runs, and zero lies outside the interval."""
        return self.runs >= FEWEST_RUNS and (self.low > 0 or self.high < 0)


def interval(values: Sequence[float] | Array) -> Interval:
    """Mean and 90 % interval of some runs' values; runs without a value (nan) are left out."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    if len(known) == 0:
        return Interval(np.nan, np.nan, np.nan, 0)
    low, high = np.quantile(known, (LOW, HIGH))
    return Interval(float(known.mean()), float(low), float(high), len(known))


def of_each(rows: Sequence[Array]) -> list[Interval]:
    """`interval` of several equally long rows, their quantiles looked up at once."""
    values = np.stack([np.asarray(row, np.float64) for row in rows])
    if not len(values[0]) or not np.isfinite(values).all():
        return [interval(row) for row in values]
    ends = np.quantile(values, (LOW, HIGH), axis=1).T.tolist()
    return [Interval(float(row.mean()), low, high, len(row)) for row, (low, high) in zip(values, ends, strict=True)]


def intervals(values: Array) -> tuple[Array, Array, Array, Array]:
    """Mean, low, high and number of runs along the first axis: float64[runs, n] to four arrays [n]."""
    values = np.asarray(values, np.float64)
    if not len(values):
        unknown = np.full(values.shape[1:], np.nan)
        return unknown, unknown, unknown, np.zeros(values.shape[1:], np.int64)
    with np.errstate(invalid="ignore"):  # runs without a value come below
        mean = values.mean(axis=0)
        low, high = np.quantile(values, (LOW, HIGH), axis=0)
    runs = np.full(values.shape[1:], len(values))
    for k in np.flatnonzero(~np.isfinite(values).all(axis=0)):
        one = interval(values[:, k])
        mean[k], low[k], high[k], runs[k] = one.mean, one.low, one.high, one.runs
    return mean, low, high, runs


def variance_components(grid: Array) -> tuple[Array, Array, Array]:
    """Variance between draws, between seeds, and left over, by the two-way random-effects analysis of variance.

    grid   float[draws, seeds, ...], one value a cell, at least 2 × 2. Returns three float64[...]. Estimates below zero
           are set to zero (Searle, Casella & McCulloch, Variance Components, 1992). What is left over is noise mixed
           with draw-by-seed interaction.
    """
    d, s = grid.shape[:2]
    mean, by_draw, by_seed = grid.mean(axis=(0, 1)), grid.mean(axis=1), grid.mean(axis=0)
    left = grid - by_draw[:, None] - by_seed[None, :] + mean
    ms_left = (left**2).sum(axis=(0, 1)) / ((d - 1) * (s - 1))
    ms_draw = s * ((by_draw - mean) ** 2).sum(axis=0) / (d - 1)
    ms_seed = d * ((by_seed - mean) ** 2).sum(axis=0) / (s - 1)
    return np.maximum((ms_draw - ms_left) / s, 0.0), np.maximum((ms_seed - ms_left) / d, 0.0), ms_left


def noise_share(draws: Sequence[int], seeds: Sequence[int], values: Sequence[float] | Array) -> Array:
    """Share (0–1) of the variance of runs' values that is chance rather than evidence.

    draws, seeds   of each run; values float[runs, ...]. Seeds may be each draw's own (as runs are laid out) or shared
    by all draws. Returns float64[...]: nan where it cannot be told: fewer than two draws, or draws without the same
    number (at least two) of seeds. 0 where nothing varies at all.
    """
    values = np.asarray(values, np.float64)
    d, s = sorted(set(draws)), sorted(set(seeds))
    if len(s) == len(values) and len(d) > 1:
        return _nested_noise_share(np.asarray(draws), values)
    cell = {pair: k for k, pair in enumerate(zip(draws, seeds, strict=True))}
    if len(d) < 2 or len(s) < 2 or len(cell) != len(d) * len(s):
        return np.full(values.shape[1:], np.nan)
    grid = values[[cell[a, b] for a in d for b in s]].reshape(len(d), len(s), *values.shape[1:])
    between, seed, left = variance_components(grid)
    total = between + seed + left
    share = np.where(total > 0, (seed + left) / np.where(total > 0, total, 1.0), 0.0)
    return np.asarray(np.where(np.isfinite(total), share, np.nan))


def _nested_noise_share(draws: Array, values: Array) -> Array:
    """The same for seeds of each draw's own: one-way random-effects analysis of variance."""
    groups = [values[draws == draw] for draw in sorted(set(draws.tolist()))]
    seeds = len(groups[0])
    if seeds < 2 or any(len(group) != seeds for group in groups):
        return np.full(values.shape[1:], np.nan)
    grid = np.stack(groups)
    by_draw = grid.mean(axis=1)
    chance = ((grid - by_draw[:, None]) ** 2).sum(axis=(0, 1)) / (len(groups) * (seeds - 1))
    between = seeds * ((by_draw - by_draw.mean(axis=0)) ** 2).sum(axis=0) / (len(groups) - 1)
    total = chance + np.maximum((between - chance) / seeds, 0.0)
    share = np.where(total > 0, chance / np.where(total > 0, total, 1.0), 0.0)
    return np.asarray(np.where(np.isfinite(total), share, np.nan))
