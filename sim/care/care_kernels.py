"""The few loops of care over every resident, compiled. Everything that decides is passed as an argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]
MONTHS_A_YEAR = 12


@compiled
def rate_by_practice(identity: Array, practice: Array, rate: Array, practices: int) -> Array:
    """Sum of the living's contact rates by practice: float64[practices]."""
    total = np.zeros(practices)
    for i in range(identity.size):
        if identity[i] != 0:
            total[practice[i]] += rate[i]
    return total


@compiled
def chance_by_age(
    identity: Array, home: Array, born: Array, chance: Array, processes: Array, month: int, oldest: int
) -> Array:
    """Sum of the chances (bounds of 16 bits) of some processes among the trust's living residents, by year of age:
    float64[processes, oldest + 1]."""
    total = np.zeros((processes.size, oldest + 1))
    for i in range(identity.size):
        if identity[i] != 0 and home[i] == 1:
            age = min(max((month - born[i]) // MONTHS_A_YEAR, 0), oldest)
            for k in range(processes.size):
                total[k, age] += chance[i, processes[k]]
    return total


@compiled
def tally(
    contacts: Array,
    waiting: Array,
    practice: Array,
    area: Array,
    born: Array,
    group_of_age: Array,
    month: int,
    practices: int,
    areas: int,
    groups: int,
) -> tuple[Array, Array, Array]:
    """New and waiting contacts: new by practice, waiting by practice, and both together by area × age group with the
    new ones first: int64[practices], int64[practices], int64[2, areas, groups]."""
    new = np.zeros(practices, np.int64)
    held = np.zeros(practices, np.int64)
    cells = np.zeros((2, areas, groups), np.int64)
    for i in range(contacts.size):
        if contacts[i] == 0 and waiting[i] == 0:
            continue
        age = min(max((month - born[i]) // MONTHS_A_YEAR, 0), group_of_age.size - 1)
        group = group_of_age[age]
        new[practice[i]] += contacts[i]
        held[practice[i]] += waiting[i]
        cells[0, area[i], group] += contacts[i]
        cells[1, area[i], group] += waiting[i]
    return new, held, cells


@compiled
def inverse_binomial(u: float, n: int, p: float) -> int:
    """How many of n happen with chance p each, by inversion of one uniform."""
    if n == 0 or p <= 0.0:
        return 0
    if p >= 1.0:
        return n
    if 1.0 - u > n * p:  # 1 − (1 − p)ⁿ ≤ n·p
        return 0
    mass = (1.0 - p) ** n
    odds = p / (1.0 - p)
    below, k = mass, 0
    while u >= below and k < n:
        k += 1
        mass *= odds * (n - k + 1) / k
        below += mass
    return k


@compiled
def lost_contacts(
    contacts: Array,
    waiting: Array,
    practice: Array,
    share_new: Array,
    share_waiting: Array,
    first: Array,
    second: Array,
    rows: Array,
    lost: Array,
) -> int:
    """Rows with contacts that are not offered, and how many; returns how many rows were filled in.

    first, second: uniforms of each row for its new and its waiting contacts; share_*: chance by practice.
    """
    filled = 0
    for i in range(contacts.size):
        if contacts[i] == 0 and waiting[i] == 0:
            continue
        p = practice[i]
        count = inverse_binomial(first[i], contacts[i], share_new[p])
        if waiting[i] != 0:
            count += inverse_binomial(second[i], waiting[i], share_waiting[p])
        if count > 0:
            rows[filled] = i
            lost[filled] = count
            filled += 1
    return filled


@compiled
def inverse_binomials(u: Array, n: Array, p: Array, out: Array) -> None:
    """`inverse_binomial` of each of n entries, into `out`."""
    for i in range(n.size):
        out[i] = inverse_binomial(u[i], n[i], p[i])
