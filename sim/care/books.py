"""The books: accounts that must close before any run is believed, over the base year April 2023 to March 2024.

Each account sets what the model did beside what it must equal: a conservation law, or a published level. Amounts are
those of the whole place or trust. An account fails when it is off by more than 3 %, or, where the model's own chance
is larger than that (a small town), by more than three standard errors of a Poisson count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from sim.care.beds import DAYS_A_MONTH, DAYS_A_YEAR
from sim.care.indices import BASE_FIRST
from sim.clock import MONTHS_A_YEAR, fin_year_label, label
from sim.errors import UserError

if TYPE_CHECKING:
    from sim.system import CareSystem

TOLERANCE = 0.03
STANDARD_ERRORS = 3.0
REST = 0.15  # of a budget line, what unit costs need not explain


@dataclass(frozen=True)
class Identity:
    """One account: `left` (the model) must equal `right`; `must`: whether it fails or is only shown."""

    account: str
    name: str
    left: float
    right: float
    unit: str
    must: bool = True
    allowed: float = TOLERANCE
    note: str = ""

    @property
    def off(self) -> float:
        """Relative difference; 0 when both are 0."""
        if self.left == self.right:
            return 0.0
        return self.left / self.right - 1 if self.right else float("inf")

    @property
    def closes(self) -> bool:
        """Within what is allowed, or only shown."""
        return not self.must or abs(self.off) <= self.allowed


@dataclass(frozen=True)
class Year:
    """Totals of the base year, or of the last twelve months when the run is shorter."""

    m: CareSystem
    first: int
    last: int

    def total(self, name: str, whole: float = 1.0) -> float:
        """Sum over the year, divided by `whole`."""
        return self.m.care.ledger.total(name, self.first, self.last) / whole

    def mean(self, name: str, whole: float = 1.0) -> float:
        """Mean month, divided by `whole`."""
        return self.m.care.ledger.mean(name, self.first, self.last) / whole

    def allowed(self, count: str) -> float:
        """What a count may be off by: 3 %, or three standard errors when the town is small."""
        return max(TOLERANCE, STANDARD_ERRORS / sqrt(max(self.total(count), 1.0)))


def base_year(m: CareSystem) -> Year:
    """The base year of a model that has passed it. Raises `UserError` when it has lived less than a year."""
    months = m.care.ledger.months
    if len(months) < MONTHS_A_YEAR:
        raise UserError("The books need at least twelve months of care; let the model run for longer.")
    last = min(months[-1], BASE_FIRST + MONTHS_A_YEAR - 1)
    return Year(m, last - MONTHS_A_YEAR + 1, last)


def books(m: CareSystem) -> list[Identity]:
    """Every account of a model that has lived through the base year."""
    year = base_year(m)
    accounts: Sequence[Callable[[Year], list[Identity]]] = (
        _people, _general_practice, _emergency_department, _admissions, _beds, _waiting_list, _money,
    )  # fmt: skip
    return [identity for account in accounts for identity in account(year)]


def close(identities: Sequence[Identity]) -> bool:
    """Whether every account that must close does."""
    return all(identity.closes for identity in identities)


def render(identities: Sequence[Identity]) -> str:
    """The books as a table for a terminal."""
    lines = [f"{'account':<20}{'':<52}{'model':>13}{'must be':>13}{'off':>8}  unit"]
    before = ""
    for each in identities:
        mark = "" if each.closes else "  DOES NOT CLOSE"
        shown = "" if each.must else "  (shown, not required)"
        lines.append(
            f"{each.account if each.account != before else '':<20}{each.name:<52}{_number(each.left):>13}"
            f"{_number(each.right):>13}{100 * each.off:>7.1f}%  {each.unit}{shown}{mark}"
        )
        if each.note:
            lines.append(f"{'':<22}{each.note}")
        before = each.account
    failed = sum(not each.closes for each in identities)
    required = sum(each.must for each in identities)
    lines.append(f"{required - failed} of {required} accounts close." if failed else f"All {required} accounts close.")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3f}"


# ---------------------------------------------------------------------------------------------------- the accounts


def _people(year: Year) -> list[Identity]:
    m = year.m
    found = [
        Identity("people", "whose hospital is the trust", year.total("home_residents", m.scale * MONTHS_A_YEAR),
                 m.place.users, "people", must=False, note="right: expected at the opening, July 2020"),
    ]  # fmt: skip
    record = m.recorder.copy().finish(scenario="baseline", draw=0, seed=m.seed)
    names = list(record.measures)

    def of(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        rows = record.monthly[year.first - record.first_month : year.last + 1 - record.first_month]
        return np.asarray(rows[:, names.index(name), 0])

    if year.first >= record.first_month and of("residents").any():
        # the census stands before the month's deaths and departures
        come = (of("births") + of("arrivals"))[1:].sum()
        gone = (of("deaths") + of("departures"))[:-1].sum()
        residents = of("residents")
        found.append(
            Identity("people", "before + births + arrivals − deaths − departures", residents[0] + come - gone,
                     residents[-1], "residents", allowed=1e-9, note=f"{label(year.first)} to {label(year.last)}")
        )  # fmt: skip
    return found


def _general_practice(year: Year) -> list[Identity]:
    scale, gp = year.m.scale, year.m.care.gp
    came = year.total("gp_need", scale) + year.total("gp_waiting_in", scale)
    went = sum(year.total(f"gp_{what}", scale) for what in ("served", "waiting_out", "given_up", "to_ed"))
    net_need = year.total("gp_need", scale) - year.total("unmet_again", scale)
    lost = year.total("gp_given_up", scale) + year.total("gp_to_ed", scale) - year.total("unmet_again", scale)
    opened = year.total("unmet_in", scale)
    ended = sum(year.total(f"unmet_{what}", scale) for what in ("again", "to_ed", "ended", "still"))
    return [
        Identity("general practice", "need + waiting = served + waiting + given up + A&E", came, went,
                 "contacts a year", allowed=1e-9),
        Identity("general practice", "unmet needs = asked again + A&E + ended + still open", opened, ended,
                 "needs a year", allowed=1e-9),
        Identity("general practice", "served = (1 − unmet share) × need", year.total("gp_served", scale),
                 (1 - gp.unmet) * net_need, "contacts a year", allowed=year.allowed("gp_served")),
        Identity("general practice", "share of need that goes without", lost / net_need if net_need else 0.0, gp.unmet,
                 "share", must=False, note="settles at care.gp_unmet_share"),
    ]  # fmt: skip


def _emergency_department(year: Year) -> list[Identity]:
    m, care = year.m, year.m.care
    per_1000 = 1000 / care.hospital.catchment
    of_users = 1000 * MONTHS_A_YEAR * year.total("ed_home") / max(year.total("home_residents"), 1.0)
    attendances = year.total("ed_home", care.unit)
    spilled = (year.total("gp_to_ed") + year.total("unmet_to_ed")) / max(year.total("ed_all"), 1.0)
    system = m.evidence["care.ed_system_per_1000"]
    return [
        Identity("A&E", f"attendances at the trust, {fin_year_label(2023)}", attendances, care.hospital.attendances,
                 "a year", allowed=year.allowed("ed_home")),
        Identity("A&E", "attendances per 1,000 of the catchment", attendances * per_1000,
                 care.hospital.attendances * per_1000, "a year", allowed=year.allowed("ed_home")),
        Identity("A&E", "per 1,000 whose hospital is the trust", of_users, attendances * per_1000, "a year",
                 must=False),
        Identity("A&E", "per 1,000, against Hampshire and Isle of Wight", attendances * per_1000, system, "a year",
                 must=False, note="26 % of the system's attendances are at units outside its four trusts"),
        Identity("A&E", "for want of a GP appointment, share", spilled, m.evidence["care.gp_ed_bound"], "share",
                 must=False, note="right: the most that is allowed"),
        Identity("A&E", "over four hours", year.total("ed_over_4h") / max(year.total("ed_home"), 1.0),
                 care.hospital.over_4h, "share", must=False),
    ]  # fmt: skip


def _admissions(year: Year) -> list[Identity]:
    care = year.m.care
    total, via = year.total("admissions_home", care.unit), year.total("via_ed", care.unit)
    overnight = year.total("overnight", care.unit)
    both = year.total("via_ed_overnight", care.unit)
    parts = both + (via - both) + (overnight - both) + (total - via - overnight + both)
    return [
        Identity("admissions", f"emergency admissions at the trust, {fin_year_label(2023)}", total,
                 care.hospital.admissions, "a year", allowed=year.allowed("admissions_home")),
        Identity("admissions", "through A&E or direct × a night or none", parts, total, "a year", allowed=1e-9,
                 note=f"A&E, night {both:,.0f}; A&E, none {via - both:,.0f}; direct, night {overnight - both:,.0f};"
                 f" direct, none {total - via - overnight + both:,.0f}"),
        Identity("admissions", "without a night", 1 - overnight / max(total, 1e-9), care.stay.zero_day, "share",
                 allowed=year.allowed("overnight")),
    ]  # fmt: skip


def _beds(year: Year) -> list[Identity]:
    care = year.m.care
    stays, planned = year.total("emergency_bed_days", care.unit), year.total("planned_bed_days", care.unit)
    beds = year.mean("beds", care.unit)
    filled = year.mean("load", care.unit)
    wide = year.allowed("overnight")
    wide = 2 * wide if wide > TOLERANCE else TOLERANCE
    return [
        Identity("beds", "overnight × stay + planned = beds × occupancy × days", stays + planned,
                 care.beds_base * care.hospital.occupancy * DAYS_A_YEAR, "bed-days a year", allowed=wide),
        Identity("beds", "expected load = stays of those admitted", filled * DAYS_A_MONTH * MONTHS_A_YEAR,
                 stays + planned, "bed-days a year", allowed=wide),
        Identity("beds", "beds open", beds, care.beds_base, "beds"),
        Identity("beds", "occupied", year.mean("occupied", care.unit) / max(beds, 1e-9), care.hospital.occupancy,
                 "share"),
        Identity("beds", "mean emergency stay over night", stays / max(year.total("overnight", care.unit), 1e-9),
                 care.hospital.los, "days", must=False),
    ]  # fmt: skip


def _waiting_list(year: Year) -> list[Identity]:
    m, care = year.m, year.m.care
    ledger = care.ledger
    opening, closing = ledger.of("list_opening", year.first), ledger.of("list_closing", year.last)
    gone = sum(year.total(what) for what in ("stops", "removed", "emergencies_of_list", "left"))
    slots = care.waiting.slots
    wide = max(TOLERANCE, STANDARD_ERRORS * sqrt(2.0 * max(year.total("starts"), 1.0)) / max(closing, 1.0))
    shares = m.evidence.table("waiting_shares").pivot(index="month", columns="measure", values="value").iloc[-1]
    return [
        Identity("waiting list", "growth = starts − finished − removed − left", opening + year.total("starts") - gone,
                 closing, "entries, simulated", allowed=1e-9),
        Identity("waiting list", "list at the end of March 2024", closing / care.unit, care.listed.size, "pathways",
                 allowed=wide),
        Identity("waiting list", "clock starts", year.total("starts", care.unit), slots.usual_starts * MONTHS_A_YEAR,
                 "a year", allowed=year.allowed("starts")),
        Identity("waiting list", "finished", year.total("stops", care.unit), slots.completed * MONTHS_A_YEAR,
                 "a year", must=False, note="right: published, where removals come to 2 % or are netted off"),
        Identity("waiting list", "over 18 weeks", ledger.of("over_18w", year.last) / max(closing, 1.0),
                 float(shares["over_18w"]), "share", must=False, note="right: England, March 2024"),
        Identity("waiting list", "over 52 weeks", ledger.of("over_52w", year.last) / max(closing, 1.0),
                 float(shares["over_52w"]), "share", must=False, note="right: England, March 2024"),
    ]  # fmt: skip


def _money(year: Year) -> list[Identity]:
    m, care, price = year.m, year.m.care, year.m.evidence["care.inflation"]
    people = care.unit * care.hospital.catchment
    nights, admitted = year.total("overnight"), year.total("admissions_home")
    emergency = price / max(people, 1.0) * (
        m.evidence["care.cost_ed"] * year.total("ed_home")
        + m.evidence["care.cost_zero_day"] * (admitted - nights) + m.evidence["care.cost_overnight"] * nights
    )  # fmt: skip
    alive = float((m.residents.columns["unique_id"][: m.residents.size] != 0).sum())
    practice = price * m.evidence["care.cost_gp_contact"] * year.total("gp_served") / max(alive, 1.0)
    lines = {"acute_emergency": emergency, "general_practice": practice}
    found = []
    for line, activity in lines.items():
        money = m.evidence[f"money.{line}"]
        rest = money - activity
        name = f"{line.replace('_', ' ')}: activity × unit cost = line − rest"
        note = f"rest (overheads) {rest:,.0f} £ a head: may be up to {100 * REST:.0f} % of the line"
        found.append(Identity("money", name, activity, money, "£ a head", allowed=REST, note=note))
    day_cases = care.listed.day_case * m.evidence["care.cost_day_case"]
    planned = day_cases + care.listed.ordinary * m.evidence["care.cost_ordinary"]
    found.append(Identity(
        "money", "planned care: finished pathways × unit cost = part of the line",
        price * planned * year.total("stops") / max(people, 1.0), m.evidence["money.acute_elective"], "£ a head",
        must=False, note="the rest is planned care outside referral-to-treatment pathways, which is not followed",
    ))  # fmt: skip
    return found
