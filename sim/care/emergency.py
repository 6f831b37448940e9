"""The hospital's month for emergencies: attendances, admissions, bed-days and what full beds do.

Patients of the modelled trust come to the site nearest to them; residents whose home trust is another go there, and
only their numbers are kept. The trust's beds are one pool (it moves patients between its sites), shown by site. Effects
of pressure on beds come a month later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.agents.hospitals import ACUTE, EMERGENCY_DEPARTMENT, LIST, WARDS, WHOLE_TRUST, HospitalTeam
from sim.care import beds, ward_kernels
from sim.care import care_kernels as kernels
from sim.care.hashes import Hashes
from sim.care.indices import FROZEN_FROM, HOSPITAL
from sim.care.team_capacity import discharge_level
from sim.care.wards import together
from sim.clock import MONTHS_A_YEAR
from sim.life import frailty
from sim.outcomes.eventlog import Kind
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.columns import Table
    from sim.system import CareSystem

Array = NDArray[Any]
TRUST = "RN5"
OLDEST = 110
TURNS = 6
"""Months in which everybody's chances are counted once, after the observed ones. A divisor of twelve."""
BIRTHDAYS = np.arange(MONTHS_A_YEAR)
FIRST_TURN = np.where(BIRTHDAYS % TURNS == 0, 0, -1)
FRAIL = np.uint64(frailty.SHIFT)
DRAWS = Hashes(Purpose.OVERNIGHT, Purpose.ROUTE, Purpose.WARD)


def open_hospitals(m: CareSystem) -> None:
    """Make the teams, find how much of the trust is simulated, and close the bed-days at the base year.

    The evidence is of one trust. Another place's hospital is taken as that trust made as large as its catchment, with
    the beds that the place gives for it.
    """
    care, sites = m.care, m.place.sites
    given = sites["beds"].to_numpy(np.float64) if "beds" in sites else np.full(len(sites), np.nan)
    ours = "trust" in sites and bool((sites["trust"] == TRUST).all())
    size = 1.0 if ours else m.place.catchment / care.hospital.catchment
    care.unit = size * float(m.place.activity_share_simulated) * m.scale
    care.bed_ratio = 1.0 if np.isnan(given).any() else float(given.sum()) / (care.beds_base * size)
    fit_stay(m)
    share = sites["bed_share"].to_numpy(np.float64)
    care.bed_share = share / share.sum() if share.sum() > 0 else np.full(len(share), 1 / max(len(share), 1))
    teams: list[tuple[int, int, int]] = []
    for site, has_ed in enumerate(sites["has_ed"].to_numpy(bool)):
        kinds = [EMERGENCY_DEPARTMENT] if has_ed else []
        kinds += range(ACUTE, ACUTE + len(WARDS)) if care.bed_share[site] > 0 else []
        teams += [(kind, site, -1) for kind in kinds]
    teams += [(LIST, WHOLE_TRUST, specialty) for specialty in range(len(care.waiting.specialties))]
    kind, site_of, specialty_of = np.array(teams, np.int8).T
    HospitalTeam.create_agents(m, len(teams), kind=kind, site=site_of, specialty=specialty_of)
    care.pressure = care.hospital.occupancy


def fit_stay(m: CareSystem) -> None:
    """Close the bed-days of the base year on those who are expected to be admitted now."""
    care = m.care
    plain = plain_by_age(m, "emergency")
    mix = plain if plain.any() else np.ones_like(plain)
    row = m.evidence.registry["care.zero_day_share"]
    bounds = (row.low or 0.0, row.high or 1.0)
    shape = beds.by_frailty(care.los_shape, care.los_ratio, mix)
    care.stay = beds.solve_stay(care.hospital, shape, mix, care.beds_base * care.bed_ratio, bounds)


def expected_by_age(m: CareSystem, service: str) -> NDArray[np.float64]:
    """Events of a service (all of its processes) expected this month among the trust's residents, by category of
    frailty and single year of age (4, 111)."""
    return plain_by_age(m, service) * m.care.index.of(service, m.month)


def plain_by_age(m: CareSystem, service: str) -> NDArray[np.float64]:
    """The same before the calendar: the sum of cached chances, counted once a month when first asked for.

    While activity is observed everybody is counted every month, since the index is solved on it. Afterwards a sixth of
    the residents, by their month of birth, is counted anew each month, and the others stand as counted up to five
    months ago: the expected load on beds lags by two or three months.
    """
    care = m.care
    if care.plain is None or care.plain[0] != m.month:
        by_turn = care.by_turn
        if m.month <= FROZEN_FROM or by_turn is None:
            by_turn = tuple(_count_chances(m, (m.month - BIRTHDAYS) % TURNS, TURNS))
        else:
            now = m.month % TURNS
            by_turn = (*by_turn[:now], *_count_chances(m, FIRST_TURN, 1), *by_turn[now + 1 :])
        care.by_turn = by_turn
        care.plain = (m.month, sum(by_turn[1:], by_turn[0]) / draws.ONE)
    return np.asarray(care.plain[1][HOSPITAL.index(service)])


def _count_chances(m: CareSystem, turn_of: NDArray[np.int64], turns: int) -> NDArray[np.float64]:
    """The chances of hospital care of those whose turn it is, in whole numbers (`draws.ONE` is one): (turns, services,
    4, 111). turn_of: by months since their birthday, −1 for nobody's."""
    r, size = m.residents.columns, m.residents.size
    counted = np.zeros((turns, len(HOSPITAL), frailty.CATEGORIES, OLDEST + 1))
    kernels.chance_by_age(
        *[r[name][:size] for name in ("unique_id", "home_trust", "born", "state", "chance")],
        *m.care.hospital_processes, m.month, OLDEST, FRAIL, frailty.CATEGORY_OF, turn_of,
        counted.reshape(turns, len(HOSPITAL), -1),
    )  # fmt: skip
    return counted


class TeamRows:
    """Which rows of the teams' table are what: emergency departments with their sites, wards with sites and kinds
    (position in `WARDS`), waiting lists with their specialties."""

    def __init__(self, teams: Table) -> None:
        t, count = teams.columns, teams.size
        kind, site = t["kind"][:count], t["site"][:count].astype(np.int64)
        departments, lists = np.flatnonzero(kind == EMERGENCY_DEPARTMENT), np.flatnonzero(kind == LIST)
        wards = np.flatnonzero((kind >= ACUTE) & (kind < ACUTE + len(WARDS)))
        self.departments = departments, site[departments]
        self.wards = wards, site[wards], kind[wards].astype(np.int64) - ACUTE
        self.lists = lists, t["specialty"][lists].astype(np.int64)


def attend(m: CareSystem, rows: NDArray[np.int64]) -> None:
    """Residents attend A&E: `rows` of the residents' table, repeated for repeated attendances."""
    r, care = m.residents.columns, m.care
    at_home = rows[r["home_trust"][rows] == 1]
    share = beds.over_4h_share(care.hospital, care.pressure)
    m.events.add(Kind.ED, rows)
    m.recorder.add_rows("residents_ed_attendances", r, rows)
    m.recorder.add_rows("ed_attendances", r, at_home)
    m.recorder.add_rows("ed_over_4h", r, at_home, weights=np.full(len(at_home), share))
    t = care.teams.columns
    departments, site = care.team_rows.departments
    t["activity"][departments] = np.bincount(r["site"][at_home], minlength=len(care.bed_share))[site]
    care.ledger.add(
        m.month, ed_home=len(at_home), ed_elsewhere=int(np.count_nonzero(r["home_trust"][rows] == 0)),
        ed_all=len(rows), ed_over_4h=share * len(at_home),
        ed_expected=expected_by_age(m, "ed").sum(),
    )  # fmt: skip


def admit(m: CareSystem, rows_by_cause: Mapping[str, NDArray[np.int64]] | NDArray[np.int64]) -> None:
    """Residents are admitted as emergencies: rows of the residents' table by cause (`wards.CAUSES`), or other
    emergencies alone.

    Counts by route (through A&E or direct) and night or none; bed-days are the expected ones of each patient's age and
    frailty.
    """
    r, care, month = m.residents.columns, m.care, m.month
    rows, cause = together(rows_by_cause)
    chances = np.float32(care.stay.zero_day), np.float32(care.hospital.via_ed)
    if month < FROZEN_FROM:
        fit_stay(m)  # the mean stay is observed until then; afterwards it lengthens as patients age
    days, n = stay_days(m), len(rows)
    (here, elsewhere, nights), number = np.empty((3, n), np.int64), np.zeros(5, np.int64)
    overnight, stay, uniform = np.empty(n, np.bool_), np.empty(n), np.empty(n, np.float32)
    ward_kernels.admit(
        rows, (r["home_trust"], r["key"], r["state"], r["born"]), chances, days, (FRAIL, frailty.CATEGORY_OF), month,
        DRAWS.offset(month), DRAWS.shift, (here, elsewhere, overnight, nights, stay, uniform), number,
    )  # fmt: skip
    many, away, several, via_ed, via_ed_overnight = number.tolist()
    here, nights, stay, overnight = here[:many], nights[:several], stay[:several], overnight[:many]
    at_home = rows[here]
    sleepers = at_home[nights]
    m.recorder.add_rows("residents_emergency_admissions", r, rows)
    m.recorder.add_rows("emergency_admissions", r, at_home)
    if m.events.share:
        m.events.add(Kind.OVERNIGHT, sleepers, np.maximum(stay, 1.0))
        m.events.add(Kind.NO_NIGHT, at_home[~overnight])
        m.events.add(Kind.ADMITTED_ELSEWHERE, rows[elsewhere[:away]])
    care.load, care.beds = expected_load(m, days), open_beds(m)
    filled = beds.occupied(care.load, care.beds, care.hospital.ceiling)
    used = filled / care.load if care.load > 0 else 1.0
    m.recorder.add_rows("bed_days", r, sleepers, weights=stay * used)
    m.recorder.add_rows("emergency_bed_days", r, sleepers, weights=stay)
    ward = care.wards.assign(at_home, cause[here], uniform[:many])
    by_ward, admitted = np.zeros(len(WARDS)), np.zeros((len(WARDS), len(care.bed_share)), np.int64)
    ward_kernels.count(ward, at_home, r["site"], nights, stay, by_ward, admitted)
    care.wards.settle(by_ward, care.planned)
    wards, site, kind = care.team_rows.wards
    care.teams.columns["activity"][wards] = admitted[kind, site]
    care.ledger.add(
        month, admissions_home=many, admissions_all=n, overnight=several, via_ed=via_ed,
        via_ed_overnight=via_ed_overnight, emergency_bed_days=stay.sum(), expected_admissions=care.expected_admissions,
    )  # fmt: skip


def stay_days(m: CareSystem) -> NDArray[np.float64]:
    """Mean overnight stay by frailty and age this month: the wait for discharge follows community and social care."""
    care = m.care
    spared = m.commissioner.effects.discharge
    return care.stay.days(discharge_level(care.needs), care.hospital.discharge_elasticity, spared)


def expected_load(m: CareSystem, days: NDArray[np.float64]) -> float:
    """Beds that this month's expected emergencies and last month's planned stays need on average."""
    care = m.care
    expected = expected_by_age(m, "emergency") + care.waiting.worsening_by_age(OLDEST)
    care.expected_admissions = float(expected.sum())
    nights = float((expected * days).sum()) * (1.0 - care.stay.zero_day)
    care.planned = care.waiting.planned_bed_days()
    return (nights + care.planned) / beds.DAYS_A_MONTH


def open_beds(m: CareSystem) -> float:
    """Beds open this month, simulated: observed while they are, then the last year's mean; budget and plans."""
    care = m.care
    capacity = m.commissioner.capacity("acute_emergency")
    return float((care.beds_in(m.month) * care.bed_ratio * capacity + m.commissioner.extra_beds) * care.unit)


def close_beds(m: CareSystem) -> None:
    """End of the month: occupancy by site and team, and the pressure that next month feels."""
    care, t, total = m.care, m.care.teams.columns, m.care.beds
    filled = beds.occupied(care.load, total, care.hospital.ceiling)
    planned = care.planned / beds.DAYS_A_MONTH
    ward_kernels.fill(
        *care.team_rows.wards, care.bed_share, (care.wards.base, care.wards.days), total, filled, care.load,
        (t["beds"], t["occupied"], t["expected_load"]),
    )  # fmt: skip
    m.recorder.add("beds_open", amount=total)
    m.recorder.add("beds_occupied", amount=filled)
    m.recorder.add("bed_days", amount=planned * beds.DAYS_A_MONTH * (filled / care.load if care.load > 0 else 1.0))
    care.ledger.add(m.month, beds=total, load=care.load, occupied=filled, planned_bed_days=planned * beds.DAYS_A_MONTH)
    care.pressure = beds.pressure(care.load, total)
