"""Yearly measures that are worked out from a whole run: life expectancy, inequality, months over capacity, money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.outcomes import lifetable
from sim.outcomes.equity import Inequality, inequalities, standard_population
from sim.outcomes.record import MONTHS_A_YEAR, RunRecord, put_together

if TYPE_CHECKING:
    from sim.outcomes.ledgers import Values

Array = NDArray[Any]
FEMALE, MALE = 0, 1
BOTH = (FEMALE, MALE)
MOST, LEAST = 1, 5  # deprivation fifths
POOLED_YEARS = 3
BANDS_UNDER_75 = 15
#: inequality measure → (events, whether among adults only, multiplier)
SLOPES = {
    "inequality_multimorbidity": ("multimorbid", False, 100.0),
    "inequality_emergency": ("residents_emergency_admissions", False, 1000.0),
    "inequality_loneliness": ("lonely", True, 100.0),
    "inequality_deaths": ("deaths", False, 1000.0),
    "inequality_unmet_need": ("unmet_need", False, 1000.0),
    "inequality_frailty": ("frail", False, 100.0),
    "inequality_acsc": ("acsc_admissions", False, 1000.0),
}
#: life expectancies: measure → (sexes, what weights the years lived: None all, or the bands of the record)
EXPECTANCIES: dict[str, tuple[tuple[int, ...], str | None]] = {
    "life_expectancy": (BOTH, None),
    "life_expectancy_female": ((FEMALE,), None),
    "life_expectancy_male": ((MALE,), None),
    "healthy_life_expectancy": (BOTH, "healthy_bands"),
    "healthy_life_expectancy_female": ((FEMALE,), "healthy_bands"),
    "healthy_life_expectancy_male": ((MALE,), "healthy_bands"),
    "quality_adjusted_life_expectancy": (BOTH, "utility_bands"),
}
GAPS = {"life_expectancy_gap": "life_expectancy", "healthy_life_expectancy_gap": "healthy_life_expectancy"}


def compute(name: str, record: RunRecord, group: int = 0) -> Array:
    """A computed measure by complete financial year, float64[years]; group 0 = all, 1–5 = local fifth.

    Raises `UserError` for any other measure. Measures that are not worked out by fifth ignore the group. Life
    expectancies of a fifth pool three years (it has few deaths), those of all do not.
    """
    if name in SLOPES:
        return _indices(record, name, record.complete_years)[0]
    if name in EXPECTANCIES:
        return expectancy(name, record, group)[0]
    if name in GAPS:
        return compute(GAPS[name], record, LEAST) - compute(GAPS[name], record, MOST)
    if name == "deaths_under_75":
        return np.asarray(_whole(record, record.death_bands)[:, group, :, :BANDS_UNDER_75].sum(axis=(1, 2)))
    if name not in _FUNCTIONS:
        raise UserError(f"'{name}' cannot be worked out.")
    return _FUNCTIONS[name](record)


def possible(name: str, record: RunRecord) -> bool:
    """Whether a record holds what an optional computed measure is worked out from."""
    if name in SLOPES:
        return record.has(SLOPES[name][0])
    if name in EXPECTANCIES or name in GAPS:
        return "healthy" in (record.kept or ())
    return record.has("gp_capacity") if name == "months_gp_over" else True


def of_year(record: RunRecord, name: str, year: int) -> Inequality:
    """All three indices of an inequality measure (a key of `SLOPES`) in one complete financial year."""
    return Inequality(*(float(each[0]) for each in _indices(record, name, [year])))


def _indices(record: RunRecord, name: str, years: Sequence[int]) -> tuple[Array, Array, Array, Array]:
    """Slope, ratio, concentration and mean of an inequality measure in complete financial years, float64[years]."""
    events_name, adults, multiplier = SLOPES[name]
    standard = standard_population().copy()
    if adults:
        standard[0] = 0.0
    if not len(years):
        return np.empty(0), np.empty(0), np.empty(0), np.empty(0)
    events, people = (record.cells(each, years) for each in (events_name, "residents"))
    return inequalities(events * multiplier, people, record.area_rank, standard)


def _whole(record: RunRecord, bands: Array) -> Array:
    """The complete years of a yearly array."""
    return bands[[year - record.first_year for year in record.complete_years]]


def expectancy(name: str, record: RunRecord, group: int = 0) -> tuple[Array, Array]:
    """A life expectancy by complete year and its standard error of chance (Chiang; Sullivan), both float64[years].

    name: a key of `EXPECTANCIES`. The error is that of the people simulated, not of those they stand for; nan for
    quality-adjusted life expectancy, whose utilities are no counts. All nan where the record lacks what it needs.
    """
    sexes, weighted = EXPECTANCIES[name]
    pooled = POOLED_YEARS if group else 1

    def bands(which: str) -> Array:
        stored = getattr(record, which)
        if stored is None:
            return np.full((len(record.complete_years), 1), np.nan)
        return _trailing(_whole(record, stored)[:, group, list(sexes)].sum(axis=1) * record.scale, pooled)

    deaths, people = bands("death_bands"), bands("population_bands")
    if weighted is None:
        return lifetable.with_error(deaths, people)
    well = bands(weighted)
    if well.shape != people.shape:
        nothing = np.full(len(record.complete_years), np.nan)
        return nothing, nothing
    found, error = lifetable.healthy_with_error(deaths, people, well)
    return found, error if weighted == "healthy_bands" else np.full_like(error, np.nan)


def _trailing(bands: Array, n: int) -> Array:
    """Sums over each year and up to n − 1 before it, along the first axis."""
    total = np.concatenate([np.zeros_like(bands[:1]), bands.cumsum(axis=0)])
    last = np.arange(1, len(total))
    return np.asarray(total[last] - total[np.maximum(last - n, 0)])


def _total(book: str) -> Callable[[RunRecord], Array]:
    def total(record: RunRecord) -> Array:
        years = record.money_years(getattr(record, book))
        return sum(years.values(), np.zeros(len(record.complete_years)))

    return total


def _months(over: Callable[[RunRecord], Array]) -> Callable[[RunRecord], Array]:
    """How many months of each year something is so."""

    def count(record: RunRecord) -> Array:
        return put_together(record.by_year(np.asarray(over(record), np.float64)), "sum")

    return count


def _gp_over(record: RunRecord) -> Array:
    """The practices could offer less of what was asked, with what had waited, than in the same month of the last year
    that was observed (or the record's first), by more than the share of need that went without then. Some need is
    always beyond what is offered, so that alone says nothing."""
    from sim.care.indices import FROZEN_FROM

    waited = np.concatenate([[0.0], record.months("gp_waiting")[:-1]])
    asked = record.months("gp_need") + waited
    offered = np.ones(record.n_months)
    np.divide(record.months("gp_capacity"), asked, out=offered, where=asked > 0)
    first = max(FROZEN_FROM - MONTHS_A_YEAR - record.first_month, 0)
    usual = np.resize(np.roll(offered[first : first + MONTHS_A_YEAR], first), record.n_months)
    return np.asarray(offered < usual - _values(record).unmet_share)


def _values(record: RunRecord) -> Values:
    from sim.outcomes.ledgers import Values

    return Values.of_run(record)


def _beds_over(record: RunRecord) -> Array:
    return np.asarray(np.nan_to_num(record.months("bed_occupancy")) > 100 * _values(record).safe_occupancy)


def _list_over(record: RunRecord) -> Array:
    out = record.months("elective_completed") + record.months("elective_removed")
    return np.asarray(record.months("elective_referrals") > out)


_FUNCTIONS: dict[str, Callable[[RunRecord], Array]] = {
    "months_gp_over": _months(_gp_over),
    "months_beds_over": _months(_beds_over),
    "months_list_over": _months(_list_over),
    "lever_spend": _total("lever_spend"),
    "service_spend": _total("spend"),
}
