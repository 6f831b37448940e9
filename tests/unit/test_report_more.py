"""The report's further pictures, sentences and warnings: true also where a scenario does harm or nothing."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from sim import clock
from sim.errors import UserError
from sim.outcomes.change import relative
from sim.outcomes.results import Results
from sim.outcomes.sentences import headline_measures
from sim.report import (
    cautions,
    concentration,
    dose,
    figures,
    outline,
    page,
    payback,
    sections,
    style,
    sureness,
    waits,
    waterfall,
    words,
    xmr,
)
from sim.report.numbers import Numbers
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def results() -> Results:
    return samples.results(years=6)


@pytest.fixture(scope="module")
def nothing() -> Results:
    """A scenario that does nothing at all."""
    return samples.results({"idle": samples.NULL}, years=3)


def explored(effects: samples.Effects, paid: tuple[float, float] = (0.5, 2.0)) -> Results:
    """Results with a scenario at half and at twice its money (its effects as large as that).

    paid: what of the scenario's money is then spent.
    """
    found = samples.results({"reform": effects}, years=3)
    pairs = found.pairs[:2]
    more = [
        (part, samples.record(f"reform_at_{100 * times:.0f}", *pair, {k: v * times for k, v in effects.items()},
                              years=3))
        for times, part in zip((0.5, 2.0), paid, strict=True)
        for pair in pairs
    ]  # fmt: skip
    for part, record in more:
        record.lever_spend = {lever: part * money for lever, money in record.lever_spend.items()}
    found.explore([record for _, record in more])
    return found


# ---------------------------------------------------------------------------------------------------- figures


def test_every_figure_has_a_finding_and_words_and_is_reached_by_name(results: Results) -> None:
    made = results.figures()
    asked = ["fan", "waits", "spc", "payback", "plane", "ceac", "concentration", "waterfall", "intervals", "tornado"]
    assert set(asked) <= set(made)
    for name, picture in made.items():
        assert picture.finding, name
        assert len(picture.alt) > 60, name
        assert not re.search(r"\bnan\b", picture.finding + picture.alt), name
    with pytest.raises(UserError, match="nothing to draw"):
        results.plot("handoffs")  # these made-up records hold no teams


def test_figures_of_a_scenario_that_does_nothing_say_so(nothing: Results) -> None:
    made = nothing.figures()
    assert {"plane", "ceac", "tornado", "dose", "weak"}.isdisjoint(made), "nothing is spent or gained"
    assert made["payback"].finding == "Within 3 years: Idle spends nothing and saves nothing"
    assert made["intervals"].finding.endswith("Idle changes nothing")
    assert made["waterfall"].finding.endswith("Idle: nothing changes")
    assert made["waits"].finding.endswith("no difference: Idle")


def test_waits_by_band_add_up_to_the_list(results: Results) -> None:
    numbers = Numbers(results)
    whole = numbers.level("waiting_list", "empty_the_bath").mid
    assert waits.bands(numbers, "empty_the_bath").sum(axis=0) == pytest.approx(whole)


def test_the_steps_of_a_waterfall_meet_and_add_up(results: Results) -> None:
    steps = waterfall._by_fifth(Numbers(results), "residents_emergency_admissions", "health_creation")
    assert [one.start for one in steps[1:-1]] == pytest.approx([one.end for one in steps[:-2]])
    assert steps[-2].end == pytest.approx(steps[-1].end)
    assert steps[1].change < min(one.change for one in steps[2:-1]) < 0, "the most deprived fifth gains most"
    picture = figures.plot(results, "waterfall")
    assert "Health creation: largest in the most deprived fifth" in picture.finding
    assert "New hospital: nothing changes" in picture.finding


def test_a_concentration_curve_ends_at_all_and_lies_where_the_burden_is(results: Results) -> None:
    numbers = Numbers(results)
    x, y = concentration.curve(numbers, "residents_emergency_admissions", "baseline")
    assert (x[0], y[0], x[-1], y[-1]) == pytest.approx((0, 0, 1, 1))
    assert concentration.first_fifth(x, y) == pytest.approx(0.23, abs=0.01), "the sample gives it 1.15 times its share"
    gained = concentration.first_fifth(
        *concentration.curve(numbers, "residents_emergency_admissions", "health_creation")
    )
    assert gained < concentration.first_fifth(x, y)


def test_payback_is_what_the_ledgers_say(results: Results) -> None:
    numbers = Numbers(results)
    ledgers = numbers.ledgers("health_creation")
    found = payback.balance(ledgers, results.policy_start)
    assert found.cash[-1] * 1e6 == pytest.approx(-np.mean([one.net_cost for one in ledgers]))
    assert len(found.years) == results.policy_years
    assert "does not pay back in any run" in figures.plot(results, "payback").finding


# ---------------------------------------------------------------------------------------------------- control charts


def test_control_charts_follow_the_rules_of_making_data_count() -> None:
    steady = np.array([10.0, 11.0] * 12)
    assert not xmr.chart(steady).special.any()
    assert xmr.chart(steady).high == pytest.approx(10.5 + 2.66)
    far = steady.copy()
    far[20] = 30
    assert np.flatnonzero(xmr.chart(far, 12).special).tolist() == [20], "outside the limits"
    shifted = np.concatenate([steady, np.array([10.6, 10.8] * 3)])
    assert not xmr.chart(shifted[:-1], 24).special.any(), "six in a row are not enough" if len(shifted) < 30 else ""
    more = np.concatenate([steady[:-1], np.array([10.6, 10.8, 10.7, 10.6, 10.8, 10.7, 10.6])])
    assert np.flatnonzero(xmr.chart(more, 22).special).tolist() == list(range(23, 30)), "seven on one side"
    rising = np.concatenate([steady, np.linspace(10.1, 10.9, 7)])
    assert xmr.chart(rising, 24).special[24:].all(), "seven that rise"
    near = np.concatenate([steady[:-1], [12.6, 10.9, 12.7, 10.0]])
    assert np.flatnonzero(xmr.chart(near, 22).special).tolist() == [23, 25], "two of three near a limit, one side"


def test_special_cause_is_an_improvement_or_a_concern_by_the_measure() -> None:
    months = np.concatenate([np.array([10.0, 11.0] * 6), [30.0]])
    one = xmr.chart(months, 12)
    assert [one.kind(12, good) for good in (1, -1, 0)] == [xmr.IMPROVES, xmr.CONCERNS, xmr.NEUTRAL]
    assert one.kind(0, -1) == xmr.COMMON


# ---------------------------------------------------------------------------------------------------- explorer


def data(html: str) -> dict[str, object]:
    found = re.search(r'id="explorer-data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])  # type: ignore[no-any-return]


def test_the_explorer_holds_the_changes_of_every_option_and_year() -> None:
    found = explored({"lonely": -0.1, "waiting_list": 0.05})
    given = data(dose.widget(Numbers(found)))
    assert [one["runs"] for one in given["options"]] == [8, 2, 2, 2]  # type: ignore[index, attr-defined]
    loneliness = next(one for one in given["measures"] if one["label"] == "Loneliness among adults")  # type: ignore[attr-defined]
    whole, half, same, twice = (cells[-1] for cells in loneliness["cells"])
    change = found.changes("loneliness", "reform")[:, -1]
    assert whole[0] == pytest.approx(change.mean(), rel=1e-4)
    assert whole[1:] == pytest.approx(np.quantile(change, [0.05, 0.95]), rel=1e-4)
    assert half[1:] == same[1:] == twice[1:] == [None, None], "two runs have no range"
    assert same[0] == pytest.approx(change[:2].mean(), rel=1e-4), "amounts are compared on the runs that all have"
    assert same[0] != pytest.approx(change.mean(), rel=1e-2), "the sample's first runs differ from all"
    assert twice[0] < same[0] < half[0] < 0
    base = found.values("loneliness", "baseline")[:, -1]
    assert [each[-1] for each in loneliness["base"]] == pytest.approx(
        [base.mean(), *3 * [base[:2].mean()]], rel=1e-4
    )  # fmt: skip


def test_the_first_view_of_the_explorer_is_true_of_harm_gain_and_nothing(nothing: Results) -> None:
    def said(results: Results) -> str:
        return dose.widget(Numbers(results)).split("explorer-data")[0]

    assert "▲" not in said(nothing)
    assert "no change" in said(nothing)
    assert "▼ worse" in said(samples.results({"s": {"gp_need": 0.05}}, years=2))
    assert "▲ better" in said(samples.results({"s": {"gp_need": -0.05}}, years=2))
    assert "too few runs to say" in said(samples.results({"s": {"gp_need": -0.05}}, years=2, draws=2))


def test_the_picture_of_more_and_less_money_says_how_it_grows() -> None:
    finding = figures.plot(explored({"lonely": -0.1}), "dose").finding
    assert finding == "With 2 times the money spent the change in people often lonely is 2 times as large"
    assert "changes none" in figures.plot(explored({}), "dose").finding


def test_what_was_spent_is_said_not_what_was_asked() -> None:
    """Asked for twice the money, half as much again is spent; asked for half, two thirds."""
    found = explored({"lonely": -0.1}, paid=(0.65, 1.5))
    picture = figures.plot(found, "dose")
    assert picture.finding == "With 1.5 times the money spent the change in people often lonely is 2 times as large"
    numbers = Numbers(found)
    paid = [dose.spent(numbers, one)[-1] for one in dose.amounts(numbers)]
    record = found.record("baseline")
    lines = ("acute_emergency", "acute_elective", "general_practice")  # health creation is no NHS line
    total = sum(record.money_years(record.spend)[line][-1] for line in lines)
    assert paid == pytest.approx([100 * 24e6 * part / total for part in (0.65, 1.0, 1.5)])
    points = next(line for line in picture.axes[0].lines if line.get_marker() == "o")
    assert points.get_xdata() == pytest.approx([0.0, *paid])
    (table,) = dose.tables(numbers)
    assert [head.name.split("spent: ")[1] for head in table.heads[1:]] == [
        f"{dose._per_cent(value)} of NHS spending" for value in paid
    ]
    assert [dose._per_cent(value) for value in (0.0, 0.376, 3.66, 37.2)] == [
        "0\xa0%",
        "0.38\xa0%",
        "3.7\xa0%",
        "37\xa0%",
    ]
    none = figures.plot(explored({"lonely": -0.1}, paid=(1.0, 1.0)), "dose").finding
    assert none.startswith("Asked for 2 times the money, Reform spends no more")


def test_what_is_asked_of_the_budget_stands_beside_what_is_spent() -> None:
    numbers = Numbers(samples.results(years=3))
    first, _, plan = dose.options(numbers)
    assert first.label == "Health creation (asked: 5\xa0% of NHS spending)"
    assert plan.label == "New hospital"
    shown = dose.widget(numbers).split("explorer-data")[0]
    year = clock.fin_year_label(numbers.years[-1])
    assert f"Spent in {year}: {dose._per_cent(float(dose.spent(numbers, first)[-1]))} of NHS spending." in shown


def test_the_picture_in_words_gives_the_lowest_and_the_highest_run() -> None:
    assert dose._of_runs(np.array([-10.0, 20.0]), 1.0) == "+5 (−10\xa0to\xa0+20)"
    assert dose._of_runs(np.array([7.0, 7.0]), 1.0) == "+7 in every run"
    assert dose._of_runs(np.zeros(2), 1.0) == "0"
    found = explored({"lonely": -0.1}, paid=(0.65, 1.5))
    change = found.changes("lonely", "reform")[:2, -1]
    assert words.change(change.mean(), change.min(), change.max(), 1.0) in figures.plot(found, "dose").alt


def test_a_clear_change_in_the_explorer_is_never_nought() -> None:
    one = {"step": 0.1, "least": 0.01, "good": 1}
    cell = [-0.002, -0.003, -0.001]
    least = dose._least(one, cell)
    assert [dose._text(value, one, least) for value in cell] == ["−0.002", "−0.003", "−0.001"]
    assert dose._verdict(one, cell, 8) == "▼ worse"
    across = [0.001, -0.002, 0.004]
    assert dose._text(across[0], one, dose._least(one, across)) == "0.00", "of no clear direction: the measure's step"


# ---------------------------------------------------------------------------------------------------- in per cent


def test_nothing_falls_by_more_than_all_of_it() -> None:
    """Runs in which many and few wait: set against the mean of all, the first fell by 170 % of it."""
    base = np.array([[25_000.0], [9_000.0], [3_000.0], [500.0], [100.0]])
    change = np.array([[-17_000.0], [-7_000.0], [-2_900.0], [-500.0], [-90.0]])
    mid, low, high = relative(change, base)
    assert mid[0] == pytest.approx(change.mean() / base.mean()), "agrees with the two levels"
    assert -1 <= low[0] < high[0] < 0
    assert low[0] == pytest.approx(np.quantile(change / base, 0.05))
    assert np.quantile(change / base.mean(), 0.05) < -1, "what it must not be"
    base[4], change[4] = 0, 5
    mid, low, high = relative(change, base)
    assert np.isnan([low[0], high[0]]).all(), "from nothing, no per cent is known"
    assert np.isfinite(mid[0])
    change[4] = 0
    assert np.isfinite(relative(change, base)[1:]).all()


def test_every_relative_change_has_the_range_of_its_own_runs() -> None:
    made = samples.results({"s": {"waiting_over_52w": -0.7}}, years=3)
    for record in made.records:
        index = record.measures.recorded.index("waiting_over_52w")
        record.monthly[:, index] *= 5.0 if record.draw == 1 else 0.1
    numbers = Numbers(Results(made.records))
    runs = numbers.runs_of("waiting_over_52w", "s")[:, -1] / numbers.runs_of("waiting_over_52w", "baseline")[:, -1] - 1
    line = numbers.share_change("waiting_over_52w", "s")
    assert [line.low[-1], line.high[-1]] == pytest.approx(np.quantile(runs, [0.05, 0.95]))
    found = numbers.results.change("waiting_over_52w", "s")
    assert found.percent.mean == pytest.approx(100 * line.mid[-1])
    assert (found.percent.low, found.percent.high) == pytest.approx((100 * line.low[-1], 100 * line.high[-1]))
    assert found.percent.mean == pytest.approx(100 * (found.value.mean / found.base.mean - 1))
    ends = words.relative(float(line.low[-1]), float(line.high[-1]))
    assert ends in figures.plot(numbers.results, "balance").alt
    assert ends in figures.plot(numbers.results, "intervals").alt


# ---------------------------------------------------------------------------------------------------- one number


def test_the_share_of_long_waits_is_the_one_of_the_tables() -> None:
    made = samples.results(years=3)
    for record in made.records:
        names = record.measures.recorded
        record.monthly[:, names.index("waiting_list")] *= 4.0 if record.draw == 1 else 1.0
    again = Results(made.records)
    numbers = Numbers(again)
    in_table = again.change("waiting_over_18w_share", "baseline").base.mean
    of_means = (
        100 * numbers.level("waiting_over_18w", "baseline").mid[-1] / numbers.level("waiting_list", "baseline").mid[-1]
    )
    assert abs(in_table - of_means) > 1, "the sample tells them apart"
    assert figures.plot(again, "waits").finding.startswith(f"{in_table:.1f}\xa0% of those who wait in ")


def test_a_fifth_is_named_only_where_the_change_is() -> None:
    rng = np.random.default_rng(1)

    def said(means: list[float], noise: float) -> str:
        runs = np.array(means) + noise * rng.standard_normal((8, 5))
        return waterfall.concentrated(means, runs)

    assert said([-100, -110, -108, -40, -40], 15) == "spread over the fifths", "two that are all but equal"
    assert said([-10, -14, -14, -14, -11], 0) == "spread over the fifths", "tied"
    assert said([-60, -10, -10, -10, -10], 50) == "most in the most deprived fifth"
    assert said([-60, -35, -20, -20, -10], 2) == "largest in the most deprived fifth"
    assert said([60, 35, 20, 20, 10], 2) == "largest in the most deprived fifth", "of harm as well"
    assert said([-60, -35, -20, -20, -10], 40) == "spread over the fifths", "not so in nearly all runs"
    assert said([30, -20, -20, -20, -10], 0) == "spread over the fifths", "one that goes the other way"


def test_the_caption_counts_what_is_drawn(results: Results) -> None:
    numbers = Numbers(results)
    rows = len(figures.plot(results, "balance").axes[0].get_yticks())
    counted = len(headline_measures(results))
    assert rows != counted
    said = outline.caption(numbers, "balance")
    assert said.startswith(f"{rows} measures in the last year.")
    assert f"counts {counted} headline measures" in said
    assert said.split(". ")[0] in page.html(numbers)


# ---------------------------------------------------------------------------------------------------- warnings


def test_warnings_name_what_is_beyond_capacity_and_under_whom() -> None:
    made = samples.results({"s": samples.NULL}, years=2)
    for record in made.records:
        names = record.measures.recorded
        record.monthly[:, names.index("beds_occupied")] = record.monthly[:, names.index("beds_open")] * 0.8
        record.monthly[:, names.index("elective_completed")] = 2 * record.monthly[:, names.index("elective_referrals")]
    assert cautions.over_capacity(Numbers(made)) == []
    for record in made.records:
        if record.scenario == "s":
            names = record.measures.recorded
            record.monthly[:, names.index("beds_occupied")] = record.monthly[:, names.index("beds_open")] * 0.99
    (said,) = cautions.over_capacity(Numbers(Results(made.records)))
    assert "hospital beds are fuller than is safe in 12 months of the year under S" in said
    assert "every scenario" not in said


def test_a_result_beyond_what_is_known_is_a_warning() -> None:
    far = samples.results({"s": {"multimorbid": -0.3}}, years=4)
    (said,) = cautions.beyond(Numbers(far))
    assert said.startswith("Beyond what is known: on two or more long-term conditions (pp, ")
    near = Numbers(samples.results({"s": {"multimorbid": 0.3}}, years=4))
    assert cautions.beyond(near) == []
    assert ["Further" in table.note for one in (Numbers(far), near) for table in sections.beside(one)] == [True, False]
    assert said in page.html(Numbers(far)).replace("&#39;", "'")


def test_what_rests_on_judgement_is_counted(results: Results) -> None:
    made = samples.results({"s": {"lonely": -0.1, "deaths": 0.05}}, years=2)
    first = made.pairs[0]
    made.unjudged = Results([samples.record(n, *first, e, years=2) for n, e in
                             {"baseline": {}, "s": {"deaths": 0.05}}.items()])  # fmt: skip
    kept = sureness.left_of(Numbers(made), "s")
    assert abs(kept["loneliness"]) < 50 < kept["deaths"]
    picture = figures.plot(made, "weak")
    assert re.search(r"more than half rests on judgement: S \d of \d", picture.finding)
    assert figures.PICTURES["weak"](results) is None


def test_text_in_pictures_is_dark_enough_to_read() -> None:
    """4.5 to 1 against white, which axe cannot judge inside a picture."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour in (style.INK, style.MUTED):
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour


def test_the_sections_come_in_the_order_in_which_they_are_read(results: Results) -> None:
    text = page.html(Numbers(results))
    order = [
        "answer",
        "scenarios",
        "explore",
        "trends",
        "differences",
        "bath",
        "payback",
        "who",
        "where",
        "sure",
        "numbers",
    ]
    places = [text.index(f'<section id="{name}"') for name in order]
    assert places == sorted(places)
    assert clock.fin_year_label(results.horizon) in text


# ---------------------------------------------------------------------------------------------------- rounding


def test_no_end_of_a_clear_range_is_rounded_to_zero() -> None:
    assert words.interval(25.0, 1066.0) == "+20\xa0to\xa0+1,070", "not 0 to +1,100: it lies above zero"
    assert words.change(-3.0, -4.4, -0.04, 0.1) == "−3.00 (−4.40\xa0to\xa0−0.04)"
    assert words.interval(-25.0, 1066.0) == "0\xa0to\xa0+1,100", "this one does not"


def test_the_explorer_rounds_a_small_change_by_its_own_size() -> None:
    one = {"step": 10_000.0, "least": 1.0}
    assert [dose._text(value, one, 1.0) for value in (1_279_802, -4_834, 3.2, 0.0, None)] == [
        "+1,280,000", "−4,800", "+3", "0", "–"]  # fmt: skip
