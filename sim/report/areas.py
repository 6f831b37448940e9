"""Where a change is more than chance: many neighbourhoods are tested at once, so some would seem to change by luck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.summary import FEWEST_RUNS

Floats = NDArray[np.float64]
FALSE_SHARE = 0.1  # of the coloured neighbourhoods, at most this share is expected to be a fluke


@dataclass(frozen=True)
class AreaChange:
    """Change by neighbourhood. mean: float64[areas]; verdict: +1 better, −1 worse, 0 not beyond chance, int8[areas]."""

    mean: Floats
    verdict: NDArray[np.int8]

    def counts(self) -> dict[str, int]:
        """How many neighbourhoods are clearly better, clearly worse, or neither."""
        better, worse = int((self.verdict > 0).sum()), int((self.verdict < 0).sum())
        return {"better": better, "worse": worse, "unclear": len(self.verdict) - better - worse}


def area_change(runs: Floats, good: int) -> AreaChange:
    """Means of paired changes, float64[runs, areas], and which are beyond chance.

    A paired t-test in each area, then the rule of Benjamini and Hochberg (1995), so that at most a tenth of the areas
    called changed are expected to be flukes. With fewer than five runs nothing is called changed.
    """
    n, areas = runs.shape
    mean = np.asarray(runs.mean(axis=0))
    found = np.zeros(areas, np.int8)
    if n >= FEWEST_RUNS:
        from scipy.special import stdtr

        error = runs.std(axis=0, ddof=1) / np.sqrt(n)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.abs(mean) / error
        t = np.where(mean == 0, 0.0, t)
        chance = np.nan_to_num(2 * stdtr(n - 1, -t), nan=1.0)
        order = np.argsort(chance, kind="stable")
        passes = np.flatnonzero(chance[order] <= FALSE_SHARE * np.arange(1, areas + 1) / areas)
        kept = order[: passes[-1] + 1] if len(passes) else order[:0]
        found[kept] = np.sign(mean[kept] * good).astype(np.int8)
    return AreaChange(mean, found)
