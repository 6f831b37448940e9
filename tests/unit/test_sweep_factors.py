"""What a sweep varies: each factor has the registry's own distribution, and mistakes are told in one sentence."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from sim.errors import UserError
from sim.evidence import Registry, load
from sim.evidence.distributions import uniform
from sim.sweeps import factors
from sim.sweeps.factors import INTERVAL, Factor, of_evidence, of_settings

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load()


def setting(given: object, key: str = "health_creation.levers.link_workers.amount") -> Factor:
    return of_settings({key: given})[0]


def test_all_evidence_is_what_has_an_interval(registry: Registry) -> None:
    names = [factor.name for factor in of_evidence(registry)]
    wide = [name for name, parameter in registry.items() if factors.uncertain(parameter)]
    drawn = [name for name, table in registry.tables.items() if not table.drawn(1).equals(table.drawn(2))]
    assert names == [*wide, *drawn]
    assert "mortality_base" in names
    assert "beds_by_month" not in names


def test_every_factor_changes_the_evidence_and_stays_finite(registry: Registry) -> None:
    central = registry.draw(0)
    for factor in of_evidence(registry):
        values = [factor.at(u) for u in (0.0, 0.3, 0.5, 0.9, 1.0)]
        assert np.isfinite(values).all(), factor.name
        assert values == sorted(values), factor.name
        moved = central.replaced({factor.name: factor.at(0.9)})
        if factor.name in registry.tables:
            assert not moved.table(factor.name).equals(central.table(factor.name)), factor.name
        else:
            assert moved[factor.name] == registry[factor.name].fitted.quantile(0.9), factor.name


def test_the_ends_are_the_registry_s_interval(registry: Registry) -> None:
    for factor in of_evidence(registry, ["money", "care"]):
        parameter = registry[factor.name]
        low, high = (factor.at(end) for end in factor.ends)
        if parameter.distribution in ("uniform", "triangular"):
            assert (low, high) == pytest.approx((parameter.low, parameter.high))
        elif parameter.distribution in ("normal", "split_normal"):
            assert factor.ends == INTERVAL
            width = float(parameter.high or 0) - float(parameter.low or 0)
            assert float(high) - float(low) == pytest.approx(width)


def test_evidence_is_named_by_prefix_group_table_and_stratum(registry: Registry) -> None:
    by_prefix = [factor.name for factor in of_evidence(registry, ["levers.link_workers"])]
    assert by_prefix == [factor.name for factor in of_evidence(registry, ["levers.link_workers.*"])]
    assert by_prefix
    assert all(name.startswith("levers.link_workers.") for name in by_prefix)
    group = [factor.name for factor in of_evidence(registry, ["pathways"])]
    assert {registry[name].group for name in group} == {"pathways"}
    assert [factor.name for factor in of_evidence(registry, "prevalence")] == ["prevalence"]
    (stratum,) = of_evidence(registry, ["prevalence:chd"])
    assert "chd" in stratum.label
    pairs = of_evidence(registry, ["prevalence:c*"])
    assert "prevalence:chd" in {factor.name for factor in pairs}
    overlapping = of_evidence(registry, ["levers.link_workers", "levers.link_workers.uptake"])
    assert [factor.name for factor in overlapping] == by_prefix


def test_factors_move_in_groups_by_subject_or_as_named(registry: Registry) -> None:
    grouped = {factor.name: factor.group for factor in of_evidence(registry, "all", grouped=True)}
    assert grouped["levers.link_workers.uptake"] == "levers.link_workers"
    assert grouped["mortality.condition_exponent"] == "mortality"
    assert grouped["relative_risk"] == "relative_risk"
    assert len(set(grouped.values())) < len(grouped) / 3
    own = of_evidence(registry, {"harm": ["relative_risk", "mortality_hr"], "money": ["money"]})
    assert {factor.name: factor.group for factor in own}["relative_risk"] == "harm"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (["levers.link_workers.uptak"], "did you mean levers.link_workers.uptake"),
        (["relative_risk:smoking:chdd:cvd"], "relative_risk:smoking:chd:cvd"),
        (["beds_by_month"], "no intervals"),
        (["money", "money"], "money twice"),
        ([], "No evidence"),
        (["prevalence", "prevalence:chd"], "choose one"),
        ({"a": ["prevalence", "prevalence"]}, "group a names prevalence twice"),
        ({"a": ["prevalence"], "b": ["prevalence"]}, "two groups: a and b"),
    ],
)
def test_mistakes_in_evidence(registry: Registry, wanted: object, words: str) -> None:
    with pytest.raises(UserError, match=words):
        of_evidence(registry, wanted)  # type: ignore[arg-type]


def test_a_fixed_parameter_cannot_vary(registry: Registry) -> None:
    fixed = next(name for name, parameter in registry.items() if parameter.distribution == "fixed")
    with pytest.raises(UserError, match="nothing to vary"):
        of_evidence(registry, [fixed])


def test_settings_take_ranges_whole_numbers_and_choices() -> None:
    amount = setting([0.5, 2])
    assert amount.levels is None
    assert [amount.at(u) for u in (0, 0.5, 1)] == [0.5, 1.25, 2]
    years = setting([10, 20], "years")
    assert years.levels == 11
    assert [years.at(u) for u in (0, 1 / 11, 10 / 11, 1)] == [10, 11, 20, 20]
    assert isinstance(years.at(0.3), int)
    place = setting({"choices": ["toy", "north_mid_hampshire", True]}, "place")
    assert [place.at(u) for u in (0, 0.34, 0.99, 1)] == ["toy", "north_mid_hampshire", True, True]
    law = setting({"value": 1, "low": 0.5, "high": 2, "distribution": "lognormal"})
    assert law.at(0.5) == pytest.approx(1)
    assert np.isfinite(float(law.at(1.0)))
    assert pickle.loads(pickle.dumps(law)).at(0.2) == law.at(0.2)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([2, 1], "reversed"),
        ([1, 1], "equal"),
        ([1, 2, 3], "choices"),
        (["a", "b"], "choices"),
        ([True, False], "choices"),
        ([0, float("inf")], "finite"),
        ({"choices": ["a"]}, "two or more"),
        ({"choices": ["a", "a"]}, "twice"),
        ({"low": 1, "high": 2}, r"must be \[low, high\]"),
        (3, r"must be \[low, high\]"),
        ({"value": 1, "low": 2, "high": 3, "distribution": "normal"}, "outside its own interval"),
    ],
)
def test_mistakes_in_settings(given: object, words: str) -> None:
    with pytest.raises(UserError, match=words) as said:
        setting(given)
    assert "link_workers.amount" in str(said.value)


def test_whole_settings_refuse_broken_numbers_and_nothing_stands_twice() -> None:
    with pytest.raises(UserError, match="whole numbers"):
        setting([1.5, 3.5], "years")
    with pytest.raises(UserError, match="twice"):
        factors.together([setting([1, 2])], [setting([1, 3])])
    with pytest.raises(UserError, match="varies nothing"):
        factors.together([])


def test_a_table_at_its_own_quantiles_is_its_draw(registry: Registry) -> None:
    for name in ("mortality_base", "relative_risk", "prevalence", "transitions", "frailty_onset"):
        table = registry.tables[name]
        drawn = registry.draw(5).table(name)
        named = table.strata or [""]
        quantiles = {each: uniform(5, f"table.{name}:{each}" if each else f"table.{name}") for each in named}
        by_hand = registry.draw(0).replaced({f"{name}:{e}" if e else name: q for e, q in quantiles.items()})
        np.testing.assert_array_equal(by_hand.table(name)["value"], drawn["value"])


def test_a_stratum_moves_alone_and_before_its_table(registry: Registry) -> None:
    central = registry.draw(0).table("prevalence")
    moved = registry.draw(0).replaced({"prevalence:chd": 0.9}).table("prevalence")
    changed = central["value"] != moved["value"]
    assert set(central["condition"][changed]) == {"chd"}
    both = registry.draw(0).replaced({"prevalence": 0.1, "prevalence:chd": 0.9}).table("prevalence")
    chd = central["condition"] == "chd"
    np.testing.assert_array_equal(both["value"][chd], moved["value"][chd])
    assert (both["value"][~chd] <= central["value"][~chd]).all()
    assert registry.draw(0).replaced({"prevalence": 0.1}) != registry.draw(0)


def test_the_bounds_of_a_table_leave_its_central_values_alone(registry: Registry) -> None:
    for table in registry.tables.values():
        np.testing.assert_array_equal(table._bounded(table.rows)["value"], table.rows["value"])


def test_a_quantile_lies_between_0_and_1(registry: Registry) -> None:
    with pytest.raises(UserError, match="quantile between 0 and 1, not 1"):
        registry.draw(0).replaced({"prevalence": 1.0})
    with pytest.raises(UserError, match="no intervals"):
        registry.draw(0).replaced({"beds_by_month": 0.5})
    with pytest.raises(UserError, match="prevalence:chd"):
        registry.draw(0).replaced({"prevalence:chf": 0.5})


def test_judged_rows_stay_off_in_a_table_that_is_moved(registry: Registry) -> None:
    keys = ["exposure", "condition"]
    central = registry.draw(0).table("relative_risk").set_index(keys)["value"]
    moved = (
        registry.draw(0).judged(False).replaced({"relative_risk": 0.9}).table("relative_risk").set_index(keys)["value"]
    )
    assert moved["isolation", "death"] == 1
    assert moved["smoking", "chd"] > central["smoking", "chd"]
