"""Teams outside practice and hospital: neighbourhood teams, mental health, social care, the community sector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.care.pathways import COMMUNITY, OWN_TEAMS
from sim.columns import ColumnarAgent

if TYPE_CHECKING:
    from sim.columns import Table
    from sim.system import CareSystem

KINDS = ("integrated neighbourhood team", "mental health team", "social care and reablement", "community sector")
"""What the numbers of `CommunityTeam.kind` mean: the order of `sim.care.pathways.OWN_TEAMS`."""


class CommunityTeam(ColumnarAgent):
    """One team. kind: position in `KINDS`; area: of a neighbourhood team its network, else its authority, as
    positions in the sorted names of the place (−1: several, pooled).

    staff: what its capacity takes; base: new cases a month that it could take on in the base year; capacity: this
    month; usual: smoothed referrals a month, usual_base: those of the base year; carried: the part of a case left over;
    caseload, waiting: at the month's end; referrals, started, discharges, lost, withdrawn: of the month; coming,
    coming_lost: referred since the team last took on cases. Cases of simulated residents.
    """

    kind: np.int8 = np.int8(0)
    area: np.int16 = np.int16(-1)
    staff: np.float32 = np.float32(0)
    base: np.float64 = np.float64(0)
    capacity: np.float64 = np.float64(0)
    usual: np.float64 = np.float64(0)
    usual_base: np.float64 = np.float64(0)
    carried: np.float64 = np.float64(0)
    caseload: np.int32 = np.int32(0)
    waiting: np.int32 = np.int32(0)
    referrals: np.int32 = np.int32(0)
    coming: np.int32 = np.int32(0)
    coming_lost: np.int32 = np.int32(0)
    started: np.int32 = np.int32(0)
    discharges: np.int32 = np.int32(0)
    lost: np.int32 = np.int32(0)
    withdrawn: np.int32 = np.int32(0)


def open_teams(m: CareSystem) -> None:
    """Make the teams of a model: a neighbourhood team a network of practices, the others one an authority.

    When only a part of the residents is simulated, teams with fewer of them than ``teams.minimum`` are pooled.
    """
    kinds, areas = [], []
    for kind, residents in ((k, residents_of(m, k)) for k in range(len(OWN_TEAMS))):
        enough = residents >= m.evidence["teams.minimum"] if m.scale < 1.0 else np.ones(len(residents), bool)
        own = np.flatnonzero(enough)
        if not enough.all():
            own = np.append(own, -1)
        kinds += [kind] * len(own)
        areas += own.tolist()
    CommunityTeam.create_agents(m, len(kinds), kind=np.array(kinds, np.int8), area=np.array(areas, np.int16))


def residents_of(m: CareSystem, kind: int) -> NDArray[np.float64]:
    """Residents of each area of a kind of team that are simulated at the model's scale.

    As the place counts them and not as one seed draws them, so that every run has the same teams.
    """
    where, areas = areas_of(m, kind)
    if kind == COMMUNITY:
        each = m.place.practices["list_simulated"].to_numpy(np.float64)
    else:
        each = np.asarray(m.place.counts).sum(axis=(1, 2)).astype(np.float64)
    return np.asarray(np.bincount(where, each, areas) * m.scale, np.float64)


def areas_of(m: CareSystem, kind: int) -> tuple[NDArray[np.int64], int]:
    """The area of each practice (neighbourhood teams) or neighbourhood (the others) of the place, and how many."""
    table, column = (m.place.practices, "pcn") if kind == COMMUNITY else (m.place.lsoas, "lad_code")
    if column not in table:
        return np.zeros(len(table), np.int64), 1
    names, where = np.unique(table[column].fillna("").astype(str).to_numpy(), return_inverse=True)
    return where.astype(np.int64), len(names)


def teams_of(m: CareSystem, table: Table) -> list[NDArray[np.int16]]:
    """For each kind of team, the row of the team that serves each practice (neighbourhood teams) or neighbourhood."""
    columns: dict[str, Any] = table.columns
    kind, area = columns["kind"][: table.size], columns["area"][: table.size]
    found = []
    for k in range(len(OWN_TEAMS)):
        where, areas = areas_of(m, k)
        mine = np.flatnonzero(kind == k)
        pooled = mine[area[mine] < 0]
        team = np.full(areas, pooled[0] if len(pooled) else mine[0], np.int16)
        own = mine[area[mine] >= 0]
        team[area[own]] = own
        found.append(team[where])
    return found
