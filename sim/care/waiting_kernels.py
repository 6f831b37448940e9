"""Compiled loops over the entries of the waiting lists. Everything that decides is passed as an argument."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]
MONTHS_A_YEAR = 12


@compiled
def first_of_each(group: Array, left: Array, gone: Array, served: Array) -> None:
    """served[e] = whether entry e is among the first of its group that are not gone, of which left (int64[256]) are
    served; used up."""
    for e in range(group.size):
        g = group[e]
        if left[g] > 0 and not gone[e]:
            left[g] -= 1
            served[e] = True


@compiled
def pick(uniform: Array, cumulative: Array, which: Array, out: Array) -> None:
    """out[i] = how many of the cumulative shares of row which[i], but the last, are not above uniform[i]."""
    most = cumulative.shape[1] - 1
    for i in range(uniform.size):
        place, row = 0, which[i]
        for k in range(most):
            place += uniform[i] >= cumulative[row, k]
        out[i] = place


@compiled
def count_waits(
    group: Array,
    row: Array,
    began: Array,
    fifth: Array,
    elsewhere: int,
    now: float,
    limits: Array,
    by_fifth: Array,
    stock: Array,
) -> None:
    """Count entries of groups below `elsewhere`, by fifth of their residents and by group.

    Adds to by_fifth (int64[limits, 5]) those that have waited longer than each limit (months), and to stock
    (int64[elsewhere]).
    """
    for e in range(group.size):
        g = group[e]
        if g < elsewhere:
            stock[g] += 1
            waited, f = now - began[e], fifth[row[e]]
            for k in range(limits.size):
                by_fifth[k, f] += waited > limits[k]


@compiled
def count_ages(group: Array, row: Array, born: Array, elsewhere: int, month: int, number: Array) -> None:
    """Add entries of groups below `elsewhere` to number (int64), by their residents' age in years, the last and all
    older together."""
    oldest = number.size - 1
    for e in range(group.size):
        if group[e] < elsewhere:
            number[min(max((month - born[row[e]]) // MONTHS_A_YEAR, 0), oldest)] += 1
