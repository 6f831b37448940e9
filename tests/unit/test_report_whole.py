"""The page's tables by fifth, of inequality, of courses and of what is left without judged benefits."""

from __future__ import annotations

import pytest

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


def test_courses_and_judged_benefits_say_who_wins_and_on_what() -> None:
    shown = numbers()
    table, better = whole.courses(shown)
    assert better.folded
    assert ["Reform", "Unmet needs", "better"] in [row[:3] for row in better.rows]
    assert all(row[3] != "–" for row in table.rows), "a loss says how deep"
    courses = {(row[0], row[1]): row for row in table.rows}
    assert courses["Reform", "Hospital waiting list"][2] == "worse"
    assert courses["Harm", "Unmet needs"][4] != "–"
    (left,) = whole.without_judged(shown)
    assert {row[-1] for row in left.rows} <= {"0", "0.0", "0.00", "0.000"}  # nothing changes in these
    text = page.html(shown, {})
    tried = "tried in this model (north mid hampshire"
    for caption in (table.caption, better.caption, left.caption, "Beside the literature", tried):
        assert caption in text
