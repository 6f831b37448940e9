"""Chance as a factor, provisional indices, and emulators that say when they are poor."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.errors import UserError
from sim.sweeps import convergence, hdmr, resample
from sim.sweeps.designs import Design, make
from sim.sweeps.factors import Factor, of_settings
from sim.sweeps.indices import LUCK, SHARE, Indices, analyse, luck_share, with_luck

pytestmark = pytest.mark.unit
Floats = NDArray[np.float64]

TOTALS = {"x0": 9 / 14, "x1": 4 / 14, "x2": 1 / 14}  # of 3 x₀ + 2 x₁ + x₂


def factors(k: int = 3) -> list[Factor]:
    return of_settings({f"x{i}": [0.0, 1.0] for i in range(k)})


def linear(design: Design) -> Floats:
    return np.asarray(design.u @ np.array([3.0, 2.0, 1.0]))


def noisy(design: Design, seeds: int, common: float, own: float, seed: int = 11) -> Floats:
    """The linear outcome with chance that all rows share and chance of each row's own, standard deviations given as
    multiples of the outcome's."""
    y = linear(design)
    scale = np.sqrt(14 / 12)
    shared = common * scale * resample.normals(seed, seeds)
    return np.asarray(y[:, None] + shared + own * scale * resample.normals(seed + 1, len(y), seeds))


def values(indices: Indices, measure: str, what: str = "value") -> Floats:
    return np.asarray(indices.table.loc[indices.table["measure"] == measure, what], np.float64)


@pytest.mark.parametrize("method", ["sobol", "morris", "qmc"])
@pytest.mark.parametrize("own", [0.5, 1.0, 2.0])
def test_the_share_of_luck_is_the_truth(method: str, own: float) -> None:
    design = make(method, factors(), 512)
    seeds = 6
    y = noisy(design, seeds, 0.0, own)
    if method == "morris":  # four levels from end to end: variance of each factor 5/36, not 1/12
        own *= np.sqrt(12 * 5 / 36) ** -1
    share, left = luck_share(design, y)
    # the variance of what is left has thousands of degrees of freedom, that between rows hundreds: two per cent
    assert share == pytest.approx(own**2 / (1 + own**2), abs=0.03)
    assert left == pytest.approx(own**2 / seeds / (1 + own**2 / seeds), abs=0.03)
    found = with_luck(design, y, resamples=10)
    row = found.table[found.table["factor"] == LUCK]
    assert list(row["measure"]) == [SHARE]
    assert row["value"].item() == found.luck == share
    assert 0 <= row["low"].item() <= share <= row["high"].item() <= 1
    assert f"{share:.0%} of the variance of single runs is luck" in found.note


def test_luck_that_all_rows_share_moves_no_index() -> None:
    """Common random numbers: the same seeds in every row."""
    design = make("sobol", factors(), 256)
    found = with_luck(design, noisy(design, 4, 3.0, 0.0))
    np.testing.assert_allclose(values(found, "total"), values(analyse(design, linear(design)), "total"), atol=1e-9)
    assert found.left == pytest.approx(0, abs=1e-9)
    assert found.luck > 0.5


def test_intervals_take_in_that_other_seeds_would_give_other_indices() -> None:
    design = make("sobol", factors(), 128)
    seeds = 4
    y = noisy(design, seeds, 0.0, 1.0)
    found, alone = with_luck(design, y), analyse(design, y.mean(axis=1))
    assert (values(found, "total", "high") > values(alone, "total", "high")).all()
    np.testing.assert_allclose(values(found, "total"), values(alone, "total"))
    # what is left of chance is in every total share, and is said
    inflated = (np.array(list(TOTALS.values())) + 1 / seeds) / (1 + 1 / seeds)
    assert ((values(found, "total", "low") < inflated) & (inflated < values(found, "total", "high"))).all()
    two = with_luck(design, y[:, :2])
    np.testing.assert_allclose(
        values(two, "total", "high"), values(analyse(design, y[:, :2].mean(axis=1)), "total", "high")
    )
    assert np.isfinite(two.luck)


def test_one_seed_says_nothing_of_luck() -> None:
    design = make("sobol", factors(), 16)
    found = with_luck(design, linear(design)[:, None])
    assert np.isnan(found.luck)
    assert "one seed" in found.note
    assert LUCK not in set(found.table["factor"])
    with pytest.raises(UserError, match="column for each seed"):
        with_luck(design, linear(design))


def test_a_run_without_value_is_refused_by_seed_too() -> None:
    design = make("sobol", factors(), 16)
    y = noisy(design, 3, 0.0, 1.0)
    y[7, 2] = np.nan
    with pytest.raises(UserError, match="Row 7 of 80 has no value"):
        with_luck(design, y)


def test_luck_of_nothing_is_nothing() -> None:
    design = make("sobol", factors(), 16)
    found = with_luck(design, np.ones((len(design), 4)))
    assert found.luck == found.left == 0


@pytest.mark.parametrize("method", ["sobol", "morris", "qmc", "shapley"])
def test_the_path_is_what_smaller_sweeps_would_have_found(method: str) -> None:
    design = make(method, factors(), 256, seed=5)
    y = linear(design) ** 2
    path = convergence.path(design, y)
    assert list(path.columns) == ["n", "factor", "value", "low", "high"]
    assert sorted(set(path["n"])) == [n for n in (8, 16, 32, 64, 128, 256) if n >= 64 or design.block > 1]
    small = make(method, factors(), 64, seed=5)
    alone = analyse(small, linear(small) ** 2, resamples=convergence.RESAMPLES).ranking().set_index("factor")["value"]
    then = path[path["n"] == 64].set_index("factor")["value"]
    assert dict(then) == pytest.approx(dict(alone))
    last = path[path["n"] == 256].set_index("factor")
    first = path[path["n"] == min(path["n"])].set_index("factor")
    assert (last["high"] - last["low"]).max() < (first["high"] - first["low"]).max()


def test_provisional_indices_use_what_is_complete() -> None:
    design = make("sobol", factors(), 64)
    y = noisy(design, 3, 0.0, 0.2)
    part = y.copy()
    part[100:, 1] = np.nan  # 20 samples of 5 rows are done by all seeds
    found = convergence.provisional(design, part)
    assert found is not None
    assert found.n == 20
    np.testing.assert_allclose(values(found, "total"), values(with_luck(design.first(20), y[:100]), "total"))
    assert sorted(set(convergence.path(design, part)["n"])) == [8, 16, 20]
    part[3] = np.nan
    assert convergence.provisional(design, part) is None
    assert convergence.path(design, part).empty


def test_a_design_that_cannot_grow_has_one_point() -> None:
    design = make("lhs", factors(), 100)
    assert set(convergence.path(design, linear(design))["n"]) == {100}
    y = linear(design)
    y[0] = np.nan
    assert convergence.provisional(design, y) is None


def test_it_stops_when_intervals_are_narrow() -> None:
    small, large = (make("sobol", factors(), n) for n in (16, 2048))
    assert not convergence.narrow_enough(analyse(small, linear(small)), 0.1)
    assert convergence.narrow_enough(analyse(large, linear(large)), 0.1)
    assert not convergence.narrow_enough(None, 0.1)
    fast = make("fast", factors(), 129)
    assert not convergence.narrow_enough(analyse(fast, linear(fast)), 0.5)
    assert not convergence.narrow_enough(analyse(small, np.ones(len(small))), 0.5)
    with pytest.raises(UserError, match="half_width"):
        convergence.narrow_enough(None, 0.0)


def test_effects_are_judged_beside_the_largest() -> None:
    design = make("morris", factors(), 64)
    y = linear(design) + 0.1 * resample.normals(1, len(design))
    found, larger = analyse(design, y), analyse(design, 1000 * y)
    for half_width in (0.001, 0.2):
        assert convergence.narrow_enough(found, half_width) == convergence.narrow_enough(larger, half_width)
    assert convergence.narrow_enough(found, 0.2)


def test_an_unknown_measure_is_named() -> None:
    design = make("sobol", factors(), 16)
    with pytest.raises(UserError, match="no measure 'mu_star'; it has total, first"):
        convergence.path(design, linear(design), "mu_star")


def test_hdmr_finds_a_polynomial_exactly_and_predicts() -> None:
    design = make("hdmr", factors(4), 128)
    x = 2 * design.u - 1
    y = 5 + x[:, 0] + x[:, 1] ** 2 + 2 * x[:, 0] * x[:, 2]
    parts = {"x0": 1 / 3, "x1": 4 / 45, "x0 x2": 4 / 9}  # variances of the three terms
    whole = sum(parts.values())
    found = analyse(design, y)
    assert found.q2 == pytest.approx(1)
    total, first = values(found, "total"), values(found, "first")
    np.testing.assert_allclose(first, np.array([parts["x0"], parts["x1"], 0, 0]) / whole, atol=1e-8)
    np.testing.assert_allclose(
        total, np.array([parts["x0"] + parts["x0 x2"], parts["x1"], parts["x0 x2"], 0]) / whole, atol=1e-8
    )
    assert found.second is not None
    assert found.second.set_index(["factor", "other"])["value"]["x0", "x2"] == pytest.approx(4 / 9 / whole)
    new = resample.uniforms(9, 50, 4)
    z = 2 * new - 1
    predicted = hdmr.fit(design.u, y).predict(new)
    np.testing.assert_allclose(predicted, 5 + z[:, 0] + z[:, 1] ** 2 + 2 * z[:, 0] * z[:, 2], atol=1e-8)


def test_hdmr_is_right_where_salib_s_default_is_not() -> None:
    from SALib.analyze import enhanced_hdmr

    from sim.sweeps.samples import problem
    from tests.unit.test_sweep_indices import TOTAL, column, inputs, ishigami, three

    design = make("hdmr", three(), 512)
    y = ishigami(inputs(design))
    theirs = enhanced_hdmr.analyze(problem(["a", "b", "c"]), design.u, y, bootstrap=1, subset=512)
    assert theirs["ST"][1] < 0.2 < TOTAL["x2"]
    found = analyse(design, y)
    assert found.q2 > 0.99
    assert column(found, "total") == pytest.approx(TOTAL, abs=0.02)


def test_a_poor_emulator_is_refused_and_says_how_poor() -> None:
    design = make("hdmr", factors(), 256)
    y = noisy(design, 1, 0.0, 1.0)[:, 0]
    with pytest.raises(UserError, match=r"predicts 0\.[3-6]\d of the variance"):
        analyse(design, y)
    poor = hdmr.fit(design.u, y, least=0.3)
    # in fresh rows it does as well as it said, within the error of 4,000 rows and of the estimate itself
    new = resample.uniforms(3, 4000, 3)
    truth = new @ np.array([3.0, 2.0, 1.0]) + np.sqrt(14 / 12) * resample.normals(21, 4000)
    skill = 1 - ((truth - poor.predict(new)) ** 2).mean() / truth.var()
    assert skill == pytest.approx(poor.q2, abs=0.12)
    assert list(poor.first()[0]) == pytest.approx([each / 2 for each in TOTALS.values()], abs=0.1)
