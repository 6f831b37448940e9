"""Community capacity: what builds it, what it loses, where it goes; energy and what is seen of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.evidence import Evidence, load
from sim.life import community
from tests.unit.ties_town import AREAS, EACH, Land, Town, ring

pytestmark = pytest.mark.unit
PLAIN = {"community.spread_a_year": 0.0, "community.learning_start": 1.0}


def plain(**more: float) -> Evidence:
    return load().draw(0).replaced({**PLAIN, **{f"community.{name}": value for name, value in more.items()}})


def run(town: Town, months: int, pounds: np.ndarray | float) -> np.ndarray:
    """Capacity after some months of the same money; what is written is used once."""
    homes = town.neighbourhoods.columns
    for _ in range(months):
        homes["invested"][:AREAS] = pounds
        community.advance(town)  # type: ignore[arg-type]
        assert not homes["invested"][:AREAS].any()
    return homes["capacity"][:AREAS].astype(float)


def dose(town: Town) -> float:
    return town.evidence["levers.community_building.cost_per_resident"]


def test_nothing_comes_of_nothing() -> None:
    town = Town()
    assert not run(town, 24, 0.0).any()


def test_the_studied_dose_leads_to_one_and_halves_in_a_half_life_without_money() -> None:
    town = Town(evidence=plain(rural_reach=1.0))
    half = round(town.evidence["levers.community_building.half_life_months"])
    assert run(town, half, dose(town)) == pytest.approx(0.5, abs=1e-3)
    assert run(town, 12 * half, dose(town)) == pytest.approx(1, abs=1e-3)
    assert run(town, half, 0.0) == pytest.approx(0.5, abs=1e-3)


def test_energy_and_reach_multiply_what_money_builds() -> None:
    town = Town(evidence=plain())
    town.neighbourhoods.columns["energy"][:AREAS] = np.linspace(0.5, 1.4, AREAS)
    built = run(town, 600, dose(town))
    reach = np.where(np.arange(AREAS) < 8, 1.0, town.evidence["community.rural_reach"])
    assert built == pytest.approx(np.linspace(0.5, 1.4, AREAS) * reach, rel=1e-3)


def test_learning_comes_with_work_and_goes_without() -> None:
    town = Town(evidence=load().draw(0).replaced({"community.spread_a_year": 0.0}))
    first = run(town, 1, dose(town))[0]
    keep = 0.5 ** (1 / town.evidence["levers.community_building.half_life_months"])
    assert first == pytest.approx((1 - keep) * 0.7, rel=0.02)
    run(town, 120, dose(town))
    learnt = town.neighbourhoods.columns["learnt"][0]
    assert learnt > 0.99
    run(town, 24, 0.0)
    assert town.neighbourhoods.columns["learnt"][0] == pytest.approx(0.5 * learnt, rel=0.01)


def test_spreading_keeps_the_sum_and_what_is_even() -> None:
    people = np.linspace(200, 3000, AREAS)
    stock = np.zeros(AREAS)
    stock[4] = 1.0
    spread = community.spread(stock, people, ring(AREAS), 0.15)
    assert spread @ people == pytest.approx(stock @ people)
    assert np.flatnonzero(spread).tolist() == [3, 4, 5], "only next door"
    assert (spread >= 0).all()
    assert community.spread(np.full(AREAS, 0.7), people, ring(AREAS), 0.15) == pytest.approx(0.7)
    far = spread
    for _ in range(20_000):
        far = community.spread(far, people, ring(AREAS), 0.15)
    assert far == pytest.approx(stock @ people / people.sum(), rel=1e-3), "in the end all have the same"


def test_an_empty_neighbourhood_takes_part_in_nothing() -> None:
    people = np.full(AREAS, 100.0)
    people[5] = 0
    stock = np.zeros(AREAS)
    stock[4] = 1.0
    spread = community.spread(stock, people, ring(AREAS), 0.1)
    assert spread[5] == 0
    assert np.isfinite(spread).all()


def many(areas: int = 2000, seed: int = 7, **more: float) -> Town:
    """A town that also knows of very many neighbourhoods."""
    town = Town(evidence=plain(**more))
    town.seed = seed
    town.decile = (np.arange(areas) % 10 + 1).astype(np.uint8)
    codes = pd.DataFrame({"code": [f"E{number}" for number in range(areas)]})
    town.place = Land(name="many", lsoas=codes, counts=np.full((areas, 2, 19), 10, np.int32))
    return town


def test_energy_has_mean_one_the_stated_spread_and_gradient() -> None:
    town = many()
    energy, seen = community.energies(town)  # type: ignore[arg-type]
    width = town.evidence["community.energy_spread"]
    for each in (energy, seen):
        assert each.mean() == pytest.approx(1, abs=4 * width / np.sqrt(2000))
        logs = np.log(each)
        by_decile = np.array([logs[town.decile == d].mean() for d in range(1, 11)])
        assert by_decile[0] - by_decile[9] == pytest.approx(np.log(0.75), abs=4 * width * np.sqrt(2 / 200))
        inside = logs - by_decile[town.decile - 1]
        assert inside.std() == pytest.approx(width, rel=4 / np.sqrt(2 * 2000))


@pytest.mark.parametrize("correlation", [0.2, 0.8])
def test_what_is_seen_goes_with_energy_as_stated(correlation: float) -> None:
    town = many(energy_seen=correlation, energy_deprivation_ratio=1.0)
    energy, seen = community.energies(town)  # type: ignore[arg-type]
    found = np.corrcoef(np.log(energy), np.log(seen))[0, 1]
    assert found == pytest.approx(correlation, abs=4 * (1 - correlation**2) / np.sqrt(2000))


def test_energy_belongs_to_a_place_and_a_seed() -> None:
    few, more, other = many(50), many(60), many(50, seed=8)
    first = community.energies(few)[0]  # type: ignore[arg-type]
    assert (community.energies(more)[0][:50] == first).all()  # type: ignore[arg-type]
    assert (community.energies(other)[0] != first).all()  # type: ignore[arg-type]


def test_assets_follow_people_and_visible_energy() -> None:
    town = Town()
    community.open_communities(town)  # type: ignore[arg-type]
    homes = town.neighbourhoods.columns
    expected = EACH / 1000 * town.evidence["community.assets_per_1000"] * homes["energy_observed"][:AREAS]
    assert np.abs(homes["assets"][:AREAS] - expected).max() <= 0.5
    assert (homes["energy"][:AREAS] > 0).all()
