"""Scenario discovery by a tree: worlds split in two, again and again, by the factor that goes with the outcome most.

Which factor splits is decided by a test of association, and only where it is significant after allowing for all factors
tried; where it splits is then decided by Gini's impurity (conditional inference trees: Hothorn, Hornik & Zeileis 2006;
CART: Breiman and others 1984). So the tree does not favour factors with many values, needs no pruning, and stays a
stump where nothing matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.sweeps.prim import LEAST_WORLDS, Limit, Worlds

Array = NDArray[Any]
DEEPEST = 3
LEAST_LEAF = 0.05
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Leaf:
    """A group of worlds: its limits, how many there are, and the share in which it goes wrong."""

    limits: tuple[tuple[str, Limit], ...]
    worlds: int
    share: float


def leaves(worlds: Worlds, bad: Sequence[bool] | Array, deepest: int = DEEPEST) -> list[Leaf]:
    """The leaves, worst first; one leaf with all worlds where nothing matters. Arguments as for `prim.boxes`."""
    tables = {name: np.asarray(values) for name, values in worlds.items()}
    wrong = np.asarray(bad, bool)
    if any(len(values) != len(wrong) for values in tables.values()) or len(wrong) < LEAST_WORLDS:
        raise UserError(f"Discovery needs at least {LEAST_WORLDS} worlds, and every factor's value in each.")
    least = max(int(LEAST_LEAF * len(wrong)), 5)
    found = _grow(tables, wrong, np.ones(len(wrong), bool), {}, deepest, least)
    return sorted(found, key=lambda leaf: -leaf.share)


def _grow(worlds: Worlds, wrong: Array, here: Array, limits: dict[str, Limit], deepest: int, least: int) -> list[Leaf]:
    split = _split(worlds, wrong, here, least) if deepest else None
    if split is None:
        return [Leaf(tuple(limits.items()), int(here.sum()), float(wrong[here].mean()))]
    name, (one, other) = split
    found = []
    for side in (one, other):
        inside = here & side.holds(worlds[name])
        both = {**limits, name: _both(limits.get(name, Limit()), side)}
        found += _grow(worlds, wrong, inside, both, deepest - 1, least)
    return found


def _split(worlds: Worlds, wrong: Array, here: Array, least: int) -> tuple[str, tuple[Limit, Limit]] | None:
    """The factor that goes with the outcome most, where that is significant, and the purest cut along it."""
    if here.sum() < 2 * least or not 0 < wrong[here].sum() < here.sum():
        return None
    chance = {name: _p_value(values[here], wrong[here]) for name, values in worlds.items()}
    name = min(chance, key=lambda one: chance[one])
    if chance[name] * len(chance) > SIGNIFICANT:
        return None
    cut = _cut(worlds[name][here], wrong[here], least)
    return None if cut is None else (name, cut)


def _p_value(values: Array, wrong: Array) -> float:
    """Of no association: Mann and Whitney's test for numbers, χ² for choices."""
    from scipy.stats import chi2_contingency, mannwhitneyu

    if len(set(values.tolist())) < 2:
        return 1.0
    if values.dtype.kind in "fiu":
        return float(mannwhitneyu(values[wrong], values[~wrong]).pvalue)
    kinds = sorted(set(values.tolist()), key=str)
    counts = [[int((wrong[values == k] == w).sum()) for k in kinds] for w in (True, False)]
    return float(chi2_contingency(counts).pvalue)


def _cut(values: Array, wrong: Array, least: int) -> tuple[Limit, Limit] | None:
    """The two sides of the cut with the least impurity; each has at least so many worlds."""
    if values.dtype.kind in "fiu":
        order = np.argsort(values, kind="stable")
        ordered, sums = values[order], np.cumsum(wrong[order])
        at = np.flatnonzero(ordered[1:] > ordered[:-1]) + 1
        at = at[(at >= least) & (at <= len(values) - least)]
        if not len(at):
            return None
        k = int(at[np.argmin(_impurity(sums[at - 1], at) + _impurity(sums[-1] - sums[at - 1], len(values) - at))])
        middle = float(ordered[k - 1] + ordered[k]) / 2
        return Limit(high=middle), Limit(low=middle)
    kinds = sorted(set(values.tolist()), key=lambda k: (float(wrong[values == k].mean()), str(k)))
    sides = [(tuple(kinds[:k]), tuple(kinds[k:])) for k in range(1, len(kinds))]
    sides = [s for s in sides if least <= np.isin(values, np.array(s[0], values.dtype)).sum() <= len(values) - least]
    if not sides:
        return None

    def loss(side: tuple[tuple[Any, ...], tuple[Any, ...]]) -> float:
        left = np.isin(values, np.array(side[0], values.dtype))
        return float(sum(_impurity(wrong[s].sum(), s.sum()) for s in (left, ~left)))

    one, other = min(sides, key=loss)
    return Limit(choices=one), Limit(choices=other)


def _impurity(hits: Any, n: Any) -> Any:
    """Gini's, times the number of worlds."""
    return hits * (n - hits) / n


def _both(a: Limit, b: Limit) -> Limit:
    """The limit that holds where both do."""
    if b.choices is not None:
        return b
    lows, highs = [x for x in (a.low, b.low) if x is not None], [x for x in (a.high, b.high) if x is not None]
    return Limit(max(lows, default=None), min(highs, default=None))
