"""Roll-out: how a lever's money is spread over neighbourhoods.

`everywhere`: the same pounds for every resident. `by_need`: pounds a resident in proportion to 11 − d, d the national
IMD 2025 decile of the neighbourhood (1 most deprived), so that a resident of decile 1 gets ten times what one of decile
10 gets. `by_risk`: to the persons whom a risk score calls high, wherever they live. `where_energy`: in proportion to
residents × energy as it can be observed, which is not the energy that there is. A file in configs/rollout may add a
pilot, after whose measured result the lever is scaled or stopped (`sim.policy.pilot`).

Weights are whole numbers. Between lines of the budget money is divided by largest remainders, to the penny; between
neighbourhoods in proportion.
"""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.policy import policy_kernels as kernels

EVERYWHERE, BY_NEED, BY_RISK, WHERE_ENERGY = "everywhere", "by_need", "by_risk", "where_energy"
SPREADS = (EVERYWHERE, BY_NEED, BY_RISK, WHERE_ENERGY)
_BEYOND_LAST_DECILE = 11
_FINE = 1_000

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def weights(
    spread: str, residents: Integers, decile: Integers, energy: Floats | None = None, flagged: Floats | None = None
) -> Integers:
    """Whole-number weight of each neighbourhood.

    energy: as observed, 1 = the mean; flagged: eligible persons whom the risk score calls high. Both count as the same
    everywhere when they are not given. Raises `UserError` for a spread that does not exist.
    """
    if spread not in SPREADS:
        near = get_close_matches(str(spread), SPREADS, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(SPREADS)}."
        raise UserError(f"There is no roll-out called '{spread}'; {hint}")
    people = np.asarray(residents, np.int64)
    if spread == BY_NEED:
        return np.asarray(people * (_BEYOND_LAST_DECILE - np.asarray(decile, np.int64)))
    if spread == WHERE_ENERGY and energy is not None:
        return np.asarray(people * np.rint(np.maximum(energy, 0.0) * _FINE).astype(np.int64))
    if spread == BY_RISK and flagged is not None:
        return np.rint(flagged * _FINE).astype(np.int64)
    return people


class Filling:
    """How an amount is spread in proportion to shares, no entry above its limit: what one cannot take the others do.

    shares, limit: float64[A]. Entries fill up in order of limit ÷ share; that order is worked out once.
    """

    def __init__(self, shares: Floats, limit: Floats) -> None:
        self.size = len(shares)
        rows = np.flatnonzero((np.asarray(shares) > 0) & (np.asarray(limit) > 0))
        with np.errstate(over="ignore"):  # a share of almost nothing never fills up
            full = np.asarray(limit, np.float64)[rows] / np.asarray(shares, np.float64)[rows]
        order = np.argsort(full, kind="stable")
        self.rows, self.full = rows[order], full[order]
        self.shares, self.limit = np.asarray(shares, np.float64)[self.rows], np.asarray(limit, np.float64)[self.rows]
        self.most = float(self.limit.sum())
        self.below = np.concatenate([[0.0], np.cumsum(self.limit)[:-1]]) if len(rows) else np.zeros(0)
        self.above = np.cumsum(self.shares[::-1])[::-1]
        self.used = self.below + self.full * self.above  # the amount at which each entry is full

    def of(self, amount: float) -> Floats:
        """Entries, float64[A], that sum to min(amount, all limits of entries with a share)."""
        taken = np.zeros(self.size)
        if amount <= 0 or not len(self.rows):
            return taken
        if amount >= self.most:
            taken[self.rows] = self.limit
            return taken
        kernels.fill_up(amount, self.rows, self.used, self.above, self.below, self.limit, self.shares, taken)
        return taken


def fill(amount: float, shares: Floats, limit: Floats) -> Floats:
    """`amount` spread in proportion to `shares`, no entry above its limit (see `Filling`)."""
    return Filling(shares, limit).of(amount)
