"""The people of a place: margins, determinism, and what scale and seed may and may not change.

Tolerances are in standard errors of the number of draws: a share p of n draws is within 4.5 √(p(1−p)/n), which a right
program misses about once in 150,000 comparisons.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.errors import UserError
from sim.places import Place, load, synthesise

pytestmark = pytest.mark.model

Z = 4.5


@pytest.fixture(scope="module")
def place() -> Place:
    """One real authority: small enough to be quick."""
    return load({"name": "hart", "label": "Hart", "lads": ["Hart"]})


@pytest.fixture(scope="module")
def people(place: Place) -> dict[str, np.ndarray]:
    """All its residents."""
    return synthesise(place, 1.0, 1)


def cells(place: Place, people: dict[str, np.ndarray]) -> np.ndarray:
    """Residents counted by area, sex and band."""
    age = -people["born"].astype(int) // 12
    out = np.zeros(place.counts.shape, int)
    np.add.at(out, (people["lsoa"], people["male"], np.minimum(age // 5, 18)), 1)
    return out


def test_every_area_sex_and_band_has_exactly_its_residents(place: Place, people: dict[str, np.ndarray]) -> None:
    assert np.array_equal(cells(place, people), place.counts)


def test_columns_have_their_types_and_ranges(place: Place, people: dict[str, np.ndarray]) -> None:
    kinds = {"identity": "int64", "lsoa": "int16", "male": "uint8", "born": "int16", "practice": "int16",
             "home_trust": "uint8", "site": "int8", "decile": "uint8"}  # fmt: skip
    assert {name: str(values.dtype) for name, values in people.items()} == kinds
    assert people["identity"].min() > 0
    assert np.unique(people["identity"]).size == place.residents
    assert people["born"].max() < 0
    assert people["born"].min() >= -100 * 12
    assert set(np.unique(people["site"])) <= set(np.flatnonzero(place.sites["has_ed"]))
    assert np.array_equal(people["decile"], place.lsoas["imd_decile"].to_numpy()[people["lsoa"]])


def test_the_same_twice_and_another_seed_keeps_who_they_are(place: Place, people: dict[str, np.ndarray]) -> None:
    again, other = synthesise(place, 1.0, 1), synthesise(place, 1.0, 2)
    assert all(np.array_equal(people[name], again[name]) for name in people)
    for fixed in ("identity", "lsoa", "male", "decile", "site"):
        assert np.array_equal(people[fixed], other[fixed])
    assert not np.array_equal(people["practice"], other["practice"])
    assert not np.array_equal(people["born"], other["born"])


def test_a_scaled_place_is_a_subset_whose_people_are_the_same(place: Place, people: dict[str, np.ndarray]) -> None:
    few = synthesise(place, 0.1, 1)
    at = {int(identity): row for row, identity in enumerate(people["identity"])}
    rows = np.array([at[int(identity)] for identity in few["identity"]])
    assert all(np.array_equal(few[name], people[name][rows]) for name in people)


def test_a_tenth_keeps_the_expected_number_of_every_cell(place: Place) -> None:
    """Each cell is rounded to a neighbouring whole number, and up as often as its fraction says."""
    scale = 0.1
    expected = place.counts * scale
    draws = [cells(place, synthesise(place, scale, seed)) for seed in range(1, 9)]
    for drawn in draws:
        assert (np.abs(drawn - expected) < 1).all()
        variance = (expected % 1 * (1 - expected % 1)).sum()
        assert abs(drawn.sum() - expected.sum()) < Z * variance**0.5
    fraction = expected % 1
    mean = np.mean(draws, axis=0) - np.floor(expected)
    error = np.sqrt((fraction * (1 - fraction)).sum() / len(draws)) / fraction.size
    assert abs((mean - fraction).mean()) < Z * error
    assert not np.array_equal(draws[0], draws[1])


def test_one_more_resident_in_a_cell_changes_nobody_else(place: Place, people: dict[str, np.ndarray]) -> None:
    counts = place.counts.copy()
    counts[7, 1, 3] += 1
    more = synthesise(replace(place, counts=counts), 1.0, 1)
    new = ~np.isin(more["identity"], people["identity"])
    assert new.sum() == 1
    assert all(np.array_equal(more[name][~new], people[name]) for name in people)


def test_people_register_as_the_fitted_model_says(place: Place, people: dict[str, np.ndarray]) -> None:
    choice, cumulative = place.registration
    chance = np.diff(cumulative, axis=1, prepend=0)
    expected = np.zeros((len(place.lsoas), len(place.practices)))
    np.add.at(expected, (np.arange(len(choice))[:, None], choice), chance)
    residents = place.counts.sum(axis=(1, 2))
    drawn = np.bincount(people["practice"], minlength=len(place.practices))
    mean, variance = residents @ expected, residents @ (expected * (1 - expected))
    assert (np.abs(drawn - mean) <= Z * np.sqrt(variance) + 1).all()
    assert mean == pytest.approx(place.practices["list_simulated"].to_numpy(), abs=1)


def test_home_trusts_come_to_the_capture_share(place: Place, people: dict[str, np.ndarray]) -> None:
    share = place.lsoas["hhft_share"].to_numpy()
    residents = place.counts.sum(axis=(1, 2))
    error = np.sqrt((residents * share * (1 - share)).sum())
    assert abs(int(people["home_trust"].sum()) - place.users) < Z * error
    assert place.users / place.residents == pytest.approx(0.254, abs=0.001)


def test_single_ages_and_birth_months_are_spread_as_stated(place: Place, people: dict[str, np.ndarray]) -> None:
    months = -people["born"].astype(int)
    age, part = months // 12, months % 12
    grown = part[age > 0]
    share = np.bincount(grown, minlength=12) / grown.size
    assert (np.abs(share - 1 / 12) < Z * np.sqrt(1 / 12 / grown.size)).all()
    number = place.counts.sum(axis=0)
    for sex, band in ((0, 3), (1, 6), (0, 17)):
        inside = age[(people["male"] == sex) & (age // 5 == band)] - 5 * band
        expected = place.age_share[0, sex, band, :5]
        drawn = np.bincount(inside, minlength=5) / number[sex, band]
        assert (np.abs(drawn - expected) < Z * np.sqrt(expected * (1 - expected) / number[sex, band])).all()


@pytest.mark.parametrize("scale", [0, -0.1, 1.01])
def test_a_scale_out_of_range_is_said(place: Place, scale: float) -> None:
    with pytest.raises(UserError, match="above 0 and at most 1"):
        synthesise(place, scale, 1)
