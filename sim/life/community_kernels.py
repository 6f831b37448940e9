"""Compiled loops of community capacity, which grows and spreads between neighbourhoods; see `sim.life.community`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]


@compiled
def grow(
    invested: Array,
    capacity: Array,
    learnt: Array,
    energy: Array,
    reach: Array,
    cost: float,
    keep: float,
    gain: float,
    begun: float,
    stock: Array,
) -> None:
    """Let go of a part of each neighbourhood's capacity and add what its money makes, written to `stock` (float64).

    `learnt`, its experience from 0 to 1, comes while there is work (a share `gain` of what is missing) and fades with
    `keep` when there is none; the money is then taken as used. cost: the studied dose; begun: learning at the start.
    """
    one = 1.0
    for i in range(stock.size):
        now = np.float64(learnt[i])
        now = now + (one - now) * gain if invested[i] > 0 else now * keep
        grown = reach[i] * energy[i] * (begun + (one - begun) * now) * (np.float64(invested[i]) / cost)
        stock[i] = np.float64(capacity[i] * np.float32(keep)) + (one - keep) * grown
        learnt[i], invested[i] = now, 0


@compiled
def spread(stock: Array, people: Array, start: Array, other: Array, share: float, out: Array) -> None:
    """Write the stock of each neighbourhood after some evening out; see `sim.life.community.spread`.

    start, other: the neighbours of i are ``other[start[i] : start[i + 1]]``; share: of a difference that goes.
    """
    for i in range(stock.size):
        number, gained = start[i + 1] - start[i], 0.0
        for e in range(start[i], start[i + 1]):
            j = other[e]
            most = max(number, start[j + 1] - start[j])
            gained += min(people[i], people[j]) / np.float64(most) * (stock[j] - stock[i])
        gained *= share
        out[i] = stock[i] + (gained / people[i] if people[i] > 0 else 0.0)
