"""The worked example of docs/for-researchers.md works as it is printed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from sim import own, paths
from sim.errors import UserError
from sim.evidence import load
from sim.evidence.explain import explain
from sim.policy import levers
from sim.policy.scenario import scenario_from_mapping
from tests.unit.policy_town import Town

pytestmark = pytest.mark.unit
TEXT = (Path(__file__).parents[2] / "docs" / "for-researchers.md").read_text("utf-8")
FILES = dict(re.findall(r"`mine/((?:levers|scenario)/\w+\.yaml)`:\n\n```yaml\n(.*?)```", TEXT, flags=re.DOTALL))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_the_example_of_a_lever_works(mine: Path) -> None:
    assert sorted(FILES) == ["levers/walking_groups.yaml", "scenario/walking.yaml"]
    file = mine / "scenario" / "walking.yaml"
    scenario = scenario_from_mapping(yaml.safe_load(file.read_text("utf-8")), file, [mine])
    town = Town(scenario).go(18)
    column = town.rates.index["become_active"]
    assert (town.area_factor[:, column] > 1).all()
    assert np.delete(town.area_factor, column, axis=1).min() == np.delete(town.area_factor, column, axis=1).max() == 1
    programme = town.commissioner.programmes["walking_groups"]
    assert town.commissioner.paid["walking_groups"] / 100 == pytest.approx(programme.reached.sum() * 60, abs=0.011)
    silent = Town(scenario, evidence=load().draw(0).judged(False)).go(18)
    assert (silent.area_factor == 1).all()


def test_its_own_numbers_are_drawn_and_known(mine: Path) -> None:
    lever = levers.load("walking_groups", (mine,))
    name = "levers.walking_groups.extra_active"
    drawn = {lever.value(load().draw(number), name) for number in range(6)}
    assert len(drawn) == 6
    assert all(0 <= value <= 0.14 for value in drawn)
    assert lever.value(load().draw(2), name) == lever.value(load().draw(2), name)
    other = "levers.physical_activity.ramp_months"
    assert lever.value(load().draw(3), other) == load().draw(3)[other]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("source: Orrow 2012 shrunk, ", "", r"numbers\.extra_active: .*has no source"),
        ("low: 30,", "low: much,", r"numbers\.cost_per_person: .*'much', not a number"),
        ("grade: judgement}\n  onset", "grade: hunch}\n  onset", "has the grade 'hunch'"),
        ("uptake: levers.walking_groups.uptake", "uptake: levers.physical_activity.uptake", "nothing in the file uses"),
        ("become_active", "become_activ", "did you mean become_active"),
        ("unit: months", "units: months", "did you mean unit"),
    ],
)
def test_mistakes_are_answered(mine: Path, old: str, new: str, words: str) -> None:
    file = mine / "levers" / "walking_groups.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(UserError, match=words) as fault:
        levers.load("walking_groups", (mine,))
    assert str(fault.value).startswith("walking_groups.yaml")


ROW = "name,value,unit,low,high,distribution,null,direction,source,grade,transfer,note\n"
WAIT = "mine.mh_wait,0.5,months,0.2,1.1,gamma,,higher = slower,our own count,read,,\n"


def said(text: str, key: str) -> str:
    """What `explain` says beside a word."""
    return next(line.split(key)[1].strip() for line in text.splitlines() if line.strip().startswith(key))


def test_a_number_of_ones_own_lever_is_explained(mine: Path) -> None:
    name = "levers.walking_groups.uptake"
    with pytest.raises(UserError, match=r"The evidence has no .levers\.walking_groups\.uptake"):
        explain(name)
    with own.using([mine]):
        text = explain(name)
        assert text.startswith(f"{name} = 0.05 share of the eligible a year\n")
        assert said(text, "stands in") == said(text, "used by") == str(mine / "levers" / "walking_groups.yaml")
        with pytest.raises(UserError, match=r"did you mean levers\.walking_groups\.uptake"):
            explain("levers.walking_groups.uptke")
        assert "  levers.walking_groups.extra_active = 0.06" in explain(weakest=True)
        assert said(explain("mortality.hr_cap"), "stands in") == "sim/evidence/parameters/mortality.csv"


def test_evidence_of_ones_own_stands_in_the_file_of_ones_own(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "evidence/parameters/levers.csv": ROW + WAIT,  # of the name of a shipped file
        "evidence/tables/relative_risk_condition.csv": (
            "condition_from,condition_to,value,low,high,source,grade\nchd,asthma,1.2,1.1,1.3,our own count,read\n"
        ),
        "pathways/mental_health.yaml": (paths.configs() / "pathways" / "mental_health.yaml")
        .read_text("utf-8")
        .replace("pathways.handoff_delay", "mine.mh_wait"),
    }
    for name, text in files.items():
        (mine / name).parent.mkdir(parents=True, exist_ok=True)
        (mine / name).write_text(text, "utf-8")
    monkeypatch.chdir(mine)
    shipped = "sim/evidence/tables/relative_risk_condition.csv"
    added = "evidence/tables/relative_risk_condition.csv"
    with own.using([mine]):
        assert said(explain("mine.mh_wait"), "stands in") == "evidence/parameters/levers.csv"
        assert said(explain("mine.mh_wait"), "used by") == "pathways/mental_health.yaml"
        assert said(explain("relative_risk_condition"), "stands in") == f"{shipped}, {added}"
        assert said(explain("relative_risk_condition:chd:asthma"), "stands in") == added
    first = ":".join(load().tables["relative_risk_condition"].rows.iloc[0][:2])
    with own.using([mine]):
        assert said(explain(f"relative_risk_condition:{first}"), "stands in") == shipped


def test_a_judged_effect_that_cannot_be_switched_off_is_refused(mine: Path) -> None:
    file = mine / "levers" / "walking_groups.yaml"
    text = file.read_text("utf-8")
    assert text.count(' "null": 0,') == 1

    def told(changed: str) -> str:
        file.write_text(changed, "utf-8")
        with pytest.raises(UserError) as fault:
            levers.load("walking_groups", (mine,))
        return str(fault.value)

    why = "is judged and has no null, the value that means no effect"
    missing = text.replace(' "null": 0,', "")
    assert told(missing) == (
        f"walking_groups.yaml: acts_on[0].add_probability: levers.walking_groups.extra_active {why}, so that "
        'evidence.judged=false would not leave it out; write "null": 0 under numbers.extra_active.'
    )
    ratio = missing.replace("add_probability: levers", "ratio: levers")
    assert "acts_on[0].ratio: levers.walking_groups.extra_active is judged" in told(ratio)
    assert 'write "null": 1 under numbers.extra_active.' in told(ratio)
    (mine / "evidence" / "parameters").mkdir(parents=True)
    for grade in ("judgement", "read"):
        row = f"mine.extra,0.06,probability,0,0.14,triangular,,higher = more,a guess,{grade},,\n"
        (mine / "evidence" / "parameters" / "ours.csv").write_text(ROW + row, "utf-8")
        elsewhere = text.replace("acts_on:\n", "acts_on:\n  - rate: become_active\n    add_probability: mine.extra\n")
        if grade == "judgement":
            assert told(elsewhere).endswith("; write 0 in the column null of ours.csv.")
            assert "acts_on[0].add_probability: mine.extra is judged" in told(elsewhere)
        else:
            file.write_text(elsewhere, "utf-8")
            assert levers.load("walking_groups", (mine,)).name == "walking_groups"


@pytest.mark.parametrize(
    "changed",
    [
        ('"null": 0', "null: 0"),
        ('"null": 0', '"null": 0.06'),  # a harm that is to stay
        (' "null": 0,\n     direction: higher = more become active, source: Orrow 2012 shrunk, grade: judgement',
         "\n     direction: higher = more become active, source: Orrow 2012, grade: read"),
    ],
)  # fmt: skip
def test_effects_with_a_null_or_a_source_and_judged_costs_pass(mine: Path, changed: tuple[str, str]) -> None:
    file = mine / "levers" / "walking_groups.yaml"
    text = file.read_text("utf-8")
    assert changed[0] in text
    file.write_text(text.replace(*changed), "utf-8")
    lever = levers.load("walking_groups", (mine,))
    judged = {name for name, number in lever.own.items() if number.grade == "judgement" and number.null is None}
    assert {"levers.walking_groups.uptake", "levers.walking_groups.cost_per_person"} <= judged


def test_a_bad_number_is_told_with_the_file_that_holds_it_and_one_full_stop(mine: Path) -> None:
    file = mine / "levers" / "walking_groups.yaml"
    text = file.read_text("utf-8")
    fault = "The value 5 is outside its own interval 0.01 to 0.12."
    for value, sentence in {
        "5": f"walking_groups.yaml: numbers.uptake: {fault}",
        "much": "walking_groups.yaml: numbers.uptake: value of 'levers.walking_groups.uptake' is 'much', not a number.",
    }.items():
        file.write_text(text.replace("value: 0.05", f"value: {value}"), "utf-8")
        with pytest.raises(UserError) as told:
            levers.load("walking_groups", (mine,))
        assert str(told.value) == sentence
    (mine / "evidence" / "parameters").mkdir(parents=True)
    (mine / "evidence" / "parameters" / "ours.csv").write_text(ROW + WAIT.replace(",0.5,", ",5,"), "utf-8")
    with own.using([mine]), pytest.raises(UserError) as told:
        load()
    assert str(told.value) == "ours.csv: mine.mh_wait: The value 5 is outside its own interval 0.2 to 1.1."
