"""Yearly measures that are worked out from a whole run: life expectancy, inequality, money."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.outcomes.equity import Inequality, inequality, standard_population
from sim.outcomes.lifetable import life_expectancy
from sim.outcomes.record import RunRecord

Array = NDArray[Any]
FEMALE, MALE = 0, 1
MOST, LEAST = 1, 5  # deprivation fifths
POOLED_YEARS = 3
BANDS_UNDER_75 = 15
#: inequality measure → (events, whether among adults only, multiplier)
SLOPES = {
    "inequality_multimorbidity": ("multimorbid", False, 100.0),
    "inequality_emergency": ("residents_emergency_admissions", False, 1000.0),
    "inequality_loneliness": ("lonely", True, 100.0),
    "inequality_deaths": ("deaths", False, 1000.0),
}


def compute(name: str, record: RunRecord) -> Array:
    """A computed measure by complete financial year, float64[years]. Raises `UserError` for any other."""
    if name in SLOPES:
        return np.array([of_year(record, name, year).slope for year in record.complete_years])
    if name not in _FUNCTIONS:
        raise UserError(f"'{name}' cannot be worked out.")
    return _FUNCTIONS[name](record)


def of_year(record: RunRecord, name: str, year: int) -> Inequality:
    """All three indices of an inequality measure (a key of `SLOPES`) in one complete financial year."""
    events_name, adults, multiplier = SLOPES[name]
    standard = standard_population().copy()
    if adults:
        standard[0] = 0.0
    events = record.by_cell(events_name, year) * multiplier
    return inequality(events, record.by_cell("residents", year), record.area_rank, standard)


def _whole(record: RunRecord, bands: Array) -> Array:
    """The complete years of a yearly array."""
    return bands[[year - record.first_year for year in record.complete_years]]


def _expectancy(record: RunRecord, sexes: tuple[int, ...], group: int, pooled: int = 1) -> Array:
    """Life expectancy at birth by year, over a trailing window of `pooled` years (shorter at the beginning)."""
    deaths, people = (
        _whole(record, bands)[:, group, list(sexes)].sum(axis=1)
        for bands in (record.death_bands, record.population_bands)
    )
    if pooled > 1:
        deaths, people = (_trailing(bands, pooled) for bands in (deaths, people))
    return life_expectancy(deaths, people)


def _trailing(bands: Array, n: int) -> Array:
    """Sums over each year and up to n − 1 before it, along the first axis."""
    total = np.concatenate([np.zeros_like(bands[:1]), bands.cumsum(axis=0)])
    last = np.arange(1, len(total))
    return np.asarray(total[last] - total[np.maximum(last - n, 0)])


def _gap(record: RunRecord) -> Array:
    """Least minus most deprived fifth, three years pooled (a fifth has few deaths)."""
    both = (FEMALE, MALE)
    return _expectancy(record, both, LEAST, POOLED_YEARS) - _expectancy(record, both, MOST, POOLED_YEARS)


def _total(book: str) -> Callable[[RunRecord], Array]:
    def total(record: RunRecord) -> Array:
        years = record.money_years(getattr(record, book))
        return sum(years.values(), np.zeros(len(record.complete_years)))

    return total


_FUNCTIONS: dict[str, Callable[[RunRecord], Array]] = {
    "life_expectancy": lambda r: _expectancy(r, (FEMALE, MALE), 0),
    "life_expectancy_female": lambda r: _expectancy(r, (FEMALE,), 0),
    "life_expectancy_male": lambda r: _expectancy(r, (MALE,), 0),
    "life_expectancy_gap": _gap,
    "deaths_under_75": lambda r: _whole(r, r.death_bands)[:, 0, :, :BANDS_UNDER_75].sum(axis=(1, 2)),
    "lever_spend": _total("lever_spend"),
    "service_spend": _total("spend"),
}
