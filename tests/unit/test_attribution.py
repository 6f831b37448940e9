"""Parts of a difference add up to the whole, are Shapley values where they say so, and are told in words that fit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import UserError
from sim.outcomes.results import Results
from sim.outcomes.shares import EXACT_UP_TO, sets_needed, share_out
from sim.studies import attribute, attribution, determinants
from tests.unit.report_samples import record

pytestmark = pytest.mark.unit


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7), st.integers(0, 10_000))
def test_parts_add_up_whatever_the_interactions(n: int, seed: int) -> None:
    players = [f"p{k}" for k in range(n)]
    rng = np.random.default_rng(seed)
    values = {chosen: rng.normal(size=3) for chosen in sets_needed(players)}
    found = share_out(players, values)
    whole = values[frozenset(players)] - values[frozenset()]
    np.testing.assert_allclose(sum(found.part.values()) + found.rest, whole, atol=1e-12)
    np.testing.assert_allclose(sum(found.alone.values()) + found.interaction, whole, atol=1e-12)
    assert found.exact == (n <= EXACT_UP_TO)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(0, 10_000))
def test_exact_parts_are_means_over_all_orders_of_joining(n: int, seed: int) -> None:
    players = [f"p{k}" for k in range(n)]
    rng = np.random.default_rng(seed)
    values = {chosen: rng.normal(size=2) for chosen in sets_needed(players)}
    found = share_out(players, values)
    orders = list(itertools.permutations(players))
    for one in players:
        gains = []
        for order in orders:
            before = frozenset(order[: order.index(one)])
            gains.append(values[before | {one}] - values[before])
        np.testing.assert_allclose(found.part[one], np.mean(gains, axis=0), atol=1e-12)


def test_with_pairwise_interaction_first_and_last_are_exact_for_any_number_of_players() -> None:
    players = [f"p{k}" for k in range(6)]
    rng = np.random.default_rng(1)
    own, pairs = rng.normal(size=6), np.triu(rng.normal(size=(6, 6)), 1)

    def value(chosen: frozenset[str]) -> np.ndarray:
        on = np.array([p in chosen for p in players], float)
        return np.array([own @ on + on @ pairs @ on])

    found = share_out(players, {chosen: value(chosen) for chosen in sets_needed(players)})
    assert not found.exact
    np.testing.assert_allclose(found.rest, 0, atol=1e-12)
    for k, one in enumerate(players):
        assert found.part[one][0] == pytest.approx(own[k] + (pairs[k] + pairs[:, k]).sum() / 2)


def scenarios(n: int) -> tuple[dict, dict]:
    domains = dict(zip([f"l{k}" for k in range(n)], itertools.cycle(["social", "tobacco", "capacity"]), strict=False))
    return {
        "baseline": {"label": "Baseline", "description": "x", "levers": {"kept": {"amount": 1}}},
        "all": {"label": "All", "description": "y", "levers": {"kept": {"amount": 1}, **dict.fromkeys(domains, 1.0)}},
    }, domains | {"kept": "capacity"}


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 9])
def test_every_set_that_is_needed_is_run_once_and_the_rest_of_the_scenario_is_kept(n: int) -> None:
    made = attribute.design("baseline", "all", *scenarios(n))
    assert next(iter(made.scenarios)) == "baseline"
    assert list(made.scenarios)[-1] == "all"
    assert len(set(made.name_of.values())) == len(made.scenarios) == len(made.name_of)
    runs = 2**n if n <= EXACT_UP_TO else 2 * n + 2
    kinds = 2 ** len(made.kinds) if n > EXACT_UP_TO else 0
    assert len(made.scenarios) <= runs + kinds
    for chosen, name in made.name_of.items():
        assert set(made.scenarios[name]["levers"]) == {"kept", *chosen}
    assert all(one == "kept" or one in made.levers for one in made.kind_of | {"kept": ""})
    assert made.kinds == tuple(k for k in ("clinical", "behaviours", "social") if k in made.kind_of.values())


def test_scenarios_that_do_not_differ_are_refused() -> None:
    given, domains = scenarios(1)
    with pytest.raises(UserError, match="nothing to attribute"):
        attribute.design("baseline", "same", {"baseline": given["baseline"], "same": given["baseline"]}, domains)


def test_a_lever_that_only_the_first_scenario_has_counts_as_taken_away() -> None:
    given, domains = scenarios(1)
    made = attribute.design("all", "baseline", given, domains)
    assert made.levers == ("l0",)
    assert set(made.scenarios["baseline"]["levers"]) == {"kept"}


def made_up(n: int = 2) -> tuple[Results, attribute.Design]:
    """Results in which each lever has an effect of its own and the first two together lose a part of it."""
    made = attribute.design("baseline", "all", *scenarios(n))
    size = {f"l{k}": -0.02 * (k + 1) for k in range(n)}
    records = []
    for chosen, name in made.name_of.items():
        total = sum(size[x] for x in chosen) + (0.01 if {"l0", "l1"} <= chosen else 0.0)
        label = made.scenarios[name]["label"]
        for draw, seed in ((1, 1), (2, 2)):
            records.append(record(name, draw, seed, {"unmet_need": total} if chosen else {}, years=2, noise=0.0,
                                  label=label))  # fmt: skip
    first = [r for r in records if r.scenario == "baseline"]
    return Results([*first, *(r for r in records if r.scenario != "baseline")]), made


def test_the_table_and_the_waterfall_meet_both_scenarios() -> None:
    results, made = made_up(3)
    k = results.years.index(results.horizon)
    whole = (results.values("unmet_need", "all") - results.values("unmet_need", "baseline"))[:, k].mean()
    found = [one for one in attribution.parts(results, made) if one.measure == "unmet_need" and one.by == "lever"]
    parts = {one.what: one for one in found}
    assert sum(parts[x].part for x in made.levers) == pytest.approx(whole)
    assert parts["together"].part == pytest.approx(whole)
    assert parts["interaction"].part == pytest.approx(whole - sum(parts[x].alone for x in made.levers))
    assert parts["l2"].part < parts["l1"].part < parts["l0"].part < 0
    steps = attribution.waterfall(results, made, "unmet_need", "kind")
    for one, following in itertools.pairwise(steps[:-1]):
        assert one.end == pytest.approx(following.start)
    assert steps[-2].end == pytest.approx(steps[-1].end)


def test_files_figures_and_words_are_written(tmp_path) -> None:
    results, made = made_up()
    attribution.write(results, made, tmp_path / "out")
    names = {file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*.*")}
    assert {"attribution.csv", "waterfall.csv", "figures/waterfall_unmet_need_by_lever.svg"} <= names
    said = attribution.render(results, made)
    assert "L0" in said
    assert "Together" in said
    assert max(map(len, said.splitlines())) <= 100


def test_every_shipped_lever_belongs_to_a_kind_of_determinant() -> None:
    from sim import paths
    from sim.policy import levers

    known = determinants.shipped()
    for name in paths.names("levers"):
        domain = str(levers.read_yaml(paths.config_file("levers", name))["domain"])
        assert known.of_lever(name, domain) != determinants.OTHER, (
            f"{name}: add the domain {domain} to configs/lens.yaml"
        )


def test_mistakes_in_the_lens_name_file_and_key() -> None:
    whole = {"label": "A", "weight": "w", "domains": [], "best": {}}
    with pytest.raises(UserError, match=r"lens.yaml: kinds.a.best.nobdy"):
        determinants.from_mapping({"ideal": "x", "kinds": {"a": {**whole, "best": {"nobdy": []}}}})
    with pytest.raises(UserError, match=r"lens.yaml: kinds.a.weight: is missing"):
        determinants.from_mapping({"ideal": "x", "kinds": {"a": {k: v for k, v in whole.items() if k != "weight"}}})
