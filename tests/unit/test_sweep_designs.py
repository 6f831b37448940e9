"""Rows of designs: SALib's own, growing without waste, equal ones once, and mistakes told before anything runs."""

from __future__ import annotations

import numpy as np
import pytest

from sim.errors import UserError
from sim.evidence import load
from sim.sweeps import samples
from sim.sweeps.designs import GROUPED, METHODS, NESTED, Design, given, make, runs
from sim.sweeps.factors import Factor, of_evidence, of_settings

pytestmark = pytest.mark.unit

ENOUGH = {"fast": 65, "rbd_fast": 64, "delta": 128, "pawn": 64, "hdmr": 64}


def unit(k: int = 3) -> list[Factor]:
    return of_settings({f"x{i}": [0.0, 1.0] for i in range(1, k + 1)})


def in_groups(names: str) -> list[Factor]:
    return [factor.moving_with(name) for factor, name in zip(unit(len(names)), names, strict=True)]


@pytest.mark.parametrize("second_order", [False, True])
@pytest.mark.parametrize("names", ["abc", "aba", "abbcc"])
def test_sobol_rows_are_salib_s(names: str, second_order: bool) -> None:
    from SALib.sample import sobol

    factors = in_groups(names)
    design = make("sobol", factors, 16, seed=7, second_order=second_order)
    problem = samples.problem([factor.name for factor in factors], list(names))
    theirs = sobol.sample(problem, 16, calc_second_order=second_order, seed=7)
    np.testing.assert_array_equal(design.full_rows(), theirs)
    assert runs("sobol", len(set(names)), 16, second_order) == len(theirs) == design.full


@pytest.mark.parametrize("method", NESTED)
def test_a_doubled_n_runs_nothing_twice(method: str) -> None:
    n = ENOUGH.get(method, 8)
    small, large = make(method, unit(), n, seed=3), make(method, unit(), 2 * n, seed=3)
    assert large.n == 2 * small.n
    np.testing.assert_array_equal(large.u[: len(small)], small.u)
    np.testing.assert_array_equal(large.first(small.n).full_rows(), small.full_rows())
    assert not np.array_equal(make(method, unit(), n, seed=4).u, small.u)


def test_second_order_uses_the_rows_of_first_order_again() -> None:
    first = {row.tobytes() for row in make("sobol", unit(), 8).u}
    both = {row.tobytes() for row in make("sobol", unit(), 8, second_order=True).u}
    assert first < both


@pytest.mark.parametrize("method", METHODS)
def test_rows_are_told_apart_counted_and_asked_for_one_by_one(method: str) -> None:
    design = make(method, unit(), 8)
    rows = list(design.rows())
    assert [number for number, _ in rows] == list(range(len(design)))
    assert len({row.tobytes() for _, row in rows}) == len(design)
    assert len(design) <= design.full == runs(method, 3, 8)
    for number in (0, len(design) // 2, len(design) - 1):
        np.testing.assert_array_equal(design.row(number), rows[number][1])
    assert ((design.u >= 0) & (design.u <= 1)).all()
    np.testing.assert_array_equal(design.u[design.index], design.full_rows())
    with pytest.raises(UserError, match="no row"):
        design.row(len(design))


@pytest.mark.parametrize("method", METHODS)
def test_seed_0_is_a_seed(method: str) -> None:
    once, again = make(method, unit(), 8, seed=0), make(method, unit(), 8, seed=0)
    np.testing.assert_array_equal(once.u, again.u)


def test_equal_rows_are_one_also_when_only_their_values_are_equal() -> None:
    steps = of_settings({"place": {"choices": ["a", "b"]}, "years": [1, 2]})
    design = make("sobol", steps, 64)
    assert design.full == 64 * 4
    assert len(design) == 4
    assert {tuple(design.values(i).values()) for i in range(4)} == {("a", 1), ("a", 2), ("b", 1), ("b", 2)}
    for place in range(design.full):
        stands = design.full_rows(place, place + 1)[0]
        assert [factor.at(u) for factor, u in zip(steps, stands, strict=True)] == list(
            design.values(int(design.index[place])).values()
        )


def test_tails_are_finite_in_every_design() -> None:
    evidence = [factor for factor in of_evidence(load(), ["money", "care"]) if factor.distribution]
    for method in ("morris", "factorial", "sobol"):
        design = make(method, evidence, 4)
        for _, row in design.rows():
            assert np.isfinite([factor.at(u) for factor, u in zip(evidence, row, strict=True)]).all()


def test_morris_goes_from_end_to_end_one_group_at_a_time() -> None:
    design = make("morris", in_groups("aabc"), 10, seed=2)
    assert design.groups == ("a", "b", "c")
    rows = design.full_rows().reshape(10, 4, 4)
    moved = rows[:, 1:] != rows[:, :-1]
    for trajectory in moved:
        assert sorted(tuple(step) for step in trajectory) == sorted(
            [(True, True, False, False), (False, False, True, False), (False, False, False, True)]
        )


def test_factors_of_a_group_are_not_identical() -> None:
    for method in GROUPED:
        u = make(method, in_groups("aab"), 16).u
        assert not np.array_equal(u[:, 0], u[:, 1])


@pytest.mark.parametrize("method", sorted(set(METHODS) - set(GROUPED)))
def test_other_designs_refuse_groups(method: str) -> None:
    with pytest.raises(UserError, match="groups"):
        make(method, in_groups("aab"), 64)


def test_a_large_design_stays_small_in_memory() -> None:
    design = make("sobol", [f for i in range(20) for f in of_settings({f"x{i}": [0.0, 1.0]})], 4096)
    assert design.full == 4096 * 22
    assert design.base.nbytes < 6e6
    number, row = next(design.rows())
    assert number == 0
    assert row.shape == (20,)


def test_n_is_rounded_up_and_said_so() -> None:
    design = make("sobol", unit(), 100)
    assert design.n == 128
    assert "from 100 to 128" in design.note
    assert make("sobol", unit(), 128).note == ""
    assert make("morris", unit(), 100).n == 100
    fast = make("fast", unit(), 10)
    assert fast.n == 65
    assert "least" in fast.note
    assert "share a frequency" in fast.note
    assert "share" not in make("fast", unit(), 129).note


def test_what_is_complete_is_counted_in_whole_samples() -> None:
    design = make("sobol", unit(), 8)
    finite = np.ones(len(design), bool)
    assert design.complete(finite) == 8
    finite[12] = False  # of the third sample: rows 10 to 14
    assert design.complete(finite) == 2
    fast = make("fast", unit(), 129)
    finite = np.ones(len(fast), bool)
    assert fast.complete(finite) == 129
    finite[0] = False
    assert fast.complete(finite) == 0
    with pytest.raises(ValueError, match="fast"):
        fast.first(70)


def test_shapley_exchanges_one_factor_after_another_in_every_order() -> None:
    rows = make("shapley", unit(), 512, seed=1).full_rows().reshape(512, 4, 3)
    changed = rows[:, 1:] != rows[:, :-1]
    assert (changed.sum(axis=2) == 1).all()
    orders = changed.argmax(axis=2)
    assert (np.sort(orders, axis=1) == np.arange(3)).all()
    counts = np.unique(orders @ [9, 3, 1], return_counts=True)[1]
    assert counts.size == 6
    # binomial(512, 1/6): mean 85, standard deviation 8.4; five of them
    assert abs(counts - 512 / 6).max() < 5 * np.sqrt(512 * 5 / 36)


def test_dgsm_steps_stay_inside() -> None:
    rows = make("dgsm", unit(), 64).full_rows().reshape(64, 4, 3)
    step = rows[:, 1:] - rows[:, :1]
    np.testing.assert_allclose(np.abs(step), samples.STEP * np.broadcast_to(np.eye(3), step.shape), atol=1e-12)
    with pytest.raises(UserError, match="years goes in steps"):
        make("dgsm", of_settings({"years": [1, 5], "x": [0.0, 1.0]}), 8)


def test_given_rows_stay_as_they_are() -> None:
    u = np.array([[0.5, 0.5], [0.5, 0.5], [0.1, 0.2]])
    assert len(given(unit(2), u)) == 3
    for wrong in (u[:, :1], u + 1):
        with pytest.raises(UserError, match="2 columns"):
            given(unit(2), wrong)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: make("sobl", unit(), 8), "Did you mean sobol"),
        (lambda: make("sobol", unit(), 0), "at least 1"),
        (lambda: make("sobol", unit(), 2.5), "whole number"),  # type: ignore[arg-type]
        (lambda: make("sobol", unit(), 8, seed=-1), "seed"),
        (lambda: make("sobol", [], 8), "no factor"),
        (lambda: make("sobol", [*unit(), *unit()], 8), "twice"),
        (lambda: make("morris", unit(), 8, second_order=True), "no second order"),
        (lambda: make("hdmr", unit(1), 64), "two factors"),
    ],
)
def test_mistakes(ask: object, words: str) -> None:
    with pytest.raises(UserError, match=words):
        ask()  # type: ignore[operator]


def test_samplers_do_not_change_what_they_are_given() -> None:
    """SALib adds dummies to a problem's names and bounds (factorial) and a mark (others); factors come out as they went
    in, and a second design is the same."""
    factors = unit(5)
    before = [factor.name for factor in factors]
    designs: list[Design] = [make("factorial", factors, 1) for _ in range(2)]
    assert [factor.name for factor in factors] == before
    assert designs[0].u.shape == designs[1].u.shape == (16, 5)
    u = designs[0].u
    np.testing.assert_array_equal(u.mean(axis=0), 0.5)
    products = (2 * u - 1).T @ (2 * u - 1)
    np.testing.assert_array_equal(products, 16 * np.eye(5))
