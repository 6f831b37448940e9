"""Scenario discovery: in which worlds does something go wrong? Boxes found by the patient rule induction method.

PRIM peels thin slices off the space of factors as long as what is left is worse (Friedman & Fisher, Statistics and
Computing 1999;9:123; Bryant & Lempert 2010). Of the boxes on its way the one with the highest weighted relative
accuracy is taken, mass × (density − share of all), which neither a tiny pure box nor the whole space can win. Its
limits are then moved to where they are best, and those that add nothing are dropped. A search over many factors always
finds some box, so each is tested on worlds it was not found in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.sweeps import resample

Array = NDArray[Any]
Worlds = Mapping[str, Array]
PEEL = 0.05
LEAST_MASS = 0.05
MOST_BOXES = 3
FOLDS = 5
CLEARLY = 1.645  # standard errors: one in twenty by chance
WORTH_KEEPING = 0.05  # a limit must carry this share of the box's accuracy
LEAST_WORLDS = 40


@dataclass(frozen=True)
class Limit:
    """What a factor must be: from low to high (None: no limit), or one of some choices."""

    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] | None = None

    def holds(self, values: Array) -> NDArray[np.bool_]:
        """Whether each value is inside."""
        if self.choices is not None:
            return np.isin(values, np.array(list(self.choices), dtype=values.dtype))
        inside = np.ones(len(values), bool)
        if self.low is not None:
            inside &= values >= self.low
        if self.high is not None:
            inside &= values <= self.high
        return inside


@dataclass(frozen=True)
class Box:
    """Worlds in which it goes wrong more often.

    limits     of each factor that matters, the one without which most would be lost first
    worlds     how many of those tried are inside;  mass: as a share
    density    share of the worlds inside in which it goes wrong;  base: the same of all worlds
    coverage   share of all worlds in which it goes wrong that are inside
    tested     density in worlds that were not used to find the box (five-fold); tested_low: its lower 90 % bound
    holds      whether that is clearly above base
    """

    limits: dict[str, Limit]
    worlds: int
    mass: float
    density: float
    base: float
    coverage: float
    tested: float
    tested_low: float

    @property
    def holds(self) -> bool:
        """Whether worlds inside go wrong clearly more often in the test too."""
        return self.tested_low > self.base

    def inside(self, worlds: Worlds) -> NDArray[np.bool_]:
        """Which worlds are inside."""
        return _inside(self.limits, worlds)


def boxes(worlds: Worlds, bad: Sequence[bool] | Array, most: int = MOST_BOXES) -> list[Box]:
    """The boxes that hold, each found in the worlds outside those before it: none where nothing matters.

    worlds   factor → its value in each world: numbers, or anything else for choices
    bad      whether it goes wrong there, bool[worlds]
    Raises `UserError` when lengths differ or there are fewer than 40 worlds.
    """
    tables = {name: np.asarray(values) for name, values in worlds.items()}
    wrong = np.asarray(bad, bool)
    if any(len(values) != len(wrong) for values in tables.values()) or len(wrong) < LEAST_WORLDS:
        raise UserError(f"Discovery needs at least {LEAST_WORLDS} worlds, and every factor's value in each.")
    left = np.ones(len(wrong), bool)
    found: list[Box] = []
    while len(found) < most and 0 < wrong[left].sum() < left.sum() and left.sum() >= LEAST_WORLDS:
        box = _tested(tables, wrong, left)
        if box is None or not box.holds:
            break
        found.append(box)
        left &= ~box.inside(tables)
    return found


def _tested(worlds: Worlds, wrong: Array, left: Array) -> Box | None:
    """The best box among the worlds that are left, with its test; its figures are of all worlds."""
    limits = _search(_some(worlds, left), wrong[left])
    if not limits:
        return None
    rows = np.flatnonzero(left)
    fold = np.empty(len(rows), np.int64)
    fold[resample.order(3, len(rows))] = np.arange(len(rows)) % FOLDS
    hits = n = 0
    for k in range(FOLDS):
        learn, test = rows[fold != k], rows[fold == k]
        tried = _search(_some(worlds, learn), wrong[learn])
        if tried:
            inside = _inside(tried, _some(worlds, test))
            hits, n = hits + int(wrong[test][inside].sum()), n + int(inside.sum())
    inside = _inside(limits, worlds) & left
    return Box(
        limits,
        worlds=int(inside.sum()),
        mass=float(inside.mean()),
        density=float(wrong[inside].mean()),
        base=float(wrong[left].mean()),
        coverage=float(wrong[inside].sum() / wrong.sum()),
        tested=hits / n if n else float("nan"),
        tested_low=_wilson_low(hits, n),
    )


def _search(worlds: Worlds, wrong: Array) -> dict[str, Limit]:
    """The more accurate of two boxes: one grown from what peeling leaves, one grown from the whole space.

    Peeling sees several factors at once but thin slices drown in chance; intervals see one factor at a time.
    """
    grown = [_pruned(worlds, wrong, _grown(worlds, wrong, start)) for start in (_peeled(worlds, wrong), {})]
    return max(grown, key=lambda limits: _accuracy(wrong, _inside(limits, worlds)))


def _peeled(worlds: Worlds, wrong: Array) -> dict[str, Limit]:
    """The most accurate box on the way of peeling."""
    limits: dict[str, Limit] = {}
    best, best_accuracy = limits, 0.0
    inside = np.ones(len(wrong), bool)
    while True:
        step = _peel(worlds, wrong, inside, limits)
        if step is None:
            return _pruned(worlds, wrong, best)
        limits, inside = step
        found = _accuracy(wrong, inside)
        if found > best_accuracy:
            best, best_accuracy = limits, found


def _peel(
    worlds: Worlds, wrong: Array, inside: Array, limits: dict[str, Limit]
) -> tuple[dict[str, Limit], Array] | None:
    """The slice whose removal raises the density most for what it takes away."""
    density, best, chosen = wrong[inside].mean(), 0.0, None
    for name, values in worlds.items():
        for limit in _slices(values[inside], limits.get(name, Limit())):
            kept = inside & limit.holds(values)
            lost = int(inside.sum() - kept.sum())
            if lost == 0 or kept.mean() < LEAST_MASS:
                continue
            gain = (wrong[kept].mean() - density) / lost
            if gain > best:
                best, chosen = gain, (name, limit, kept)
    if chosen is None:
        return None
    name, limit, kept = chosen
    return {**limits, name: limit}, kept


def _slices(values: Array, limit: Limit) -> list[Limit]:
    """The limits with one more thin slice cut off: low end, high end, or one choice."""
    if values.dtype.kind not in "fiu":
        kinds = tuple(sorted(set(values.tolist()), key=str))
        return [Limit(choices=tuple(k for k in kinds if k != out)) for out in kinds if len(kinds) > 1]
    ordered = np.sort(values)
    cut = max(int(PEEL * len(ordered)), 1)
    low = ordered[np.searchsorted(ordered, ordered[cut - 1], "right") :]
    high = ordered[: np.searchsorted(ordered, ordered[-cut], "left")]
    return [Limit(float(low[0]), limit.high)] * bool(len(low)) + [Limit(limit.low, float(high[-1]))] * bool(len(high))


def _grown(worlds: Worlds, wrong: Array, limits: dict[str, Limit]) -> dict[str, Limit]:
    """Pasting: the best interval of one factor after another, given the others, while the box gets more accurate."""
    limits = dict(limits)
    accuracy = _accuracy(wrong, _inside(limits, worlds))
    while True:
        best, chosen = accuracy * (1 + WORTH_KEEPING), None
        for name, values in worlds.items():
            others = _inside({k: v for k, v in limits.items() if k != name}, worlds)
            limit = _best_interval(values[others], wrong[others] - wrong.mean())
            found = _accuracy(wrong, others & limit.holds(values))
            if found > best and (others & limit.holds(values)).mean() >= LEAST_MASS:
                best, chosen = found, (name, limit)
        if chosen is None:
            return limits
        limits, accuracy = {**limits, chosen[0]: chosen[1]}, best


def _best_interval(values: Array, excess: Array) -> Limit:
    """The run of values (or the choices) with the highest sum of excess over the base (Kadane; Mampaey 2012)."""
    if values.dtype.kind not in "fiu":
        names = sorted(set(values.tolist()), key=str)
        return Limit(choices=tuple(name for name in names if excess[values == name].sum() > 0))
    kinds, where = np.unique(values, return_inverse=True)
    sums = np.concatenate([[0.0], np.cumsum(np.bincount(where, excess, len(kinds)))])
    lowest = np.minimum.accumulate(sums[:-1])
    last = int(np.argmax(sums[1:] - lowest))
    first = int(np.argmin(sums[: last + 1]))
    return Limit(float(kinds[first]) if first else None, float(kinds[last]) if last < len(kinds) - 1 else None)


def _pruned(worlds: Worlds, wrong: Array, limits: dict[str, Limit]) -> dict[str, Limit]:
    """Without limits, or sides of them, that hold nothing back or add too little; the most telling first."""
    while True:
        limits = {name: limit for name, limit in limits.items() if limit != Limit()}
        accuracy = _accuracy(wrong, _inside(limits, worlds))
        without = {
            (name, wider): accuracy - _accuracy(wrong, _inside({**limits, name: wider}, worlds))
            for name, limit in limits.items()
            for wider in _wider(limit)
        }
        least = min(without, key=lambda one: without[one], default=None)
        if least is None or without[least] > WORTH_KEEPING * accuracy:
            told = {name: max(lost for (n, _), lost in without.items() if n == name) for name in limits}
            return {name: limits[name] for name in sorted(limits, key=lambda name: -told[name])}
        limits = {**limits, least[0]: least[1]}


def _wider(limit: Limit) -> list[Limit]:
    """The limit with a side, or all of it, taken away."""
    if limit.low is None or limit.high is None:
        return [Limit()]
    return [Limit(low=limit.low), Limit(high=limit.high)]


def _accuracy(wrong: Array, inside: Array) -> float:
    """Weighted relative accuracy: mass × (density − share of all)."""
    return float((wrong[inside].sum() - inside.sum() * wrong.mean()) / len(wrong))


def _inside(limits: Mapping[str, Limit], worlds: Worlds) -> NDArray[np.bool_]:
    inside = np.ones(len(next(iter(worlds.values()))), bool)
    for name, limit in limits.items():
        inside &= limit.holds(worlds[name])
    return inside


def _some(worlds: Worlds, rows: Array) -> dict[str, Array]:
    return {name: values[rows] for name, values in worlds.items()}


def _wilson_low(hits: int, n: int) -> float:
    """The lower end of Wilson's interval of a share."""
    if n == 0:
        return 0.0
    p, z = hits / n, CLEARLY
    return float((p + z**2 / (2 * n) - z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))) / (1 + z**2 / n))
