"""The best mix of levers for a budget, honest about luck.

The best of many noisy runs looks better than it is. So whoever is chosen on some seeds is valued on others: in a
finished sweep half of the seeds choose and the other half value (`front`); in a search for a mix, the finalists are run
again on fresh seeds beside an even mix (`best_mix`). The search goes by a Gaussian process over the shares, which needs
tens of runs where an evolutionary search needs thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from sim.errors import UserError
from sim.sweeps import emulator, resample

Array = NDArray[Any]
Evaluate = Callable[[Array, Sequence[int]], Array]
"""Amounts float64[mixes, levers] and seeds → the outcome, float64[mixes, seeds]."""
SURE = 0.9
CANDIDATES = 2000
FINALISTS = 5
LEAST_FRESH = 3
HOPE = 1.0  # standard deviations by which the unknown is given the benefit of the doubt


@dataclass(frozen=True)
class Front:
    """Rows that no other row beats in both cost and outcome, cheapest first.

    rows      int[m];  cost: float64[m]; luck that all rows of a seed share is taken out of the outcome
    promised  their outcome on the seeds that chose them;  valued: on the other seeds
    flattery  by how much the choice flattered them: mean of promised − valued, in the outcome's good direction
    """

    rows: NDArray[np.int64]
    cost: Array
    promised: Array
    valued: Array
    flattery: float


@dataclass(frozen=True)
class Mix:
    """The best mix found for one budget.

    amounts         by lever;  tried: mixes evaluated in the search
    promised        its outcome in the search;  valued: on fresh seeds
    gain            over the even mix, on the same fresh seeds; low, high: 90 % interval of that mean over seeds
    """

    budget: float
    amounts: dict[str, float]
    tried: int
    promised: float
    valued: float
    gain: float
    low: float
    high: float

    @property
    def better(self) -> bool:
        """Whether it clearly beats an even mix (in the outcome's good direction)."""
        return self.low > 0


def front(cost: Array, outcome: Array, good: int = 1) -> Front:
    """The frontier of a finished sweep.

    cost, outcome   float64[rows, seeds], at least two seeds; good: +1 more of the outcome is better, −1 less
    """
    cost, outcome = np.asarray(cost, np.float64), np.asarray(outcome, np.float64)
    if cost.shape != outcome.shape or cost.ndim != 2 or cost.shape[1] < 2:
        raise UserError("A frontier needs cost and outcome by row and seed, with at least two seeds.")
    if not (np.isfinite(cost).all() and np.isfinite(outcome).all()):
        raise UserError("Some runs have no cost or outcome; run them again or drop them.")
    outcome = outcome - outcome.mean(axis=0) + outcome.mean()  # luck that all rows share flatters none
    choose = np.arange(cost.shape[1]) % 2 == 0
    paid, promised, valued = cost.mean(axis=1), outcome[:, choose].mean(axis=1), outcome[:, ~choose].mean(axis=1)
    rows = unbeaten(paid, good * promised)
    gap = good * (promised[rows] - valued[rows])
    return Front(rows, paid[rows], promised[rows], valued[rows], float(gap.mean()))


def unbeaten(cost: Array, gain: Array) -> NDArray[np.int64]:
    """Rows for which no other has at most the cost and at least the gain (one of them strictly), cheapest first."""
    order = np.lexsort((-gain, cost))
    kept, best = [], -np.inf
    for row in order:
        if gain[row] > best:
            kept.append(row)
            best = gain[row]
    return np.array(kept, np.int64)


def best_mix(
    evaluate: Evaluate,
    levers: Sequence[str],
    budget: float,
    *,
    seeds: Sequence[int],
    fresh: Sequence[int],
    good: int = 1,
    most: Sequence[float] | None = None,
    rounds: int = 4,
    batch: int = 8,
) -> Mix:
    """Search for the amounts of levers, together `budget`, with the best outcome.

    evaluate      runs mixes;  seeds: those of the search;  fresh: at least three others, that value the finalists
    most          the most of each lever (default: the whole budget)
    rounds, batch how often so many more mixes are run after the first set
    Raises `UserError` when seeds overlap or the budget cannot be spent.
    """
    if set(seeds) & set(fresh) or len(set(fresh)) < LEAST_FRESH:
        raise UserError("The mix found must be valued on at least three seeds that the search did not use.")
    k = len(levers)
    top = np.minimum(np.asarray(most if most is not None else [budget] * k, np.float64), budget)
    if k < 2 or budget <= 0 or top.sum() < budget:
        raise UserError(f"A budget of {budget:g} cannot be spent on these levers.")
    even = _spend(np.full((1, k), 1 / k), budget, top)
    tried = _different(np.concatenate([even, _spend(np.eye(k), budget, top), _mixes(1, 2 * k, budget, top)]))
    found = good * evaluate(tried, seeds).mean(axis=1)
    for turn in range(rounds):
        ask = _propose(tried, found, budget, top, batch, turn)
        tried, found = np.concatenate([tried, ask]), np.concatenate([found, good * evaluate(ask, seeds).mean(axis=1)])
    final = tried[np.argsort(-_smoothed(tried, found, budget), kind="stable")[:FINALISTS]]
    half = len(fresh) // 2
    picked = final[np.argmax(good * evaluate(final, fresh[:half]).mean(axis=1))] if half else final[0]
    valued = good * evaluate(np.stack([picked, even[0]]), fresh[half:])
    gain, low, high = _interval(valued[0] - valued[1])
    at = int(np.flatnonzero((tried == picked).all(axis=1))[0])
    return Mix(
        budget=budget,
        amounts={name: float(amount) for name, amount in zip(levers, picked, strict=True)},
        tried=len(tried),
        promised=good * float(found[at]),
        valued=good * float(valued[0].mean()),
        gain=gain,
        low=low,
        high=high,
    )


def _propose(tried: Array, found: Array, budget: float, top: Array, batch: int, turn: int) -> Array:
    """The mixes that might be best: many by chance and many near the best so far, spread out."""
    k = tried.shape[1]
    near = tried[np.argsort(-found)[:FINALISTS]]
    nudged = np.repeat(near, CANDIDATES // FINALISTS, axis=0) / budget
    nudged = np.maximum(nudged + 0.1 * resample.normals(50 + turn, *nudged.shape), 0)
    pool = np.concatenate([_mixes(100 + turn, CANDIDATES, budget, top), _spend(nudged, budget, top)])
    if np.ptp(found) == 0:
        return pool[:batch]
    mean, spread = emulator.regress(tried / budget, found).predict(pool / budget)
    hope = mean + HOPE * spread
    chosen: list[Array] = []
    apart = 0.5 / k
    for row in np.argsort(-hope, kind="stable"):
        far = [np.abs(pool[row] - other).sum() / budget for other in [*tried, *chosen]]
        if min(far) >= apart * 0.5**turn:
            chosen.append(pool[row])
        if len(chosen) == batch:
            break
    return np.array(chosen) if chosen else pool[np.argsort(-hope)[:1]]


def _smoothed(tried: Array, found: Array, budget: float) -> Array:
    """The process at the mixes tried: what neighbours say too, so that one lucky run does not win."""
    return found if np.ptp(found) == 0 else emulator.regress(tried / budget, found).fitted


def _mixes(seed: int, n: int, budget: float, top: Array) -> Array:
    """Mixes spread evenly over all that spend the budget."""
    return _spend(-np.log(resample.uniforms(seed, n, len(top))), budget, top)


def _spend(weights: Array, budget: float, top: Array) -> Array:
    """Amounts in proportion to weights that add up to the budget; what a lever cannot take goes to the others."""
    amounts = np.zeros_like(weights)
    weights = weights + 1e-12
    for _ in range(len(top) + 1):
        free = amounts < top - 1e-12
        left = budget - amounts.sum(axis=1, keepdims=True)
        share = np.where(free, weights, 0.0)
        total = share.sum(axis=1, keepdims=True)
        amounts = np.minimum(amounts + left * share / np.where(total > 0, total, 1.0), top)
    return amounts


def _different(mixes: Array) -> Array:
    _, first = np.unique(np.round(mixes, 9), axis=0, return_index=True)
    return np.asarray(mixes[np.sort(first)])


def _interval(values: Array) -> tuple[float, float, float]:
    """Mean over seeds and its 90 % interval by Student's t."""
    mean, n = float(values.mean()), len(values)
    if n < 2:
        return mean, -np.inf, np.inf
    half = float(student.ppf(0.5 + SURE / 2, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return mean, mean - half, mean + half
