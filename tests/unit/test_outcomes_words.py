"""What is said in words: rounded honestly, and true whether a scenario helps, harms or does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.outcomes.results import Results
from sim.outcomes.rounding import level, listed, plain, signed, step_of
from sim.outcomes.sentences import change_sentence, headline, money_sentence, pounds
from sim.outcomes.table import WIDTH, render, render_html, rows
from sim.outcomes.value import worth
from tests.unit.outcomes_samples import record

pytestmark = pytest.mark.unit


def results(*shifts: float, draws: int = 3, seeds: int = 2, cost: float = 0.0) -> Results:
    names = ["baseline", "health_creation", "empty_the_bath", "new_hospital", "learn_and_scale"]
    return Results(
        record(name, d, s, shift=shift * (0.5 + d / 4), n=1500, years=2, lever_cost=cost if shift else 0.0)
        for d in range(1, draws + 1)
        for s in range(1, seeds + 1)
        for name, shift in zip(names, (0.0, *shifts), strict=False)
    )


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        (-1234, 100, "−1,200"),
        (0.0312, 0.001, "0.031"),
        (-0.0004, 0.01, "0.00"),
        (151_264, 1000, "151,000"),
        (12, 0, "12"),
    ],
)
def test_numbers_are_rounded_to_what_is_known(value: float, step: float, text: str) -> None:
    assert plain(value, step) == text


def test_signs_and_dashes() -> None:
    assert signed(5.0) == "+5"
    assert signed(-5.0) == "−5"
    assert signed(0.2) == "0"
    assert signed(-0.2) == "0"
    assert plain(float("nan")) == signed(float("nan")) == "–"
    assert level(151_264) == "151,000"
    assert level(7.238, 2) == "7.24"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert listed(["a", "b", "c", "d"]) == "a, b, c and d"
    assert [pounds(x) for x in (46e6, 1.24e9, 350_123, 3.44e6)] == ["46m", "1.2bn", "350,000", "3.4m"]


@given(st.floats(1e-6, 1e9), st.floats(-1e9, 1e9))
def test_rounding_to_a_step_is_never_further_off_than_half_of_it(width: float, value: float) -> None:
    step = step_of(width)
    text = plain(value, step).replace(",", "").replace("−", "-")
    assert abs(float(text) - value) <= 0.5001 * step + 1e-9 * abs(value)
    assert 9.99 <= width / step <= 100.01


def test_a_scenario_that_helps_is_said_to_help() -> None:
    r = results(0.1)
    assert "Health creation is better on" in headline(r)
    assert "worse on none" in headline(r)
    assert "a year lower by" in change_sentence(r, "ed_attendances", "health_creation")


def test_a_scenario_that_harms_is_said_to_harm() -> None:
    r = results(-0.1)
    assert "Health creation is worse on" in headline(r)
    assert "clearly better on none" in headline(r)
    assert "a year higher by" in change_sentence(r, "ed_attendances", "health_creation")
    assert "better" not in "".join(c.verdict for row in rows(r) for c in row.cells if row.name == "ed_attendances")


def test_a_scenario_that_does_nothing_is_said_to_do_nothing() -> None:
    r = results(0.0)
    assert "makes no difference to baseline in any of the" in headline(r)
    assert headline(r).endswith("headline measures, in any run.")
    assert "A&E attendances unchanged" in change_sentence(r, "ed_attendances", "health_creation")
    assert "nothing to pay back" in money_sentence(r, worth(r, "health_creation"))
    assert {c.verdict for row in rows(r) for c in row.cells} == {"same"}


def test_too_few_runs_claim_nothing() -> None:
    r = results(0.1, draws=1, seeds=2)
    assert "With only 2 runs" in headline(r)
    assert "better" not in {c.verdict for row in rows(r) for c in row.cells}
    assert "too few runs" in change_sentence(r, "ed_attendances", "health_creation")


def test_the_words_better_and_worse_stand_only_where_the_interval_excludes_zero() -> None:
    r = results(0.05, -0.05)
    for row in rows(r):
        for scenario, cell in zip(r.others, row.cells, strict=True):
            d = r.change(row.name, scenario).difference
            assert (cell.verdict in ("better", "worse", "more", "less")) == (d.runs >= 5 and (d.low > 0 or d.high < 0))


@pytest.mark.parametrize("shifts", [(), (0.1,), (0.1, -0.1, 0.0), (0.1, -0.1, 0.0, 0.02)])
def test_the_table_fits_the_terminal_and_uses_real_minus_signs(shifts: tuple[float, ...]) -> None:
    r = results(*shifts, cost=2e6)
    text = render(r)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert not re.search(r"[ (]-\d", text)
    assert text.startswith(headline(r)[:40])
    for scenario in r.others:
        assert r.label(scenario).split()[0] in text
    html = render_html(r)
    assert html.count("<tr>") == len(rows(r)) + 1
    assert "A&amp;E" in html


def test_money_is_said_in_words_that_a_board_can_read() -> None:
    r = results(0.1, -0.1, cost=1e9)
    good, bad = (money_sentence(r, worth(r, s)) for s in r.others)
    assert "does not pay it back within 1 year in any run" in bad
    assert "health is lost and money spent" in bad
    assert "a QALY" in good
