"""Levers: nothing without money, more with more, in time, in any order, and only where they say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import paths
from sim.evidence import load
from sim.policy import levers
from sim.policy.budget import NAMES
from sim.policy.effects import combine, prevalence_ratios, saturating
from sim.policy.scenario import Scenario
from tests.unit.policy_town import QUIT_A_MONTH, Town, scenario

pytestmark = pytest.mark.unit

SHIPPED = ("baseline", "health_creation", "empty_the_bath", "new_hospital")
ALL = paths.names("levers")


def processes_of(name: str) -> set[str]:
    """The processes that a lever's file declares."""
    found: set[str] = set()
    for act in levers.load(name).acts_on:
        found |= {act.target} if act.kind == "rate" else set()
        found |= {act.values["into"], act.values["out_of"]} if act.kind == "prevalence" else set()
    return found


RATES = {name: processes_of(name) for name in ALL}


def changed(town: Town) -> set[str]:
    return {name for name, i in town.rates.index.items() if (town.area_factor[:, i] != 1.0).any()}


def factor(town: Town, process: str) -> np.ndarray:
    return town.area_factor[:, town.rates.index[process]]


@pytest.mark.parametrize("lever", sorted(RATES))
def test_a_null_lever_changes_nothing_to_the_bit(lever: str) -> None:
    null = Town(scenario({lever: {"amount": 0, "from": "acute"}})).go(40)
    none = Town().go(40)
    assert np.array_equal(null.area_factor, none.area_factor)
    assert (null.area_factor == 1.0).all()
    assert [null.commissioner.capacity(line) for line in NAMES] == [none.commissioner.capacity(line) for line in NAMES]
    assert null.commissioner.extra_beds == null.commissioner.extra_slots == 0
    assert all(null.commissioner.level(line) == 1.0 for line in NAMES)


@pytest.mark.parametrize("lever", sorted(RATES))
def test_a_lever_touches_only_its_own_processes(lever: str) -> None:
    start = {"start": "2027-04"} if lever == "new_hospital" else {}
    town = Town(scenario({lever: {"amount": 1, "from": "new", **start}})).go(30)
    assert changed(town) == RATES[lever]


def test_nothing_before_the_policy_starts() -> None:
    town = Town(Scenario.load("health_creation"))
    town.month -= 12
    town.go(12)
    assert not changed(town)
    assert not any(town.commissioner.paid.values())


@pytest.mark.parametrize("lever", ["community_building", "link_workers", "stop_smoking"])
def test_more_money_never_does_less(lever: str) -> None:
    process = sorted(RATES[lever])[-1]
    effects = [
        factor(Town(scenario({lever: {"amount": amount, "from": "new"}})).go(30), process).mean()
        for amount in (0.01, 0.05, 0.2, 1.0)
    ]
    assert effects == sorted(effects)
    assert effects[0] > 1.0
    assert effects[-1] > effects[0]


def test_reach_stops_at_the_eligible_and_the_rest_stays_with_the_payers() -> None:
    town = Town(scenario({"stop_smoking": {"amount": 2, "from": "outpatient"}})).go(1)
    r, size = town.residents.columns, town.residents.size
    adult = town.month - 1 - r["born"][:size].astype(int) >= 16 * 12
    smokers = (town.states.has(r["state"][:size], "smoker") & adult).sum() / town.scale
    programme = town.commissioner.programmes["stop_smoking"]
    assert programme.eligible.sum() == smokers
    assert programme.reached.sum() <= smokers * 0.06 / 12 * 1.02
    book = town.commissioner.spend(town.commissioner.month, 1)
    assert book["lever.stop_smoking"][0] == pytest.approx(programme.reached.sum() * 500, abs=0.02)
    assert book["unspent.stop_smoking"][0] > book["lever.stop_smoking"][0]
    assert book["from.outpatient.stop_smoking"][0] == book["lever.stop_smoking"][0]


def test_stop_smoking_adds_the_stated_chance_to_those_reached() -> None:
    evidence = (
        load().draw(0).replaced({"levers.stop_smoking.ramp_months": 1.0, "levers.stop_smoking.onset_months": 0.0})
    )
    town = Town(scenario({"stop_smoking": {"amount": 0.02, "from": "new"}}), evidence=evidence).go(1)
    programme = town.commissioner.programmes["stop_smoking"]
    quits = 1 - (1 - QUIT_A_MONTH) ** factor(town, "quit_smoking")
    extra = (quits - QUIT_A_MONTH) * programme.eligible
    assert extra.sum() == pytest.approx(0.05 * programme.reached.sum(), rel=1e-3)


def test_by_need_reaches_more_where_deprivation_is() -> None:
    even = factor(Town(scenario({"community_building": {"amount": 0.2, "from": "new"}})).go(24), "recover_lonely")
    need = factor(
        Town(scenario({"community_building": {"amount": 0.2, "from": "new", "rollout": "by_need"}})).go(24),
        "recover_lonely",
    )
    assert np.allclose(even, even[0])
    assert (np.diff(need) < 0).all()


def test_community_capacity_builds_and_decays_with_its_half_life() -> None:
    plan = {"community_building": {"amount": 0.4, "from": "new", "stop": "2036-04"}}
    town = Town(scenario(plan), evidence=load().draw(0).replaced({"community.learning_start": 1.0})).go(25)
    stock = town.commissioner.programmes["community_building"].stock  # grown on the money of the months before
    after_two_years = stock.copy()
    town.go(96)
    peak = town.commissioner.programmes["community_building"].stock.copy()
    assert after_two_years / peak == pytest.approx(0.5, abs=0.05)
    town.go(24)
    assert town.commissioner.programmes["community_building"].stock / peak == pytest.approx(0.5, rel=1e-5)
    town.go(600)
    assert np.allclose(factor(town, "become_lonely"), 1.0, atol=1e-4)


def test_onset_and_ramp() -> None:
    town = Town(scenario({"link_workers": {"amount": 0.1, "from": "new"}}))
    programme = town.commissioner.programmes["link_workers"]
    strengths = [programme.strength(town.month + i) for i in range(16)]
    assert strengths[0] == 0.0
    assert np.allclose(strengths[1:13], np.arange(1, 13) / 12)
    assert strengths[13:] == [1.0] * 3


@given(st.floats(0.01, 0.5), st.floats(-0.5, 0.3), st.floats(0, 1))
def test_the_share_in_the_long_run_falls_by_exactly_the_stated_change(
    share: float, change: float, split: float
) -> None:
    into, out_of = prevalence_ratios(share, change, split)
    rate_out = 0.2
    rate_in = rate_out * share / (1 - share)
    after = rate_in * into / (rate_in * into + rate_out * out_of)
    assert after == pytest.approx(share * (1 + change), rel=1e-9)


def test_no_change_and_no_capacity_are_exactly_one() -> None:
    assert prevalence_ratios(0.07, 0.0, 0.5) == (1.0, 1.0)
    assert saturating(np.array([0.0, 1.0]), 0.5).tolist() == [0.0, 1.0]
    assert saturating(np.array([1e9]), 0.5)[0] < 1.5


def test_the_studied_dose_gives_the_studied_effect_in_the_long_run() -> None:
    dose = 8 / 2048 * 100  # £8 a head in per cent of the NHS total
    evidence = load().draw(0).replaced({"money.growth_hospital": 0.0, "money.growth_general_practice": 0.0,
                                        "money.growth_other": 0.0})  # fmt: skip
    town = Town(scenario({"community_building": {"amount": dose, "from": "new"}}), evidence=evidence).go(600)
    share, out = 0.07, 0.3
    into = out * share / (1 - share)
    into, out = into * factor(town, "become_lonely"), out * factor(town, "recover_lonely")
    assert np.allclose(into / (into + out), share * 0.85, rtol=0.02)


@given(st.permutations(range(4)), st.floats(0, 1))
def test_levers_combine_in_any_order(order: list[int], overlap: float) -> None:
    rng = np.random.default_rng(1)
    logs = [(f"l{i}", "social" if i < 3 else "other", rng.normal(0, 0.2, 6)) for i in range(4)]
    assert np.array_equal(combine([logs[i] for i in order], overlap), combine(logs, overlap))


def test_overlap_loses_part_of_the_joint_effect_within_a_domain_only() -> None:
    one, two = np.array([0.3]), np.array([0.1])
    assert combine([("a", "x", one), ("b", "x", two)], 0.5)[0] == pytest.approx(0.35)
    assert combine([("a", "x", one), ("b", "y", two)], 0.5)[0] == pytest.approx(0.4)
    assert combine([("a", "x", one)], 0.5)[0] == 0.3


def test_the_order_in_a_file_changes_nothing() -> None:
    uses = {
        "community_building": {"amount": 1, "from": "acute"},
        "link_workers": {"amount": 0.2, "from": "acute"},
        "stop_smoking": {"amount": 0.1, "from": "community"},
    }
    found = [Town(scenario({name: uses[name] for name in order})).go(20) for order in itertools.permutations(uses)]
    for town in found[1:]:
        assert np.array_equal(town.area_factor, found[0].area_factor)
        assert town.commissioner.snapshot()["record"] == found[0].commissioner.snapshot()["record"]


def test_judged_benefits_can_be_switched_off() -> None:
    plan = {name: {"amount": 1, "from": "new"} for name in ("community_building", "link_workers", "stop_smoking")}
    town = Town(scenario(plan), evidence=load().draw(0).judged(False)).go(30)
    for process in ("become_lonely", "recover_lonely"):
        assert np.array_equal(factor(town, process), np.ones(10, np.float32))
    assert not town.area_shift["life_satisfaction"].any()
    assert (factor(town, "quit_smoking") > 1).all()


def test_link_workers_lift_life_satisfaction_of_those_reached() -> None:
    town = Town(scenario({"link_workers": {"amount": 0.1, "from": "new"}})).go(30)
    lift = town.area_shift["life_satisfaction"]
    assert (lift > 0).all()
    assert (lift < 0.1).all()


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("draw", [0, 3])
def test_shipped_scenarios_run(name: str, draw: int) -> None:
    town = Town(Scenario.load(name), evidence=load().draw(draw)).go(90)
    assert np.isfinite(town.area_factor).all()
    assert (town.area_factor > 0).all()
