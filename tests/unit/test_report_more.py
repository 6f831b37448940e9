"""The report's further pictures, sentences and warnings: true also where a scenario does harm or nothing."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from sim import clock
from sim.errors import UserError
from sim.outcomes.results import Results
from sim.report import (
    cautions,
    concentration,
    dose,
    figures,
    page,
    payback,
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


def explored(effects: samples.Effects) -> Results:
    """Results with a scenario at half and at twice its money (its effects as large as that)."""
    found = samples.results({"reform": effects}, years=3)
    pairs = found.pairs[:2]
    found.explore([
        samples.record(f"reform_at_{100 * times:.0f}", *pair, {k: v * times for k, v in effects.items()}, years=3)
        for times in (0.5, 2.0)
        for pair in pairs
    ])  # fmt: skip
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
    assert "Health creation: most in the most deprived fifth" in picture.finding
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
    assert [one["runs"] for one in given["options"]] == [2, 8, 2]  # type: ignore[index, attr-defined]
    loneliness = next(one for one in given["measures"] if one["label"] == "Loneliness among adults")  # type: ignore[attr-defined]
    half, whole, twice = (cells[-1] for cells in loneliness["cells"])
    change = found.changes("loneliness", "reform")[:, -1]
    assert whole[0] == pytest.approx(change.mean(), rel=1e-4)
    assert whole[1:] == pytest.approx(np.quantile(change, [0.05, 0.95]), rel=1e-4)
    assert half[1:] == twice[1:] == [None, None], "two runs have no range"
    assert twice[0] < whole[0] < half[0] < 0


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
    assert finding == "With 2 times the money the change in people often lonely is 2 times as large"
    assert "changes none" in figures.plot(explored({}), "dose").finding


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
    assert cautions.beyond(Numbers(samples.results({"s": {"multimorbid": 0.3}}, years=4))) == []
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
    assert [dose._text(value, one) for value in (1_279_802, -4_834, 3.2, 0.0, None)] == [
        "+1,280,000", "−4,800", "+3", "0", "–"]  # fmt: skip
