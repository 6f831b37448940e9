"""Whom levers reach: eligibility as a table, uptake, risk scores, energy, staff who learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import paths
from sim.agents.neighbourhoods import Neighbourhood
from sim.errors import UserError
from sim.evidence import load
from sim.life.states import level, with_level
from sim.policy import levers
from sim.policy.adoption import adopted, dip
from sim.policy.clauses import MOST_CLAUSES, clauses
from sim.policy.eligibility import flags, look_around
from sim.policy.expression import parse
from sim.policy.rollout import weights
from tests.unit.policy_town import Town, scenario

pytestmark = pytest.mark.unit

NAMES = ["smoker", "lonely", "offline", "hypertension", "male", "long_term_condition"]
COMPARED = st.builds(
    lambda name, sign, number, left: f"{number} {sign} {name}" if left else f"{name} {sign} {number}",
    st.sampled_from(["age", "decile", "fifth", "conditions", "confidence"]),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    st.sampled_from([0, 1, 2, 2.5, 3, 5, 18, 30, 41]),
    st.booleans(),
)
TEXTS = st.recursive(
    st.one_of(st.sampled_from(NAMES), COMPARED),
    lambda inner: st.one_of(
        inner.map(lambda a: f"not ({a})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    ),
    max_leaves=6,
)


def plain(town: Town, text: str) -> np.ndarray:
    """Who is eligible, evaluated column by column: the slow way."""
    r, size = town.residents.columns, town.residents.size
    ill = np.stack([town.states.has(r["state"][:size], name) for name in town.states.conditions]).sum(0)

    def lookup(name: str) -> np.ndarray:
        match name:
            case "age":
                return (town.month - r["born"][:size].astype(int)) // 12
            case "male":
                return r["male"][:size] != 0
            case "decile":
                return r["decile"][:size]
            case "fifth":
                return r["fifth"][:size].astype(int) + 1
            case "conditions":
                return ill
            case "long_term_condition":
                return ill > 0
            case "confidence":
                return level(r["state"][:size], "confidence")
        return town.states.has(r["state"][:size], name)

    return parse(text).evaluate(lookup)


@pytest.fixture(scope="module")
def town() -> Town:
    found = Town(scenario({"health_coaching": {"amount": 0.1}, "stop_smoking": {"amount": 0.1}}))
    r, size = found.residents.columns, found.residents.size
    r["state"][:size] = with_level(r["state"][:size], "confidence", np.arange(size) % 4)
    rng = np.random.default_rng(1)
    r["chance"][:size] = rng.integers(0, 3000, (size, r["chance"].shape[1]))
    return found


@settings(max_examples=60)
@given(TEXTS)
def test_the_table_of_clauses_means_what_the_expression_means(town: Town, text: str) -> None:
    programme = town.commissioner.programmes["stop_smoking"]
    object.__setattr__(programme.lever, "who", parse(text))
    people = look_around(town, [programme])
    r, size = town.residents.columns, town.residents.size
    who, lsoa = plain(town, text), r["lsoa"][:size]
    assert np.array_equal(programme.eligible, np.bincount(lsoa[who], minlength=10) / town.scale)
    column = r["chance"][:size, town.rates.index["quit_smoking"]].astype(np.int64)
    mine, all_ = np.bincount(lsoa[who], column[who], 10), np.bincount(lsoa, column, 10)
    assert np.allclose(programme.carried["quit_smoking"], mine / all_, rtol=1e-12)
    assert np.array_equal(people.residents, np.bincount(lsoa, minlength=10) / town.scale)
    object.__setattr__(programme.lever, "who", parse("age >= 16 and smoker"))


def test_a_practice_feels_the_mean_of_its_patients() -> None:
    one = Town(scenario({"digital_front_door": {"amount": 0.1, "from": "new"}})).go(1)
    people = one.commissioner.programmes["digital_front_door"].people
    assert people is not None
    assert np.array_equal(people.patients.sum(axis=0), people.residents)
    assert people.by_practice(np.arange(10.0)).tolist() == [4.0, 5.0]  # neighbourhoods take turns between the two


def test_too_many_cases_are_refused_in_a_sentence() -> None:
    text = " and ".join(f"(age != {3 * k})" for k in range(8))
    with pytest.raises(UserError, match="too many cases"):
        clauses(parse(text + " and " + " and ".join(f"(conditions != {3 * k})" for k in range(8))))
    assert len(clauses(parse("smoker or lonely"))) == 2 < MOST_CLAUSES
    assert clauses(parse("age < 3 and age > 5")) == ()


def test_everyone_of_the_library_can_be_written_as_clauses() -> None:
    for name in paths.names("levers"):
        assert clauses(levers.load(name).who)


def test_uptake_falls_with_being_offline_and_rises_with_confidence() -> None:
    def most(offline: bool, confidence: int) -> float:
        one = Town(scenario({"health_coaching": {"amount": 0.1, "from": "new"}}))
        r, size = one.residents.columns, one.residents.size
        state = r["state"][:size]
        bit = one.states.mask("offline")
        state = (state | bit) if offline else (state & ~bit)
        r["state"][:size] = with_level(state, "confidence", np.full(size, confidence))
        return float(one.go(1).commissioner.programmes["health_coaching"].limit.sum())

    value = load().draw(0)
    assert most(True, 1) / most(False, 1) == pytest.approx(value["levers.health_coaching.offline_ratio"], rel=1e-4)
    assert most(False, 3) / most(False, 0) == pytest.approx(value["levers.health_coaching.confidence_ratio"], rel=1e-4)


def test_a_risk_score_finds_the_stated_shares_of_those_at_risk_and_of_others() -> None:
    numbers = {"rollout.risk_share": 0.2, "rollout.risk_sensitivity": 0.7, "rollout.risk_specificity": 0.9}
    one = Town(evidence=load().draw(0).replaced(numbers))
    r, size = one.residents.columns, one.residents.size
    rng = np.random.default_rng(2)
    r["chance"][:size] = rng.integers(0, 20_000, (size, r["chance"].shape[1]))
    columns = [one.rates.index[kind] for kind in ("emergency", "exacerbation", "frailty_crisis")]
    risk = r["chance"][:size][:, columns].sum(axis=1, dtype=np.int64)
    high = risk > np.quantile(risk, 0.8)
    found = flags(one).astype(bool)
    assert high.mean() == pytest.approx(0.2, abs=0.005)
    assert found[high].mean() == pytest.approx(0.7, abs=4 * np.sqrt(0.7 * 0.3 / high.sum()))
    assert found[~high].mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.1 * 0.9 / (~high).sum()))
    assert np.array_equal(found, flags(one).astype(bool))


def test_by_risk_the_same_money_reaches_people_who_carry_more_of_the_events() -> None:
    numbers = {"rollout.risk_sensitivity": 0.9, "rollout.risk_specificity": 0.97, "rollout.risk_share": 0.1}
    factors = {}
    for spread in ("everywhere", "by_risk"):
        one = Town(evidence=load().draw(0).replaced(numbers))
        r, size = one.residents.columns, one.residents.size
        heavy = np.arange(size) % 11 == 0
        r["chance"][:size] = np.where(heavy, 20_000, 200)[:, None]
        plan = scenario({"bp_optimisation": {"amount": 0.002, "from": "new", "rollout": spread}})
        one.commissioner.adopt(plan, one.month)
        factors[spread] = one.go(18).area_factor[:, one.rates.index["onset_stroke"]].mean()
    assert factors["by_risk"] < factors["everywhere"] < 1


def test_where_there_is_energy_is_what_can_be_seen() -> None:
    people, decile = np.array([1000, 1000, 2000]), np.array([1, 5, 9])
    seen = np.array([0.5, 1.5, 1.0])
    assert weights("where_energy", people, decile, seen).tolist() == [500_000, 1_500_000, 2_000_000]
    one = Town(scenario({"community_building": {"amount": 0.2, "from": "new", "rollout": "where_energy"}}))
    homes = one.table_of(Neighbourhood).columns
    homes["energy"][:10] = 1.0
    homes["energy_observed"][:10] = np.linspace(0.5, 1.5, 10)
    one.go(1)
    invested = homes["invested"][:10]
    assert invested / invested[0] == pytest.approx(np.linspace(0.5, 1.5, 10) / 0.5, rel=1e-3)


@given(st.floats(0.1, 60), st.floats(0.05, 0.6))
def test_adoption_is_an_s_curve_from_nothing_to_all(months: float, spread: float) -> None:
    time = np.linspace(0, 12 * months, 200)
    share = np.array([adopted(each, months, spread) for each in time])
    assert share[0] == 0
    assert (np.diff(share) >= 0).all()
    assert share[-1] > 0.99
    lost = np.array([dip(each, 0.05) for each in share])
    assert lost[0] == 0
    assert lost.max() == pytest.approx(0.05, rel=0.1)
    assert lost[-1] < 0.003


def test_a_team_gets_less_done_before_it_gets_more() -> None:
    better = load().draw(0).replaced({"levers.digital_front_door.gain": 0.2})
    one = Town(scenario({"digital_front_door": {"amount": 0.3, "from": "new"}}), evidence=better)
    net = []
    for _ in range(40):
        one.go(1)
        net.append(one.commissioner.level("general_practice") * one.commissioner.effects.appointments.mean())
    assert min(net[:12]) < 0.99
    assert net[-1] > 1.005


def test_education_speeds_adoption_up_and_does_nothing_alone() -> None:
    plan = {"digital_front_door": {"amount": 0.3, "from": "new"}}
    slow = Town(scenario(plan)).go(9).commissioner.programmes["digital_front_door"].adopted
    plan["staff_education"] = {"amount": 0.2, "from": "new"}
    fast = Town(scenario(plan)).go(9).commissioner.programmes["digital_front_door"].adopted
    assert fast > slow * 1.1
    alone = Town(scenario({"staff_education": {"amount": 0.2, "from": "new"}})).go(24)
    assert (alone.area_factor == 1).all()
    assert all(alone.commissioner.level(line) == 1 for line in alone.commissioner.budget.pence)
