"""Roll-out: how a lever's money is spread over neighbourhoods.

`everywhere`: the same pounds for every resident. `by_need`: pounds a resident in proportion to 11 − d, d the national
IMD 2025 decile of the neighbourhood (1 most deprived), so that a resident of decile 1 gets ten times what one of decile
10 gets. Weights are whole numbers and money is divided by largest remainders, so that what is spent in the
neighbourhoods is, to the penny, what was given.
"""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError

EVERYWHERE, BY_NEED = "everywhere", "by_need"
ROLLOUTS = (EVERYWHERE, BY_NEED)
_BEYOND_LAST_DECILE = 11

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def weights(rollout: str, residents: Integers, decile: Integers) -> Integers:
    """Whole-number weight of each neighbourhood. Raises `UserError` for a roll-out that does not exist."""
    if rollout not in ROLLOUTS:
        near = get_close_matches(str(rollout), ROLLOUTS, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(ROLLOUTS)}."
        raise UserError(f"There is no roll-out called '{rollout}'; {hint}")
    people = np.asarray(residents, np.int64)
    return people if rollout == EVERYWHERE else people * (_BEYOND_LAST_DECILE - np.asarray(decile, np.int64))


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
    # entries fill up in order of limit / share; the level at which the amount is used up lies between two of them
    rows = np.flatnonzero(open_)
    with np.errstate(over="ignore"):  # a share of almost nothing never fills up
        level = limit[rows] / shares[rows]
    order = np.argsort(level, kind="stable")
    rows, level = rows[order], level[order]
    below = np.concatenate([[0.0], np.cumsum(limit[rows])[:-1]])
    above = np.cumsum(shares[rows][::-1])[::-1]
    last = int(np.argmax(below + level * above >= amount))
    final = (amount - below[last]) / above[last]
    taken[rows] = np.minimum(limit[rows], final * shares[rows])
    return taken
