"""The page's tables by fifth, of inequality, of courses and of what is left without judged benefits."""

from __future__ import annotations

import pytest

from sim.outcomes import course
from sim.outcomes.results import Results
from sim.report import page, whole
from sim.report.numbers import Numbers
from tests.unit import report_samples

pytestmark = pytest.mark.unit


def numbers() -> Numbers:
    results = report_samples.results({"reform": report_samples.GAIN, "harm": report_samples.HARM})
    first = results.pairs[0]
    results.unjudged = Results([report_samples.record(n, *first) for n in results.scenarios])
    return Numbers(results)


def test_every_fifth_has_its_life_expectancy_and_every_scenario_a_column() -> None:
    (table,) = whole.life(numbers())
    assert len(table.rows) == 6  # everyone and five fifths; good health was not counted in these records
    assert all(len(row) == len(table.heads) == 4 for row in table.rows)
    assert "100.0" in table.rows[0][1]  # a hundredth of every band dies each year


def test_three_indices_of_each_inequality_are_shown_and_fall_with_the_gap() -> None:
    (table,) = whole.indices(numbers())
    rows = {row[0]: row for row in table.rows}
    slope = rows["Emergency admissions by deprivation: slope index"]
    assert slope[2].startswith("−")  # the reform helps the most deprived fifth most
    assert len([name for name in rows if name.endswith("concentration index")]) * 3 == len(rows)


def test_a_single_clear_year_is_listed_neither_as_a_gain_nor_as_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(measure: str, kind: str, signs: tuple[int, ...]) -> course.Course:
        worst = 2026 + signs.index(-1) if -1 in signs else None
        return course.Course("reform", measure, kind, -1.0, -2.0, -0.5, worst, 12 * signs.count(-1), None, signs)

    made = [
        one("deaths", course.BETTER, (1, 1, 0, 1, 0, 0)), one("life_expectancy", course.WORSE, (0, -1, 0, 0, 0, 0)),
        one("unmet_need", course.WORSE, (0, 0, 0, 0, 0, -1)), one("loneliness", course.UNCLEAR, (0,) * 6),
        one("smoking", course.BETTER_FIRST, (1, 1, -1, 1, 1, 1)),
    ]  # fmt: skip
    monkeypatch.setattr(course, "courses", lambda _: made)
    losses, gains, neither = whole.courses(numbers())
    assert [row[1:4] for row in losses.rows] == [["Unmet needs", "worse in the last year only", "1 worse of 6"]]
    assert [row[1:4] for row in gains.rows] == [
        ["Deaths", "better for 3 of 6 years, then no clear change", "3 better of 6"],
        ["Smoking among adults", "better to the end", "5 better, 1 worse of 6"],
    ]
    assert [row[1:] for row in neither.rows] == [["Life expectancy at birth", "no clear course", "1 worse of 6"]]


def test_courses_and_judged_benefits_say_who_wins_and_on_what() -> None:
    shown = numbers()
    table, better = whole.courses(shown)
    assert better.folded
    assert ["Reform", "Unmet needs", "better to the end", "6 better of 6"] in [row[:4] for row in better.rows]
    assert all(row[4] != "–" for row in table.rows), "a loss says how deep"
    assert all(len(row) == len(each.heads) for each in (table, better) for row in each.rows)
    assert "at least 3 years are clear" in table.note
    courses = {(row[0], row[1]): row for row in table.rows}
    assert courses["Reform", "Hospital waiting list"][2] == "worse to the end"
    assert courses["Harm", "Unmet needs"][3] == "6 worse of 6"
    (left,) = whole.without_judged(shown)
    assert {row[-1] for row in left.rows} <= {"0", "0.0", "0.00", "0.000"}  # nothing changes in these
    text = page.html(shown, {})
    tried = "tried in this model (North Mid Hampshire"
    for caption in (table.caption, better.caption, left.caption, "Beside the literature", tried):
        assert caption in text
