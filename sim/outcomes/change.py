"""How a scenario differs from the baseline: paired, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.measures import Measure
from sim.outcomes.summary import Interval, intervals

Array = NDArray[Any]
ROUNDING = 1e-9


@dataclass(frozen=True)
class Change:
    """A scenario's change of a measure against the baseline in one financial year.

    base, value   level of the baseline and of the scenario; difference: paired, in units of the measure
    percent       paired, per cent of the baseline: see `relative`
    noise_share   share of the difference's variance that is chance (nan: cannot be told)
    """

    scenario: str
    measure: Measure
    year: int
    base: Interval
    value: Interval
    difference: Interval
    percent: Interval
    noise_share: float

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` (``more``/``less`` where neither is good) only when the interval excludes zero;
        ``same`` when no run differs at all; else ``unclear``."""
        d = self.difference
        if d.runs and d.mean == d.low == d.high == 0:
            return "same"
        if not d.clear:
            return "unclear"
        if self.measure.good == 0:
            return "more" if d.low > 0 else "less"
        return "better" if (d.low > 0) == (self.measure.good > 0) else "worse"


def less(value: Array, base: Array) -> Array:
    """A difference, in which what is only the rounding of sums (a billionth of the level) is zero."""
    difference = value - base
    return np.where(np.abs(difference) <= ROUNDING * np.abs(base), 0.0, difference)


def relative(difference: Array, base: Array) -> tuple[Array, Array, Array]:
    """Changes as shares of the baseline (0.01 is one per cent): mean, low and high, float64[runs, n] to three [n].

    The mean is the mean change over the mean baseline, so that it agrees with the two levels. The ends between which
    90 % of runs lie are of each run's change over the same run's baseline: nothing that is counted can then fall by
    more than all of it. They are not known (nan) where a run changes from nothing.
    """
    mean = np.asarray(intervals(difference)[0])
    size = np.abs(base.mean(axis=0))
    mid = np.divide(mean, size, out=np.full_like(mean, np.nan), where=size > 0)
    own = np.divide(difference, np.abs(base), out=np.zeros_like(difference), where=base != 0)
    _, low, high, _ = intervals(own)
    unknown = ((base == 0) & (difference != 0) & np.isfinite(difference)).any(axis=0)
    return mid, np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
