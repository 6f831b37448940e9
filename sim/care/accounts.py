"""The accounts of people and of care: what came equals what went, and levels are the published ones."""

from __future__ import annotations

from math import sqrt

import numpy as np

from sim.care.beds import DAYS_A_MONTH, DAYS_A_YEAR
from sim.care.identity import EXACT, STANDARD_ERRORS, TOLERANCE, Identity, Year, within
from sim.clock import MONTHS_A_YEAR, fin_year_label, label
from sim.places.users import expected_users

BASE = 2023


def middle(year: Year) -> float:
    """The month in the middle of the year."""
    return (year.first + year.last + 1) / 2


def people(year: Year) -> list[Identity]:
    """Residents, births, moves and deaths; those whose hospital is the trust."""
    m = year.m
    users = year.total("home_residents", m.scale * MONTHS_A_YEAR)
    found = [
        Identity("people", "whose hospital is the trust", users, expected_users(m.place, middle(year)), "people",
                 allowed=within(users * m.scale), note="right: expected in July 2020, grown as declared"),
        Identity("people", "catchment of the trust", users / m.place.activity_share_simulated, m.care.hospital.catchment
                 * m.care.share / m.place.activity_share_simulated, "people", must=False,
                 note="right: from mid-2020 counts; residents stand at Census 2021 levels and grow"),
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
                     residents[-1], "residents", allowed=EXACT, note=f"{label(year.first)} to {label(year.last)}")
        )  # fmt: skip
    return found


def general_practice(year: Year) -> list[Identity]:
    """Contacts and needs: every one is served, waits, is given up or goes to A&E, this month or a later one."""
    scale, gp = year.m.scale, year.m.care.gp
    came = year.total("gp_need", scale) + year.total("gp_waiting_in", scale)
    went = sum(year.total(f"gp_{what}", scale) for what in ("served", "waiting_out", "given_up", "to_ed"))
    net_need = year.total("gp_need", scale) - year.total("unmet_again", scale)
    queue = year.total("gp_waiting_out", scale) - year.total("gp_waiting_in", scale)  # its growth: out less in
    lost = year.total("gp_given_up", scale) + year.total("gp_to_ed", scale) - year.total("unmet_again", scale) + queue
    turns = year.total("gp_given_up") + year.total("gp_to_ed") + year.total("unmet_again")  # `lost` is their difference
    chance = max(TOLERANCE, STANDARD_ERRORS * sqrt(turns) / scale / max(lost, EXACT))
    opened = year.total("unmet_in", scale)
    ended = sum(year.total(f"unmet_{what}", scale) for what in ("again", "to_ed", "ended", "still"))
    waiting = year.carried("gp_waiting_in", ("gp_waiting_out", 1), ("gp_left", -1))
    unmet = year.carried("unmet_in", ("unmet_still", 1), ("gp_given_up", 1), ("needs_unmet", 1), ("unmet_left", -1))
    expected = year.total("gp_expected", scale) + year.total("unmet_again", scale)
    return [
        Identity("general practice", "need = expected from health + asked again", year.total("gp_need", scale),
                 expected, "contacts a year", allowed=year.allowed("gp_need")),
        Identity("general practice", "need + waiting = served + waiting + given up + A&E", came, went,
                 "contacts a year", allowed=EXACT),
        Identity("general practice", "waiting = waiting a month before − who left", waiting[0] / scale,
                 waiting[1] / scale, "contacts, every month", allowed=EXACT, gap=waiting[2] / scale),
        Identity("general practice", "unmet needs = asked again + A&E + ended + still open", opened, ended,
                 "needs a year", allowed=EXACT),
        Identity("general practice", "unmet = open a month before + given up − who left", unmet[0] / scale,
                 unmet[1] / scale, "needs, every month", allowed=EXACT, gap=unmet[2] / scale),
        Identity("general practice", "served = (1 − unmet share) × need", year.total("gp_served", scale),
                 (1 - gp.unmet) * net_need, "contacts a year", allowed=year.allowed("gp_served")),
        Identity("general practice", "share of need that goes without", lost / net_need if net_need else 0.0, gp.unmet,
                 "share", allowed=chance, note="with the growth of those waiting"),
        Identity("general practice", "doctors, full-time equivalents per 1,000 residents",
                 1000 * year.mean("gp_doctors") / max(year.mean("residents"), 1.0),
                 year.m.evidence["care.doctors_per_1000"], "per 1,000", must=False,
                 note="right: England, trainees included; head counts follow the appointments served"),
        Identity("general practice", "not offered = overflow in closed form", year.total("gp_not_offered", scale),
                 year.total("gp_overflow", scale), "contacts a year", allowed=year.allowed("gp_not_offered")),
    ]  # fmt: skip


def emergency_department(year: Year) -> list[Identity]:
    """Attendances: the published number, from own need and from practices that had no appointment."""
    m, care = year.m, year.m.care
    per_1000 = 1000 / care.hospital.catchment
    attendances, allowed = year.total("ed_home", care.unit), year.allowed("ed_home")
    of_users = 1000 * MONTHS_A_YEAR * year.total("ed_home") / max(year.total("home_residents"), 1.0)
    must_be = 1000 * care.hospital.attendances * care.share / expected_users(m.place, middle(year))
    sent = year.total("gp_to_ed_home", care.unit) + year.total("unmet_to_ed_home", care.unit)
    # of the needs that are open, those that practices left; the others were lost between other teams
    of_practices = year.total("gp_given_up") / max(year.total("gp_given_up") + year.total("needs_unmet"), EXACT)
    for_want = year.total("gp_to_ed_home", care.unit) + of_practices * year.total("unmet_to_ed_home", care.unit)
    system = m.evidence["care.ed_system_per_1000"] * (1 - m.evidence["care.ed_system_outside_share"])
    return [
        Identity("A&E", "own need + sent by practices + unmet needs", year.total("ed_expected", care.unit) + sent,
                 attendances, "a year", allowed=allowed),
        Identity("A&E", f"attendances at the trust, {fin_year_label(BASE)}", attendances, care.hospital.attendances,
                 "a year", allowed=allowed),
        Identity("A&E", "attendances per 1,000 of the catchment", attendances * per_1000,
                 care.hospital.attendances * per_1000, "a year", allowed=allowed),
        Identity("A&E", "per 1,000 residents whose hospital is the trust", of_users, must_be, "a year",
                 allowed=allowed),
        Identity("A&E", "for want of a GP appointment", for_want / max(attendances, EXACT),
                 m.evidence["care.gp_ed_bound"], "share", at_most=True, allowed=within(for_want * care.unit)),
        Identity("A&E", "per 1,000, the four trusts of Hampshire and Isle of Wight", attendances * per_1000, system,
                 "a year", must=False, note="another population: 26 % of the system's attendances are elsewhere"),
        Identity("A&E", "over four hours", year.total("ed_over_4h") / max(year.total("ed_home"), 1.0),
                 care.hospital.over_4h, "share", must=False, note="follows the pressure on beds"),
    ]  # fmt: skip


def admissions(year: Year) -> list[Identity]:
    """Emergency admissions: the published number, by route and night."""
    care = year.m.care
    total, via = year.total("admissions_home", care.unit), year.total("via_ed", care.unit)
    overnight = year.total("overnight", care.unit)
    both = year.total("via_ed_overnight", care.unit)
    return [
        Identity("admissions", f"emergency admissions at the trust, {fin_year_label(BASE)}", total,
                 care.hospital.admissions, "a year", allowed=year.allowed("admissions_home")),
        Identity("admissions", "expected from health + worsened while waiting", year.total("expected_admissions",
                 care.unit), total, "a year", allowed=year.allowed("admissions_home")),
        Identity("admissions", "through A&E", via / max(total, EXACT), care.hospital.via_ed, "share",
                 allowed=year.allowed("via_ed"),
                 note=f"A&E, night {both:,.0f}; A&E, none {via - both:,.0f}; direct, night {overnight - both:,.0f};"
                 f" direct, none {total - via - overnight + both:,.0f}"),
        Identity("admissions", "without a night", 1 - overnight / max(total, EXACT), care.stay.zero_day, "share",
                 allowed=year.allowed("overnight")),
    ]  # fmt: skip


def beds(year: Year) -> list[Identity]:
    """Bed-days: stays over night and planned ones fill the beds that are open, a fifth of them waiting to go home."""
    care = year.m.care
    stays, planned = year.total("emergency_bed_days", care.unit), year.total("planned_bed_days", care.unit)
    beds = year.mean("beds", care.unit)
    filled = year.mean("load", care.unit)
    wide = year.allowed("overnight")
    wide = 2 * wide if wide > TOLERANCE else TOLERANCE
    in_beds = care.beds_base * care.bed_ratio * care.hospital.occupancy * DAYS_A_YEAR
    return [
        Identity("beds", "overnight × stay + planned = beds × occupancy × days", stays + planned, in_beds,
                 "bed-days a year", allowed=wide),
        Identity("beds", "expected load = stays of those admitted", filled * DAYS_A_MONTH * MONTHS_A_YEAR,
                 stays + planned, "bed-days a year", allowed=wide),
        Identity("beds", "beds open", beds, care.beds_base * care.bed_ratio, "beds"),
        Identity("beds", "occupied", year.mean("occupied", care.unit) / max(beds, EXACT), care.hospital.occupancy,
                 "share"),
        Identity("beds", "waiting for discharge", care.stay.wait * stays, care.hospital.discharge_wait * in_beds,
                 "bed-days a year", allowed=wide),
        Identity("beds", "mean emergency stay over night", stays / max(year.total("overnight", care.unit), EXACT),
                 care.hospital.los, "days", allowed=wide),
    ]  # fmt: skip


def waiting_list(year: Year) -> list[Identity]:
    """Referral to treatment: the list is what it was, plus starts, less all that ended."""
    m, care = year.m, year.m.care
    ledger = care.ledger
    opening, closing = ledger.of("list_opening", year.first), ledger.of("list_closing", year.last)
    gone = sum(year.total(what) for what in ("stops", "removed", "emergencies_of_list", "left"))
    slots, stops = care.waiting.slots, year.total("stops", care.unit)
    carried = year.carried("list_opening", ("list_closing", 1))
    wide = max(TOLERANCE, STANDARD_ERRORS * sqrt(2.0 * max(year.total("starts"), 1.0)) / max(closing, 1.0))
    shares = m.evidence.table("waiting_shares").pivot(index="month", columns="measure", values="value").iloc[-1]
    return [
        Identity("waiting list", "list = list before + starts − finished − removed − left", opening
                 + year.total("starts") - gone, closing, "entries, simulated", allowed=EXACT, gap=carried[2]),
        Identity("waiting list", "list at the end of March 2024", closing / care.unit, care.listed.size, "pathways",
                 allowed=wide),
        Identity("waiting list", "clock starts", year.total("starts", care.unit), slots.usual_starts * MONTHS_A_YEAR,
                 "a year", allowed=year.allowed("starts")),
        Identity("waiting list", "ended, in any way", gone / care.unit, slots.usual_ends * MONTHS_A_YEAR, "a year",
                 allowed=year.allowed("stops"), note="right: published starts less the list's growth"),
        Identity("waiting list", "day cases and nights, of those finished",
                 (year.total("day_cases", care.unit) + year.total("ordinary", care.unit)) / max(stops, EXACT),
                 care.listed.day_case + care.listed.ordinary, "share", allowed=year.allowed("day_cases")),
        Identity("waiting list", "finished", stops, slots.completed * MONTHS_A_YEAR, "a year", must=False,
                 note="right: published, where removals come to 2 % or are netted off"),
        Identity("waiting list", "over 18 weeks", ledger.of("over_18w", year.last) / max(closing, 1.0),
                 float(shares["over_18w"]), "share", must=False, note="right: England, March 2024"),
        Identity("waiting list", "over 52 weeks", ledger.of("over_52w", year.last) / max(closing, 1.0),
                 float(shares["over_52w"]), "share", must=False, note="right: England, March 2024"),
    ]  # fmt: skip
