"""Registration, catchment and moves on small cases whose answers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.evidence import load as registry
from sim.places import Place, load, migration
from sim.places.catchment import by_distance, nearest_first
from sim.places.geometry import distances
from sim.places.registration import choices, register

pytestmark = pytest.mark.unit


def test_a_degree_north_is_111_km_and_east_shrinks_with_latitude() -> None:
    away = distances(np.array([[0.0, 51.0]]), np.array([[0.0, 52.0], [1.0, 51.0]]))
    assert away[0] == pytest.approx([111.2, 70.0], rel=0.002)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.integers(1, 6), st.integers(0, 10**6), st.floats(0.3, 5.0))
def test_registration_meets_areas_exactly_and_lists_nearly(areas: int, practices: int, salt: int, km: float) -> None:
    step = np.arange(1, areas + practices + 1) * 0.618034 * (salt % 97 + 1)
    spread = np.stack([step % 1, (step * 7.3) % 1], axis=1) * 0.05 + [-1.2, 51.2]
    people = 500 + (step[:areas] * 1000) % 900
    lists = 1000 + (step[areas:] * 3000) % 4000
    none = np.zeros(areas), np.zeros(practices)
    fitted = register(spread[:areas], people, spread[areas:], lists, km, none)
    assert fitted.persons.sum(axis=1) == pytest.approx(people)
    assert fitted.fit["lists_mean_error"] < 0.02
    assert (fitted.persons >= 0).all()
    choice, cumulative = choices(fitted.persons)
    assert (np.diff(cumulative, axis=1) >= 0).all()
    assert (cumulative[:, -1] == 1).all()
    assert choice.min() >= 0
    assert choice.max() < practices


def test_nobody_registers_on_another_island() -> None:
    points = np.array([[-1.2, 50.7], [-1.2, 50.72]])
    fitted = register(points, np.array([100.0, 300.0]), points[::-1], np.array([50.0, 50.0]), 1.0,
                      (np.array([0.0, 1.0]), np.array([0.0, 1.0])))  # fmt: skip
    assert fitted.persons == pytest.approx(np.diag([100.0, 300.0]))


def town(n: int = 20) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Areas on a line between two hospitals; the modelled one stands at the west end."""
    lon = np.linspace(-1.5, -1.1, n)
    areas = pd.DataFrame({"code": [f"A{i}" for i in range(n)], "lad_code": "L", "lon": lon, "lat": 51.0})
    sites = pd.DataFrame({"trust": ["RN5", "RHM"], "has_ed": [1, 1], "lon": [-1.5, -1.1], "lat": [51.0, 51.0]})
    return areas, np.full(n, 1000.0), sites


@pytest.mark.parametrize("slope", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.6, 0.97, 1.0])
def test_the_authority_capture_share_is_met_at_any_slope(share: float, slope: float) -> None:
    areas, people, sites = town()
    chance = by_distance(areas, people, sites, pd.Series({"L": share}), slope)
    assert np.average(chance, weights=people) == pytest.approx(share, abs=1e-9)
    assert (np.diff(chance) <= 1e-12).all()


def test_nearest_first_stops_when_the_expected_users_are_met() -> None:
    areas, people, sites = town()
    chosen = nearest_first(areas, people, sites, pd.Series({"L": 0.23}))
    assert list(chosen.index) == ["A0", "A1", "A2", "A3", "A4"]
    assert chosen.sum() * 1000 == pytest.approx(0.23 * people.sum())
    assert chosen.iloc[-1] == pytest.approx(0.6)


@pytest.fixture(scope="module")
def place() -> Place:
    """The default place."""
    return load("north_mid_hampshire")


def test_residents_follow_the_declared_growth(place: Place) -> None:
    evidence = registry().draw(0)
    assert place.fit["growth_2024_2035_all"] == pytest.approx(evidence["places.growth.later"], abs=1e-6)
    assert place.fit["growth_2024_2035_aged_65_and_over"] == pytest.approx(evidence["places.growth.aged_65"], abs=1e-5)
    assert place.fit["growth_2024_2035_aged_85_and_over"] == pytest.approx(evidence["places.growth.aged_85"], abs=1e-5)
    people = place.counts.sum(axis=(1, 2))
    expected = (people * (1 + place.lsoas["growth"]) ** 3.25).sum()
    assert place.fit["residents_mid2024"] == pytest.approx(expected, rel=1e-6)


def test_five_per_cent_leave_in_a_year_and_nearly_as_many_or_more_come(place: Place) -> None:
    leave = 12 * (place.counts * place.out_rate).sum() / place.residents
    assert leave == pytest.approx(0.05, rel=0.01)
    come = [12 * place.arrivals(month).sum() / place.residents for month in (0, 30, 100, 300, 700, 10_000)]
    assert min(come) > 0.04
    assert max(come) < 0.12
    assert place.arrivals(-5).shape == place.counts.shape
    assert (place.arrivals(60) >= 0).all()
    assert (place.in_moves.shape, place.in_moves.dtype) == (place.counts.shape, np.float32)


def test_a_place_that_grows_faster_has_more_arrivals() -> None:
    slow = load("toy", registry().draw(0).replaced({"places.growth.later": 0.003}))
    fast = load("toy", registry().draw(0).replaced({"places.growth.later": 0.009}))
    assert (fast.arrivals(100).sum(), fast.arrivals(30).sum()) > (slow.arrivals(100).sum(), slow.arrivals(30).sum())
    assert fast.arrivals(30).sum() == pytest.approx(slow.arrivals(30).sum())


def test_single_ages_unfold_to_a_hundred() -> None:
    banded = np.arange(19 * 10, dtype=float).reshape(19, 10)
    banded[:-1, 5:] = 0
    single = migration.unfold(banded)
    assert single.shape == (100,)
    assert single.sum() == banded.sum()
    assert single[90:].tolist() == banded[18].tolist()


def test_shares_of_single_ages_sum_to_one(place: Place) -> None:
    assert place.single_age_share.shape == (2, 19, 5)
    assert place.single_age_share.sum(axis=-1) == pytest.approx(np.ones((2, 19)))
    assert place.age_share.sum(axis=-1) == pytest.approx(np.ones(place.age_share.shape[:-1]))
