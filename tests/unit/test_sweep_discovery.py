"""Discovery, regret and frontiers against rules, tables and optima that are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.errors import UserError
from sim.sweeps import frontier, mixes, prim, regret, resample, tree
from sim.sweeps.base import Job, Record

pytestmark = pytest.mark.unit
N = 800


def worlds(n: int = N, factors: int = 8) -> dict[str, np.ndarray]:
    u = resample.uniforms(7, n, factors)
    found: dict[str, np.ndarray] = {f"x{k}": u[:, k] for k in range(factors - 1)}
    found["roll_out"] = np.array(["everywhere", "by_need", "pilot"])[(u[:, -1] * 3).astype(int)]
    return found


def test_the_box_is_found_with_its_limits_and_nothing_else() -> None:
    w = worlds()
    bad = (w["x1"] > 0.6) & (w["x4"] < 0.5)
    (box,) = prim.boxes(w, bad)
    assert set(box.limits) == {"x1", "x4"}
    # a limit is off by the gap between neighbouring worlds, or by part of a slice
    assert box.limits["x1"].low == pytest.approx(0.6, abs=0.03)
    assert box.limits["x1"].high is None
    assert box.limits["x4"].high == pytest.approx(0.5, abs=0.03)
    assert box.density > 0.95
    assert box.coverage > 0.9
    assert box.tested > 0.9
    assert box.base == pytest.approx(bad.mean())
    assert (box.inside(w) == (w["x1"] >= box.limits["x1"].low) & (w["x4"] <= box.limits["x4"].high)).all()


def test_choices_are_found_and_a_second_box_in_what_is_left() -> None:
    w = worlds()
    bad = ((w["roll_out"] == "pilot") & (w["x0"] > 0.3)) | ((w["roll_out"] != "pilot") & (w["x2"] < 0.2))
    found = prim.boxes(w, bad)
    assert len(found) >= 2
    assert found[0].limits["roll_out"].choices == ("pilot",)
    assert found[1].limits["x2"].high == pytest.approx(0.2, abs=0.04)


def test_where_nothing_matters_no_box_is_claimed() -> None:
    w = worlds(300)
    claimed = sum(bool(prim.boxes(w, resample.uniforms(1000 + k, 300) < 0.3)) for k in range(20))
    assert claimed <= 4  # one in twenty by chance: more than four of twenty in 3 of 1,000


def test_chance_in_the_outcome_widens_no_claim_and_loses_no_truth() -> None:
    w = worlds()
    bad = resample.uniforms(31, N) < np.where(w["x3"] > 0.7, 0.7, 0.2)
    (box,) = prim.boxes(w, bad, most=1)
    assert next(iter(box.limits)) == "x3"
    assert box.limits["x3"].low == pytest.approx(0.7, abs=0.1)
    assert box.tested <= box.density + 0.05  # in worlds not seen it is less pure, not more


def test_all_wrong_or_none_gives_no_box_and_few_worlds_are_refused() -> None:
    w = worlds(60)
    assert prim.boxes(w, np.ones(60, bool)) == prim.boxes(w, np.zeros(60, bool)) == []
    with pytest.raises(UserError, match="at least 40 worlds"):
        prim.boxes(worlds(20), np.ones(20, bool))


def test_the_tree_splits_where_the_rule_does_and_not_where_there_is_none() -> None:
    w = worlds()
    bad = (w["x1"] > 0.6) & (w["roll_out"] == "by_need")
    found = tree.leaves(w, bad)
    worst = found[0]
    limits = dict(worst.limits)
    assert worst.share > 0.95
    assert limits["x1"].low == pytest.approx(0.6, abs=0.02)
    assert limits["roll_out"].choices == ("by_need",)
    assert sum(leaf.worlds for leaf in found) == N
    stumps = [len(tree.leaves(w, resample.uniforms(2000 + k, N) < 0.3)) == 1 for k in range(20)]
    assert sum(stumps) >= 16  # one in twenty by chance


def test_regret_by_hand() -> None:
    """Three acts in four states: by maximin the second, by minimax regret the first."""
    outcome = np.array([[12.0, 7, 10], [9, 8, 3], [4, 8, 2], [6, 7, 9]])
    found = regret.table(outcome, ["a", "b", "c"], enough=7)
    by = found.table.set_index("scenario")
    assert by["max_regret"].to_dict() == {"a": 4, "b": 5, "c": 6}
    assert by["worst"].to_dict() == {"a": 4, "b": 7, "c": 2}
    assert by["mean_regret"].to_dict() == pytest.approx({"a": 7 / 4, "b": 8 / 4, "c": 14 / 4})
    assert by["best"].to_dict() == {"a": 0.5, "b": 0.25, "c": 0.25}
    assert (found.minimax, found.satisficing) == ("a", "b")
    assert by["enough"].to_dict() == {"a": 0.5, "b": 1.0, "c": 0.5}


def test_less_is_better_mirrors_and_equals_are_called_the_same() -> None:
    outcome = resample.uniforms(3, 50, 3)
    up, down = regret.table(outcome, "abc"), regret.table(-outcome, "abc", good=-1)
    assert (up.table["max_regret"] == down.table["max_regret"]).all()
    assert up.minimax == down.minimax
    even = regret.table(np.ones((20, 2)), "ab")
    assert even.same
    assert not even.clear
    assert even.table["best"].tolist() == [0.5, 0.5]
    with pytest.raises(UserError, match="two scenarios"):
        regret.table(np.ones((20, 1)), "a")


WORTH = np.array([3.0, 2.0, 1.0, 0.5])


def concave(noise: float) -> frontier.Evaluate:
    """Σ w √x: at the best mix of a budget B, x is in proportion to w²."""

    def run(amounts: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
        chance = np.stack(
            [resample.normals(int(1e6 * row.sum() + 1e5 * row @ WORTH) + s, 1) for row in amounts for s in seeds]
        )
        return np.asarray((np.sqrt(amounts) @ WORTH)[:, None] + noise * chance.reshape(len(amounts), len(seeds)))

    return run


def test_the_best_mix_is_near_the_known_one_and_its_gain_is_that_of_fresh_seeds() -> None:
    best = WORTH**2 / (WORTH**2).sum() * 2
    top, even = np.sqrt(best) @ WORTH, np.sqrt(np.full(4, 0.5)) @ WORTH
    found = frontier.best_mix(concave(0.02), list("abcd"), 2.0, seeds=range(1, 3), fresh=range(10, 18), rounds=3)
    amounts = np.array(list(found.amounts.values()))
    assert amounts.sum() == pytest.approx(2.0)
    assert np.sqrt(amounts) @ WORTH > top - 0.15 * (top - even)
    assert found.better
    assert found.low - 0.05 < np.sqrt(amounts) @ WORTH - even < found.high + 0.05


def test_where_the_mix_does_not_matter_none_is_called_better() -> None:
    def flat(amounts: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
        chance = [resample.normals(int(1e6 * row @ WORTH) + s, 1) for row in amounts for s in seeds]
        return np.asarray(np.reshape(chance, (len(amounts), len(seeds))))

    better = [
        frontier.best_mix(flat, list("abcd"), 1.0 + k, seeds=[1], fresh=range(5, 13), rounds=1).better for k in range(8)
    ]
    assert sum(better) <= 2  # one in twenty by chance
    found = [frontier.best_mix(flat, list("abcd"), 1.0 + k, seeds=[1], fresh=range(5, 13), rounds=1) for k in range(6)]
    promised, valued = (np.mean([getattr(one, name) for one in found]) for name in ("promised", "valued"))
    assert promised > 0.5  # the best of some twenty by luck
    assert abs(valued) < 4 / np.sqrt(6 * 4)  # six means of four seeds with variance one


def test_no_lever_gets_more_than_its_most_and_the_budget_is_spent() -> None:
    spent = frontier._mixes(1, 500, 2.0, np.array([0.3, 1.0, 2.0, 0.5]))
    assert (spent <= np.array([0.3, 1.0, 2.0, 0.5]) + 1e-9).all()
    assert spent.sum(axis=1) == pytest.approx(2.0)
    with pytest.raises(UserError, match="cannot be spent"):
        frontier.best_mix(concave(0), list("ab"), 2.0, seeds=[1], fresh=[2, 3, 4], most=[0.5, 0.5])
    with pytest.raises(UserError, match="did not use"):
        frontier.best_mix(concave(0), list("abcd"), 2.0, seeds=[1], fresh=[1, 2, 3])


def test_the_front_of_a_sweep_is_valued_on_other_seeds() -> None:
    cost = np.array([1.0, 2, 3, 3, 4])
    outcome = np.array([1.0, 3, 2, 5, 4])
    seeds = np.array([0.1, -0.1, 0.1, -0.1])
    found = frontier.front(np.repeat(cost[:, None], 4, 1), outcome[:, None] + seeds)
    assert found.rows.tolist() == [0, 1, 3]
    assert found.promised == pytest.approx(found.valued)  # luck that all share flatters none
    assert found.valued == pytest.approx([1, 3, 5])
    assert found.flattery == pytest.approx(0)
    luck = frontier.front(np.ones((200, 4)) + np.arange(200)[:, None], resample.normals(5, 200, 4))
    assert luck.flattery > 0.5


class Pretended:
    """An engine that works out Σ w √amount and remembers what it was asked."""

    workers = 1

    def __init__(self, fails: bool = False) -> None:
        self.asked: list[Job] = []
        self.fails = fails

    def run(self, base: Any, chunks: Iterator[list[Job]]) -> Iterator[Record | None]:
        for chunk in chunks:
            for job in chunk:
                self.asked.append(job)
                amounts = [job.values[f"reform.levers.{lever}.amount"] for lever in "abcd"]
                gain = float(np.sqrt(amounts) @ WORTH)
                values = np.array([[[5.0, 5.0]], [[5.0, 5.0 + gain]]])  # scenarios × outcomes × years
                yield None
                yield Record(job.key, job.row, job.seed, "ok", values=None if self.fails else values, error="E: no")


def test_mixes_are_run_once_each_and_set_against_the_baseline() -> None:
    base = SimpleNamespace(
        scenarios={"baseline": {}, "reform": {}}, outcomes=("deaths",),
        key=lambda values, seed: repr((sorted(values.items()), seed)).encode(),
    )  # fmt: skip
    engine = Pretended()
    run = mixes.Runner(base, "reform", list("abcd"), "deaths", engine)  # type: ignore[arg-type]
    amounts = np.array([[1.0, 0, 0, 0], [0, 4.0, 0, 0]])
    assert run(amounts, [1, 2]).tolist() == [[3, 3], [4, 4]]
    run(amounts, [1, 2, 3])
    assert len(engine.asked) == 2 * 3
    assert [job.seed for job in engine.asked] == [1, 1, 2, 2, 3, 3]
    found = mixes.for_budgets(run, list("abcd"), [2.0, 1.0], seeds=[1], fresh=[7, 8, 9], rounds=1)
    assert [one.budget for one in found] == [1.0, 2.0]
    assert found[0].valued < found[1].valued
    with pytest.raises(UserError, match="could not be run"):
        mixes.Runner(base, "reform", list("abcd"), "deaths", Pretended(True))(amounts, [1])  # type: ignore[arg-type]
