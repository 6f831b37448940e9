"""How a scenario differs from the baseline: paired, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.measures import Measure
from sim.outcomes.summary import Interval

Array = NDArray[Any]
ROUNDING = 1e-9


@dataclass(frozen=True)
class Change:
    """A scenario's change of a measure against the baseline in one financial year.

    base, value   level of the baseline and of the scenario; difference: paired, in units of the measure
    percent       paired, per cent of the baseline's mean over runs, so that it agrees with the levels
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
