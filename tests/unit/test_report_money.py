"""What the report says of money: uneven spending, moved money, what rests on judgement; and the paper's columns."""

from __future__ import annotations

import numpy as np
import pytest

from sim.outcomes import unjudged
from sim.outcomes.results import Results
from sim.outcomes.sentences import headline, named
from sim.outcomes.table import CELL_WIDTH, cell, rows
from sim.outcomes.value import MOVED_COUNTS
from sim.policy.scenario import Scenario
from sim.report import assumptions, board_paper, cautions, money, outline, sources, uneven
from sim.report.numbers import Numbers
from sim.report.style import NBSP
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit
YEARS = tuple(range(2026, 2032))


def building(cost: list[float]) -> Numbers:
    """A scenario whose new money buys buildings only, £ million by policy year."""
    made = samples.results({"hospital": samples.NULL}, years=len(cost))
    for one in made.records:
        if one.scenario == "hospital":
            before = one.n_months - 12 * len(cost)
            spent = np.concatenate([np.zeros(before), np.repeat(np.array(cost) * 1e6 / 12, 12)])
            one.spend["buildings"] = spent
            one.lever_spend["new_hospital"] = spent
    return Numbers(made)


# ------------------------------------------------------------------------------------------------ uneven spending


def test_even_spending_is_said_by_the_year() -> None:
    assert uneven.spent(np.array([30.0, 60, 60, 60, 60, 66]), YEARS) == "£56m a year"
    assert uneven.spent(np.array([1.0, 2, 2, 2, 2, 2]), YEARS, "new") == "£1.8m new a year"
    assert not uneven.uneven(np.zeros(6))
    assert not uneven.uneven(np.zeros(0))


def test_uneven_spending_names_the_total_and_the_dearest_years() -> None:
    assert uneven.spent(np.array([0.0, 0, 0, 0, 0, 300]), YEARS) == "£300m over 6 years (£300m in 2031/32)"
    said = uneven.spent(np.array([0.0, 0, 0, 10, 400, 400]), YEARS, "new")
    assert said == "£810m new over 6 years (£400m a year in 2030/31 and 2031/32)"
    long = np.array([0.0] * 10 + [5, 100, 99, 98, 5])
    assert uneven.dearest(long, range(2026, 2041)) == "£99m a year from 2037/38 to 2039/40"
    apart = np.array([100.0, 0, 0, 0, 0, 0, 100, 0, 100])
    assert uneven.dearest(apart, range(2026, 2035)).endswith("in 2026/27, 2032/33 and 2034/35")


def test_twice_the_mean_is_where_spending_becomes_uneven() -> None:
    assert not uneven.uneven(np.array([2.0, 0.0]))
    assert uneven.uneven(np.array([2.01, 0.0, 1.0]))


def test_no_picture_or_payer_names_a_yearly_sum_that_no_year_costs() -> None:
    rare = building([0, 0, 0, 400, 0, 0])
    picture = money.money(rare)
    assert picture is not None
    assert picture.finding == "Hospital: £400m new over 6 years (£400m in 2029/30)"
    assert "+67 (£400m in 2029/30)" in picture.alt, "as it is drawn"
    assert assumptions.payers(rare, "hospital") == "new money £400m over 6 years (£400m in 2029/30)"
    assert "Spending is uneven under Hospital" in "".join(text.get_text() for text in picture.texts).replace("\n", " ")
    (lever,) = assumptions.behind(rare)
    assert lever.dearest == "£400m in 2029/30"
    assert "dearest: £400m in 2029/30" in sources.assumption_tables(rare)[0].rows[0][3]


def test_even_spending_keeps_its_short_form() -> None:
    steady = building([50, 60, 60, 60, 60, 70])
    picture = money.money(steady)
    assert picture is not None
    assert picture.finding == "Hospital: £60m new a year"
    assert "uneven" not in "".join(text.get_text() for text in picture.texts)
    assert assumptions.payers(steady, "hospital") == "new money £60m a year"
    assert assumptions.behind(steady)[0].dearest == ""
    assert assumptions.payers(building([0] * 6), "hospital") == "nobody: no money moves"


def test_uneven_money_from_lines_that_are_not_felt_is_a_warning_with_its_years() -> None:
    rare = building([0, 0, 0, 400, 0, 0])
    for one in rare.results.records:
        paid = one.spend.get("buildings", np.zeros(one.n_months))
        one.spend["specialised_other"] = 50e6 - paid  # what the buildings cost is taken from it
    said = assumptions.payers(rare, "hospital")
    assert said.count("£400m over 6 years (£400m in 2029/30)") == 2
    assert said.endswith(
        " of it comes from lines whose services are not in the model: taking it looks free, and is not"
    )
    assert "new money" not in said


# ------------------------------------------------------------------------------------------------ moved money


def test_what_is_moved_by_year_adds_up_to_its_mean() -> None:
    numbers = Numbers(samples.results({"reform": samples.GAIN}, years=3))
    book = money.moved(numbers, "reform")
    assert len(book.years) == 3
    assert book.given.mean() == pytest.approx(-sum(value for value in book.mean.values() if value < 0))
    assert book.new == pytest.approx(np.zeros(3), abs=1e-6)  # all of it was moved
    assert assumptions.payers(numbers, "reform").endswith(" a year")


def test_moved_money_is_said_to_count_as_spent_wherever_it_does() -> None:
    numbers = Numbers(samples.results({"reform": samples.GAIN}, years=3))
    for picture in ("plane", "ceac", "tornado"):
        assert MOVED_COUNTS in outline.CAPTIONS[picture]
    (table,) = sources.money_tables(numbers)
    assert MOVED_COUNTS in table.note
    names = [row[0] for row in table.rows]
    at = names.index("Net health benefit if only new money counted as cost")
    assert names[at - 1].startswith("Net health benefit: QALYs gained less")
    assert not [name for name in names if "net cost" in name.lower()]
    said = " ".join(sources.money_words(numbers))
    assert "moved from existing lines" in said
    assert "if only new money counted as cost" in said
    new = " ".join(sources.money_words(building([0, 0, 0, 400, 0, 0])))
    assert "moved from" not in new
    assert "only new money" not in new


# ------------------------------------------------------------------------------------------------ judgement


def judged(with_them: samples.Effects, without: samples.Effects) -> Results:
    made = samples.results({"s": with_them}, years=2)
    first = made.pairs[0]
    made.unjudged = Results([samples.record(n, *first, e, years=2) for n, e in {"baseline": {}, "s": without}.items()])
    return made


def test_a_gain_in_the_answer_that_goes_without_judged_benefits_is_a_warning() -> None:
    made = judged({"lonely": -0.1, "deaths": 0.05}, {"deaths": 0.05})
    assert {one.measure.name for one in named(made, "s")} >= {"loneliness"}
    (said,) = cautions.on_judgement(Numbers(made))
    assert said.startswith("The answer rests on judged evidence for loneliness among adults under S: ")
    assert " percentage points with judged benefits, and by " in said
    assert cautions.cautions(Numbers(made))[0] == said
    left = next(one for one in unjudged.left(made, "s") if one.measure == "loneliness")
    assert left.judged
    assert "−" in said.partition("changes by")[2].partition(" with ")[0]


def test_nothing_is_said_where_the_answer_keeps_half_or_was_not_tried() -> None:
    effects = {"lonely": -0.1, "deaths": 0.05}
    assert cautions.on_judgement(Numbers(judged(effects, effects))) == []
    assert cautions.on_judgement(Numbers(judged(effects, {"lonely": -0.08, "deaths": 0.05}))) == []
    assert cautions.on_judgement(Numbers(samples.results({"s": effects}, years=2))) == []


def test_a_harm_that_rests_on_judgement_is_named_too_and_what_the_answer_leaves_out_is_not() -> None:
    made = judged({"lonely": 0.2, "deaths": 0.05, "smokers": 0.1}, {"deaths": 0.05})
    said = cautions.on_judgement(Numbers(made))
    assert [text.partition(" under ")[0].rpartition(" for ")[2] for text in said] == ["loneliness among adults"]


def test_the_changes_that_are_named_are_those_of_the_headline() -> None:
    made = samples.results(years=2)
    for scenario in made.others:
        assert all(change.measure.label in headline(made) for change in named(made, scenario))
    assert named(made, "new_hospital") == []


# ------------------------------------------------------------------------------------------------ words and columns


@pytest.mark.parametrize(("residents", "letter"), [(6e5, ""), (3e6, "k"), (9e8, "m")])
def test_both_ends_of_a_large_range_are_counted_alike(residents: float, letter: str) -> None:
    made = samples.results({"s": {"gp_need": 0.05}}, years=2)
    for one in made.records:
        one.monthly[:, one.measures.recorded.index("gp_need")] *= residents / 3e6
    change = made.change("gp_need", "s")
    found = cell(change)
    low, high = found.second.split(" to ")
    assert len(found.second) < CELL_WIDTH
    assert low[-1:].strip("0123456789") == high[-1:].strip("0123456789") == found.first[-1:].strip("0123456789")
    scale = {"": 1, "k": 1e3, "m": 1e6}[letter]
    assert low.endswith(letter)
    width = change.difference.high - change.difference.low
    for text, value in ((low, change.difference.low), (high, change.difference.high)):
        shown = float(text.removesuffix(letter).replace(",", "").replace("−", "-")) * scale
        assert shown == pytest.approx(value, abs=0.1 * width)


def test_every_cell_of_the_table_fits_its_column() -> None:
    for row in rows(samples.results(years=2)):
        for one in row.cells:
            assert max(len(one.first), len(one.second)) < CELL_WIDTH


def test_the_scenario_that_empties_the_bath_asks_for_the_share_that_it_says() -> None:
    asked = {
        name: sum(use.amount for use in Scenario.load(name).uses) for name in ("health_creation", "empty_the_bath")
    }
    assert asked["empty_the_bath"] == pytest.approx(asked["health_creation"])
    description = Scenario.load("empty_the_bath").description
    assert "same share" in description
    assert "same money" not in description


SOME = (["Scenario", "What was asked", "£m"], [["Empty the bath", "a text that is rather long " * 6, "7.4"]] * 3)


def test_no_column_of_the_paper_is_narrower_than_its_longest_word() -> None:
    heads, texts = SOME
    widths = board_paper._widths(heads, texts)
    assert sum(widths) == pytest.approx(board_paper.TEXT_WIDE)
    for k, width in enumerate(widths):
        words = [word for row in texts for word in row[k].split()]
        assert width >= max(board_paper._line(word, bold=False) for word in words) + board_paper.BESIDE
        assert width >= max(board_paper._line(word, bold=True) for word in heads[k].split()) + board_paper.BESIDE
    assert widths[1] > widths[0] > widths[2]  # the long text has the room


def test_a_range_keeps_together_while_there_is_room_and_breaks_between_words_when_there_is_none() -> None:
    range_of = f"−0.20 (−121,000{NBSP}to{NBSP}−63,400)"
    for columns, kept in ((3, True), (9, False)):
        texts, widths = board_paper._fitted(["A measure"] * columns, [[range_of] * columns])
        assert (NBSP in texts[0][0]) == kept
        assert sum(widths) == pytest.approx(board_paper.TEXT_WIDE)
        part = f"(−121,000{NBSP}to{NBSP}−63,400)" if kept else "(−121,000"
        assert min(widths) >= board_paper._line(part, bold=False)


def test_the_paper_says_what_gets_worse_or_that_nothing_does() -> None:
    said, tables = board_paper._worse(Numbers(samples.results({"harm": samples.HARM}, years=3)))
    assert not said
    assert [table.caption.startswith("What gets worse") for table in tables] == [True]
    said, tables = board_paper._worse(Numbers(samples.results({"idle": samples.NULL}, years=3)))
    assert not tables
    assert said == ["No headline measure gets clearly worse in any year under any scenario."]
    said, tables = board_paper._worse(Numbers(samples.results({"harm": samples.HARM}, draws=1, seeds=2, years=3)))
    assert not tables
    assert said == ["Too few runs were made to say what gets worse."]
