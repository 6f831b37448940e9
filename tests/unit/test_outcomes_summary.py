"""Paired differences, intervals and the share of noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import UserError
from sim.outcomes.results import Results
from sim.outcomes.summary import interval, intervals, noise_share, of_each, variance_components
from tests.unit.outcomes_samples import record

pytestmark = pytest.mark.unit


def some(*shifts: float, draws: int = 4, seeds: int = 2, **more: float) -> Results:
    """Results of a baseline and one scenario a shift."""
    names = ["baseline", *(f"scenario_{k}" for k in range(len(shifts)))]
    grid = [(d, s) for d in range(1, draws + 1) for s in range(1, seeds + 1)]
    return Results(
        record(name, d, s, shift=shift * (0.5 + d / 4), **more)
        for d, s in grid
        for name, shift in zip(names, (0.0, *shifts), strict=True)
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_an_interval_holds_nine_runs_in_ten(values: list[float]) -> None:
    one = interval(values)
    assert one.low <= one.high
    assert one.low == pytest.approx(np.percentile(values, 5))
    assert one.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert not one.clear or len(values) >= 5


def test_runs_without_a_value_are_left_out_and_counted() -> None:
    one = interval([1.0, np.nan, 3.0])
    assert (one.mean, one.runs) == (2.0, 2)
    assert interval([np.nan]).runs == 0
    mean, _, _, runs = intervals(np.array([[1.0, np.nan], [3.0, 5.0]]))
    assert mean.tolist() == [2, 5]
    assert runs.tolist() == [2, 1]


@given(st.lists(st.lists(st.floats(-1e9, 1e9) | st.just(np.nan), min_size=3, max_size=3), min_size=1, max_size=12))
def test_several_intervals_at_once_are_those_one_by_one(runs: list[list[float]]) -> None:
    rows = list(np.array(runs).T)
    np.testing.assert_equal([vars(one) for one in of_each(rows)], [vars(interval(row)) for row in rows])


def test_four_runs_that_agree_are_not_yet_clear() -> None:
    assert not interval([1, 2, 3, 4]).clear
    assert interval([1, 2, 3, 4, 5]).clear
    assert not interval([-1, -1, 3, 4, 5]).clear


def test_variance_components_are_recovered() -> None:
    rng = np.random.default_rng(1)
    grid = 2.0 * rng.standard_normal((400, 1)) + 1.0 * rng.standard_normal((1, 400)) + rng.standard_normal((400, 400))
    draw, seed, left = variance_components(grid)
    assert draw == pytest.approx(4, rel=0.25)
    assert seed == pytest.approx(1, rel=0.25)
    assert left == pytest.approx(1, rel=0.02)


def test_variance_components_agree_with_expected_mean_squares_by_hand() -> None:
    grid = np.array([[1.0, 2.0], [5.0, 8.0]])
    # by hand: mean 4; draws 1.5, 6.5; seeds 3, 5; left ±.5
    draw, seed, left = variance_components(grid)
    assert left == pytest.approx(4 * 0.25)
    assert draw == pytest.approx((2 * 2 * 2.5**2 - 1.0) / 2)
    assert seed == pytest.approx((2 * 2 * 1.0**2 - 1.0) / 2)


def test_the_share_of_noise_is_between_none_and_all_or_said_not_to_be_known() -> None:
    draws, seeds = [1, 1, 2, 2], [1, 2, 1, 2]
    assert noise_share(draws, seeds, [1, 1, 3, 3]) == 0
    assert noise_share(draws, seeds, [1, 2, 1, 2]) == pytest.approx(1)
    assert noise_share(draws, seeds, [5, 5, 5, 5]) == 0
    assert np.isnan(noise_share([1, 2], [1, 1], [1, 2]))
    assert np.isnan(noise_share(draws[:3], seeds[:3], [1, 2, 3]))
    assert np.isnan(noise_share(draws, seeds, [1, 2, np.nan, 3]))


def test_differences_are_paired_by_draw_and_seed() -> None:
    r = some(0.1)
    pairs = r.pairs
    for k, pair in enumerate(pairs):
        mine = r.record("scenario_0", pair).years("bed_days") - r.record("baseline", pair).years("bed_days")
        np.testing.assert_allclose(r.changes("bed_days", "scenario_0")[k], mine)
    assert np.abs(r.changes("bed_days", "scenario_0")[:, 0]).max() == 0  # the year before the policy
    assert r.change("bed_days", "scenario_0").verdict == "better"
    assert r.change("bed_days", "scenario_0").noise_share == pytest.approx(0, abs=1e-6)  # evidence alone moves it
    assert r.change("bed_days", "scenario_0", group=0).percent.mean == pytest.approx(-11.25)


def test_runs_that_one_scenario_lacks_are_used_for_none() -> None:
    whole = some(0.1, draws=2)
    missing = Results([r for r in whole.records if (r.scenario, r.draw, r.seed) != ("scenario_0", 2, 2)])
    assert missing.pairs == [(1, 1), (1, 2), (2, 1)]
    with pytest.raises(UserError, match="nothing can be compared"):
        Results([whole.records[0], whole.records[-1]])
    with pytest.raises(UserError, match="no runs"):
        Results([])
    with pytest.raises(UserError, match="cannot be compared"):
        Results([record(years=2), record("other", years=3)])


def test_the_summary_says_what_the_runs_say() -> None:
    r = some(0.1, draws=2)
    table = r.summary(["deaths", "life_satisfaction"])
    assert len(table) == 2 * 2 * len(r.years)
    last = table[(table.scenario == "scenario_0") & (table.measure == "deaths") & (table.year == r.horizon)].iloc[0]
    assert last.value == pytest.approx(r.values("deaths", "scenario_0")[:, -1].mean())
    assert last.change == pytest.approx(r.changes("deaths", "scenario_0")[:, -1].mean())
    assert (table[table.scenario == "baseline"].change == 0).all()
    everything = r.summary(years=[r.horizon])
    assert set(everything.measure) == set(r.shown)


def test_results_come_back_from_their_folder(tmp_path) -> None:
    r = some(0.1, draws=1, years=2)
    folder = r.save(tmp_path / "one")
    back = Results.load(folder)
    assert back.scenarios == r.scenarios
    assert back.pairs == r.pairs
    np.testing.assert_array_equal(back.values("bed_days", "scenario_0"), r.values("bed_days", "scenario_0"))
    (tmp_path / "latest").write_text("one\n")
    assert Results.load(tmp_path / "latest").scenarios == r.scenarios
    names = {"records", "tables", "summary.csv", "series.parquet", "results.json", "metadata.json"}
    assert {p.name for p in folder.iterdir()} == names
    (folder / "results.json").unlink()
    with pytest.raises(UserError, match="not the folder of a finished run"):
        Results.load(folder)
    with pytest.raises(UserError, match="not the folder of a finished run"):
        Results.load(tmp_path / "nowhere")


def test_the_tidy_frames_hold_every_run() -> None:
    r = some(0.1, draws=1, years=2)
    yearly, monthly = r.to_frame(), r.to_frame(monthly=True)
    assert set(yearly.columns) == {"scenario", "draw", "seed", "measure", "fifth", "year", "value"}
    one = yearly[(yearly.measure == "deaths") & (yearly.fifth == 0) & (yearly.seed == 1)]
    assert one[one.scenario == "baseline"].value.tolist() == r.record("baseline", (1, 1)).years("deaths").tolist()
    assert set(monthly.month) == {m for m in monthly.month if len(m) == 7}
    assert len(monthly[(monthly.measure == "deaths") & (monthly.fifth == 0)]) == 24 * 4


def test_noise_with_seeds_of_each_draws_own() -> None:
    draws, seeds = [1, 1, 2, 2], [1, 2, 3, 4]
    assert noise_share(draws, seeds, [1, 1, 3, 3]) == 0
    assert noise_share(draws, seeds, [1, 3, 1, 3]) == pytest.approx(1)
    assert noise_share(draws, seeds, [5, 5, 5, 5]) == 0
    assert np.isnan(noise_share([1, 2], [1, 2], [1, 2]))
    assert np.isnan(noise_share([1, 1, 2], [1, 2, 3], [1, 2, 3]))


def test_noise_with_own_seeds_is_recovered() -> None:
    """Evidence with variance 4 and chance with variance 1: a fifth is chance (over many layouts of four by two)."""
    chance = np.random.default_rng(7)
    layouts = 4000
    values = 2 * np.repeat(chance.normal(size=(4, layouts)), 2, axis=0) + chance.normal(size=(8, layouts))
    by_draw = values.reshape(4, 2, layouts)
    within = ((by_draw - by_draw.mean(1, keepdims=True)) ** 2).sum((0, 1)) / 4
    assert within.mean() == pytest.approx(1, abs=0.05)
    share = noise_share(np.repeat([1, 2, 3, 4], 2).tolist(), list(range(8)), values)
    assert np.median(share) == pytest.approx(0.2, abs=0.06)
