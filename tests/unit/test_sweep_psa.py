"""Splitting runs into evidence and chance, acceptability, and the value of information: against formulas."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

from sim.errors import UserError
from sim.outcomes.ledgers import Values, ledgers
from sim.sweeps import acceptability, psa, resample, value_of_information, worth
from tests.unit.outcomes_samples import record

pytestmark = pytest.mark.unit
DRAWS, SEEDS = 2000, 4


def table(evidence: float, common: float, own: float, draws: int = DRAWS, seeds: int = SEEDS) -> np.ndarray:
    """Standard deviations of the parts → float64[draws, seeds] around 10."""
    z = resample.normals
    return np.asarray(10 + evidence * z(1, draws, 1) + common * z(2, 1, seeds) + own * z(3, draws, seeds))


def test_the_parts_of_the_variance_are_found() -> None:
    found = psa.split(table(2.0, 0.0, 3.0))
    # relative standard error of a variance from n values is √(2/n)
    assert found.luck == pytest.approx(9.0, rel=4 * np.sqrt(2 / (DRAWS * (SEEDS - 1))))
    assert found.evidence == pytest.approx(4.0, abs=4 * np.sqrt(2 / DRAWS) * (4 + 9 / SEEDS))
    assert found.luck_share == pytest.approx(9 / 13, abs=0.03)
    # ninety per cent of draws, were there no chance: 10 ± 1.645 × 2
    assert (found.evidence_low, found.evidence_high) == pytest.approx((10 - 3.29, 10 + 3.29), abs=0.35)
    assert found.high - found.low == pytest.approx(2 * 1.645 * np.sqrt(13), rel=0.05)


def test_without_chance_there_is_none_and_without_evidence_nothing_else() -> None:
    only = psa.split(table(2.0, 0.0, 0.0))
    assert only.luck_share == pytest.approx(0, abs=1e-12)
    assert (only.low, only.high) == pytest.approx((only.evidence_low, only.evidence_high))
    # of one table with chance alone, the variance between draws comes out at nought or hardly above it
    assert psa.split(table(0.0, 0.0, 3.0)).luck_share > 1 - 4 * np.sqrt(2 / DRAWS) / SEEDS
    assert psa.split(np.full((5, 3), 7.0)).luck_share == 0
    assert np.ptp(psa.without_luck(np.full((5, 3), 7.0))) == 0


def test_chance_taken_out_leaves_the_spread_of_the_evidence_and_the_order() -> None:
    values = table(2.0, 1.0, 3.0)
    plain = psa.without_luck(values)
    assert plain.var(ddof=1) == pytest.approx(psa.split(values).evidence)
    assert (np.argsort(plain) == np.argsort(values.mean(axis=1))).all()


def test_seeds_and_draws_for_a_precision() -> None:
    found = dataclasses.replace(psa.split(table(1.0, 0.5, 2.0)), evidence=1.0, luck=4.25, common=0.25)
    z = norm.ppf(0.95)
    assert psa.seeds_needed(found, 1.0) == int(np.ceil(z**2 * 4.25))
    # with so many draws the error is what was asked for, with one fewer it is not
    for width in (0.9, 0.5):
        need = psa.draws_needed(found, width, seeds=4)
        assert need is not None
        for draws, enough in ((need, True), (need - 1, False)):
            error = dataclasses.replace(found, draws=draws, seeds=4).standard_error
            assert bool(z * error <= width) is enough
    assert psa.draws_needed(found, 0.3, seeds=4) is None  # what all draws share is ±0.41 by itself
    assert psa.draws_needed(found, 0.3, seeds=40) is not None
    with pytest.raises(UserError, match="above 0"):
        psa.seeds_needed(found, 0)


def test_the_standard_error_is_the_spread_of_repeated_means() -> None:
    means = [
        10 + (2 * resample.normals(9 * k, 20, 1) + 3 * resample.normals(9 * k + 1, 20, 3)).mean() for k in range(400)
    ]
    one = dataclasses.replace(psa.split(table(2, 0, 3)), evidence=4.0, luck=9.0, common=0.0, draws=20, seeds=3)
    assert np.std(means) == pytest.approx(one.standard_error, rel=4 / np.sqrt(2 * 400))


def test_too_few_or_missing_runs_are_refused_by_name() -> None:
    with pytest.raises(UserError, match="two draws and two seeds"):
        psa.split(np.ones((5, 1)))
    broken = table(1, 1, 1, 5, 3)
    broken[3, 1] = np.nan
    with pytest.raises(UserError, match="rows 3"):
        psa.split(broken)


def test_acceptability_follows_the_normal_curve() -> None:
    n = 4000
    effect = np.stack([np.zeros(n), 10 + 4 * resample.normals(1, n)], axis=1)
    cost = np.stack([np.zeros(n), 200_000 + 50_000 * resample.normals(2, n)], axis=1)
    found = acceptability.ceac(cost, effect, [0, 10_000, 20_000, 40_000])
    for k, level in enumerate(found.thresholds):
        mean, sd = level * 10 - 200_000, np.hypot(level * 4, 50_000)
        assert found.chance[k, 1] == pytest.approx(norm.cdf(mean / sd), abs=4 * 0.5 / np.sqrt(n))
    assert found.best.tolist()[0] == 0
    assert found.best.tolist()[-1] == 1
    assert found.frontier[0] == found.chance[0, 0]
    assert np.allclose(found.chance.sum(axis=1), 1)


def test_an_option_that_changes_nothing_shares_with_the_baseline() -> None:
    found = acceptability.ceac(np.zeros((50, 2)), np.zeros((50, 2)), [20_000])
    assert found.chance.tolist() == [[0.5, 0.5]]
    where = acceptability.plane(np.zeros(50), np.zeros(50))
    assert (where.dominated, where.icer) == (1.0, None)


def test_the_plane_counts_quarters() -> None:
    where = acceptability.plane(np.array([-1.0, 2, 4, -3]), np.array([1.0, 2, -1, -1]))
    assert (where.dominates, where.trade, where.dominated, where.saves) == (0.25, 0.25, 0.25, 0.25)
    assert where.icer == pytest.approx(0.5 / 0.25)


def expected_gain(mean: float, sd: float) -> float:
    """Perfect information about N(mean, sd²) against nought: E max(0, x) − max(0, mean)."""
    return float(sd * norm.pdf(mean / sd) - abs(mean) * norm.cdf(-abs(mean) / sd))


def problem(noise: float, draws: int = 1024, seeds: int = 4) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Net benefit 0.5 + 2 a + b + chance, where a, b, c are standard normal: float64[draws, seeds, 2]."""
    u = resample.uniforms(11, draws, 3)
    a, b, _ = norm.ppf(u).T
    benefit = (0.5 + 2 * a + b)[:, None] + noise * resample.normals(12, draws, seeds)
    parts = {name: u[:, [k]] for k, name in enumerate("abc")}
    return np.stack([np.zeros_like(benefit), benefit], axis=2), parts


def test_perfect_information_is_worth_what_the_formula_says_under_noise_too() -> None:
    truth = expected_gain(0.5, np.sqrt(5))
    for noise in (0.0, np.sqrt(5), 2 * np.sqrt(5)):
        benefit, _ = problem(noise)
        found = value_of_information.evpi(benefit)
        assert found.low < truth < found.high
        assert found.value == pytest.approx(truth, rel=0.12)
    naive = np.maximum(benefit[:, 0, 1], 0).mean() - max(benefit[:, 0, 1].mean(), 0)
    assert naive > 1.5 * truth  # so the correction is needed


def test_each_part_is_worth_what_the_formula_says_and_what_does_not_matter_nothing() -> None:
    benefit, parts = problem(np.sqrt(5), 512)
    found = {one.what: one for one in value_of_information.evppi(benefit, parts)}
    assert list(found) == ["a", "b", "c"]
    assert found["a"].value == pytest.approx(expected_gain(0.5, 2), abs=0.12)
    assert found["b"].value == pytest.approx(expected_gain(0.5, 1), abs=0.1)
    assert found["c"].value == 0
    assert not found["c"].counts
    assert found["a"].low <= found["a"].value <= found["a"].high
    assert found["a"].value <= value_of_information.evpi(benefit).value
    # of the mean of four seeds, 5 parts are evidence and 5/4 chance
    assert found["a"].explained == pytest.approx(4 / 6.25, abs=0.08)


def test_no_decision_hangs_on_it_so_it_is_worth_nothing() -> None:
    benefit, parts = problem(0.5, 128)
    benefit[..., 1] += 100
    assert value_of_information.evpi(benefit).value == 0
    assert all(one.value == 0 for one in value_of_information.evppi(benefit, {"a": parts["a"]}))
    with pytest.raises(UserError, match="at least 20 draws"):
        value_of_information.evppi(benefit[:10], parts)


def test_chance_of_options_that_share_it_is_taken_out_together() -> None:
    """Two options with the same evidence and chance of their own: their covariance is that of the evidence."""
    z = resample.normals
    shared, draws = 2 * z(1, 3000, 1), 3000
    benefit = np.stack([0 * z(4, draws, 4), shared + 3 * z(2, draws, 4), shared + 3 * z(3, draws, 4)], axis=2)
    covariance = np.cov(value_of_information.evidence_alone(benefit)[:, 1:], rowvar=False)
    assert covariance == pytest.approx(np.full((2, 2), 4.0), abs=4 * np.sqrt(2 / draws) * (4 + 9 / 4))


def test_the_years_of_the_ledgers_add_up_to_their_totals() -> None:
    base, run = record(), record("s", shift=0.02)
    start = run.first_month + 12
    prices = dataclasses.replace(Values.of_draw(0), safe_occupancy=0.999)
    years, whole = worth.by_year(run, base, start, prices), ledgers(run, base, start, prices)
    assert set(years) == set(worth.MEASURES)
    assert all(len(v) == len(run.complete_years) for v in years.values())
    for name, column in (("cash", "cash"), ("capacity", "capacity"), ("qalys_gained", "qalys")):
        assert years[name].sum() == pytest.approx(whole.total(column))
        assert years[name].any()
    assert years["net_cost"].sum() == pytest.approx(whole.net_cost)
    assert years["net_benefit"].sum() == pytest.approx(whole.net_benefit)
    assert years["net_health_benefit"].sum() == pytest.approx(whole.net_health_benefit)
    assert not years["cash"][:1].any()
    same = worth.by_year(base, base, start, prices)
    assert not any(v.any() for v in same.values())
