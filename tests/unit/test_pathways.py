"""Pathways as configuration: what is read, what is refused, and that shares and factors do what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sim import api, compose, own, paths, precheck, system
from sim.care import pathways
from sim.care.pathways import ASKS, KINDS, NOWHERE, Pathways
from sim.errors import UserError
from sim.evidence import load

pytestmark = pytest.mark.unit

SMALL: dict[str, Any] = yaml.safe_load("""
label: Mental health need
description: Something
asks: gp_mental
begins_at: practice
steps:
  - team: mental_health
    share: a.share
    lost: a.lost
    then:
      - {team: vcse, share: a.later}
  - team: vcse
    name: advice
    share: a.other
""")
NUMBERS = {"a.share": 0.3, "a.lost": 0.1, "a.later": 0.5, "a.other": 0.2}


def small(**changes: Any) -> pathways.Pathway:
    return pathways.from_mapping("mental_health", {**SMALL, **changes}, "mental_health.yaml")


def test_every_kind_of_need_has_a_pathway_whose_numbers_exist() -> None:
    shipped = pathways.shipped()
    assert [path.kind for path in shipped] == list(KINDS)
    assert [path.asks for path in shipped] == list(ASKS)
    registry = load()
    for path in shipped:
        for step in path.walk():
            assert all(name in registry for name in step.numbers.values())
    for draw in range(20):  # drawn shares never send more than everyone
        found = Pathways.of(registry.draw(draw))
        for children in found.children.values():
            assert found.value[children, 0].sum() <= 1 + 1e-12


def test_a_pathway_is_a_tree_with_its_depth() -> None:
    found = Pathways.of(NUMBERS, [small()])
    after, advice = found.step("mental_health", "vcse"), found.step("mental_health", "advice")
    first = found.step("mental_health", "mental_health")
    assert found.parent[after] == first
    assert found.parent[first] == NOWHERE == found.parent[advice]
    assert found.depth[[first, advice, after]].tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"asks": "gp_metal"}, "asks: there is no contact or event called 'gp_metal'; did you mean gp_mental?"),
        ({"asks": "gp_social"}, "begins with gp_mental, not with gp_social"),
        ({"begins_at": "practise"}, "begins_at: there is no team called 'practise'; did you mean practice?"),
        ({"lable": "x"}, "lable: there is no key called 'lable'; did you mean label?"),
        ({"steps": {}}, "steps: must be a list"),
        ({"steps": [{"team": "mental_heath"}]}, "steps.1.team: there is no team called 'mental_heath'; did you mean"),
        ({"steps": [{"share": "a.share"}]}, "steps.1.team: is missing"),
        ({"steps": [{"team": "vcse", "delay": "a.share"}]}, "steps.1.delay: there is no key called 'delay'"),
        ({"steps": [{"team": "vcse", "share": 0.4}]}, "steps.1.share: must be the name of a parameter, not 0.4"),
        ({"steps": [{"team": "vcse"}, {"team": "vcse"}]}, "two steps are called 'vcse'"),
    ],
)
def test_a_mistake_is_answered_with_file_and_key(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as answer:
        small(**changes)
    assert str(answer.value).startswith("mental_health.yaml: ")
    assert sentence in str(answer.value)


def test_a_missing_key_and_an_unknown_kind_are_named() -> None:
    with pytest.raises(UserError, match="label: is missing"):
        pathways.from_mapping("social", {key: SMALL[key] for key in SMALL if key != "label"}, "social.yaml")
    with pytest.raises(UserError, match="no kind of need called 'socal'; did you mean social"):
        pathways.from_mapping("socal", SMALL, "socal.yaml")


def test_an_unknown_parameter_and_shares_over_all_are_refused() -> None:
    with pytest.raises(UserError, match=r"mental_health.lost: there is no parameter called 'a.lost'; did you mean"):
        Pathways.of({name: 0.1 for name in NUMBERS if name != "a.lost"}, [small()])
    with pytest.raises(UserError, match="shares of mental_health, advice come to 110%"):
        Pathways.of({**NUMBERS, "a.share": 0.9}, [small()])


def test_levers_are_told_of_steps_that_are_not_there() -> None:
    found = Pathways.of(NUMBERS, [small()])
    ones = np.ones(3)
    with pytest.raises(UserError, match="no kind of need called 'mental'"):
        found.scale("mental", "vcse", "lost", by_area=ones)
    with pytest.raises(UserError, match="did you mean advice"):
        found.scale("mental_health", "advise", "lost", by_area=ones)
    with pytest.raises(UserError, match="no number of a step called 'loss'"):
        found.scale("mental_health", "vcse", "loss", by_area=ones)


@given(st.floats(0, 0.5), st.floats(0, 0.5))
def test_ways_on_get_their_shares(first: float, second: float) -> None:
    found = Pathways.of({**NUMBERS, "a.share": first, "a.other": second}, [small()])
    uniform = (np.arange(1000) + 0.5) / 1000
    nobody = np.zeros(1000, np.int64)
    went = found.onward(KINDS.index("mental_health"), NOWHERE, uniform, nobody, nobody)
    for name, share in (("mental_health", first), ("advice", second)):
        assert np.mean(went == found.step("mental_health", name)) == pytest.approx(share, abs=0.0011)
    assert found.most_onward(KINDS.index("mental_health"), NOWHERE) == pytest.approx(first + second)


def test_factors_act_where_they_are_set_multiply_and_are_forgotten() -> None:
    found = Pathways.of(NUMBERS, [small()])
    step = found.step("mental_health", "mental_health")
    steps, practice, area = np.full(4, step), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    found.scale("mental_health", "mental_health", "lost", by_practice=np.array([0.5, 1.0]))
    found.scale("mental_health", "mental_health", "lost", by_practice=np.array([0.5, 1.0]), by_area=np.array([1, 20.0]))
    assert found.number(steps, "lost", practice, area) == pytest.approx([0.025, 0.5, 0.1, 1.0])
    assert found.number(steps, "share", practice, area) == pytest.approx([0.3] * 4)
    found.scale("mental_health", "mental_health", "share", by_area=np.array([2.0, 1.0]))
    assert found.most_onward(KINDS.index("mental_health"), NOWHERE) == pytest.approx(0.8)
    found.clear()
    assert found.number(steps, "lost", practice, area) == pytest.approx([0.1] * 4)


MISTAKES = [
    ("mental_health.yaml", "lost: pathways.handoff_lost", "lost: pathways.handof_lost",
     "mental_health.lost: there is no parameter called 'pathways.handof_lost'; did you mean pathways.handoff_lost?"),
    ("mental_health.yaml", "team: mental_health", "team: mental_heath",
     "steps.1.team: there is no team called 'mental_heath'; did you mean mental_health?"),
    ("mental_health.yaml", "share: pathways.mental_health_referred", "share: demography.sex_ratio_at_birth",
     "steps: the shares of mental_health come to 106% of those before them."),
    ("mental_helth.yaml", "", "", "there is no kind of need called 'mental_helth'; did you mean mental_health?"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "sentence"), MISTAKES, ids=[f"{m[0]} {m[2][:6]}" for m in MISTAKES])
def test_a_mistake_in_a_pathway_of_ones_own_is_found_before_anything_runs(
    name: str, old: str, new: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (paths.configs() / "pathways" / "mental_health.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "mine" / "pathways").mkdir(parents=True)
    (tmp_path / "mine" / "pathways" / name).write_text(text.replace(old, new), "utf-8")
    monkeypatch.setattr(system, "run_history", None)  # whatever simulates would fail otherwise
    where = [tmp_path / "mine"]
    sizes: dict[str, Any] = {"place": "toy", "results": str(tmp_path / "results")}
    asked: list[Callable[[], object]] = [
        lambda: precheck.check(compose.plan("compare", own=where, scenarios=["baseline"], **sizes)),
        lambda: precheck.check(compose.plan("run", own=where, **sizes)),
        lambda: api.run(own=where, **sizes),
        lambda: api.compare(["baseline"], own=where, **sizes),
        lambda: api.sweep("screen", own=where, scenarios=["baseline"], **sizes),
    ]
    for ask in asked:
        with pytest.raises(UserError) as answer:
            ask()
        assert str(answer.value) == f"pathways/{name}: {sentence}"
    assert [each.name for each in tmp_path.iterdir()] == ["mine"], "nothing is written"


def test_mistakes_of_several_pathways_are_told_together_and_right_ones_pass(tmp_path: Path) -> None:
    shipped = paths.configs() / "pathways"
    (tmp_path / "pathways").mkdir()
    for file in shipped.glob("*.yaml"):
        (tmp_path / "pathways" / file.name).write_text(file.read_text("utf-8"), "utf-8")
    with own.using([tmp_path]):
        precheck.check_pathways()
    for name in ("social", "child"):
        file = tmp_path / "pathways" / f"{name}.yaml"
        file.write_text(file.read_text("utf-8").replace("label:", "lable:"), "utf-8")
    with own.using([tmp_path]), pytest.raises(UserError) as answer:
        precheck.check_pathways()
    assert [line.partition(":")[0] for line in str(answer.value).splitlines()] == [
        "pathways/child.yaml",
        "pathways/social.yaml",
    ]
