"""Indices agree with published ones, with SciPy's and with SALib's; each of SALib's traps is guarded."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from sim.errors import UserError
from sim.sweeps import given_data, resample, samples
from sim.sweeps.designs import Design, given, make
from sim.sweeps.factors import Factor, of_evidence, of_settings
from sim.sweeps.indices import LUCK, Indices, analyse

pytestmark = pytest.mark.unit
Floats = NDArray[np.float64]

# Ishigami & Homma 1990 (a = 7, b = 0.1); variance and indices as in Saltelli et al. 2008, §4
A, B = 7.0, 0.1
V1, V2, V13 = 0.5 * (1 + B * np.pi**4 / 5) ** 2, A**2 / 8, 8 * B**2 * np.pi**8 / 225
V = V1 + V2 + V13
FIRST = {"x1": V1 / V, "x2": V2 / V, "x3": 0.0}
TOTAL = {"x1": (V1 + V13) / V, "x2": V2 / V, "x3": V13 / V}
SHAPLEY = {"x1": (V1 + V13 / 2) / V, "x2": V2 / V, "x3": V13 / 2 / V}


def three() -> list[Factor]:
    return of_settings({f"x{i}": [-np.pi, np.pi] for i in (1, 2, 3)})


def inputs(design: Design) -> Floats:
    """The road that runs take: a row's values by name, from its factors."""
    return np.array([[float(value) for value in design.values(i).values()] for i in range(len(design))])


def ishigami(x: Floats) -> Floats:
    return np.asarray(np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0]))


def found(method: str, n: int, seed: int = 1, **more: bool) -> tuple[Design, Floats, Indices]:
    design = make(method, three(), n, seed, **more)
    y = ishigami(inputs(design))
    return design, y, analyse(design, y, seed)


def column(indices: Indices, measure: str, what: str = "value") -> dict[str, float]:
    rows = indices.table[indices.table["measure"] == measure]
    return dict(zip(rows["factor"], rows[what], strict=True))


def agree(indices: Indices, measure: str, truth: dict[str, float], least: float = 0.0) -> None:
    """Truth lies within the interval (or `least` of the value: a method's own resolution)."""
    for name, value in column(indices, measure).items():
        half = (column(indices, measure, "high")[name] - column(indices, measure, "low")[name]) / 2
        assert abs(value - truth[name]) <= np.fmax(half, least), (measure, name, value, truth[name])


def test_sobol_gives_the_published_indices_of_ishigami() -> None:
    _, _, indices = found("sobol", 1024, second_order=True)
    agree(indices, "first", FIRST)
    agree(indices, "total", TOTAL)
    # points of a Sobol sequence do better than the intervals of chance: within .02 at 1,024
    agree_closely = [abs(column(indices, "total")[name] - TOTAL[name]) < 0.02 for name in TOTAL]
    assert all(agree_closely)
    assert indices.second is not None
    pairs = indices.second.set_index(["factor", "other"])
    assert abs(pairs["value"]["x1", "x3"] - V13 / V) < pairs["high"]["x1", "x3"] - pairs["value"]["x1", "x3"]
    assert list(indices.ranking()["factor"]) == ["x1", "x2", "x3"]


def test_sobol_gives_the_published_indices_of_sobol_s_g() -> None:
    a = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])  # Saltelli et al. 2008, §4.5
    design = make("sobol", of_settings({f"x{i}": [0.0, 1.0] for i in range(8)}), 2048, seed=3)
    y = np.prod((np.abs(4 * inputs(design) - 2) + a) / (1 + a), axis=1)
    alone = 1 / (3 * (1 + a) ** 2)
    whole = np.prod(1 + alone) - 1
    total = alone * np.prod(1 + alone) / (1 + alone) / whole
    indices = analyse(design, y)
    agree(indices, "first", {f"x{i}": alone[i] / whole for i in range(8)})
    agree(indices, "total", {f"x{i}": total[i] for i in range(8)})
    assert [column(indices, "first")["x0"]] == pytest.approx([0.716], abs=0.03)


def test_sobol_equals_scipy_on_the_same_outputs() -> None:
    from scipy.stats import sobol_indices

    design, y, indices = found("sobol", 256)
    rows = y[design.index].reshape(256, 5)
    evaluated = {"f_A": rows[:, :1].T, "f_B": rows[:, 4:].T, "f_AB": rows[:, 1:4].T[:, None, :]}
    theirs = sobol_indices(func=evaluated, n=256)
    ours = {measure: np.array(list(column(indices, measure).values())) for measure in ("first", "total")}
    np.testing.assert_allclose(ours["total"], theirs.total_order.ravel(), rtol=1e-9)
    # SciPy takes the mean of A and B from all outputs, SALib the mean of all: what that changes is known exactly
    ends = rows[:, [0, 4]]
    centring = (rows.mean() - ends.mean()) * (rows[:, 1:4] - rows[:, :1]).mean(axis=0) / ends.var()
    np.testing.assert_allclose(ours["first"] + centring, theirs.first_order.ravel(), rtol=1e-9, atol=1e-12)
    assert np.abs(centring).max() < 1e-3


def test_groups_of_sobol_take_all_of_their_factors() -> None:
    factors = [factor.moving_with(group) for factor, group in zip(three(), ("a", "b", "a"), strict=True)]
    design = make("sobol", factors, 1024)
    indices = analyse(design, ishigami(inputs(design)))
    truth = {"a": (V1 + V13) / V, "b": V2 / V}
    agree(indices, "first", truth)
    agree(indices, "total", truth)


def test_fast_and_rbd_fast() -> None:
    _, _, fast = found("fast", 1025)
    agree(fast, "first", FIRST, 0.03)  # four harmonics: a bias of up to about .03
    agree(fast, "total", TOTAL, 0.05)
    assert fast.table[["low", "high"]].isna().all(axis=None)
    for seed in range(3):
        _, _, rbd = found("rbd_fast", 2048, seed)
        agree(rbd, "first", FIRST)


def test_shapley_effects() -> None:
    _, _, indices = found("shapley", 1024)
    agree(indices, "shapley", SHAPLEY)
    assert sum(column(indices, "shapley").values()) == pytest.approx(1)


def test_dgsm_is_a_bound_with_an_interval_of_its_own_scale() -> None:
    _, _, indices = found("dgsm", 1024)
    value, high = column(indices, "dgsm"), column(indices, "dgsm", "high")
    assert all(value[name] > TOTAL[name] for name in TOTAL)
    # mean squares of the derivatives (Sobol & Kucherenko 2009): E (∂f/∂x)² (2π)² / (π² V); steps make them smaller
    exact = {"x1": 4 / V * (V1 + V13), "x2": 4 / V * A**2 / 2, "x3": 4 / V * 0.08 * np.pi**6 / 7}
    for name, each in exact.items():
        assert 0.8 * each < value[name] < 1.05 * each, name
        assert (high[name] - value[name]) < 0.25 * value[name]


def test_morris_equals_salib_and_finds_linear_effects_exactly() -> None:
    from SALib.analyze import morris

    design, y, indices = found("morris", 32)
    u = design.full_rows()
    theirs = morris.analyze(samples.problem(["a", "b", "c"]), u, y[design.index], num_levels=4, seed=2)
    np.testing.assert_allclose(list(column(indices, "mu_star").values()), theirs["mu_star"])
    np.testing.assert_allclose(list(column(indices, "sigma").values()), theirs["sigma"])
    linear = analyse(design, design.u @ np.array([3.0, -2.0, 0.0]))
    assert column(linear, "mu") == pytest.approx({"x1": 3, "x2": -2, "x3": 0}, abs=1e-9)
    assert column(linear, "mu_star") == pytest.approx({"x1": 3, "x2": 2, "x3": 0}, abs=1e-9)


def test_morris_with_infinite_tails_is_finite() -> None:
    """SALib maps the levels 0 and 1 of a normal factor to infinities."""
    from sim.evidence import load

    normal = [factor for factor in of_evidence(load()) if (factor.distribution or ("",))[0] in ("normal", "lognormal")]
    design = make("morris", normal[:5], 8)
    y = np.log1p(np.abs(inputs(design))).sum(axis=1)
    assert np.isfinite(analyse(design, y).table[["value"]]).all(axis=None)


def test_morris_groups_have_no_direction() -> None:
    factors = [factor.moving_with(group) for factor, group in zip(three(), ("a", "b", "a"), strict=True)]
    design = make("morris", factors, 16)
    indices = analyse(design, design.u @ np.array([1.0, 1.0, -1.0]))
    assert set(indices.table["measure"]) == {"mu_star"}
    assert column(indices, "mu_star")["b"] == pytest.approx(1)


def test_factorial_gives_effects_from_end_to_end() -> None:
    design = make("factorial", of_settings({f"x{i}": [0.0, 1.0] for i in range(6)}), 1)
    effects = np.array([5.0, -3.0, 0.0, 0.0, 0.0, 0.0])
    noise = 0.01 * resample.normals(4, len(design))
    indices = analyse(design, inputs(design) @ effects + 2 + noise)
    value, low, high = (column(indices, "effect", what) for what in ("value", "low", "high"))
    # standard error of an effect of 16 rows: 2 × .01 / √16; five of them
    assert list(value.values()) == pytest.approx(list(effects), abs=0.025)
    assert low["x0"] > 4.9
    assert high["x1"] < -2.9
    assert sum(low[name] <= 0 <= high[name] for name in ("x2", "x3", "x4", "x5")) >= 3


def test_pawn_and_delta_equal_salib() -> None:
    from SALib.analyze import delta, pawn

    design, y, indices = found("pawn", 512)
    theirs = pawn.analyze(samples.problem(["a", "b", "c"]), design.u, y, S=10)
    np.testing.assert_allclose(list(column(indices, "median").values()), theirs["median"])
    np.testing.assert_allclose(list(column(indices, "maximum").values()), theirs["maximum"])
    grid = np.linspace(y.min(), y.max(), 100)
    ours = given_data.distribution_shift(design.u, y, grid)
    exp = 2.0 / (7.0 + np.tanh((1500.0 - y.size) / 500.0))
    classes = np.linspace(0, y.size, int(np.round(min(int(np.ceil(y.size**exp)), 48))) + 1)
    np.testing.assert_allclose(ours, [delta.calc_delta(y, grid, design.u[:, j], classes) for j in range(3)], rtol=1e-9)
    ranked = analyse(design, y, method="delta")
    assert ranked.ranking()["factor"][0] == "x2"
    assert ((ranked.table["value"] > 0) & (ranked.table["value"] < 0.5)).all()


def test_delta_of_a_sum_of_normals_is_known() -> None:
    """Y = X₁ + X₂ + X₃/2, normal: within X₁ = x it is N(x, 1.25), in all N(0, 2.25); half the mean area."""
    law = {"value": 0.0, "low": -1.959964, "high": 1.959964, "distribution": "normal"}
    design = make("delta", of_settings({"a": law, "b": law, "c": law}), 2048)
    weights = np.array([1.0, 1.0, 0.5])
    value = column(analyse(design, inputs(design) @ weights), "delta")
    grid = np.linspace(-9, 9, 3001)
    u = (np.arange(400) + 0.5) / 400
    for name, weight in zip("abc", weights, strict=True):
        x = weight * norm.ppf(u)[:, None]
        apart = np.abs(norm.pdf(grid, 0, 1.5) - norm.pdf(grid, x, np.sqrt(2.25 - weight**2)))
        # the density within a class of finite width is wider than within one value, and kernels widen both
        assert value[name] == pytest.approx(float(np.trapezoid(apart, grid).mean()) / 2, abs=0.03), name


def test_given_rows_have_a_first_order_and_a_sign() -> None:
    for seed in range(3):
        design, y, indices = found("qmc", 1024, seed)
        agree(indices, "first", FIRST)
        again = analyse(given(design.factors, design.u), y)
        assert column(again, "first") == column(indices, "first")
    falling = analyse(design, -design.u[:, 0] + 0.1 * design.u[:, 1])
    assert column(falling, "rank_correlation")["x1"] < -0.95
    few = make("lhs", three(), 10)
    assert set(analyse(few, ishigami(inputs(few))).table["measure"]) == {"rank_correlation"}


def test_choices_have_a_first_order() -> None:
    design = make("qmc", of_settings({"place": {"choices": ["a", "b", "c"]}, "x": [0.0, 1.0]}), 512)
    u = design.full_rows()
    effect = np.array([0.0, 3.0, 0.0])[np.minimum((u[:, 0] * 3).astype(int), 2)]
    indices = analyse(given(design.factors, u), effect + u[:, 1])
    variance = 9 * (1 / 3) * (2 / 3)  # of 0, 3, 0 with a third each
    agree(indices, "first", {"place": variance / (variance + 1 / 12), "x": (1 / 12) / (variance + 1 / 12)}, 0.01)


def test_rbd_fast_of_regular_points_would_mislead() -> None:
    """Sorted points of a Sobol sequence have waves of their own: the design of rbd_fast is by chance instead."""
    regular = samples.sobol_points(2048, 3, 1)
    y = ishigami(2 * np.pi * regular - np.pi)
    misled = analyse(given(three(), regular), y, method="rbd_fast")
    assert abs(column(misled, "first")["x2"] - FIRST["x2"]) > 0.1
    assert abs(column(found("rbd_fast", 2048, 1)[2], "first")["x2"] - FIRST["x2"]) < 0.05


@pytest.mark.parametrize("method", ["sobol", "morris", "fast", "delta", "qmc", "hdmr", "shapley"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_missing_value_is_refused_and_named(method: str, bad: float) -> None:
    """One NaN makes every Sobol index of SALib's 0 without a word."""
    design = make(method, three(), 64)
    y = ishigami(inputs(design))
    y[[5, 17]] = bad
    with pytest.raises(UserError, match=r"Rows 5, 17 of .* have no value"):
        analyse(design, y)


def test_many_missing_values_are_not_all_named_and_lengths_must_agree() -> None:
    design = make("sobol", three(), 8)
    with pytest.raises(UserError, match="0, 1, 2, 3, 4, 5, 6, 7, … of 40"):
        analyse(design, np.full(len(design), np.nan))
    with pytest.raises(UserError, match="40 different rows, and there are 39"):
        analyse(design, np.zeros(39))


@pytest.mark.parametrize("method", ["sobol", "morris", "dgsm", "rbd_fast", "pawn", "delta", "qmc"])
def test_seed_0_repeats_and_leaves_no_trace(method: str) -> None:
    """SALib takes the seed 0 for none, seeds NumPy's generator for everybody, and changes how warnings are shown."""
    design = make(method, three(), 128)
    y = ishigami(inputs(design))
    formatter, filters = warnings.formatwarning, list(warnings.filters)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        once = analyse(design, y, seed=0, resamples=20).table
    np.random.random(3)  # noqa: NPY002 - as somebody else in the same process might
    moved = np.random.get_state()[1].copy()  # noqa: NPY002
    again = analyse(design, y, seed=0, resamples=20).table
    assert once.equals(again)
    np.testing.assert_array_equal(np.random.get_state()[1], moved)  # noqa: NPY002
    assert warnings.formatwarning is formatter
    assert warnings.filters == filters


def test_names_of_any_kind_pass() -> None:
    """SALib's delta forbids names that end in _raw or _conf."""
    design = make("delta", of_settings({"a_raw": [0.0, 1.0], "b_conf": [0.0, 1.0]}), 128)
    assert list(analyse(design, design.u[:, 0]).table["factor"]) == ["a_raw", "b_conf"]


@pytest.mark.parametrize("method", ["sobol", "morris", "fast", "delta", "pawn", "qmc", "hdmr", "shapley", "factorial"])
def test_an_outcome_that_never_changes_has_no_shares(method: str) -> None:
    design = make(method, three(), 64)
    indices = analyse(design, np.full(len(design), 3.5))
    assert "same in every row" in indices.note
    values = indices.table["value"]
    assert (values == 0).all() if method in ("morris", "factorial") else values.isna().all()


def test_rows_are_not_analysed_by_a_method_they_were_not_made_for() -> None:
    design = make("sobol", three(), 8)
    with pytest.raises(UserError, match="cannot be analysed by delta"):
        analyse(design, np.arange(float(len(design))), method="delta")
    few = make("qmc", three(), 16)
    with pytest.raises(UserError, match="at least 64"):
        analyse(few, np.arange(16.0), method="pawn")


def test_equal_rows_are_spread_over_the_places_where_they_stand() -> None:
    steps = of_settings({"a": {"choices": [0, 1]}, "b": {"choices": [0, 1]}})
    design = make("sobol", steps, 256)
    x = inputs(design)
    indices = analyse(design, 2 * x[:, 0] + x[:, 1])
    agree(indices, "total", {"a": 0.8, "b": 0.2})
    assert LUCK not in set(indices.table["factor"])
