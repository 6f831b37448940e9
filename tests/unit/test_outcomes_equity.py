"""Inequality and life tables against oracles that work person by person, or by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.outcomes import computed, equity, lifetable
from tests.unit.outcomes_samples import record

pytestmark = pytest.mark.unit
STANDARD = np.array([19300, 27700, 33500, 10500, 6500, 2500], float)


def person_by_person(events: np.ndarray, people: np.ndarray, rank: np.ndarray, standard: np.ndarray) -> tuple:
    """SII, RII and concentration index from one row a person, by least squares and by pairs of people."""
    everyone = people.sum(axis=1)
    place = np.repeat(np.arange(len(rank)), everyone)
    # the ridit of a person: half of those as deprived, and all of those less deprived
    at = np.array([((rank[place] > r).sum() + 0.5 * (rank[place] == r).sum()) / len(place) for r in rank])
    lines = []
    for age in range(people.shape[1]):
        who = np.repeat(np.arange(len(rank)), people[:, age])
        ill = np.concatenate([np.arange(n) < e for n, e in zip(people[:, age], events[:, age], strict=True)])
        design = np.stack([np.ones(len(who)), at[who]], axis=1)
        lines.append(np.linalg.lstsq(design, ill.astype(float), rcond=None)[0])
    weights = standard / standard.sum()
    intercept, slope = weights @ np.array(lines)
    mean = weights @ (events.sum(axis=0) / people.sum(axis=0))
    index = -2 * at[place].var() * slope / mean
    return slope, (intercept + slope) / intercept, index, mean


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 8), st.integers(0, 10_000))
def test_inequality_is_that_of_individuals(areas: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = rng.integers(2, 30, (areas, 6))
    events = rng.integers(0, people + 1)
    rank = rng.permutation(areas).astype(float)
    found = equity.inequality(events, people, rank, STANDARD)
    slope, ratio, index, mean = person_by_person(events, people, rank, STANDARD)
    assert found.slope == pytest.approx(slope, abs=1e-9)
    assert found.mean == pytest.approx(mean)
    if np.isfinite(found.ratio):
        assert found.ratio == pytest.approx(ratio, rel=1e-6)
    if np.isfinite(found.concentration):
        assert found.concentration == pytest.approx(index, abs=1e-9)


def test_signs_are_those_that_the_documentation_states() -> None:
    people = np.full((5, 1), 100)
    worse_when_deprived = np.array([[50], [40], [30], [20], [10]])
    found = equity.inequality(worse_when_deprived, people, np.arange(5), np.ones(1))
    assert found.slope == pytest.approx(0.5)  # 10 percentage points a fifth of the scale
    assert found.ratio == pytest.approx((0.3 + 0.25) / (0.3 - 0.25))
    assert found.concentration == pytest.approx(-4 / 15)  # 2/(5·µ)·Σ y·i/5 … by hand
    assert equity.inequality(worse_when_deprived[::-1], people, np.arange(5), np.ones(1)).slope == pytest.approx(-0.5)


def test_the_concentration_index_is_half_the_gini_of_ranked_shares_without_age_groups() -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 50, 12)
    n = np.full(12, 50)
    found = equity.inequality(y[:, None], n[:, None], np.arange(12), np.ones(1))
    shares = np.concatenate([[0], np.cumsum(y) / y.sum()])  # most deprived first
    area = ((shares[1:] + shares[:-1]) / 2 / 12).sum()
    assert found.concentration == pytest.approx(1 - 2 * area)


def test_an_empty_age_group_or_area_says_nothing_and_a_single_area_cannot_be_told() -> None:
    people, events = np.full((4, 6), 10.0), np.arange(24.0).reshape(4, 6) / 4
    people[2] = events[2] = 0
    people[:, 5] = events[:, 5] = 0
    kept = [0, 1, 3]
    whole = equity.inequality(events, people, np.arange(4), STANDARD)
    small = equity.inequality(events[kept][:, :5], people[kept][:, :5], np.arange(4)[kept], STANDARD[:5])
    assert whole.slope == pytest.approx(small.slope)
    assert np.isnan(equity.inequality(events[:1], people[:1], np.zeros(1), STANDARD).slope)
    assert np.isnan(equity.inequality(events * 0, people * 0, np.arange(4), STANDARD).slope)


def test_the_standard_population_adds_up() -> None:
    assert equity.standard_population().tolist() == STANDARD.tolist()
    assert STANDARD.sum() == 100_000


def chiang_by_hand(deaths: np.ndarray, people: np.ndarray) -> float:
    """Life expectancy by walking one cohort of 100,000 through the bands."""
    alive, lived = 100_000.0, 0.0
    for band in range(len(deaths) - 1):
        m = deaths[band] / people[band]
        a = 0.1 if band == 0 else 0.5
        dying = alive * min(1.0, 5 * m / (1 + (1 - a) * 5 * m))
        lived += 5 * (alive - dying) + a * 5 * dying
        alive -= dying
    return (lived + alive * people[-1] / deaths[-1]) / 100_000


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(1e-5, 0.1), min_size=19, max_size=19), st.floats(0.05, 0.5))
def test_life_expectancy_is_that_of_a_cohort(rates: list[float], last: float) -> None:
    people = np.linspace(4000, 300, 19)
    deaths = people * np.array([*rates[:-1], last])
    assert lifetable.life_expectancy(deaths, people) == pytest.approx(chiang_by_hand(deaths, people))


def test_life_expectancy_under_one_rate_at_all_ages_is_close_to_its_inverse() -> None:
    people = np.full(19, 1e6)
    assert lifetable.life_expectancy(people * 0.0125, people) == pytest.approx(80, rel=0.01)


def test_life_expectancy_of_nobody_or_of_the_undying_has_no_value() -> None:
    people, deaths = np.full((2, 19), 100.0), np.full((2, 19), 1.0)
    people[0, 3] = 0
    deaths[1, -1] = 0
    assert np.isnan(lifetable.life_expectancy(deaths, people)).all()


def test_the_standard_error_is_the_spread_of_repeated_counts() -> None:
    rng = np.random.default_rng(0)
    people = np.full(19, 4000.0)
    rate = np.concatenate([np.full(10, 0.001), np.geomspace(0.003, 0.2, 9)])
    repeated = lifetable.life_expectancy(rng.poisson(rate * people, (4000, 19)), people)
    assert lifetable.standard_error(rate * people, people) == pytest.approx(repeated.std(), rel=0.1)


def test_computed_measures_have_a_value_for_each_complete_year() -> None:
    r = record(n=4000, years=2)
    for name, measure in r.measures.items():
        if measure.kind == "computed":
            assert r.years(name).shape == (2,)
    assert np.isfinite(r.years("life_expectancy")).all()
    under = r.death_bands[:2, 0, :, :15].sum(axis=(1, 2))
    np.testing.assert_allclose(r.years("deaths_under_75"), under)
    found = computed.of_year(r, "inequality_loneliness", r.complete_years[-1])
    assert 40 < found.mean < 60  # half of the invented adults are lonely
