"""The registry is complete, and an evidence draw is a pure function of its number and each name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.errors import UserError
from sim.evidence import Registry, load
from sim.evidence.explain import explain
from sim.evidence.registry import COLUMNS

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load()


def write(folder: Path, *rows: str, name: str = "group") -> Path:
    (folder / f"{name}.csv").write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
    return folder


BENEFIT = "a.benefit,-0.5,points,-0.9,-0.1,normal,0,lower is better,somebody,judgement,,"
RATIO = "a.ratio,2,ratio,1.6,2.5,lognormal,,,somebody,read,,"


def test_every_row_and_table_is_complete(registry: Registry) -> None:
    assert registry.faults() == []


def test_every_row_says_what_a_higher_value_does_and_what_weakens_its_use_here(registry: Registry) -> None:
    """What is judged is judged for here; what was measured elsewhere says where, or that it was here."""
    assert [name for name, it in registry.items() if not it.direction] == []
    assert [name for name, it in registry.items() if it.grade != "judgement" and not it.transfer] == []


def test_draw_0_is_the_central_value(registry: Registry) -> None:
    evidence = registry.draw(0)
    assert all(evidence[name] == parameter.value for name, parameter in registry.items())
    for name, table in registry.tables.items():
        np.testing.assert_array_equal(evidence.table(name)["value"], table.rows["value"])


def test_draws_differ_and_repeat(registry: Registry) -> None:
    name = "mortality.improvement_per_year"
    values = {registry.draw(number)[name] for number in range(20)}
    assert len(values) == 20
    assert registry.draw(7)[name] == registry.draw(7)[name]


def test_another_parameter_changes_no_draw(tmp_path: Path) -> None:
    few, more = tmp_path / "few", tmp_path / "more"
    few.mkdir(), more.mkdir()
    alone = load(write(few, RATIO)).draw(5)["a.ratio"]
    write(more, "a.first,1,ratio,0.5,1.5,normal,,,somebody,read,,", name="earlier")
    assert load(write(more, RATIO)).draw(5)["a.ratio"] == alone


def test_judged_benefits_can_be_switched_off(tmp_path: Path) -> None:
    evidence = load(write(tmp_path, BENEFIT, RATIO)).draw(3)
    without = evidence.judged(False)
    assert without["a.benefit"] == 0
    assert without["a.ratio"] == evidence["a.ratio"]
    assert without.judged(True)["a.benefit"] == evidence["a.benefit"] != 0


def test_judged_rows_of_tables_can_be_switched_off(registry: Registry) -> None:
    risks = registry.draw(0).judged(False).table("relative_risk").set_index(["exposure", "condition"])["value"]
    assert risks["isolation", "death"] == 1
    assert risks["smoking", "chd"] == registry.draw(0).table("relative_risk")["value"].iloc[0]


def test_values_can_be_replaced_by_hand(registry: Registry) -> None:
    evidence = registry.draw(4)
    changed = evidence.replaced({"mortality.hr_cap": 3})
    assert changed["mortality.hr_cap"] == 3
    assert changed["demography.sex_ratio_at_birth"] == evidence["demography.sex_ratio_at_birth"]
    assert changed != evidence
    with pytest.raises(UserError):
        evidence.replaced({"no.such_name": 1})


def test_equal_draws_are_equal(registry: Registry) -> None:
    assert registry.draw(2) == registry.draw(2)
    assert hash(registry.draw(2)) == hash(registry.draw(2))
    assert registry.draw(2) != registry.draw(2).judged(False)


def test_a_table_is_the_callers_own(registry: Registry) -> None:
    evidence = registry.draw(1)
    mine = evidence.table("lag_years")
    mine["value"] = -1
    assert (evidence.table("lag_years")["value"] > 0).all()


@pytest.mark.parametrize("number", range(1, 6))
def test_drawn_tables_stay_possible(registry: Registry, number: int) -> None:
    evidence = registry.draw(number)
    assert evidence.table("prevalence")["value"].between(0, 0.97).all()
    assert (evidence.table("relative_risk")["value"] > 0).all()
    assert evidence.table("transitions")["value"].between(0, 1).all()
    assert (evidence.table("lag_years")["value"] > 1).all()


def test_an_unknown_name_is_answered_with_the_nearest(registry: Registry) -> None:
    with pytest.raises(UserError, match=r"mortality\.hr_cap"):
        registry.draw(0)["mortality.hrcap"]
    with pytest.raises(UserError, match="relative_risk"):
        registry.draw(0).table("relative_risks")
    with pytest.raises(UserError, match=r"mortality\.hr_cap"):
        explain("mortality.hr_cop")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ((RATIO, RATIO), "stands twice"),
        (("a.ratio,two,ratio,1,3,normal,,,x,read,,",), "not a number"),
        (("a.ratio,,ratio,1,3,normal,,,x,read,,",), "no value"),
        (("a.ratio,2,ratio",), "12 cells"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(tmp_path: Path, rows: tuple[str, ...], says: str) -> None:
    with pytest.raises(UserError, match=says):
        load(write(tmp_path, *rows))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a.b,2,,1,3,normal,,,somebody,read,,", "no unit"),
        ("a.b,2,x,1,3,normal,,,,read,,", "no source"),
        ("a.b,2,x,1,3,normal,,,somebody,guess,,", "grade"),
        ("a.b,2,x,1,4,normal,,,somebody,read,,", "split_normal"),
        ("a.b,2,x,1,3,fixed,,,somebody,read,,", "interval"),
    ],
)
def test_incomplete_rows_are_found(tmp_path: Path, row: str, says: str) -> None:
    (fault,) = load(write(tmp_path, row)).faults()
    assert says in fault


def test_explain_says_what_is_known(registry: Registry) -> None:
    text = explain("mortality.improvement_per_year")
    for part in ("0.003 to 0.016", "split_normal", "recalled", "used by"):
        assert part in text
    assert "Valtorta" in explain("relative_risk:isolation:chd")
    assert "wellbeing.waiting_effect" in explain(weakest=True)
    with pytest.raises(UserError, match="no row"):
        explain("relative_risk:gardening")


def test_levels_are_those_of_england(registry: Registry) -> None:
    evidence = registry.draw(0)
    people = evidence.table("england_population").groupby(["sex", "age"])["value"].sum()
    assert people.sum() == pytest.approx(56_550_138, rel=1e-4)
    prevalence = evidence.table("prevalence")
    for condition, level in {"chd": 0.0309, "copd": 0.0194, "heart_failure": 0.015, "dementia": 0.0078}.items():
        cases = sum(
            row.value * people.loc[row.sex, row.age_from : row.age_to].sum()
            for row in prevalence[prevalence["condition"] == condition].itertuples()
        )
        assert cases / people.sum() == pytest.approx(level, rel=0.03), condition


def test_life_expectancy_is_englands(registry: Registry) -> None:
    evidence = registry.draw(0)
    keys = ["sex", "age", "decile"]
    rates = evidence.table("mortality_base").set_index(keys)["value"].to_numpy().reshape(2, 101, 10)
    people = evidence.table("england_population").set_index(keys)["value"].to_numpy().reshape(2, 101, 10)
    national = (rates * people).sum(2) / people.sum(2)
    for sex, expected in ((0, 83.4), (1, 79.8)):  # ONS 2017-19 and 2018-20: 83.3 and 79.6 (recalled), 2019 a good year
        alive = np.exp(-np.concatenate([[0], np.cumsum(national[sex, :100])]))
        lived = (alive[:100] + alive[1:]).sum() / 2 + alive[100] / national[sex, 100]
        assert lived == pytest.approx(expected, abs=0.4)
