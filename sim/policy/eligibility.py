"""Every second year: who is eligible for each lever in each neighbourhood, and what share of its events they carry.

One pass over the residents serves all levers (`sim.policy.policy_kernels`). A lever's effect on a process is spread
over a neighbourhood as a mean: reaching a share r of the eligible, who carry a share h of the area's chance of the
event, with a ratio φ multiplies the area's rate by 1 + r h (φ − 1). That is exact in the number of events expected;
that within the area they fall on the eligible alone is not followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.agents.neighbourhoods import ADULT_MONTHS, Neighbourhood
from sim.life.states import level_shift
from sim.policy import policy_kernels
from sim.policy.clauses import ClauseTable, clauses, table
from sim.policy.rollout import BY_RISK
from sim.policy.targets import HOSPITAL_KINDS, LEVELS, begins_with
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.policy.programme import Programme
    from sim.system import CareSystem

Floats = NDArray[np.float64]
FIXED = 2**16
"""Weights of uptake are added up as whole numbers of this part."""
_MIDDLE_FIFTH, _FIFTHS_APART = 2, 4
_MIDDLE_LEVEL, _LEVELS_APART = 1.5, 3.0
RESIDENTS, ADULTS, ILL, OFFLINE = range(4)
WHO = 128
FLAG_MONTH = 0  # errors of the score stay with a person


@dataclass(frozen=True)
class People:
    """Counts at 1:1 by neighbourhood (float64[A] each) and of patients by practice × neighbourhood (float64[P, A];
    empty where no lever acts on practices)."""

    residents: Floats
    adults: Floats
    ill: Floats
    offline: Floats
    patients: Floats

    def over(self, name: str) -> Floats:
        """A count by the name that `sim.policy.targets.SHIFTS` uses; never below 1."""
        return np.asarray(np.maximum(getattr(self, name), 1.0))

    def by_practice(self, of_area: Floats) -> Floats:
        """A share by neighbourhood as the mean over each practice's patients: float64[P]."""
        listed = self.patients.sum(axis=1)
        return np.asarray(np.divide(self.patients @ of_area, listed, out=np.zeros(len(listed)), where=listed > 0))


def look_around(m: CareSystem, programmes: Sequence[Programme]) -> People:
    """Bring `eligible`, `limit` and `carried` of the programmes up to date, and count the people of each area: also in
    the neighbourhoods' own columns."""
    r, size = m.residents.columns, m.residents.size
    areas, chance = len(m.decile), r["chance"]
    choosy = [programme for programme in programmes if _chooses(programme)]
    rows = _Rows.of([table(clauses(programme.lever.who), m.states) for programme in choosy])
    processes = [[name for name in acted_on(programme) if _column(m, name) is not None] for programme in choosy]
    distinct = sorted({name for names in processes for name in names})
    columns = np.array([_column(m, name) for name in distinct], np.int64)
    flagged_only = np.array([programme.rollout.spread == BY_RISK for programme in choosy], np.bool_)
    flagged = flags(m) if flagged_only.any() else np.zeros(size, np.uint8)
    carried = np.array([distinct.index(name) for names in processes for name in names], np.int64)
    eligible, weight = np.zeros((2, len(choosy), areas), np.int64)
    hazard, everyone = np.zeros((len(carried), areas), np.int64), np.zeros((len(columns), areas), np.int64)
    people = np.zeros((4, areas), np.int64)
    by_practice = any(any(programme.lever.of_kind("digital")) for programme in programmes)
    patients = np.zeros((max(m.practices.size, 1), areas if by_practice else 0), np.int64)
    policy_kernels.count_eligible(
        *(r[name][:size] for name in ("unique_id", "born", "male", "lsoa", "practice", "decile", "fifth", "state")),
        flagged,
        chance,
        m.month,
        ADULT_MONTHS,
        np.uint64(sum(int(m.states.mask(name)) for name in m.states.conditions)),
        m.states.mask("offline"),
        np.array([level_shift(name) for name in LEVELS], np.int64),
        *rows.arrays,
        flagged_only,
        np.array([_reach(programme) for programme in choosy], np.int64).reshape(-1, WHO),
        _starts([len(names) for names in processes]),
        carried,
        columns,
        *(eligible, weight, hazard, everyone, people, patients),
    )
    counts, at, top = people / m.scale, 0, np.iinfo(chance.dtype).max + 1
    for row, programme in enumerate(choosy):
        programme.eligible = eligible[row] / m.scale
        programme.limit = _most_a_month(m, programme, weight[row] / FIXED / m.scale)
        for name in processes[row]:
            mine, all_ = hazard[at], everyone[distinct.index(name)]
            programme.carried[name] = np.divide(mine, all_, out=np.zeros(areas), where=all_ > 0)
            if name not in programme.background and eligible[row].any():
                programme.background[name] = float(mine.sum() / eligible[row].sum() / top)
            at += 1
    for programme in programmes:
        if not _chooses(programme):
            programme.eligible = counts[RESIDENTS]
            programme.carried = {name: np.ones(areas) for name in acted_on(programme)}
    homes = m.table_of(Neighbourhood).columns
    for name, of_area in (("residents", counts[RESIDENTS]), ("adults", counts[ADULTS])):
        homes[name][:areas] = np.rint(of_area).astype(np.int64)
    return People(counts[RESIDENTS], counts[ADULTS], counts[ILL], counts[OFFLINE], patients / m.scale)


def _chooses(programme: Programme) -> bool:
    """Whether anybody is not eligible."""
    return programme.lever.who is not None or programme.rollout.spread == BY_RISK


@dataclass(frozen=True)
class _Rows:
    """The clauses of several levers, one behind the other, found by a state that each wants (its anchor)."""

    arrays: tuple[NDArray[Any], ...]

    @classmethod
    def of(cls, tables: Sequence[ClauseTable]) -> _Rows:
        """anchors, anchor_of, anchored_start, anchored, lever, on, off, limit_start, limits: see `policy_kernels`."""
        nothing = np.zeros(0, np.uint64)
        on = np.concatenate([nothing, *(one.on for one in tables)])
        off = np.concatenate([nothing, *(one.off for one in tables)])
        lever = np.repeat(np.arange(len(tables)), [len(one.on) for one in tables])
        limit_start = _starts([int(n) for one in tables for n in np.diff(one.start)])
        limits = np.concatenate([np.zeros((0, 3), np.int16), *(one.limits for one in tables)])
        lowest = on & (~on + np.uint64(1))  # one wanted state of each clause; 0 where it wants none
        anchors = np.unique(np.append(lowest, np.uint64(0)))
        anchor_of = np.zeros(64, np.int64)
        anchor_of[((anchors * policy_kernels.HASH) >> np.uint64(58)).astype(np.int64)] = np.arange(len(anchors))
        anchor_of[0] = 0 if np.uint64(1) not in anchors else int(np.flatnonzero(anchors == 1)[0])
        lists = [np.flatnonzero(lowest == anchor) for anchor in anchors]
        anchored = np.concatenate(lists).astype(np.int64)
        wanted, starts = np.bitwise_or.reduce(anchors), _starts([len(one) for one in lists])
        return cls((wanted, anchor_of, starts, anchored, lever, on, off, limit_start, limits))


def acted_on(programme: Programme) -> list[str]:
    """Processes whose events a lever acts on among the eligible: rates, and those with which pathways begin."""
    of_rates = [act.target for act in programme.lever.of_kind("rate")]
    of_pathways = [begins_with(act.target) for act in programme.lever.of_kind("pathway")]
    return list(dict.fromkeys([*of_rates, *of_pathways]))


def flags(m: CareSystem) -> NDArray[np.uint8]:
    """Whom a risk score calls high: uint8, one a row.

    True risk is the chance of an emergency admission of any kind, as cached. The stated share with the highest is truly
    high; of those the score finds a share (sensitivity), of the others it leaves alone a share (specificity). The
    errors of the score belong to a person and stay.
    """
    r, size = m.residents.columns, m.residents.size
    columns = [m.rates.index[kind] for kind in HOSPITAL_KINDS]
    alive = r["unique_id"][:size] != 0
    risk = r["chance"][:size][:, columns].sum(axis=1, dtype=np.int64)
    high = np.zeros(size, np.bool_)
    if alive.any():
        high = alive & (risk > np.quantile(risk[alive], 1.0 - m.evidence["rollout.risk_share"], method="lower"))
    error = draws.uniforms(r["key"][:size], FLAG_MONTH, Purpose.RISK_SCORE)
    found = np.where(high, error < m.evidence["rollout.risk_sensitivity"],
                     error >= m.evidence["rollout.risk_specificity"])  # fmt: skip
    return np.asarray(alive & found, np.uint8)


def _column(m: CareSystem, process: str) -> int | None:
    """The column of a process among the cached chances; None for one that is not drawn from them (contacts)."""
    column: int = m.rates.index[process]
    return column if column < m.drawn else None


def _reach(programme: Programme) -> NDArray[np.int64]:
    """Relative uptake of a person by level of contact, confidence and control and by being offline: int64[128]."""
    who = np.arange(WHO)
    reach = np.ones(WHO)
    by = programme.lever.uptake_by
    for place, name in enumerate(("contact", "confidence", "control")):
        level = who >> 2 * place & 3
        reach *= programme.parameter(by.get(name), 1.0) ** ((level - _MIDDLE_LEVEL) / _LEVELS_APART)
    reach *= np.where(who >> 6 & 1, programme.parameter(by.get("offline"), 1.0), 1.0)
    return np.rint(reach * FIXED).astype(np.int64)


def _most_a_month(m: CareSystem, programme: Programme, weighted: Floats) -> Floats:
    """Most persons who can be reached in a month: uptake a year × ratio of the fifth × the persons' own ratios."""
    # uptake falls (or rises) by a constant ratio a fifth, so that the ratio is between the outermost fifths
    step = (_MIDDLE_FIFTH - m.fifth.astype(np.float64)) / _FIFTHS_APART
    by_fifth = programme.parameter(programme.lever.uptake_by.get("deprivation"), 1.0) ** step
    reachable = programme.parameter(programme.lever.uptake, 1.0) * by_fifth * weighted
    return np.asarray(np.minimum(reachable, programme.eligible) / 12)


def _starts(counts: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)
