"""Who moves in, solved so that each authority's residents follow the growth that is declared for it.

People leave at a rate by age. In-migrants of a year are the leavers the place had at the start times a factor of that
authority and year, so they have the age pattern of movers. The factor is solved year by year in a cohort projection
with the evidence's own deaths and births: residents at each mid-year are then the declared ones in expectation, and in
every scenario the same people arrive. After mid-2024 people of 65–84 and of 85+ arrive at constant factors of their
own, solved so that those aged 65+ and 85+ grow until mid-2035 as declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.places.place import BAND, BANDS, MONTHS_A_YEAR, MOVE_GROUPS

if TYPE_CHECKING:
    from sim.evidence import Evidence

Floats = NDArray[np.float64]
AGES = 100
YEARS = 66
FIRST_YEAR = 2020
CENSUS_TO_FIRST_MIDYEAR = 0.25
"""Years from Census 2021 (whose totals the start has) to mid-2021."""
KNOWN = 4
"""Mid-years with known growth: 2021 to 2024."""
DECLARED_UNTIL = 15
"""Mid-2035: until then growth of older people is declared."""
GROUP_AGES = (*(BAND * band for band in MOVE_GROUPS), AGES)
TURNS, STEP = 6, 0.1
MOST_FACTOR = 4.0


@dataclass(frozen=True)
class Moves:
    """out_rate: float32[2, 19] share leaving in a month. factor: float32[Y, K, 3] of in-migrants under 65, 65–84, 85+.
    path: residents by mid-year and authority, float64[Y + 1, K]; older: people of 65+ and 85+, float64[Y + 1, 2]."""

    out_rate: NDArray[np.float32]
    factor: NDArray[np.float32]
    path: Floats
    older: Floats


@dataclass(frozen=True)
class _Projection:
    """What a cohort projection needs: people and leavers float[K, 2, 100], death rates of 2019 by authority, mortality
    of each year relative to 2019, rates of leaving float[2, 100], births per woman-year, and residents by mid-year."""

    people: Floats
    leavers: Floats
    death: Floats
    calendar: Floats
    leave: Floats
    birth: Floats
    boys: float
    totals: Floats

    def run(self, years: int, late: Floats) -> tuple[Floats, Floats, Floats]:
        """factor[Y, K, 3], path[Y + 1, K] and older[Y + 1, 2] when older people arrive at factors `late` after 2024."""
        people = self.people
        factors, path, older = [], [people.sum(axis=(1, 2))], [_older(people)]
        for year in range(years):
            rate = self.death * self.calendar[year] + self.leave
            stay = _a_year_on(people, rate, self.birth, self.boys)
            come = _newcomers(self.leavers, rate, self.birth, self.boys)
            factor = np.empty((len(people), len(MOVE_GROUPS)))
            wanted = self.totals[year + 1] - stay.sum(axis=(1, 2))
            size = come.sum(axis=(2, 3))
            if year < KNOWN:
                factor[:] = np.maximum(wanted / size.sum(axis=0), 0)[:, None]
            else:
                factor[:, 1:] = late
                factor[:, 0] = np.maximum((wanted - late @ size[1:]) / size[0], 0)
            people = stay + np.einsum("kg,gksa->ksa", factor, come)
            factors.append(factor)
            path.append(people.sum(axis=(1, 2)))
            older.append(_older(people))
        return np.array(factors), np.array(path), np.array(older)


def out_per_year(evidence: Evidence, counts: NDArray[Any]) -> Floats:
    """Rate of leaving a year by sex and band, float64[2, 19], whose mean over `counts` [2, 19] is the evidence's."""
    profile = evidence.table("migration_age_profile").sort_values("age_from")["value"].to_numpy(float)
    rate = np.tile(profile, (2, 1))
    return np.asarray(rate * evidence["places.migration.out_per_year"] / np.average(rate, weights=counts), np.float64)


def growth(evidence: Evidence, authorities: list[str], own: Mapping[str, float] | None = None) -> Floats:
    """Declared growth a year of each authority until mid-2024; `own` overrides, by code."""
    known = evidence.table("population_growth").set_index("authority")["value"]
    own = own or {}
    return np.array([own.get(code, float(known.get(code, known["other"]))) for code in authorities])


def declared_size(early: Floats, month: float) -> Floats:
    """Residents in a month up to mid-2024 relative to July 2020, where each authority grows by `early` a year."""
    years = min(max(month, 0.0) / MONTHS_A_YEAR, KNOWN)
    first = min(years, 1.0) * CENSUS_TO_FIRST_MIDYEAR
    return np.asarray((1 + early) ** (first + max(years - 1.0, 0.0)), np.float64)


def solve(
    evidence: Evidence, counts: Floats, age_share: Floats, deciles: Floats, early: Floats, later: Floats
) -> Moves:
    """Solve the moves.

    counts: float[K, 2, 19] residents by authority; age_share: float[K, 2, 19, 10] single ages within bands; deciles:
    float[K, 10] share of residents by national deprivation decile; early, later: growth a year of each authority to
    mid-2024 and after.
    """
    month = 1 - np.exp(-out_per_year(evidence, counts.sum(axis=0)) / MONTHS_A_YEAR)
    leave = MONTHS_A_YEAR * month[:, np.minimum(np.arange(AGES) // BAND, BANDS - 1)]
    people = unfold(counts[..., None] * age_share)
    birth, boys = _births(evidence)
    steps = np.array([_step(year, early, later) for year in range(YEARS)])
    projection = _Projection(
        people=people,
        leavers=people * leave,
        death=np.einsum("kd,sad->ksa", deciles, _deaths(evidence)),
        calendar=np.array([_calendar(evidence, FIRST_YEAR + year) for year in range(YEARS)]),
        leave=leave,
        birth=birth,
        boys=boys,
        totals=people.sum(axis=(1, 2)) * np.concatenate([np.ones((1, len(people))), np.cumprod(steps, axis=0)]),
    )
    declared = np.array([evidence["places.growth.aged_65"], evidence["places.growth.aged_85"]])
    factor, path, older = projection.run(YEARS, _late_factors(projection, declared))
    return Moves(month.astype(np.float32), factor.astype(np.float32), path, older)


def _late_factors(projection: _Projection, declared: Floats) -> Floats:
    """Factors of in-migrants of 65–84 and 85+ with which 65+ and 85+ grow as declared from mid-2024 to mid-2035.

    Newton's method with differences; the factors stay from 0 to `MOST_FACTOR`, so an unlikely declaration is met as far
    as moves can meet it.
    """

    def growth_with(late: Floats) -> Floats:
        older = projection.run(DECLARED_UNTIL, late)[2]
        return np.asarray((older[-1] / np.maximum(older[KNOWN], 1e-9)) ** (1 / (DECLARED_UNTIL - KNOWN)) - 1)

    late = np.ones(2)
    for _ in range(TURNS):
        now = growth_with(late)
        if np.abs(now - declared).max() < 1e-6:
            break
        slope = np.stack([(growth_with(late + step) - now) / STEP for step in STEP * np.eye(2)], axis=1)
        late = np.clip(late + np.linalg.lstsq(slope, declared - now, rcond=None)[0], 0.0, MOST_FACTOR)
    return late


def unfold(banded: Floats) -> Floats:
    """[…, 19, 10] ages within bands → […, 100] single ages; only the last band is ten years wide."""
    return np.concatenate([banded[..., :-1, :5].reshape(*banded.shape[:-2], -1), banded[..., -1, :]], axis=-1)


def _step(year: int, early: Floats, later: Floats) -> Floats:
    if year == 0:
        return np.asarray((1 + early) ** CENSUS_TO_FIRST_MIDYEAR)
    return 1 + (early if year < KNOWN else later)


def _a_year_on(people: Floats, rate: Floats, birth: Floats, boys: float) -> Floats:
    """Residents a year on without in-migrants, with their newborn."""
    out = _older_by_a_year(people * np.exp(-rate))
    return _with_babies(out, (people[:, 0] + out[:, 0]) / 2, rate, birth, boys)


def _newcomers(leavers: Floats, rate: Floats, birth: Floats, boys: float) -> Floats:
    """In-migrants of a year at factor one who are there at its end, with their newborn, by group: [3, K, 2, 100]."""
    out = []
    for first, last in pairwise(GROUP_AGES):
        half = np.zeros_like(leavers)
        half[..., first:last] = (leavers * np.exp(-rate / 2))[..., first:last]
        there = (half + _older_by_a_year(half)) / 2
        out.append(_with_babies(there, there[:, 0] / 2, rate, birth, boys))
    return np.array(out)


def _with_babies(people: Floats, women: Floats, rate: Floats, birth: Floats, boys: float) -> Floats:
    babies = women @ birth
    for sex, share in enumerate((1 - boys, boys)):
        people[:, sex, 0] += babies * share * np.exp(-rate[:, sex, 0] / 2)
    return people


def _older_by_a_year(people: Floats) -> Floats:
    out = np.zeros_like(people)
    out[..., 1:] = people[..., :-1]
    out[..., -1] += people[..., -1]
    return out


def _older(people: Floats) -> Floats:
    return np.array([people[..., 65:].sum(), people[..., 85:].sum()])


def _deaths(evidence: Evidence) -> Floats:
    """Deaths per person-year of 2019 by sex, single age and decile: float64[2, 100, 10]."""
    table = evidence.table("mortality_base")
    out = np.zeros((2, 101, 10))
    sex, age, decile = (table[c].to_numpy(int) for c in ("sex", "age", "decile"))
    out[sex, age, decile - 1] = table["value"].to_numpy(float)
    out[:, AGES - 1] = out[:, AGES - 1 :].mean(axis=1)
    return out[:, :AGES]


def _calendar(evidence: Evidence, year: int) -> float:
    """Mortality of the year from this mid-year to the next, relative to 2019."""
    known = evidence.table("mortality_year").set_index("year")["value"]
    last = int(known.index.max())

    def of(each: int) -> float:
        if each in known.index:
            return float(known[each])
        return float(known[last]) * (1 - evidence["mortality.improvement_per_year"]) ** (each - last)

    return (of(year) + of(year + 1)) / 2


def _births(evidence: Evidence) -> tuple[Floats, float]:
    """Births per woman-year by single age, and the share of boys."""
    table = evidence.table("fertility")
    out = np.zeros(AGES)
    for first, last, value in zip(table["age_from"], table["age_to"], table["value"], strict=True):
        out[int(first) : int(last) + 1] = value
    ratio = evidence["demography.sex_ratio_at_birth"]
    return out, ratio / (1 + ratio)
