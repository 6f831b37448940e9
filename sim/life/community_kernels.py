"""The compiled loop of capacity that spreads between adjacent neighbourhoods; see `sim.life.community`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]


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
