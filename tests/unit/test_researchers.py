"""The worked example of docs/for-researchers.md works as it is printed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from sim.errors import UserError
from sim.evidence import load
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
