"""Compiled loops of what practices cannot offer, around the normal distribution, which NumPy and SciPy work out.

Everything that decides is passed as an argument.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]
FAR = 1e6
"""Standard deviations beyond which nothing changes."""
PEAK = sqrt(2 * pi)
LEAST = 1e-12


@compiled
def pooled(
    pool: Array, expected: Array, real_size: Array, waited: Array, capacity: Array, urgent: float, out: Any
) -> None:
    """The demand on pools of practices and what they can offer.

    pool: of each practice; expected: its new contacts; waited: those that wait; real_size: contacts of the real
    practice per simulated one; urgent: share of new contacts. Fills out, by pool: tiers (float64[3, P]: urgent,
    waiting, other), capacity, and the mean real size (pooled practices overflow as practices of that size do, not as
    a large one).
    """
    tiers, offered, size = out
    count = pool.size
    load, real_load, members = np.zeros(count), np.zeros(count), np.zeros(count)
    tiers[:] = 0.0
    offered[:] = 0.0
    for p in range(count):
        k = pool[p]
        members[k] += 1.0
        load[k] += expected[p]
        real_load[k] += expected[p] * real_size[p]
        tiers[1, k] += waited[p]
        offered[k] += capacity[p]
    for k in range(count):
        tiers[0, k] = urgent * load[k]
        tiers[2, k] = load[k] - tiers[0, k]
        real = real_load[k] / max(members[k], 1.0) / max(load[k], LEAST) if load[k] > 0 else 1.0
        size[k] = max(real, LEAST)


@compiled
def distances(demand: Array, capacity: Array, real_size: Array, spread: Array, z: Array) -> None:
    """How many standard deviations (`spread`) capacity lies above each tier's demand with all before it, into z.

    demand: float64[tiers, n]; capacity, real_size: float64[n].
    """
    for k in range(demand.shape[1]):
        load = 0.0
        for t in range(demand.shape[0]):
            load += demand[t, k]
            spread[t, k] = np.sqrt(max(load, 0.0) * real_size[k]) / real_size[k]
            far = (capacity[k] - load) / spread[t, k] if spread[t, k] > 0 else 0.0
            z[t, k] = min(max(far, -FAR), FAR)


@compiled
def overflow(
    demand: Array, capacity: Array, spread: Array, z: Array, bell: Array, tail: Array, over: Array, share: Array
) -> None:
    """Mean demand above capacity of each tier with all before it (the normal loss function), and the share of each tier
    that is not offered: into over and share (float64[tiers, n]).

    demand, capacity, spread, z: of `distances`; bell: exp(−z²/2); tail: the normal distribution's share above z.
    """
    for k in range(demand.shape[1]):
        load, most = 0.0, 0.0
        for t in range(demand.shape[0]):
            load += demand[t, k]
            loss = spread[t, k] * (bell[t, k] / PEAK - z[t, k] * tail[t, k]) if spread[t, k] > 0 else 0.0
            over[t, k] = min(max(loss, load - capacity[k], 0.0), max(load, 0.0))
            more = over[t, k] - most if t > 0 else over[t, k]
            most = max(most, over[t, k])  # what this tier and those before it lose
            share[t, k] = min(max(more / demand[t, k], 0.0), 1.0) if demand[t, k] > 0 else 0.0
