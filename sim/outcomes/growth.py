"""Why demand grows in the baseline: ageing, survival, incidence and what comes from outside, in parts that add up.

An account of what was recorded, not further runs. Use of each age group = people × (1 + (ρ − 1) × share with two or
more conditions) × use at a given age and illness; ρ is how much more the ill use (registry). The change of a product is
split exactly by the logarithmic mean (LMDI: Ang, Energy Policy 2004;32:1131). People are split once more into those
there would be at the death rates of the first year and those who live because death rates fell.

ageing      how many people of each age there are, without the survivors below: ageing, births and migration
survival    people who live because death rates by age fell after the first year
incidence   more (or less) illness at a given age: new cases and the ill living longer, which no record tells apart
exogenous   what is left, use at a given age and share of the ill: monthly index, capacity, waits, chance; also illness
            beyond that share (third conditions, frailty, loneliness), which a record does not hold by age and use
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.errors import UserError
from sim.outcomes.ledgers import evidence_of
from sim.outcomes.measure import AGE_GROUP_STARTS
from sim.outcomes.rounding import signed
from sim.outcomes.summary import Interval, interval

if TYPE_CHECKING:
    from sim.outcomes.record import RunRecord
    from sim.outcomes.results import Results

Array = NDArray[Any]
PARTS = ("ageing", "survival", "incidence", "exogenous")
SERVICES = ("gp_need", "residents_ed_attendances", "residents_emergency_admissions")
RATIO = "outcomes.use_ratio_multimorbid"
ILL, PEOPLE = "multimorbid", "residents"
BAND = 5
PERCENT = 100.0
WIDTH = 100
TINY = 1e-12


@dataclass(frozen=True)
class Growth:
    """Growth of one service in the baseline between two financial years, per cent of the first.

    parts: by name in `PARTS`; in each run they add up to `total`, and so do their means.
    """

    measure: str
    label: str
    first: int
    last: int
    total: Interval
    parts: dict[str, Interval]


def growth(results: Results, scenario: str | None = None, measures: tuple[str, ...] = SERVICES) -> list[Growth]:
    """The growth of services between the year in which policy starts and the last, in the baseline unless said.

    Measures that were not recorded by age, or of which there was nothing, are left out; empty with one year only.
    """
    name = scenario or results.baseline
    first, last = clock.fin_year(results.policy_start), results.years[-1]
    runs = [record for record in results.records if record.scenario == name]
    found = []
    for measure in measures:
        if last <= first or measure not in results.shown:
            continue
        each = [split(record, measure, first, last) for record in runs]
        if any(one is None for one in each):
            continue
        parts = {part: interval([one[part] for one in each if one]) for part in PARTS}
        total = interval([sum(one.values()) for one in each if one])
        found.append(Growth(measure, results.measures[measure].label, first, last, total, parts))
    return found


def split(record: RunRecord, measure: str, first: int, last: int) -> dict[str, float] | None:
    """The four parts of one run, per cent of the first year's use; None where nothing was used or nobody was counted.

    Raises `UserError` for years that were not run whole.
    """
    if first not in record.complete_years or last not in record.complete_years:
        raise UserError(f"The years {clock.fin_year_label(first)} and {clock.fin_year_label(last)} must be run whole.")
    use, people, ill = (
        np.stack([record.by_age(name, year) for year in (first, last)]) for name in (measure, PEOPLE, ILL)
    )
    if not use[0].sum() > 0 or not people.sum() > 0:
        return None
    share = np.divide(ill, people, out=np.zeros_like(ill), where=people > 0)
    burden = 1 + (evidence_of(record)[RATIO] - 1) * share
    there = (use > 0).all(0) & (people > 0).all(0)
    weight = np.where(there, _log_mean(use[1], use[0]), 0.0)

    def part(after: Array, before: Array) -> float:
        ratio = np.log(np.maximum(after, TINY) / np.maximum(before, TINY))
        return float(PERCENT * (weight * np.where(there, ratio, 0.0)).sum() / use[0].sum())

    without = np.clip(people[1] - extra_survivors(record, first, last), TINY, None)
    ageing, survival, incidence = part(without, people[0]), part(people[1], without), part(burden[1], burden[0])
    total = float(PERCENT * (use[1].sum() / use[0].sum() - 1))
    return {
        "ageing": ageing, "survival": survival, "incidence": incidence,
        "exogenous": total - ageing - survival - incidence,
    }  # fmt: skip


def extra_survivors(record: RunRecord, first: int, last: int) -> Array:
    """People in the last year, by age group, who would have died since the first at its death rates.

    The course of mortality is taken as even (one log-linear trend over all ages, by indirect standardisation), for in
    one run deaths of a year are few. Those saved grow older, a fifth of a band a year, and die at their age's rates.
    """
    years = range(first, last + 1)
    at = [year - record.first_year for year in years]
    people, deaths = (np.asarray(bands, np.float64)[at, 0] for bands in (record.population_bands, record.death_bands))
    usual = np.divide(deaths.sum(0), people.sum(0), out=np.zeros_like(people[0]), where=people.sum(0) > 0)
    expected = (people * usual).sum((1, 2))
    ratio = deaths.sum((1, 2)) / np.maximum(expected, TINY)
    if (ratio <= 0).any():
        return np.zeros(len(AGE_GROUP_STARTS))
    slope, level = np.polyfit(np.arange(len(ratio)), np.log(ratio), 1)
    even = np.exp(level + slope * np.arange(len(ratio)))
    extra = np.zeros_like(people[0])
    for k in range(1, len(even)):
        saved = (even[0] - even[k]) * usual * people[k]
        extra = (extra + saved) * (1 - np.minimum(even[k] * usual, 1.0))
        older = extra[:, :-1] / BAND
        extra[:, :-1] -= older
        extra[:, 1:] += older
    starts = BAND * np.arange(people.shape[2])
    groups = np.searchsorted(AGE_GROUP_STARTS, starts, side="right") - 1
    return np.bincount(groups, extra.sum(0), len(AGE_GROUP_STARTS))


def render(found: list[Growth]) -> list[str]:
    """The growth as lines of the terminal."""
    lines = []
    for one in found:
        parts = ", ".join(f"{name} {signed(one.parts[name].mean, decimals=1)}" for name in PARTS)
        text = f"{one.label[:1].upper()}{one.label[1:]}: {signed(one.total.mean, decimals=1)} % ({parts})"
        lines += textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
    if not lines:
        return []
    years = f"{clock.fin_year_label(found[0].first)} to {clock.fin_year_label(found[0].last)}"
    return [f"WHY DEMAND GROWS WITHOUT POLICY, {years}, percentage points", *lines, ""]


def _log_mean(a: Array, b: Array) -> Array:
    """(a − b) ÷ ln(a ÷ b); a where they are equal."""
    a, b = np.maximum(a, TINY), np.maximum(b, TINY)
    close = np.isclose(a, b, rtol=1e-9)
    return np.where(close, a, (a - b) / np.where(close, 1.0, np.log(a / b)))
