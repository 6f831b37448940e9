"""Scenarios: what a user writes is read as meant; mistakes are answered with file, key and the nearest right one."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from sim.errors import UserError
from sim.policy import levers
from sim.policy.grammar import lever_from_mapping
from sim.policy.scenario import Scenario, scenario_from_mapping
from tests.unit.policy_town import scenario

pytestmark = pytest.mark.unit


def test_health_creation_moves_one_per_cent_rising_to_five() -> None:
    found = Scenario.load("health_creation")
    yearly = [sum(use.amount_in(69 + 12 * year, 69) for use in found.uses) for year in range(7)]
    assert yearly == pytest.approx([1, 2, 3, 4, 5, 5, 5])
    assert {line for use in found.uses for line, _ in use.payers} == {"acute_emergency", "acute_elective", "outpatient"}


def test_empty_the_bath_moves_the_same_money() -> None:
    one, other = Scenario.load("health_creation"), Scenario.load("empty_the_bath")
    for month in range(60, 200, 12):
        assert sum(use.amount_in(month, 69) for use in one.uses) == pytest.approx(
            sum(use.amount_in(month, 69) for use in other.uses)
        )


def test_overrides_have_stable_addresses() -> None:
    for overrides in (["levers.link_workers.amount=2"], {"levers.link_workers.amount": 2}):
        assert Scenario.load("health_creation", overrides).use("link_workers").amount == 2
    added = Scenario.load("baseline", ["levers.more_gps.amount=1", "levers.more_gps.from=new"])
    assert added.use("more_gps").payers == (("new", None),)
    left = Scenario.load("health_creation", ["levers.link_workers.amount=0"])
    assert len(left.active) == len(left.uses) - 1 == len(Scenario.load("health_creation").active) - 1


def test_plain_data_that_pickles() -> None:
    found = Scenario.load("health_creation")
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"link_worker": {"amount": 1}}, "there is no lever called 'link_worker'; did you mean link_workers"),
        (
            {"link_workers": {"amont": 1}},
            "levers.link_workers.amont: there is no key called 'amont'; did you mean amount",
        ),
        ({"link_workers": {}}, "levers.link_workers.amount: is missing"),
        ({"link_workers": {"amount": -1}}, "levers.link_workers.amount: must not be negative"),
        ({"link_workers": {"amount": "many"}}, "levers.link_workers.amount: is not a number"),
        ({"link_workers": {"amount": float("nan")}}, "is not a number"),
        ({"link_workers": {"amount": True}}, "is not a number"),
        ({"link_workers": {"amount": 101}}, "above 100 %"),
        ({"link_workers": {"amount": 60}, "more_gps": {"amount": 60}}, "come to 120 %"),
        ({"link_workers": {"amount": 1, "from": "acut"}}, "levers.link_workers.from: .* did you mean acute"),
        ({"link_workers": {"amount": 1, "from": {"community": 50}}}, "the shares come to 50 %"),
        ({"link_workers": {"amount": 1, "from": {"comunity": 100}}}, "did you mean community"),
        ({"link_workers": {"amount": 1, "from": ["new", "acute"]}}, "say in per cent"),
        ({"link_workers": {"amount": 1, "from": []}}, "must name the budget lines"),
        ({"link_workers": {"amount": 1, "rollout": "needy"}}, "levers.link_workers.rollout"),
        ({"link_workers": {"amount": 1, "start": "April"}}, "levers.link_workers.start: 'April' is not a month"),
        ({"link_workers": {"amount": 1, "start": "2030-04", "stop": "2029-04"}}, "stop: must be later"),
        ({"link_workers": {"amount": 1, "years": 1.5}}, "years: must be a whole number"),
        ({"link_workers": {"amount": 1, "first_share": 2}}, "first_share: must be from 0 to 1"),
        ({"link_workers": [1]}, "must be a mapping"),
        ([1], "levers: must be a mapping"),
    ],
)
def test_mistakes_in_levers(given: Any, words: str) -> None:
    with pytest.raises(UserError, match=words) as fault:
        scenario(given)
    assert str(fault.value).startswith("a.yaml: ")
    assert "\n" not in str(fault.value)


def test_mistakes_at_the_top() -> None:
    with pytest.raises(UserError, match=r"a\.yaml: .*'lever'; did you mean levers"):
        scenario_from_mapping({"label": "A", "description": "B", "lever": {}}, "a.yaml")
    with pytest.raises(UserError, match="label: is missing"):
        scenario_from_mapping({"description": "B"}, "a.yaml")
    with pytest.raises(UserError, match="no scenario called 'health_creatoin'; did you mean health_creation"):
        Scenario.load("health_creatoin")
    with pytest.raises(UserError, match="is not an override"):
        Scenario.load("baseline", ["levers"])
    with pytest.raises(UserError, match="has no settings of its own"):
        Scenario.load("baseline", ["label.x=1"])


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("label: Mine\ndescription: My own.\nlevers:\n  more_gps: {amount: 1, from: outpatient}\n", "utf-8")
    assert Scenario.load(own).use("more_gps").payers == (("outpatient", None),)
    own.write_text("label: Mine\nlevers: {more_gps: {amount: 1}\n", "utf-8")
    with pytest.raises(UserError, match=r"mine\.yaml, line \d+, column \d+"):
        Scenario.load(own)
    with pytest.raises(UserError, match="cannot be read"):
        Scenario.load(tmp_path / "none.yaml")


LEVER: dict[str, Any] = {
    "label": "L", "description": "D", "domain": "d", "line": "community", "cost": {"none": None},
    "acts_on": [{"capacity": "community"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lin": 1}, "there is no key called 'lin'; did you mean line"),
        ({"line": "comunity"}, "line: there is no budget line called 'comunity'; did you mean community"),
        ({"who": "smokr"}, "who: .* did you mean smoker"),
        ({"who": "smoker.real"}, "who: .* not allowed"),
        ({"unit": "kg"}, "unit: must be"),
        ({"cost": {"per_head": "x"}}, "cost.per_head"),
        ({"cost": {"per_person": "levers.link_workers.cost_per_person"}}, "must say who it is for"),
        ({"acts_on": []}, "acts_on: must be a list"),
        ({"acts_on": [{"rate": "quit_smokin", "ratio": "x"}]}, "did you mean quit_smoking"),
        ({"acts_on": [{"rate": "quit_smoking"}]}, "needs either ratio or add_probability"),
        ({"acts_on": [{"rate": "gp_review", "add_probability": "x"}]}, "is a count"),
        ({"acts_on": [{"admissions": "x"}]}, "must name exactly one of"),
        ({"acts_on": [{"capacity": "beds"}]}, "budget line"),
        ({"acts_on": [{"shift": "confidence"}]}, "points: is missing"),
        ({"acts_on": [{"shift": "weight", "points": "x"}]}, "state to shift"),
        ({"acts_on": [{"pathway": "elective", "step": "clinic", "what": "share", "ratio": "x"}]}, "no step called"),
        ({"acts_on": [{"pathway": "electiv", "step": "x", "what": "share", "ratio": "x"}]}, "did you mean elective"),
        ({"acts_on": [{"pathway": "elective", "step": "outpatients", "what": "los", "ratio": "x"}]}, "mean lost"),
        ({"staff": {"team": "community"}}, "staff.dip: is missing"),
        ({"staff": {"team": "comunity", "months": "x", "dip": "x"}}, "did you mean community"),
        ({"uptake_by": {"age": "x"}}, "uptake_by.age"),
        ({"who": "age > decile"}, "with a figure"),
        ({"checks": "x"}, "checks: must be a list"),
        ({"uptake": 0.3}, "numbers belong in the evidence registry"),
    ],
)
def test_mistakes_in_a_lever(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as fault:
        lever_from_mapping("l", {**LEVER, **change}, "l.yaml")
    assert str(fault.value).startswith("l.yaml: ")


def test_a_lever_may_not_name_a_parameter_that_does_not_exist(tmp_path: Path) -> None:
    folder = tmp_path / "levers"
    folder.mkdir()
    text = (levers.paths.configs() / "levers" / "stop_smoking.yaml").read_text("utf-8")
    (folder / "mine.yaml").write_text(text.replace("stop_smoking.uptake", "stop_smoking.uptak"), "utf-8")
    with pytest.raises(UserError, match=r"mine\.yaml: .*did you mean levers\.stop_smoking\.uptake"):
        levers.load("mine", (tmp_path,))
    (folder / "mine.yaml").write_text(text, "utf-8")
    given = {"label": "A", "description": "B", "levers": {"mine": 1}}
    assert scenario_from_mapping(given, "a.yaml", [tmp_path]).use("mine").amount == 1


def test_what_cannot_be_moved_cannot_pay() -> None:
    from tests.unit.policy_town import Town

    with pytest.raises(UserError, match=r"levers\.more_gps\.from: specialised_other cannot pay"):
        Town(scenario({"more_gps": {"amount": 1, "from": "specialised_other"}}))
    with pytest.raises(UserError, match=r"a\.yaml: levers\.more_gps\.from: prescribing cannot pay"):
        Town(scenario({"more_gps": {"amount": 1, "from": {"new": 50, "prescribing": 50}}}))
