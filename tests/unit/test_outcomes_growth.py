"""The growth of demand is split into parts that add up and say what they are called."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sim.errors import UserError
from sim.evidence import load
from sim.outcomes import growth
from sim.outcomes.measure import AGE_GROUPS
from sim.outcomes.record import RunRecord
from sim.outcomes.results import Results
from tests.unit import report_samples

pytestmark = pytest.mark.unit
USE = "residents_emergency_admissions"
RATIO = load().draw(1)[growth.RATIO]


def made(people: float = 1.0, ill: float = 1.0, use: float = 1.0, deaths: float = 1.0) -> RunRecord:
    """A record whose people, share of ill, use at given age and illness, and death rates change evenly: at its end they
    are so many times what they were."""
    one = report_samples.record("baseline", 1, 1, years=6)
    years = len(one.yearly_age)
    t = np.linspace(0, 1, years)[:, None]
    count = np.array([1000.0, 1500, 1800, 600, 400, 150]) * people**t
    share = np.array([0.0, 0.05, 0.2, 0.45, 0.6, 0.75]) * ill**t
    each = np.array([0.05, 0.06, 0.08, 0.15, 0.3, 0.5]) * use**t
    at = one.measures.recorded.index
    one.yearly_age[:, at("residents")] = count
    one.yearly_age[:, at("multimorbid")] = count * share
    one.yearly_age[:, at(USE)] = count * each * (1 + (RATIO - 1) * share)
    bands = np.full((years, 6, 2, 19), 100.0)
    rate = 0.02 * deaths ** t[:, :, None, None]
    return dataclasses.replace(one, population_bands=bands, death_bands=bands * rate)


def parts(record: RunRecord) -> dict[str, float]:
    first, last = record.complete_years[0], record.complete_years[-1]
    found = growth.split(record, USE, first, last)
    assert found is not None
    use = record.by_age(USE, last).sum() / record.by_age(USE, first).sum() - 1
    assert sum(found.values()) == pytest.approx(100 * use), "they add up to what was recorded"
    return found


@pytest.mark.parametrize(("what", "part"), [("people", "ageing"), ("ill", "incidence"), ("use", "exogenous")])
def test_each_part_takes_what_is_its_own(what: str, part: str) -> None:
    found = parts(made(**{what: 1.2}))
    assert found.pop(part) > 5
    assert list(found.values()) == pytest.approx([0, 0, 0], abs=1e-6)


def test_people_who_live_because_fewer_die_are_survival() -> None:
    found = parts(made(deaths=0.7))
    assert found["survival"] > 0.5
    assert found["ageing"] == pytest.approx(-found["survival"]), "the same people: without them there would be fewer"
    assert parts(made(deaths=1.3))["survival"] < 0


def test_survivors_are_as_many_as_the_rates_say() -> None:
    """Over one year from even rates: the fall of the rate times the people, those in turn at risk for that year."""
    record = made(deaths=0.7)
    first = record.complete_years[0]
    extra = growth.extra_survivors(record, first, first + 1).sum()
    rates = record.death_bands[:2, 0, 0, 0] / 100
    assert extra == pytest.approx((rates[0] - rates[1]) * 2 * 19 * 100 * (1 - rates[1]), rel=0.01)
    assert growth.extra_survivors(made(), first, first + 1) == pytest.approx(np.zeros(len(AGE_GROUPS)), abs=1e-9)


def test_a_comparison_is_split_in_its_baseline() -> None:
    results = Results([made(people=1.1), dataclasses.replace(made(people=1.3), seed=2)])
    (one,) = growth.growth(results, measures=(USE,))
    assert one.total.mean == pytest.approx(sum(part.mean for part in one.parts.values()))
    assert (one.first, one.last) == (2026, results.years[-1])
    said = "\n".join(growth.render([one]))
    assert "WHY DEMAND GROWS" in said
    assert "ageing +" in said
    assert growth.render([]) == []


def test_years_that_were_not_run_are_refused() -> None:
    record = made()
    with pytest.raises(UserError, match="must be run whole"):
        growth.split(record, USE, record.complete_years[0], 2090)
