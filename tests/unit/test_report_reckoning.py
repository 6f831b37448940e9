"""Where large changes come from: known accounts close, sentences follow their signs, and nothing is said of nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

from sim.evidence import load
from sim.outcomes.record import RunRecord
from sim.outcomes.results import Results
from sim.report import growing, outline, page, reckoning, reckoning_words
from sim.report.numbers import Numbers
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit
YEARS = 6
BEFORE, AFTER = samples.START - samples.FIRST, 12 * YEARS
LIST, NEED, OPEN = 1000.0, 50_000.0, 2000.0
FLOWS = {"elective_referrals": 100.0, "elective_completed": 90.0, "elective_removed": 10.0}
STOCKS = {"waiting_list": LIST, "unmet_need": OPEN, "gp_waiting": 3000.0}
PRACTICE = {"gp_need": NEED, "gp_appointments": 48_000.0, "gp_given_up": 2400.0, "gp_to_ed": 100.0}


def made(scenario: str, pair: tuple[int, int], a_month: Mapping[str, float]) -> RunRecord:
    """A record of even months. a_month: what the policy adds to each flow, and to stocks month after month."""
    one = samples.record(scenario, *pair, years=YEARS)
    on = np.arange(BEFORE + AFTER) >= BEFORE
    for name, level in (FLOWS | STOCKS | PRACTICE).items():
        since = np.cumsum(on) if name in STOCKS else on
        one.monthly[:, one.measures.recorded.index(name), 0] = level + since * a_month.get(name, 0.0)
    money = one.spend["general_practice"]
    spend = {**one.spend, "acute_elective": np.full(len(on), 10e6) * np.where(on, 1 - a_month.get("cut", 0.0), 1.0),
             "outpatient": np.zeros(len(on)), "general_practice": np.full_like(money, 8e6)}  # fmt: skip
    return dataclasses.replace(one, spend=spend)


def numbers(a_month: Mapping[str, float]) -> Numbers:
    pairs = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)]
    scenarios: dict[str, Mapping[str, float]] = {"baseline": {}, "reform": a_month}
    return Numbers(Results([made(name, pair, add) for name, add in scenarios.items() for pair in pairs]))


CUT = {"elective_completed": -10.0, "elective_removed": 2.0, "waiting_list": 7.0, "cut": 0.1}


def test_the_account_of_a_list_closes_with_what_no_record_tells_apart() -> None:
    parts = reckoning.terms(numbers(CUT), reckoning.ACCOUNTS[0], "reform")
    assert parts is not None
    every = {name: values[0] for name, values in parts.items()}
    # 72 months: 10 fewer treated, 2 more removed, and a list 7 longer each month, so that 1 more leaves in other ways
    assert every == pytest.approx({"elective_referrals": 0.0, "elective_completed": 720.0, "elective_removed": -144.0,
                                   reckoning.REST: -72.0})  # fmt: skip


def test_a_cut_that_makes_a_list_longer_is_told_with_who_pays_and_what_is_judged() -> None:
    (table,) = reckoning_words.tables(numbers(CUT))
    assert table.rows == [["Hospital waiting list: Reform", "+504 (+50\xa0%)", "0", "+720", "−140", "−72"]]
    (said,) = table.words
    assert "720 fewer were treated, 144 more were removed untreated and 72 more became emergencies" in said
    assert "11\xa0% fewer were treated, and the list is 50\xa0% longer" in said
    assert "£12m a year less" in said
    assert "(−10.0\xa0%)" in said
    assert "money.elasticity_down (0.8 % capacity per % money, judged)" in said
    assert "elasticity_up" not in said


def test_the_other_way_round_says_more_and_shorter() -> None:
    (table,) = reckoning_words.tables(numbers({name: -value for name, value in CUT.items()}))
    (said,) = table.words
    assert "720 more were treated, 144 fewer were removed untreated and 72 fewer became emergencies" in said
    assert "more were treated, and the list is 50\xa0% shorter" in said
    assert "£12m a year more" in said
    assert "money.elasticity_up" in said


def test_a_flow_that_would_do_the_opposite_is_not_given_as_the_reason() -> None:
    """The list grows although more are treated: then nothing may say that it does because of them."""
    (table,) = reckoning_words.tables(numbers({"elective_completed": 10.0, "waiting_list": 7.0}))
    assert "A list gathers" not in table.words[0]
    assert "as much money in 2031/32 as in Baseline" in table.words[0]


def test_unmet_need_is_told_by_the_gap_and_by_who_asks_again() -> None:
    shown = numbers({"unmet_need": 100.0, "gp_need": 2000.0, "gp_appointments": -3000.0, "gp_given_up": 4000.0})
    (table,) = reckoning_words.tables(shown)
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["Contacts made"][0] == "576,000"
    assert rows["Contacts made"][1] == "−36,000"
    runs = shown.results
    chance = np.mean([load().draw(d)[reckoning.CHANCE_TO_ASK] for d, _ in runs.pairs])
    months = np.arange(AFTER - 12, AFTER)  # what was open a month before: 100 more every month since the start
    again = chance * 100.0 * months.sum()
    found = reckoning.practice(shown, "reform")["again"] - reckoning.practice(shown, "baseline")["again"]
    assert found.mean() == pytest.approx(again)
    said = table.words[0]
    assert "practices make 36,000 fewer contacts (−6.2\xa0%)" in said
    assert "asked for 24,000 more contacts (+4.0\xa0%)" in said
    assert "care.unmet_return (0.25 chance a month" in said
    assert "As much money".lower() in said


def test_nothing_is_said_of_what_hardly_changes_or_not_at_all() -> None:
    assert reckoning_words.tables(numbers({})) == []
    assert reckoning_words.tables(numbers({"waiting_list": 2.0, "elective_completed": -2.0})) == []  # 14 % of the list
    assert reckoning_words.tables(Numbers(Results([made("reform", (1, 1), {})]))) == []  # a single run


def test_the_page_shows_the_account_under_what_changes() -> None:
    sections = outline.build(numbers(CUT), {}).sections
    (held,) = [one for one in sections if one.id == "differences"]
    assert [table.caption for table in held.tables] == ["Where large changes come from: waiting lists"]
    assert held.tables[0].words[0].replace("\xa0", "\xa0") in page.html(numbers(CUT), {})


def test_why_demand_grows_stands_on_the_page_of_a_comparison_and_of_a_single_run() -> None:
    for effects in ({"reform": samples.GAIN}, {}):
        results = samples.results(effects, years=3)
        for one in results.records:  # use, people and ill by age: all grow by a tenth, those that use too
            for name, start in (("residents", 1000.0), ("multimorbid", 200.0), ("gp_need", 5000.0)):
                years = 1.1 ** np.linspace(0, 1, len(one.yearly_age))[:, None]
                one.yearly_age[:, one.measures.recorded.index(name)] = start * years
        (table,) = growing.tables(Numbers(results))
        (row,) = table.rows
        assert row[0] == "Need for general practice"
        total, *parts = (float(cell.split(" ")[0].replace("−", "-")) for cell in row[1:])
        assert sum(parts) == pytest.approx(total, abs=0.1 * len(row))
        assert table.caption in page.html(results, {})
    assert growing.tables(Numbers(samples.results({"reform": samples.GAIN}, years=3))) == []  # nothing known by age
