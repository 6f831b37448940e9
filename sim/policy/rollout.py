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


def divide(total: int, shares: Integers) -> Integers:
    """A whole amount divided in proportion to whole shares: floors, and the rest to the largest remainders.

    Ties go to the earlier entry. The parts sum to `total` exactly; with all shares 0 the first gets everything.
    """
    parts = np.array(shares, np.int64)
    whole = int(parts.sum())
    if whole == 0:
        parts[0] = whole = 1
    if total * int(parts.max()) > np.iinfo(np.int64).max:
        parts = parts.astype(object)  # Python's whole numbers have no largest
    floors, remainders = total * parts // whole, total * parts % whole
    rest = total - int(floors.sum())
    floors[np.argsort(-remainders, kind="stable")[:rest]] += 1
    return floors.astype(np.int64)


def fill(amount: float, shares: Floats, limit: Floats) -> Floats:
    """`amount` spread in proportion to `shares`, no entry above its limit; what one cannot take the others do.

    Returns entries that sum to min(amount, Σ limit of entries with a share).
    """
    shares = np.asarray(shares, np.float64)
    open_ = (shares > 0) & (limit > 0)
    taken = np.zeros(len(shares))
    if amount <= 0 or not open_.any():
        return taken
    if amount >= limit[open_].sum():
        taken[open_] = limit[open_]
        return taken
    level = amount / float(shares[open_].sum())
    if open_.all() and (shares * level <= limit).all():  # nobody is full
        return np.asarray(shares * level)
    # entries fill up in order of limit / share; the level at which the amount is used up lies between two of them
    rows = np.flatnonzero(open_)
    with np.errstate(over="ignore"):  # a share of almost nothing never fills up
        full = limit[rows] / shares[rows]
    order = np.argsort(full, kind="stable")
    rows, full = rows[order], full[order]
    below = np.concatenate([[0.0], np.cumsum(limit[rows])[:-1]])
    above = np.cumsum(shares[rows][::-1])[::-1]
    last = int(np.argmax(below + full * above >= amount))
    final = (amount - below[last]) / above[last]
    taken[rows] = np.minimum(limit[rows], final * shares[rows])
    return taken
