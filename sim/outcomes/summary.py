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


def intervals(values: Array) -> tuple[Array, Array, Array, Array]:
    """Mean, low, high and number of runs along the first axis: float64[runs, ...] to four arrays [...]."""
    values = np.asarray(values, np.float64)
    flat = values.reshape(len(values), -1)
    each = [interval(flat[:, k]) for k in range(flat.shape[1])]
    shape = values.shape[1:]
    parts = [[getattr(one, f) for one in each] for f in ("mean", "low", "high", "runs")]
    return tuple(np.array(part).reshape(shape) for part in parts)  # type: ignore[return-value]


def variance_components(grid: Array) -> tuple[float, float, float]:
    """Variance between draws, between seeds, and left over, by the two-way random-effects analysis of variance.

    grid   float[draws, seeds], one value a cell, at least 2 × 2. Estimates below zero are set to zero (Searle, Casella
           & McCulloch, Variance Components, 1992). What is left over is noise mixed with draw-by-seed interaction.
    """
    d, s = grid.shape
    mean, by_draw, by_seed = grid.mean(), grid.mean(axis=1), grid.mean(axis=0)
    left = grid - by_draw[:, None] - by_seed[None, :] + mean
    ms_left = float((left**2).sum() / ((d - 1) * (s - 1)))
    ms_draw = float(s * ((by_draw - mean) ** 2).sum() / (d - 1))
    ms_seed = float(d * ((by_seed - mean) ** 2).sum() / (s - 1))
    return max((ms_draw - ms_left) / s, 0.0), max((ms_seed - ms_left) / d, 0.0), ms_left


def noise_share(draws: Sequence[int], seeds: Sequence[int], values: Sequence[float] | Array) -> float:
    """Share (0–1) of the variance of a run's value that is chance rather than evidence.

    nan where it cannot be told: fewer than two draws or two seeds, or not every draw with every seed. 0 where nothing
    varies at all.
    """
    d, s = sorted(set(draws)), sorted(set(seeds))
    cells = {(a, b): float(v) for a, b, v in zip(draws, seeds, values, strict=True)}
    if len(d) < 2 or len(s) < 2 or len(cells) != len(d) * len(s) or not np.isfinite(list(cells.values())).all():
        return float("nan")
    between, seed, left = variance_components(np.array([[cells[a, b] for b in s] for a in d]))
    total = between + seed + left
    return (seed + left) / total if total > 0 else 0.0
