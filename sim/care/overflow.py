"""How much of a service's load it cannot offer in a month: pure functions.

The demand on a service is a Poisson count, near enough normal; what exceeds capacity on average has a closed form (the
normal loss function). It is computed with the size of the *real* service, so that simulating a tenth of its patients
gives a tenth of its overflow: convexity would otherwise make a small simulated queue overflow far more often.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from sim.care.care_kernels import inverse_binomials

Array = NDArray[np.float64]
FAR = 1e6  # standard deviations beyond which nothing changes


def expected_overflow(load: Any, capacity: Any, real_size: Any = 1.0) -> Array:
    """Mean of (demand − capacity)⁺ where demand is Poisson in the real service.

    load, capacity: expected demand and what can be offered, in simulated units; real_size: real units in a simulated
    one. Returns simulated units, same shape, 0 ≤ overflow ≤ load.
    """
    load, capacity = np.asarray(load, np.float64), np.asarray(capacity, np.float64)
    spread = np.sqrt(np.maximum(load, 0.0) * real_size) / real_size
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.minimum(np.maximum(np.where(spread > 0, (capacity - load) / spread, 0.0), -FAR), FAR)
    loss = spread * (np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi) - z * ndtr(-z))
    least = np.maximum(load - capacity, 0.0)
    return np.asarray(np.minimum(np.maximum(np.where(spread > 0, loss, 0.0), least), np.maximum(load, 0.0)))


def not_offered(tiers: list[Array], capacity: Array, real_size: Any = 1.0) -> list[Array]:
    """Share of each tier that is not offered, when the tiers are served one after the other.

    tiers: expected demand of each tier, first served first. Returns one array of shares (0–1) a tier.
    """
    demand = np.stack(tiers, dtype=np.float64)
    over = expected_overflow(demand.cumsum(axis=0), capacity, real_size)
    lost = np.maximum.accumulate(over, axis=0)  # what this tier and those before it lose
    more = over.copy()
    more[1:] -= lost[:-1]
    share = np.zeros_like(demand)
    np.divide(more, demand, out=share, where=demand > 0)
    return list(np.minimum(np.maximum(share, 0.0), 1.0))


def binomial(uniform: NDArray[np.float32], n: NDArray[Any], p: Any) -> NDArray[np.int64]:
    """How many of `n` happen, each with chance `p`, from one uniform each (inversion: more for a larger p)."""
    n = np.asarray(n, np.int64)
    count = np.empty(n.size, np.int64)
    inverse_binomials(uniform, n, np.broadcast_to(np.asarray(p, np.float64), n.shape), count)
    return count
