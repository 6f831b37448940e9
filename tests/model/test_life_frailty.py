"""Frailty keeps its categories by age at near the published turnover, and goes with what it is said to go with."""

from __future__ import annotations

import numpy as np
import pytest

from sim.evidence import Evidence
from sim.life import epidemiology, frailty
from sim.life.epidemiology import Epidemiology
from sim.life.grid import AGES, DECILES
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


def test_twenty_years_leave_every_category_where_it_was_in_every_decile(epi: Epidemiology) -> None:
    rates = epi.frailty_rates
    step, moderate = rates.ratios[FRAILTY[1]][1:]
    severe = rates.ratios[FRAILTY[2]][2]
    hazard = np.concatenate([[1.0], frailty.hazard_ratios(epi.evidence, "death")])
    deaths = (epi.deaths * epi.england).sum(0) / epi.england.sum(0)
    for d in range(DECILES):
        share = epi.frailty_by_decile[:, :, d]
        begin, further, recover = (of[:, d] for of in (rates.begin, rates.further, rates.recover))
        mortality = deaths[:, d] / (hazard @ share) * hazard[:, None]
        now = share.copy()
        for _ in range(20):
            for _ in range(12):
                one = begin * now[0] - recover * now[1]
                two = further * now[1] - moderate * recover * now[2]
                three = step * further * now[2] - severe * recover * now[3]
                flows = np.stack([-one, one - two, two - three, three])
                now = now + (flows - (mortality - (mortality * now).sum(0)) * now) / 12
            now = np.concatenate([share[:, :1], now[:, :-1]], axis=1)
        assert np.abs(now - share)[:, 40:95].max() < 0.013, d


def test_turnover_is_near_the_published(epi: Epidemiology) -> None:
    fit = epi.england.sum(0) * epi.frailty_by_decile[0]
    wanted, found = frailty.published(epi.evidence), (epi.frailty_rates.begin * fit).sum(1) / fit.sum(1)
    ages = slice(52, 90)
    assert np.median(np.abs(found[ages] / wanted[ages] - 1)) < 0.1
    assert (found[ages] > 0.5 * wanted[ages]).all()


def test_the_deprived_are_frail_earlier_and_england_is_as_frail(epi: Epidemiology) -> None:
    by_decile = epi.frailty_by_decile
    weight = epi.england.sum(0) / epi.england.sum((0, 2))[:, None]
    assert (by_decile * weight).sum(2) == pytest.approx(epi.frailty, abs=1e-9)
    assert by_decile.sum(0) == pytest.approx(1.0)
    assert by_decile.min() >= 0
    for worse in range(3):
        share = by_decile[worse + 1 :].sum(0)
        assert (np.diff(share[50:], axis=1) < 0).all(), "less frailty with every decile less deprived"
    frail = 1 - by_decile[0]
    odds = frail / (1 - frail)
    first, last = np.sqrt(odds[:, 0] * odds[:, 1]), np.sqrt(odds[:, 8] * odds[:, 9])
    table = epi.evidence.table("frailty_gradient").set_index("age")["value"]
    assert first[80] / last[80] == pytest.approx(table[80], rel=1e-6)
    assert first[57] / last[57] == pytest.approx(table[57], rel=0.02)


def test_no_gradient_is_the_same_frailty_everywhere(evidence: Evidence) -> None:
    epi = epidemiology.of(evidence)
    flat = frailty.shares_by_decile(_Flat(evidence), epi.frailty, epi.england)  # type: ignore[arg-type]
    assert flat == pytest.approx(np.repeat(epi.frailty[:, :, None], DECILES, axis=2), abs=1e-9)


class _Flat:
    """Evidence whose gradient of frailty is none."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    def table(self, name: str) -> object:
        return self.evidence.table(name).assign(value=1.0)


def test_reference_people_have_the_gradient(epi: Epidemiology, reference: Reference, health: Health) -> None:
    p = reference.people
    frail = np.logical_or.reduce([epi.states.has(health.state, name) for name in FRAILTY])
    for deciles in ((1, 2), (9, 10)):
        here = (p.age >= 50) & (p.age < 65) & np.isin(p.decile, deciles)
        weight = reference.weight[here] / reference.weight[here].sum()
        expected = (1 - epi.frailty_by_decile[0])[p.age[here], p.decile[here] - 1] @ weight
        error = np.sqrt(expected * (1 - expected) * (weight**2).sum())
        assert abs(frail[here] @ weight - expected) < 4 * error


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
