"""Frailty keeps its categories by age at near the published turnover, and goes with what it is said to go with."""

from __future__ import annotations

import numpy as np
import pytest

from sim.life import epidemiology, frailty
from sim.life.epidemiology import Epidemiology
from sim.life.grid import AGES
from sim.life.health import Health, give
from sim.life.reference import Reference
from sim.life.states import FRAILTY

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def epi(evidence) -> Epidemiology:  # type: ignore[no-untyped-def]
    return epidemiology.of(evidence)


@pytest.fixture(scope="module")
def reference(epi: Epidemiology) -> Reference:
    return Reference(epi)


@pytest.fixture(scope="module")
def health(epi: Epidemiology, reference: Reference) -> Health:
    return give(reference.people, epi)


def test_shares_add_to_one_and_are_the_published(epi: Epidemiology) -> None:
    share = frailty.shares(epi.evidence, epi.people)
    assert np.allclose(share.sum(0), 1)
    assert (share >= 0).all()
    people = epi.people.sum(0)
    for first, last, wanted in ((50, 65, "frailty.share_50_64"), (65, AGES, "frailty.share_65_plus")):
        ages = slice(first, last)
        found = (share[1:, ages].sum(0) * people[ages]).sum() / people[ages].sum()
        assert found == pytest.approx(epi.evidence[wanted], rel=1e-6)
    assert share[0, :50].min() == 1


def test_twenty_years_leave_every_category_where_it_was(epi: Epidemiology) -> None:
    share, rates = epi.frailty, epi.frailty_rates
    step, moderate = rates.ratios[FRAILTY[1]][1:]
    severe = rates.ratios[FRAILTY[2]][2]
    hazard = np.concatenate([[1.0], frailty.hazard_ratios(epi.evidence, "death")])
    mortality = epi.deaths_by_age / (hazard @ share) * hazard[:, None]
    now = share.copy()
    for _ in range(20):
        for _ in range(12):
            one = rates.begin * now[0] - rates.recover * now[1]
            two = rates.further * now[1] - moderate * rates.recover * now[2]
            three = step * rates.further * now[2] - severe * rates.recover * now[3]
            flows = np.stack([-one, one - two, two - three, three])
            now = now + (flows - (mortality - (mortality * now).sum(0)) * now) / 12
        now = np.concatenate([share[:, :1], now[:, :-1]], axis=1)
    assert np.abs(now - share)[:, 40:95].max() < 0.01


def test_turnover_is_near_the_published(epi: Epidemiology) -> None:
    wanted, found = frailty.published(epi.evidence), epi.frailty_rates.begin
    ages = slice(52, 90)
    assert np.median(np.abs(found[ages] / wanted[ages] - 1)) < 0.1
    assert (found[ages] > 0.5 * wanted[ages]).all()


def test_old_people_get_the_frailty_of_their_age(epi: Epidemiology, reference: Reference, health: Health) -> None:
    old = reference.people.age >= 65
    weight = reference.weight[old] / reference.weight[old].sum()
    frail = sum(epi.states.has(health.state[old], name) for name in FRAILTY)
    assert frail.max() == 1  # type: ignore[union-attr]
    found = (frail * weight).sum()
    error = np.sqrt(found * (1 - found) * (weight**2).sum())
    assert abs(found - epi.evidence["frailty.share_65_plus"]) < 4 * error + 0.005


def test_the_frail_have_more_conditions(epi: Epidemiology, reference: Reference, health: Health) -> None:
    band = (reference.people.age >= 70) & (reference.people.age < 75)
    number = np.bitwise_count(health.state >> np.uint64(32))[band]
    frail = epi.states.has(health.state, FRAILTY[1])[band] | epi.states.has(health.state, FRAILTY[2])[band]
    assert number[frail].mean() > 1.2 * number[~frail].mean()
