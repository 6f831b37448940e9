"""The epidemiology of one evidence draw keeps England as the registry describes it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.draws import make_keys
from sim.evidence import load
from sim.evidence.prepare import in_deciles
from sim.life import behaviours, epidemiology, onset
from sim.life.epidemiology import Epidemiology
from sim.life.grid import AGES, DECILES, steps
from sim.life.health import Health, People, give
from sim.life.reference import Reference

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def epi() -> Epidemiology:
    return epidemiology.of(load().draw(0))


@pytest.fixture(scope="module")
def reference(epi: Epidemiology) -> Reference:
    return Reference(epi)


@pytest.fixture(scope="module")
def health(epi: Epidemiology, reference: Reference) -> Health:
    return give(reference.people, epi)


def share(reference: Reference, has: np.ndarray) -> tuple[float, float]:
    """Weighted share and its standard error, from the number of people drawn."""
    weight = reference.weight / reference.weight.sum()
    p = float((has * weight).sum())
    return p, float(np.sqrt(p * (1 - p) * (weight**2).sum()))


def test_prevalence_in_england_is_the_registers(epi: Epidemiology, reference: Reference, health: Health) -> None:
    for name in epi.names:
        found, error = share(reference, epi.states.has(health.state, name))
        expected = float((epi.prevalence[name] * epi.people).sum() / epi.people.sum())
        assert abs(found - expected) < 4 * error + 0.02 * expected, name


def test_the_deprivation_gradient_is_the_registers(epi: Epidemiology, reference: Reference, health: Health) -> None:
    name = "copd"
    has = epi.states.has(health.state, name)
    decile = reference.people.decile
    expected_all = epi.prevalence[name][reference.people.male, reference.people.age]
    for wanted in (1, 10):
        here = decile == wanted
        weight = reference.weight[here]
        observed = (has[here] * weight).sum() / (expected_all[here] * weight).sum()
        people = (has[here] * weight).sum() ** 2 / max((has[here] * weight**2).sum(), 1e-9)
        assert abs(observed - epi.gradient[name][wanted - 1]) < 4 * observed / np.sqrt(people) + 0.03


def test_conditions_cluster_in_the_same_people(epi: Epidemiology, reference: Reference, health: Health) -> None:
    diabetes, chd = (epi.states.has(health.state, name) for name in ("type2_diabetes", "chd"))
    band = (reference.people.age >= 65) & (reference.people.age < 75)
    with_it = np.average(chd[band & diabetes], weights=reference.weight[band & diabetes])
    without = np.average(chd[band & ~diabetes], weights=reference.weight[band & ~diabetes])
    assert with_it > 1.4 * without


def test_englands_deaths_are_kept(epi: Epidemiology, reference: Reference, health: Health) -> None:
    weight = epi.effects["death"].weight(health.state, health.lagged, epi.states)
    weight = np.minimum(weight, epi.evidence["mortality.hr_cap"])
    p = reference.people
    expected = (epi.death_base[p.male, p.age, p.decile - 1] * weight * reference.weight).sum()
    table = (epi.deaths[p.male, p.age, p.decile - 1] * reference.weight).sum()
    assert expected == pytest.approx(table, rel=0.005)


def test_incidence_meets_its_published_level(epi: Epidemiology, reference: Reference, health: Health) -> None:
    """New cases among the reference population, at everyone's own hazard, are the crude incidence of the registry times
    what calibration left of it."""
    p = reference.people
    level = epi.evidence.table("incidence_level").set_index("condition")["value"]
    for condition in epi.conditions:
        name = condition.name
        counted = 1 - epi.undiagnosed[name] if condition.undiagnosed == "beyond" else 1.0
        hazard = epi.onset_base[name][p.male, p.age, p.decile - 1]
        hazard = hazard * epi.effects[name].weight(health.state, health.lagged, epi.states)
        free = ~epi.states.has(health.state, name)
        found = counted * (hazard * free * reference.weight).sum() / reference.weight.sum()
        assert found == pytest.approx(level[name] * onset.lasting(epi.evidence, name), rel=0.04), name


def test_frozen_trends_keep_every_age_profile(epi: Epidemiology) -> None:
    """With no declared trend, twenty years of turnover leave each behaviour at each age where it was."""
    names = {f"behaviours.trend_{b.risk}": 0.0 for b in behaviours.BEHAVIOURS}
    evidence = epi.evidence.replaced(names)
    for behaviour in behaviours.BEHAVIOURS:
        start = epi.risk[behaviour.risk]
        into, out = behaviours.transitions(evidence, behaviour, start, epi.people)
        now = start.copy()
        for _ in range(20):
            for _ in range(12):
                now = now + (into * (1 - now) - out * now) / 12
            now = np.concatenate([start[:, :1], now[:, :-1]], axis=1)  # everyone is a year older
        adults = slice(18, 95)
        assert np.abs(now - start)[:, adults].max() < 0.01, behaviour.risk


def test_published_turnover_is_kept_where_it_can_be(epi: Epidemiology) -> None:
    for behaviour in behaviours.BEHAVIOURS:
        table = epi.evidence.table("transitions")
        published = -np.log1p(-steps(table[table["process"] == behaviour.out_of]))
        _, out = behaviours.transitions(epi.evidence, behaviour, epi.risk[behaviour.risk], epi.people)
        ages = slice(25, 60)
        kept = np.isclose(out[:, ages], published[:, ages, None])
        assert kept.mean() > 0.7, behaviour.risk


def test_rates_are_finite_and_not_negative(epi: Epidemiology) -> None:
    for table in (*epi.onset_base.values(), epi.death_base, *epi.contact_base.values()):
        assert table.shape == (2, AGES, DECILES)
        assert np.isfinite(table).all()
        assert (table >= 0).all()


def test_deaths_of_other_people_are_those_of_the_table(epi: Epidemiology) -> None:
    """Norms are set on some hundred people a cell; people not among them must die at the table's rate all the same.

    Their own noise is under 1 %. On 250 people a cell and without graduation men of 70 to 74 in decile 10 were 16 %
    out; a cell's error has a standard deviation of 2 to 3 %.
    """
    each = 16_000
    male, decile, member = (axis.reshape(-1) for axis in np.meshgrid([0, 1], [1, 10], np.arange(each), indexing="ij"))
    people = People(make_keys(777, np.arange(1, male.size + 1)), 70 + member % 5, male, decile)
    health = give(people, epi)
    weight = epi.effects["death"].weight(health.state, health.lagged, epi.states)
    weight = np.minimum(weight, epi.evidence["mortality.hr_cap"])
    at = male, people.age, decile - 1
    found = (epi.death_base[at] * weight).reshape(4, each).mean(1)
    table = epi.deaths[at].reshape(4, each).mean(1)
    assert np.abs(found / table - 1).max() < 0.09


def test_smokers_have_the_gradient_by_decile(epi: Epidemiology) -> None:
    """Deciles of a fifth differ, the profile by age and sex is kept, and the published ends come out."""
    adults = epi.england * (np.arange(AGES) >= 18)[:, None]
    share = epi.risk["smoking"]
    by_decile = (share * adults).sum((0, 1)) / adults.sum((0, 1))
    assert (np.diff(by_decile) < 0).all()
    # ONS 2021: 23.8 % and 6.8 % at a mean of 13.0 %; deciles differ in age, which the ratios leave aside
    assert by_decile[0] / by_decile[9] == pytest.approx(0.238 / 0.068, rel=0.15)
    table = epi.evidence.table("risk_prevalence")
    profile = behaviours.smooth(table[table["risk"] == "smoking"])
    here = profile < 0.2  # where nobody is at the bound
    mean = (share * epi.england).sum(2) / epi.people
    assert mean[here] == pytest.approx(profile[here], abs=1e-9)


def test_deciles_of_a_fifth_keep_its_mean() -> None:
    fifths = np.array([0.215, 0.155, 0.12, 0.095, 0.075])
    deciles = np.array(in_deciles(fifths, (0.238, 0.068)))
    assert deciles.reshape(5, 2).mean(1) == pytest.approx(fifths)
    assert deciles[[0, 9]] == pytest.approx([0.238, 0.068])
    assert (np.diff(np.array(in_deciles(fifths))) < 0).all()
