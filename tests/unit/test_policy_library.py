"""Every lever of the library, one by one: what an exaggerated dose moves, what it costs, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import paths
from sim.evidence import load
from sim.policy import levers
from sim.policy.budget import NAMES, PENCE, nhs_total
from sim.policy.levers import PERCENT, Lever
from sim.policy.targets import HOSPITAL_KINDS
from tests.unit.policy_town import Town, scenario

pytestmark = pytest.mark.unit

ALL = paths.names("levers")
TARGETED = [name for name in ALL if levers.load(name).looks_around]
YEARS = 2


def plan(name: str, amount: float) -> dict[str, Any]:
    """That much of a lever, with new money."""
    if levers.load(name).unit != PERCENT:
        return {"amount": 1, "from": "new", "start": "2027-04"}
    return {"amount": amount}


def declared(lever: Lever) -> dict[str, set[Any]]:
    """What a lever's file says that it touches, by where it is seen."""
    found: dict[str, set[Any]] = {"rates": set(), "shifts": set(), "steps": set(), "lines": set(), "care": set()}
    for act in lever.acts_on:
        match act.kind:
            case "rate":
                found["rates"].add(act.target)
            case "prevalence":
                found["rates"] |= {act.values["into"], act.values["out_of"]}
            case "shift":
                found["shifts"].add(act.target)
            case "pathway":
                found["steps"].add((act.target, act.values["step"], act.values["what"]))
            case "capacity":
                found["lines"].add(act.target)
            case "bed_days":
                found["care"].add("beds")
            case "digital":
                found["care"] |= {"appointments", "barrier", "digital"}
            case kind:
                found["care"].add(kind)
    if lever.staff:
        found["lines"].add(lever.staff["team"])
    return found


def touched(town: Town) -> dict[str, set[Any]]:
    """What differs from no policy."""
    commissioner = town.commissioner
    effects = commissioner.effects
    usual = {"appointments": 1, "barrier": 0, "digital": 0}
    care = {name for name, value in usual.items() if (getattr(effects, name) != value).any()}
    care |= {"discharge"} if effects.discharge != 1 else set()
    care |= {"beds"} if commissioner.extra_beds else set()
    care |= {"slots"} if commissioner.extra_slots else set()
    care |= {"adoption"} if commissioner._faster else set()
    return {
        "rates": {name for name, i in town.rates.index.items() if (town.area_factor[:, i] != 1).any()},
        "shifts": {name for name, lift in town.area_shift.items() if lift.any()},
        "steps": {where for where, factor in effects.steps.items() if (factor != 1).any()},
        "lines": {line for line in NAMES if commissioner.level(line) != 1},
        "care": care,
    }


@pytest.mark.parametrize("name", ALL)
def test_a_lever_touches_all_that_it_declares_and_nothing_else(name: str) -> None:
    town, seen = Town(scenario({name: plan(name, 0.5)})), {}
    for _ in range(12 * YEARS):
        for key, found in touched(town.go(1)).items():
            seen[key] = seen.get(key, set()) | found
    assert seen == declared(levers.load(name))


@pytest.mark.parametrize("name", ALL)
def test_in_its_first_month_a_lever_touches_nothing_undeclared(name: str) -> None:
    town = Town(scenario({name: {**plan(name, 0.5), "start": "2026-04"}})).go(1)
    promised = declared(levers.load(name))
    for key, found in touched(town).items():
        assert found <= promised[key]


@pytest.mark.parametrize("name", ALL)
def test_an_exaggerated_dose_moves_each_target_in_the_declared_direction(name: str) -> None:
    lever = levers.load(name)
    few, many = (Town(scenario({name: plan(name, amount)})).go(12 * YEARS) for amount in (0.02, 2.0))
    value = load().draw(0)
    for act in lever.acts_on:
        if act.kind in ("rate", "prevalence"):
            names = [act.target] if act.kind == "rate" else [act.values["into"], act.values["out_of"]]
            for process in names:
                up = "out_of" in act.values and process == act.values["out_of"]
                up = up or "add_probability" in act.values or ("ratio" in act.values and value[act.values["ratio"]] > 1)
                column = many.rates.index[process]
                strong, weak = many.area_factor[:, column].mean(), few.area_factor[:, column].mean()
                assert strong > 1 if up else strong < 1
                assert strong >= weak if up else strong <= weak
        elif act.kind == "shift":
            lift = many.area_shift[act.target]
            assert np.sign(lift.mean()) == np.sign(value[act.values["points"]])
            assert abs(lift.mean()) >= abs(few.area_shift[act.target].mean())
        elif act.kind == "pathway":
            where = (act.target, act.values["step"], act.values["what"])
            strong, weak = many.commissioner.effects.steps[where], few.commissioner.effects.steps[where]
            assert strong.mean() < 1
            assert strong.mean() <= weak.mean()
        elif act.kind == "digital":
            effects = many.commissioner.effects
            assert (effects.appointments > 1).all()
            assert (effects.barrier > 0).all()
        elif act.kind == "discharge":
            assert many.commissioner.effects.discharge < few.commissioner.effects.discharge < 1
        elif act.kind in ("beds", "bed_days"):
            assert many.commissioner.extra_beds > 0
            assert many.commissioner.extra_beds >= few.commissioner.extra_beds
        elif act.kind == "slots":
            assert many.commissioner.extra_slots > 0
        elif act.kind == "capacity":
            assert many.commissioner.level(act.target) > few.commissioner.level(act.target) > 1
        else:
            assert act.kind == "adoption"
            assert many.commissioner._faster > 0


@pytest.mark.parametrize("name", ALL)
def test_a_lever_costs_what_it_says(name: str) -> None:
    """What is paid is persons, doses, beds or packages × unit cost, or all of the amount where it is a service's."""
    lever = levers.load(name)
    town = Town(scenario({name: plan(name, 0.05)})).go(14)
    programme, paid = town.commissioner.programmes[name], town.commissioner.paid[name] / PENCE
    value = load().draw(0)
    if lever.reaches_people:
        said = programme.reached.sum() * value[lever.cost["per_person"]]
    elif lever.by_dose and programme.people is not None and not any(lever.of_kind("prevalence")):
        dose = paid * 12 / programme.people.residents.sum() / value[lever.cost["per_resident_year"]]
        assert 0.01 < dose < 1
        assert programme.stock.mean() == pytest.approx(dose, rel=1e-6)
        said = 0.05 / 100 * nhs_total(town.commissioner.budget.month_pence(town.commissioner.month)) / PENCE
    elif "per_bed_year" in lever.cost:
        said = programme.bought * value[lever.cost["per_bed_year"]] / 12
    elif "per_package" in lever.cost:
        said = programme.bought * value[lever.cost["per_package"]]
    else:
        return  # its own tests: services by elasticity, plans by month, capacity by half-life
    assert said == pytest.approx(paid, abs=0.011)


@pytest.mark.parametrize("name", TARGETED)
def test_a_null_amount_is_no_policy_to_the_bit(name: str) -> None:
    null, none = Town(scenario({name: {"amount": 0, "from": "acute"}})).go(15), Town().go(15)
    assert np.array_equal(null.area_factor, none.area_factor)
    assert all(np.array_equal(null.area_shift[key], lift) for key, lift in none.area_shift.items())
    assert not any(touched(null).values())


@settings(max_examples=8)
@given(st.data())
def test_any_mix_of_levers_conserves_money_and_has_no_order(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=12, unique=True))
    payers = st.sampled_from(["new", "acute", "outpatient", {"new": 30, "acute_elective": 70}])
    spread = st.sampled_from(["everywhere", "by_need", "by_risk", "where_energy"])
    uses = {
        name: {"from": data.draw(payers), "rollout": data.draw(spread)} | plan(name, data.draw(st.floats(0, 0.4)))
        for name in names
    }  # fmt: skip
    town = Town(scenario(uses))
    shuffled = Town(scenario({name: uses[name] for name in data.draw(st.permutations(names))}))
    for _ in range(14):
        for one in (town, shuffled):
            one.go(1)
        month = town.commissioner.month
        before = town.commissioner.budget.month_pence(month)
        book = {key: round(values[0] * PENCE) for key, values in town.commissioner.spend(month, 1).items()}
        new = sum(value for key, value in book.items() if key.startswith("new."))
        assert sum(book[f"line.{line}"] for line in NAMES) == sum(before.values()) + new
        for lever, paid in town.commissioner.paid.items():
            parts = [value for key, value in book.items() if key.startswith("from.") and key.endswith(f".{lever}")]
            assert sum(parts) + book.get(f"new.{lever}", 0) == paid
    assert np.array_equal(town.area_factor, shuffled.area_factor)
    assert town.commissioner.snapshot()["record"] == shuffled.commissioner.snapshot()["record"]
    for key, lift in town.area_shift.items():
        assert np.array_equal(lift, shuffled.area_shift[key])


def test_all_levers_together_cannot_take_away_more_than_the_bound() -> None:
    town = Town(scenario({"link_workers": {"amount": 0.1, "from": "new"}})).go(3)
    evidence = town.evidence.replaced({"levers.link_workers.recover_ratio": 0.01})
    programme = town.commissioner.programmes["link_workers"]
    act = programme.lever.acts_on[0]
    for kind in HOSPITAL_KINDS:
        object.__setattr__(act, "target", kind)
        programme.parameters["levers.link_workers.recover_ratio"] = evidence["levers.link_workers.recover_ratio"]
        programme.carried[kind] = np.ones(len(town.decile))
        programme.stock = programme.eligible.copy()
        town.month += 24
        from sim.policy.effects import apply_levers

        apply_levers(town, town.commissioner.adopted)
        assert town.area_factor[:, town.rates.index[kind]].min() == np.float32(0.5)
    object.__setattr__(act, "target", "recover_lonely")
