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

from sim.care import overflow_kernels as kernels
from sim.care.care_kernels import inverse_binomials

Array = NDArray[np.float64]


def expected_overflow(load: Any, capacity: Any, real_size: Any = 1.0) -> Array:
    """Mean of (demand − capacity)⁺ where demand is Poisson in the real service.

    load, capacity: expected demand and what can be offered, in simulated units; real_size: real units in a simulated
    one. Returns simulated units, same shape, 0 ≤ overflow ≤ load.
    """
    given = np.broadcast_arrays(load, capacity, real_size)
    one_tier, *others = (np.array(each, np.float64).reshape(-1) for each in given)
    over, _ = _overflow(one_tier[None], *others)
    return over.reshape(given[0].shape)


def not_offered(tiers: Array, capacity: Array, real_size: Array) -> Array:
    """Share of each tier that is not offered, when the tiers are served one after the other.

    tiers: expected demand of each tier, first served first, float64[tiers, n]; capacity, real_size: as of
    `expected_overflow`, float64[n]. Returns the shares (0–1) of each tier, float64[tiers, n].
    """
    return _overflow(tiers, capacity, real_size)[1]


def _overflow(demand: Array, capacity: Array, real_size: Array) -> tuple[Array, Array]:
    """What tiers overflow together with all before them, and the share of each that is not offered; (tiers, n)."""
    spread, z, over, share = np.empty((4, *demand.shape))
    kernels.distances(demand, capacity, real_size, spread, z)
    kernels.overflow(demand, capacity, spread, z, np.exp(-0.5 * z * z), ndtr(-z), over, share)
    return over, share


def binomial(uniform: NDArray[np.float32], n: NDArray[Any], p: Any) -> NDArray[np.int64]:
    """How many of `n` happen, each with chance `p`, from one uniform each (inversion: more for a larger p)."""
    n = np.asarray(n, np.int64)
    count = np.empty(n.size, np.int64)
    inverse_binomials(uniform, n, np.broadcast_to(np.asarray(p, np.float64), n.shape), count)
    return count
