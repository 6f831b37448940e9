"""The one loop of policy over every resident, once a year: who is eligible for what, and what they carry."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]


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
    lever_start: Array,
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
    2-bit level stands in the state. Lever l has the clauses lever_start[l] to lever_start[l + 1] of
    `sim.policy.clauses.ClauseTable`, reaches people by reach[l, 128] (int64; index = three levels and offline) and
    acts on the processes carried[carried_start[l]:carried_start[l + 1]] (positions in `columns`, columns of `chance`).

    Outputs, all int64: eligible and weight [levers, areas]; hazard [acts, areas], the chances of the eligible;
    everyone [columns, areas], those of all; people [4, areas]: residents, adults, with a long-term condition, offline
    adults; patients [practices, areas].
    """
    numbers = np.zeros(8, np.int64)
    for i in range(identity.size):
        if identity[i] == 0:
            continue
        a = area[i]
        s = np.uint64(state[i])
        ill = s & np.uint64(condition_mask)
        left = ill
        count = 0
        while left != np.uint64(0):
            left &= left - np.uint64(1)
            count += 1
        months = month - np.int64(born[i])
        numbers[0] = months // 12
        numbers[1] = decile[i]
        numbers[2] = np.int64(fifth[i]) + 1
        numbers[3] = count
        for c in range(4):
            numbers[4 + c] = np.int64((s >> np.uint64(level_shift[c])) & np.uint64(3))
        offline = 1 if (s & np.uint64(offline_mask)) != np.uint64(0) else 0
        people[0, a] += 1
        patients[practice[i], a] += 1
        if count > 0:
            people[2, a] += 1
        if months >= adult_months:
            people[1, a] += 1
            people[3, a] += offline
        for d in range(columns.size):
            everyone[d, a] += np.int64(chance[i, columns[d]])
        who = numbers[4] | numbers[5] << 2 | numbers[6] << 4 | offline << 6
        bits = s | np.uint64(male[i]) << np.uint64(63)
        for k in range(lever_start.size - 1):
            if only_flagged[k] and not flagged[i]:
                continue
            for c in range(lever_start[k], lever_start[k + 1]):
                if bits & on[c] != on[c] or bits & off[c] != np.uint64(0):
                    continue
                holds = True
                for j in range(limit_start[c], limit_start[c + 1]):
                    value = numbers[limits[j, 0]]
                    if value < limits[j, 1] or value > limits[j, 2]:
                        holds = False
                        break
                if holds:
                    eligible[k, a] += 1
                    weight[k, a] += reach[k, who]
                    for p in range(carried_start[k], carried_start[k + 1]):
                        hazard[p, a] += np.int64(chance[i, columns[carried[p]]])
                    break
