"""Choosing a place: by name, by configuration, by folder, and what is said when it is not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.errors import UserError
from sim.places import Place, load, names
from sim.places.place import fifths
from sim.places.shipped import DATA, tables

pytestmark = pytest.mark.unit

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def default() -> Place:
    """The default place with central evidence."""
    return load("north_mid_hampshire")


def test_the_shipped_places_are_three() -> None:
    assert names() == ["england", "hampshire_iow", "north_mid_hampshire", "toy"]


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("north_mid_hampshir", "Did you mean north_mid_hampshire?"),
        ("nowhere", "Choose from: england, hampshire_iow, north_mid_hampshire, toy"),
        ("no/such/folder", "There is no folder no/such/folder"),
        ({"lads": ["Basingstok"]}, "Did you mean Basingstoke and Deane?"),
        ({"lsoas": ["E01999999"]}, "no LSOA 2021 E01999999"),
        ({"name": "empty"}, "has no neighbourhoods"),
        ({"lad": ["Winchester"]}, "Did you mean lads?"),
        ({"lads": ["Isle of Wight"], "lsoa": []}, "Did you mean lsoas?"),
    ],
)
def test_what_cannot_be_found_is_said_with_the_nearest_right_name(place: object, says: str) -> None:
    with pytest.raises(UserError, match=says.replace("?", r"\?")):
        load(place)  # type: ignore[arg-type]


def test_the_default_is_the_three_authorities_and_the_nearest_of_three_more(default: Place) -> None:
    people = default.counts.sum(axis=(1, 2))
    users = people * default.lsoas["hhft_share"]
    data = tables()
    every = data.areas["lad_name"].value_counts()
    here = default.lsoas["lad_name"].value_counts()
    for whole in ("Basingstoke and Deane", "Winchester", "Test Valley"):
        assert here[whole] == every[whole]
    for part in ("Eastleigh", "East Hampshire", "Hart"):
        assert 0 < here[part] < every[part]
    expected = data.authorities["capture_share"] * data.authorities["residents_census2021"]
    met = users.groupby(default.lsoas["lad_code"].to_numpy()).sum()
    assert np.allclose(met, expected[met.index], rtol=1e-4)


def test_the_share_of_the_trust_that_is_simulated_is_as_defined(default: Place) -> None:
    assert default.activity_share_simulated == pytest.approx(0.914, abs=0.002)
    assert 470_000 < default.catchment < 575_000
    assert set(default.sites["code"]) == {"BNHH", "RHCH", "AWMH"}
    assert default.sites["bed_share"].sum() == pytest.approx(1)
    assert default.sites["has_ed"].tolist() == [True, True, False]


def test_a_nearer_neighbourhood_of_the_same_authority_uses_the_trust_more(default: Place) -> None:
    inside = default.lsoas[default.lsoas["lad_name"] == "Test Valley"]
    andover = inside[inside["lat"] > 51.18]["hhft_share"].mean()
    romsey = inside[inside["lat"] < 51.02]["hhft_share"].mean()
    assert andover > 0.8
    assert romsey < 0.4


def test_authorities_by_name_and_code_and_lsoas_make_the_same_place_again() -> None:
    by_name, by_code = load({"name": "w", "lads": ["winchester"]}), load({"name": "w", "lads": ["E07000094"]})
    by_area = load({"name": "w", "lsoas": by_name.lsoas["code"].tolist()})
    for other in (by_code, by_area):
        assert other.lsoas.equals(by_name.lsoas)
        assert np.array_equal(other.counts, by_name.counts)
    assert (by_name.lsoas["lad_name"] == "Winchester").all()


def test_a_place_may_be_a_yaml_file(tmp_path: Path) -> None:
    file = tmp_path / "hart.yaml"
    file.write_text("label: Hart\nlads: [Hart]\n", encoding="utf-8")
    place = load(file)
    assert (place.name, place.label) == ("hart", "Hart")


def test_local_fifths_hold_about_equally_many_people_and_the_first_is_the_most_deprived(default: Place) -> None:
    people = default.counts.sum(axis=(1, 2))
    sizes = np.bincount(default.local_fifth, weights=people)[1:]
    assert sizes.size == 5
    assert np.allclose(sizes / sizes.sum(), 0.2, atol=0.004)
    mean_rank = [default.lsoas["imd_rank"][default.local_fifth == fifth].mean() for fifth in range(1, 6)]
    assert mean_rank == sorted(mean_rank)


def test_fifths_do_not_depend_on_the_order_of_areas() -> None:
    rank, people = np.array([5, 1, 4, 2, 3]), np.array([10, 30, 20, 25, 15])
    order = np.array([3, 0, 4, 2, 1])
    assert np.array_equal(fifths(rank, people)[order], fifths(rank[order], people[order]))


def test_the_toy_town_is_small_has_every_fifth_and_says_it_is_invented() -> None:
    toy = load("toy")
    assert toy.residents == 5000
    assert sorted(toy.local_fifth) == [1, 2, 3, 4, 5]
    assert (len(toy.practices), len(toy.sites)) == (2, 1)
    assert "invented" in toy.label
    assert toy.sources["dataset"].str.contains("invented").any()


def test_every_area_has_a_neighbour_and_adjacency_is_mutual(default: Place) -> None:
    start, other = default.neighbours
    rows = np.repeat(np.arange(len(default.lsoas)), np.diff(start))
    assert set(zip(rows, other, strict=True)) == set(zip(other, rows, strict=True))
    assert (rows != other).all()
    assert np.diff(start).min() >= 1


def test_tables_are_small_complete_and_carry_their_sources() -> None:
    assert sum(file.stat().st_size for file in DATA.parent.rglob("*") if file.is_file()) < 2 * MEGABYTE
    data = tables()
    assert not data.areas.isna().any().any()
    assert data.sources.notna().all().all()
    assert data.counts.min() >= 0
    assert int(data.counts.sum()) == int(data.authorities["residents_census2021"].sum())
