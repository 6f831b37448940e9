"""The accounts of money: each service line is its activity at unit cost and an overhead, and no pound is lost."""

from __future__ import annotations

from sim.care.identity import EXACT, STANDARD_ERRORS, TOLERANCE, Identity, Year
from sim.policy.budget import NAMES, PENCE, Budget, nhs_total


def money(year: Year) -> list[Identity]:
    """Activity × unit cost + overhead = line, for each line whose activity the model has; and the lines' sum."""
    activity = {
        "acute_emergency": (_emergency(year), _allowed(year, "admissions_home", "overnight")),
        "acute_elective": (_planned(year), _allowed(year, "stops")),
        "outpatient": (_outpatient(year), _allowed(year, "starts")),
        "general_practice": (_practice(year), _of_practice(year)),
    }
    found = []
    for line, (spent, allowed) in activity.items():
        line_money = year.m.evidence[f"money.{line}"]
        overhead = year.m.evidence[f"money.{line}_overhead"]
        found.append(Identity(
            "money", f"{line.replace('_', ' ')}: activity × unit cost + overhead = line", spent + overhead, line_money,
            "£ a head", allowed=allowed, note=f"activity {spent:,.0f}, overhead {overhead:,.0f}",
        ))  # fmt: skip
    return found + _conserved(year)


def _allowed(year: Year, *counts: str) -> float:
    """3 %, or three standard errors of the counts together."""
    total = sum(1 / max(year.total(count), 1.0) for count in counts)
    return max(TOLERANCE, STANDARD_ERRORS * float(total**0.5))


def _catchment(year: Year) -> float:
    """People of the trust whom the simulated share of its activity stands for."""
    return max(year.m.care.unit * year.m.care.hospital.catchment, EXACT)


def _emergency(year: Year) -> float:
    evidence = year.m.evidence
    nights, admitted = year.total("overnight"), year.total("admissions_home")
    spent = (
        evidence["care.cost_ed"] * year.total("ed_home")
        + evidence["care.cost_zero_day"] * (admitted - nights) + evidence["care.cost_overnight"] * nights
    )  # fmt: skip
    return float(evidence["care.inflation"] * spent / _catchment(year))


def _planned(year: Year) -> float:
    """Finished pathways that end in a stay, and the planned stays that stand on no waiting list."""
    care, evidence = year.m.care, year.m.evidence
    day_cases = care.listed.day_case * year.total("stops") + evidence["care.outside_day_cases"] * care.unit
    nights = care.listed.ordinary * year.total("stops") + evidence["care.outside_ordinary"] * care.unit
    spent = day_cases * evidence["care.cost_day_case"] + nights * evidence["care.cost_ordinary"]
    return float(evidence["care.inflation"] * spent / _catchment(year))


def _outpatient(year: Year) -> float:
    """First attendances that start a clock, and all other attendances, which the model does not follow."""
    care, evidence = year.m.care, year.m.evidence
    first = year.total("starts") + evidence["care.outside_first_attendances"] * care.unit
    later = evidence["care.outside_follow_ups"] * care.unit
    spent = first * evidence["care.cost_first_attendance"] + later * evidence["care.cost_follow_up"]
    return float(evidence["care.inflation"] * spent / _catchment(year))


def _practice(year: Year) -> float:
    evidence = year.m.evidence
    spent = evidence["care.cost_gp_contact"] * year.total("gp_served")
    return float(evidence["care.inflation"] * spent / max(year.mean("residents"), 1.0))


def _of_practice(year: Year) -> float:
    """3 %, or three standard errors of contacts a head: of their number, and of who happens to live in a small town."""
    r, size = year.m.residents.columns, year.m.residents.size
    rate = r["gp_rate"][:size][r["unique_id"][:size] != 0].astype(float)
    spread = float(rate.var() / max(rate.mean(), EXACT) ** 2) / max(rate.size, 1)
    return max(TOLERANCE, STANDARD_ERRORS * float((1 / max(year.total("gp_served"), 1.0) + spread) ** 0.5))


def _conserved(year: Year) -> list[Identity]:
    """The NHS lines' sum, and what was spent in the year against what there was."""
    commissioner = year.m.commissioner
    budget: Budget | None = getattr(commissioner, "budget", None)
    if budget is None:  # capacities set by hand
        return []
    months = year.last + 1 - year.first
    book = commissioner.spend(year.first, months)
    spent = sum(float(book[f"line.{line}"].sum()) for line in NAMES)
    had = sum(sum(budget.month_pence(month).values()) for month in range(year.first, year.last + 1)) / PENCE
    return [
        Identity("money", "the NHS lines sum to the NHS total", nhs_total(budget.pence) / PENCE / budget.residents,
                 year.m.evidence["money.nhs_total"], "£ a head", allowed=1e-6),
        Identity("money", "spent on all lines = what they had", spent, had, "£ a year", allowed=EXACT),
    ]  # fmt: skip
