"""The loops of policy: every second year over every resident (who is eligible for what, and what they carry), every
month over neighbourhoods."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]
HASH = np.uint64(0x03F79D71B4CB0A89)
"""A de Bruijn sequence: the six highest bits of its product with a power of two differ for all 64 of them."""


@compiled
def fill_up(
    amount: float, rows: Array, used: Array, above: Array, below: Array, limit: Array, shares: Array, taken: Array
) -> None:
    """See `sim.policy.rollout.Filling.of`, of whose attributes these are: float64[entries], in the order of filling."""
    last = 0
    while last < used.size - 1 and used[last] < amount:
        last += 1
    final = (amount - below[last]) / above[last]
    for k in range(rows.size):
        taken[rows[k]] = min(limit[k], final * shares[k])


@compiled
def cover(stock: Array, eligible: Array, covered: Array) -> None:
    """Share of the eligible who are under an effect, at most 1; nought where nobody is eligible. float64[areas]."""
    for k in range(stock.size):
        covered[k] = min(stock[k] / eligible[k], 1.0) if eligible[k] > 0.0 else 0.0


@compiled
def spare(
    reached: Array, eligible: Array, strength: Array, added: float, chance: float, most: float, out: Array
) -> None:
    """out (float64[areas]) = minus the chance of the eligible when those reached have `added` on top of it, from 0 to
    `most`. strength: of the effect, one a neighbourhood or one of all."""
    step = 0 if strength.size == 1 else 1
    for k in range(out.size):
        share = reached[k] / eligible[k] if eligible[k] > 0.0 else 0.0
        out[k] = -min(max(chance + share * strength[k * step] * added, 0.0), most)


@compiled
def carry(factors: Array, before: Array, least: Array, slowest: np.float32, fastest: np.float32, out: Array) -> None:
    """See `sim.policy.ahead`: factors (float32[areas, processes]) carried on for half as long as they took from
    `before`, by a ratio from slowest to fastest, and not below `least` of each process. What was nought stays so."""
    for a in range(factors.shape[0]):
        for k in range(factors.shape[1]):
            pace = factors[a, k] / before[a, k] if before[a, k] > 0 else np.float32(1)
            pace = min(max(np.sqrt(pace), slowest), fastest)
            out[a, k] = max(factors[a, k] * pace, least[k])


@compiled
def count_eligible(
    identity: Array,
    born: Array,
    male: Array,
    area: Array,
    practice: Array,
    decile: Array,
    fifth: Array,
    state: Array,
    flagged: Array,
    chance: Array,
    month: int,
    adult_months: int,
    condition_mask: int,
    offline_mask: int,
    level_shift: Array,
    anchors: int,
    anchor_of: Array,
    anchored_start: Array,
    anchored: Array,
    lever: Array,
    on: Array,
    off: Array,
    limit_start: Array,
    limits: Array,
    only_flagged: Array,
    reach: Array,
    carried_start: Array,
    carried: Array,
    columns: Array,
    eligible: Array,
    weight: Array,
    hazard: Array,
    everyone: Array,
    people: Array,
    patients: Array,
) -> None:
    """Add up, by neighbourhood, in whole numbers: nothing depends on the order of rows.

    Inputs: the residents' columns; flagged uint8, 1 where a risk score is high; level_shift: int64[4], where each
    2-bit level stands in the state. Clause c belongs to lever[c] (`sim.policy.clauses.ClauseTable`); only clauses whose
    anchor, a state they want, is on are looked at: anchored[anchored_start[b]:anchored_start[b + 1]] for the anchor
    b = anchor_of[hash of its bit] (`HASH`), and those of b = 0 always. anchors: all anchors' bits together. Lever l
    reaches people by reach[l, 128] (int64; index = three levels and offline) and acts on the processes
    carried[carried_start[l]:carried_start[l + 1]] (positions in `columns`, columns of `chance`).

    Outputs, all int64: eligible and weight [levers, areas]; hazard [acts, areas], the chances of the eligible;
    everyone [columns, areas], those of all; people [4, areas]: residents, adults, with a long-term condition, offline
    adults; patients [practices, areas] (left out where it has no columns).
    """
    levels = False
    for n in range(limits.shape[0]):
        levels = levels or limits[n, 0] >= 4
    numbers = np.zeros(8, np.int64)
    counted = np.full(only_flagged.size, -1, np.int64)
    zero, one, three = np.uint64(0), np.uint64(1), np.uint64(3)
    wanted = np.uint64(anchors)
    conditions, offlines = np.uint64(condition_mask), np.uint64(offline_mask)
    for i in range(identity.size):
        if identity[i] == 0:
            continue
        a = area[i]
        s = state[i]
        left = s & conditions
        count = 0
        while left != zero:
            left &= left - one
            count += 1
        months = month - np.int64(born[i])
        numbers[0] = months // 12
        numbers[1] = decile[i]
        numbers[2] = np.int64(fifth[i]) + 1
        numbers[3] = count
        if levels:
            for c in range(4):
                numbers[4 + c] = np.int64((s >> np.uint64(level_shift[c])) & three)
        offline = 1 if (s & offlines) != zero else 0
        people[0, a] += 1
        if patients.shape[1] > 0:
            patients[practice[i], a] += 1
        if count > 0:
            people[2, a] += 1
        if months >= adult_months:
            people[1, a] += 1
            people[3, a] += offline
        for d in range(columns.size):
            everyone[d, a] += np.int64(chance[i, columns[d]])
        bits = s | np.uint64(male[i]) << np.uint64(63)
        left = bits & wanted
        b = 0
        while True:
            for j in range(anchored_start[b], anchored_start[b + 1]):
                c = anchored[j]
                k = lever[c]
                if counted[k] == i or (bits & on[c]) != on[c] or (bits & off[c]) != zero:
                    continue
                if only_flagged[k] and flagged[i] == 0:
                    continue
                holds = True
                for n in range(limit_start[c], limit_start[c + 1]):
                    value = numbers[limits[n, 0]]
                    if value < limits[n, 1] or value > limits[n, 2]:
                        holds = False
                        break
                if holds:
                    counted[k] = i
                    eligible[k, a] += 1
                    who = np.int64(offline << 6)
                    for n in range(3):
                        who |= np.int64((s >> np.uint64(level_shift[n])) & three) << 2 * n
                    weight[k, a] += reach[k, who]
                    for p in range(carried_start[k], carried_start[k + 1]):
                        hazard[p, a] += np.int64(chance[i, columns[carried[p]]])
            if left == zero:
                break
            lowest = left & (~left + one)
            left ^= lowest
            b = anchor_of[np.int64((lowest * HASH) >> np.uint64(58))]
