"""Compiled loops of what can be taken on in a month: places of the trust's lists, and of the teams outside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]


@compiled
def divide(stock: Array, fresh: Array, offered: Array, of_priority: Array, urgent: int, given: Array) -> None:
    """Slots by specialty and priority: the urgent of earlier months, then shares, then what is left in order.

    stock, fresh: entries, and those of them that began this month (int64[specialties, priorities]); offered: slots by
    specialty; of_priority: what the other priorities have of them in the frozen year. Writes given (float64).
    """
    others = 0.0
    for p in range(of_priority.size):
        others += of_priority[p] if p != urgent else 0.0
    for s in range(offered.size):
        left = offered[s]
        for p in range(of_priority.size):
            given[s, p] = 0.0
        given[s, urgent] = min(np.float64(stock[s, urgent] - fresh[s, urgent]), left)
        left -= given[s, urgent]
        if others > 0:
            shared = 0.0
            for p in range(of_priority.size):
                own = min(left * ((of_priority[p] if p != urgent else 0.0) / others), np.float64(stock[s, p]))
                given[s, p] += own
                shared += own
            left -= shared
        for p in range(of_priority.size):
            more = min(stock[s, p] - given[s, p], left)
            given[s, p] += more
            left -= more


@compiled
def whole(given: Array, stock: Array, carried: Array, places: Array) -> None:
    """Whole places (int64) of what is given (float64) with what was carried over, at most the stock; carried becomes
    the part of one that is left where there was stock for more. All are (specialties, priorities)."""
    for s in range(stock.shape[0]):
        for p in range(stock.shape[1]):
            wanted = given[s, p] + carried[s, p]
            most = min(np.floor(wanted), np.float64(stock[s, p]))
            carried[s, p] = max(wanted - most, 0.0) % 1.0 if most < stock[s, p] else 0.0
            places[s, p] = np.int64(most)


@compiled
def begin(
    kind: Array, team: Array, until: Array, observed: bool, line: Array, wait: Array, per_staff: Array, memory: float,
    columns: Any, places: Array,
) -> None:  # fmt: skip
    """How many cases each team can begin: places (int64). Sets the teams' columns, which are referrals, lost, coming,
    coming_lost (the first two become what the last two were), usual, base, capacity, staff, carried.

    kind: of each team, by which line (of the budget), wait (months) and per_staff (cases) are looked up; team, until:
    of every entry (negative while it waits). While flows are observed capacity is what keeps the queue at its wait,
    later the base times what the budget makes of it. memory: months over which referrals are smoothed.
    """
    referrals, lost, coming, coming_lost, usual, base, capacity, staff, carried = columns
    waiting = np.zeros(kind.size, np.int64)
    for e in range(team.size if observed else 0):
        waiting[team[e]] += until[e] < 0
    for t in range(kind.size):
        referrals[t], lost[t] = coming[t], coming_lost[t]
        coming[t], coming_lost[t] = 0, 0
        new = np.float64(referrals[t] - lost[t])
        usual[t] = usual[t] + (new - usual[t]) / memory if usual[t] > 0 else new
        if observed:
            capacity[t] = max(waiting[t] - wait[kind[t]] * usual[t], 0.0)
        else:
            capacity[t] = base[t] * line[kind[t]]
        staff[t] = capacity[t] / per_staff[kind[t]]
        wanted = capacity[t] + carried[t]
        carried[t] = wanted % 1.0
        places[t] = np.int64(np.floor(wanted))
