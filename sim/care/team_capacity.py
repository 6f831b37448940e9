"""How many new cases the teams outside practice and hospital can begin in a month, and what discharge waits for.

While flows are observed (to March 2024) a team begins as many as keep its queue at the published wait; what that took
in the last year is its capacity afterwards, times what the budget makes of it. Parts of a case are carried over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.care import capacity_kernels as kernels
from sim.care.indices import BASE_FIRST, FROZEN_FROM
from sim.care.pathways import COMMUNITY, SOCIAL_CARE
from sim.clock import MONTHS_A_YEAR

if TYPE_CHECKING:
    from sim.care.needs import Needs

Array = NDArray[Any]
LINES = ("community", "mental_health", "adult_social_care", "health_creation")
"""The budget line of each of `OWN_TEAMS`."""
NO_LINES = np.ones(len(LINES))
OF_CAPACITY = ("referrals", "lost", "coming", "coming_lost", "usual", "base", "capacity", "staff", "carried")
"""Columns of `CommunityTeam` that a month's capacity is made of."""


def places(needs: Needs) -> NDArray[np.int64]:
    """New cases that each team can begin this month; sets their capacity, staff and usual referrals."""
    m, t, count = needs.m, needs.teams.columns, needs.teams.size
    observed, found = m.month < FROZEN_FROM, np.empty(count, np.int64)
    line = NO_LINES if observed else np.array([m.commissioner.capacity(line) for line in LINES])
    kernels.begin(
        t["kind"][:count], needs.columns["team"], needs.columns["until"], observed, line, needs.wait, needs.per_staff,
        float(MONTHS_A_YEAR), tuple([t[name][:count] for name in OF_CAPACITY]), found,
    )  # fmt: skip
    return found


def keep_base(needs: Needs) -> None:
    """Remember what teams took on in the last observed year."""
    m, t, count = needs.m, needs.teams.columns, needs.teams.size
    if BASE_FIRST <= m.month < FROZEN_FROM:
        t["base"][:count] += t["started"][:count] / MONTHS_A_YEAR
        t["usual_base"][:count] = t["usual"][:count]


def discharge_level(needs: Needs) -> float:
    """Cases that community and social care can take on for each one referred, against the base year (1: as then); the
    wait for discharge from hospital follows it."""
    m, t = needs.m, needs.teams.columns
    found = []
    for number in (COMMUNITY, SOCIAL_CARE):
        mine, ratio = needs.rows_of_kind[number], m.commissioner.level(LINES[number])
        if m.month >= FROZEN_FROM:
            columns = np.array([t[name][mine] for name in ("capacity", "usual", "base", "usual_base")])
            now, usual, base, usual_base = columns.sum(axis=1).tolist()
            if min(usual, base, usual_base) > 0:
                ratio = now / usual / (base / usual_base)
        found.append(ratio)
    return sum(found) / len(found)
