"""Healthy life expectancy, teams, courses, bounds and records of older formats."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.errors import UserError
from sim.outcomes import bounds, by_group, computed, course, lifetable, unjudged
from sim.outcomes.ledgers import Values
from sim.outcomes.record import RunRecord
from sim.outcomes.recorder import Recorder
from sim.outcomes.results import Results
from sim.outcomes.summary import Interval
from sim.outcomes.teams import TeamTable
from tests.unit import report_samples
from tests.unit.outcomes_samples import CONDITIONS, SmallPlace, record

pytestmark = pytest.mark.unit

BANDS = 19


def rates() -> tuple[np.ndarray, np.ndarray]:
    """Death rates rising tenfold every 25 years of age, and shares in good health falling with it."""
    band = np.arange(BANDS)
    return 0.0004 * 10 ** (band / 5), np.linspace(0.98, 0.35, BANDS)


def test_healthy_life_expectancy_is_the_years_lived_times_the_share_in_good_health() -> None:
    rate, share = rates()
    people = np.full(BANDS, 5000.0)
    alive, years, healthy = 1.0, 0.0, 0.0
    for k in range(BANDS - 1):  # the life table by hand
        a = 0.1 if k == 0 else 0.5
        q = 5 * rate[k] / (1 + (1 - a) * 5 * rate[k])
        lived = 5 * (alive * (1 - q) + a * alive * q)
        years, healthy, alive = years + lived, healthy + lived * share[k], alive * (1 - q)
    years, healthy = years + alive / rate[-1], healthy + alive / rate[-1] * share[-1]
    deaths = rate * people
    assert lifetable.life_expectancy(deaths, people) == pytest.approx(years)
    assert lifetable.healthy(deaths, people, share * people) == pytest.approx(healthy)
    assert lifetable.healthy(deaths, people, people) == pytest.approx(years)
    assert lifetable.healthy_standard_error(deaths, people, people) == pytest.approx(
        float(lifetable.standard_error(deaths, people))
    )


def test_its_standard_error_is_the_spread_of_repeated_years() -> None:
    rate, share = rates()
    people = np.full(BANDS, 4000.0)
    rng, repeats = np.random.default_rng(5), 4000
    deaths = rng.poisson(rate * people, (repeats, BANDS))
    well = rng.binomial(4000, share, (repeats, BANDS))
    spread = lifetable.healthy(deaths, people, well).std()
    error = float(lifetable.healthy_standard_error(rate * people, people, share * people))
    # the standard deviation of 4,000 values is known to 1/sqrt(2 · 4000) = 1.1 %; Chiang's formula takes deaths as
    # binomial and leaves the last band's death rate out, which may cost some per cent more
    assert error == pytest.approx(spread, rel=0.06)


def some_record(**more: Any) -> RunRecord:
    base = record(years=3, n=3000, weight=1.0)
    people = np.broadcast_to(np.full((6, 2, BANDS), 500.0), base.population_bands.shape) * np.array(
        [1, 0.2, 0.2, 0.2, 0.2, 0.2]
    ).reshape(1, 6, 1, 1)
    rate, share = rates()
    return dataclasses.replace(base, population_bands=people, death_bands=people * rate, healthy_bands=people * share,
                               utility_bands=people * 0.8, kept=[*(base.kept or []), "healthy"], **more)  # fmt: skip


def test_life_expectancies_come_by_fifth_and_with_their_error() -> None:
    r = some_record()
    rate, share = rates()
    people = np.full(BANDS, 1000.0)
    expected = lifetable.healthy(rate * people, people, share * people)
    np.testing.assert_allclose(r.years("healthy_life_expectancy"), expected)
    np.testing.assert_allclose(r.years("healthy_life_expectancy", 3), expected)
    np.testing.assert_allclose(r.years("quality_adjusted_life_expectancy"), 0.8 * r.years("life_expectancy"))
    np.testing.assert_allclose(r.years("healthy_life_expectancy_gap"), 0, atol=1e-9)
    value, error = computed.expectancy("healthy_life_expectancy", r, 0)
    smaller = computed.expectancy("healthy_life_expectancy", dataclasses.replace(r, scale=0.25), 0)[1]
    np.testing.assert_allclose(smaller, 2 * error)  # a quarter of the people: twice the error
    assert np.isnan(computed.expectancy("quality_adjusted_life_expectancy", r)[1]).all()
    assert value.shape == error.shape == (3,)


def test_what_nothing_recorded_is_not_shown_and_what_is_unknown_fails() -> None:
    r = record()
    results = Results([r])
    assert "frailty" not in results.shown
    assert "acsc_rate" not in results.shown
    assert "healthy_life_expectancy" not in results.shown
    assert "gp_need" in results.shown
    assert not {"frail", "handoffs"} & set(results.summary().measure)
    rec = Recorder(SmallPlace(), CONDITIONS, 0, 1)
    rec.begin(0)
    rec.add("lost_referrals", np.zeros(0, int))  # none were lost, and that is worth showing
    with pytest.raises(UserError, match="Did you mean lost_referrals"):
        rec.add("lost_referals", np.array([1]))
    with pytest.raises(UserError, match="not a measure that is recorded"):
        rec.add("right_first_time_share", amount=1.0)
    assert rec.finish(scenario="x", draw=0, seed=0).has("lost_referrals")


class GPPractice:
    """Stands for the agents' type of that name."""


def fake_model(capacity: float = 12.0) -> Any:
    columns = {"need": np.array([10.0, 20.0]), "waiting": np.array([3, 4]), "pressure": np.array([0.5, 0.1]),
               "capacity": np.array([capacity, 5.0]), "unique_id": np.array([1, 2])}  # fmt: skip
    table = SimpleNamespace(columns=columns, size=2, agent_type=GPPractice)
    place = SimpleNamespace(practices={"name": ["Mill", "Mill"]}, sites={"name": []})
    care = SimpleNamespace(waiting=SimpleNamespace(specialties=()))
    return SimpleNamespace(
        agents_by_type={GPPractice: table}, practices=table, place=place, care=care, panel=None, detail=True
    )


def test_practices_are_kept_by_year_and_survive_branching_and_the_disk(tmp_path) -> None:
    rec, m = Recorder(SmallPlace(), CONDITIONS, 57, 12, weight=10.0), fake_model()
    for month in range(57, 69):
        rec.begin(month)
        rec.count_teams(m)
    branch = rec.copy(24)
    for month in range(69, 81):
        branch.begin(month)
        branch.count_teams(m)
    assert rec.finish(scenario="h", draw=0, seed=0).teams["GPPractice"].values.shape[0] == 1
    done = branch.finish(scenario="s", draw=0, seed=0)
    done.save(tmp_path / "r.npz")
    back = RunRecord.load(tmp_path / "r.npz")
    for year in (2025, 2026):
        np.testing.assert_allclose(back.by_team("GPPractice", "need", year), [1200, 2400])
        np.testing.assert_allclose(back.by_team("GPPractice", "waiting", year), [30, 40])
        np.testing.assert_allclose(back.by_team("GPPractice", "pressure", year), [0.5, 0.1], rtol=1e-6)
    assert back.teams["GPPractice"].units == ("Mill", "Mill (2)")
    assert back.months("gp_capacity")[0] == 170
    with pytest.raises(UserError, match="no figures of 'Nobody'"):
        back.by_team("Nobody", "need", 2025)
    with pytest.raises(UserError, match="'beds' is not kept by practice"):
        back.by_team("GPPractice", "beds", 2025)


def test_months_over_capacity_are_counted() -> None:
    r = record(years=2)
    m = r.measures.recorded.index
    monthly = r.monthly.copy()
    monthly[:, m("beds_open"), 0], monthly[:, m("beds_occupied"), 0] = 100, np.where(np.arange(24) % 3 == 0, 99, 80)
    monthly[:, m("elective_referrals"), 0], monthly[:, m("elective_completed"), 0] = (
        10,
        np.where(np.arange(24) < 12, 11, 9),
    )
    monthly[:, m("gp_need"), 0], monthly[:, m("gp_waiting"), 0] = 100, 20
    offered = np.where(np.arange(24) % 2 == 0, 90.0, 60.0)  # seasons: of 120 asked for, but 100 in the first month
    margin = Values.of_draw(0).unmet_share * 120
    offered[12:15] -= [9 + 0.9 * margin, 1.1 * margin, 0.9 * margin]  # the first month's share was 0.9, not 0.75
    offered[18:] -= 1.1 * margin
    monthly[:, m("gp_capacity"), 0] = offered
    r = dataclasses.replace(r, monthly=monthly, kept=[*(r.kept or []), "gp_capacity"])
    assert r.years("months_beds_over").tolist() == [4, 4]
    assert r.years("months_list_over").tolist() == [0, 12]
    assert r.years("months_gp_over").tolist() == [0, 8]
    by_hand = {"outcomes.safe_occupancy": 0.7, "care.gp_unmet_share": 1.0}
    other = dataclasses.replace(r, meta={**r.meta, "replaced": by_hand})
    assert other.years("months_beds_over").tolist() == [12, 12], "limits are those of the run's own evidence"
    assert other.years("months_gp_over").tolist() == [0, 0]


def test_a_record_of_the_first_format_is_read_into_todays_order(tmp_path) -> None:
    r = record()
    r.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as stored:
        arrays = dict(stored)
    about = json.loads(str(arrays["about"]))
    known = r.measures
    for array, which in (("monthly", "recorded"), ("yearly_age", "recorded"), ("yearly_area", "by_area"),
                         ("yearly_cell", "by_cell")):  # fmt: skip
        first = [k for k, name in enumerate(getattr(known, which)) if known[name].since == 1]
        assert len(first) < len(getattr(known, which))
        arrays[array] = arrays[array][:, first]
    for name in ("measures", "kept", "teams"):
        about.pop(name)
    about["format"] = 1
    for name in ("healthy_bands", "utility_bands"):
        arrays.pop(name)
    arrays["about"] = np.array(json.dumps(about))
    np.savez(tmp_path / "old.npz", **arrays)
    back = RunRecord.load(tmp_path / "old.npz")
    for name in ("deaths", "diabetes", "gp_need", "qalys", "lonely"):
        np.testing.assert_array_equal(back.months(name), r.months(name))
    np.testing.assert_array_equal(back.by_cell("deaths", 2026), r.by_cell("deaths", 2026))
    assert not back.has("frail")
    assert np.isnan(back.years("healthy_life_expectancy")).all()


def turning(scenario: str, shape: np.ndarray, pairs: int = 6) -> Results:
    """Baseline and a scenario whose unmet need differs by `shape` (a share of the baseline) in each policy year."""
    records = []
    for k in range(pairs):
        base = report_samples.record("baseline", 1 + k, 1 + k, {}, years=len(shape), noise=0.0)
        changed = base.monthly.copy()
        column = base.measures.recorded.index("unmet_need")
        first = report_samples.START - report_samples.FIRST
        by_month = 1 + np.repeat(shape * (1 + 0.01 * k), 12)
        changed[first:, column] *= by_month[:, None]
        records += [base, dataclasses.replace(base, scenario=scenario, monthly=changed)]
    return Results(records)


def test_worse_before_better_has_a_depth_and_a_length() -> None:
    results = turning("reform", np.array([0.02, 0.05, 0.01, -0.01, -0.04]))
    found = course.course(results, "unmet_need", "reform")
    assert found.kind == course.WORSE_FIRST
    assert (found.depth_year, found.months, found.better_from) == (2027, 36, 2029)
    assert found.signs == (-1, -1, -1, 1, 1)
    assert found.words == "worse for 3 of 5 years, then better in the last 2 years only"
    level = results.values("unmet_need", "baseline")[0, results.years.index(2027)]
    assert found.depth == pytest.approx(0.05 * level * np.mean(1 + 0.01 * np.arange(6)))
    assert found.depth_low < found.depth < found.depth_high
    for shape, kind in (([0.01, 0.02], course.WORSE), ([-0.01, -0.02], course.BETTER), ([0.0, 0.0], course.UNCLEAR),
                        ([-0.02, 0.03], course.BETTER_FIRST)):  # fmt: skip
        assert course.course(turning("x", np.array(shape)), "unmet_need", "x").kind == kind
    columns = "scenario measure kind depth depth_low depth_high depth_year months better_from"
    assert list(course.table(results)) == columns.split(), "the file has the columns it always had"
    few = course.course(turning("x", np.array([0.05, -0.05]), pairs=3), "unmet_need", "x")
    assert few.kind == course.UNCLEAR, "with three runs nothing is clear"


@pytest.mark.parametrize(
    ("signs", "words"),
    [
        ("0000000000", "no clear change"),
        ("000+000000", "no clear course"),
        ("000-0-0000", "no clear course"),
        ("+00-0-0000", "no clear course"),
        ("00+++00000", "better for 3 of 10 years, then no clear change"),
        ("----------", "worse to the end"),
        ("00000000--", "worse in the last 2 years only"),
        ("000000000+", "better in the last year only"),
        ("+++++++00+", "better in 8 of 10 years, the last among them"),
        ("-00000++++", "better to the end"),
        ("---000++++", "worse for 3 of 10 years, then better to the end"),
        ("+++0----00", "better for 3 of 10 years, worse for 4, then no clear change"),
        ("+++000000-", "better for 3 of 10 years, then worse in the last year only"),
        ("--", "worse to the end"),
        ("-0", "no clear course"),
        ("", "no clear change"),
    ],
)
def test_a_course_is_said_only_of_enough_clear_years_or_of_the_last(signs: str, words: str) -> None:
    each = tuple({"+": 1, "-": -1, "0": 0}[sign] for sign in signs)
    one = course.Course("x", "deaths", "", np.nan, np.nan, np.nan, None, 0, None, each)
    assert one.words == words
    assert [one.goes(1), one.goes(-1)] == ["better" in words, "worse" in words]


def test_the_literature_stands_beside_every_scenario_and_going_further_is_marked() -> None:
    results = report_samples.results({"mild": report_samples.GAIN, "bold": {"multimorbid": -0.3}})
    lines = "\n".join(bounds.render(results))
    found = {one.measure: one for one in bounds.bounds(results)}
    assert set(found) == {"multimorbidity", "residents_emergency_admissions", "life_expectancy"}
    assert found["multimorbidity"].beyond("bold")
    assert not found["multimorbidity"].beyond("mild")
    assert found["residents_emergency_admissions"].year == 2027
    assert "FURTHER" in lines
    assert max(map(len, lines.splitlines())) <= 100
    assert bounds.render(Results([report_samples.record("baseline", 1, 1)])) == []


def test_what_is_left_without_judged_benefits_is_set_beside_the_same_run() -> None:
    results = report_samples.results({"reform": report_samples.GAIN})
    half = {name: size / 2 for name, size in report_samples.GAIN.items()}
    first = results.pairs[0]
    results.unjudged = Results(
        [report_samples.record("baseline", *first), report_samples.record("reform", *first, half)]
    )
    found = unjudged.left(results, "reform")
    assert found
    k = results.years.index(results.horizon)
    for one in found:
        assert one.with_them == results.changes(one.measure, "reform")[0, k]
        assert abs(one.without) < abs(one.with_them)
    said = unjudged.render(results)
    assert "WITH ALL JUDGED BENEFITS OFF" in said[0]
    assert max(map(len, "\n".join(said).splitlines())) <= 100
    assert unjudged.render(report_samples.results()) == []


def test_tables_by_group_hold_what_the_records_hold(tmp_path) -> None:
    results = Results([some_record(), some_record(scenario="other")])
    team = TeamTable("GPPractice", ("need",), ("A", "B"), np.arange(8, dtype=np.float32).reshape(4, 1, 2))
    for one in results.records:
        one.teams = {"GPPractice": team}
    life = by_group.life(results)
    row = life[(life.measure == "healthy_life_expectancy") & (life.fifth == 0)].iloc[0]
    assert row.chance_low < row.value < row.chance_high
    indices = by_group.inequality(results)
    assert {"slope", "ratio", "concentration"} <= set(indices["index"])
    year = results.horizon
    slope = indices[(indices.measure == "inequality_deaths") & (indices["index"] == "slope")].iloc[0].value
    assert slope == pytest.approx(computed.of_year(results.records[0], "inequality_deaths", year).slope)
    rows = by_group.teams(results)
    assert rows[(rows.team == "B") & (rows.scenario == "other")].value.tolist() == [1, 3, 5]
    assert by_group.ages(results).age.nunique() == 6
    assert by_group.neighbourhoods(results).lsoa.nunique() == 10
    assert (results.save(tmp_path / "out") / "tables" / "life.csv").is_file()


def test_the_models_own_experiments_come_back_from_their_file(tmp_path: Path) -> None:
    change = Interval(-0.16, -0.24, -0.09, 4)
    found = [
        bounds.Own("outcomes.bound_prevalence", "multimorbidity", "pp", 20, change, "toy", 1.0, "a version, a day")
    ]
    bounds.save(found, tmp_path / "bounds.csv")
    assert list(bounds.own(tmp_path / "bounds.csv").values()) == found
    assert bounds.own(tmp_path / "none.csv") == {}
    (tmp_path / "wrong.csv").write_text("bound,mean\nx,y\n", encoding="utf-8")
    with pytest.raises(UserError, match="no table of bounding experiments"):
        bounds.own(tmp_path / "wrong.csv")
    assert set(bounds.own()) <= set(bounds.BOUNDS)
