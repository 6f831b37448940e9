"""Sentences of the report that must stay true of odd comparisons: harm, nothing, one run, one scenario, too many."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.outcomes.results import Results
from sim.outcomes.sentences import headline, money_sentence
from sim.outcomes.summary import interval
from sim.outcomes.value import worth
from sim.report import (
    alternative,
    assumptions,
    cautions,
    dose,
    economics,
    findings,
    lives,
    neighbourhood_map,
    outline,
    payback,
    sections,
    sources,
    sureness,
    uneven,
    whole,
    words,
)
from sim.report.facts import Facts
from sim.report.numbers import Numbers
from sim.report.style import NBSP
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit
CUT = {"emergency_admissions": 0.05, "waiting_list": 0.1, "deaths": 0.02}


def alone(runs: int = 1) -> Numbers:
    return Numbers(samples.results({}, draws=runs, seeds=1))


def cheaper() -> Numbers:
    """A baseline that spends on levers, compared with a scenario that does not."""
    made = samples.results({"reform": samples.GAIN})
    by_name = {name: [r for r in made.records if r.scenario == name] for name in made.scenarios}
    return Numbers(Results([*by_name["reform"], *by_name["baseline"]]))


# ------------------------------------------------------------------------------------------------ the answer


def test_a_scenario_that_differs_in_no_run_is_said_to_make_no_difference() -> None:
    said = headline(samples.results({"reform": samples.GAIN, "idle": samples.NULL}))
    assert "Idle makes no difference in any run." in said
    only = headline(samples.results({"idle": samples.NULL}))
    assert "Idle makes no difference to baseline in any of the" in only
    assert "clear" not in only


def test_an_unclear_scenario_is_not_said_to_make_no_difference() -> None:
    hazy = samples.results({"hazy": {"births": 1e-12}}, noise=0.05)
    assert "Hazy makes no clear difference to baseline in any of the" in headline(hazy)
    assert "in any run" not in headline(hazy)


def test_brackets_are_said_to_be_of_a_gain_only_where_there_is_one() -> None:
    assert headline(samples.results({"cuts": {"emergency_admissions": 0.05}})).endswith("for the largest clear loss.")
    both = headline(samples.results({"reform": samples.GAIN, "cuts": CUT}))
    assert both.endswith("for the largest clear gain and loss.")


def test_a_single_scenario_is_no_cause_of_its_level() -> None:
    said = headline(alone(5).results)
    assert "leads to" not in said
    assert "emergency admissions at the hospital trust" in said
    assert "a level, not an effect" in said


# ------------------------------------------------------------------------------------------------ money


def test_a_scenario_that_costs_less_than_the_baseline_has_nothing_to_pay_back() -> None:
    numbers = cheaper()
    said = money_sentence(numbers.results, worth(numbers.results, "baseline"))
    assert said.startswith("Baseline: its levers cost £")
    assert (
        "less over 6 years than those of reform, so there is nothing to pay back; no clear gain or loss of QALYs ("
        in said
    )
    assert "£−" not in said
    assert "pays it back" not in said
    told = " ".join(sources.money_words(numbers))
    assert "taken from existing lines" not in told
    assert "Net health benefit" not in told
    picture = payback.payback(numbers)
    assert picture is not None
    assert "costs less than Reform and has nothing to pay back" in picture.finding
    assert "pays back in" not in picture.finding


def test_what_levers_cost_beyond_those_of_the_baseline_is_said_as_more() -> None:
    made = samples.results({"reform": samples.GAIN, "dear": samples.GAIN})
    for one in made.records:
        if one.scenario == "dear":
            one.lever_spend = {name: 3 * spent for name, spent in one.lever_spend.items()}
            one.spend = {**one.spend, "acute_emergency": one.spend["acute_emergency"] - 5e5}
    numbers = Numbers(Results([r for name in ("reform", "dear") for r in made.records if r.scenario == name]))
    said = money_sentence(numbers.results, worth(numbers.results, "dear"))
    assert said.startswith("Dear: levers cost £")
    assert "m more than those of reform over 6 years; cash" in said
    assert "moved from existing lines" not in " ".join(sources.money_words(numbers))
    assert "taken from existing lines" not in " ".join(sources.money_words(numbers))


def test_money_that_is_not_spent_yet_has_not_run_out_of_people() -> None:
    assert "as people who are eligible run out" not in outline.CAPTIONS["dose"]
    numbers = Numbers(samples.results({"reform": samples.GAIN}))
    numbers.results.explored = samples.results({"reform_at_50": samples.GAIN, "reform_at_200": samples.GAIN}, draws=1)
    assert "it may still be growing, a pilot may have been stopped, or people" in dose.intro(numbers)[1]


def test_lines_that_a_baselines_levers_fed_are_not_said_to_pay() -> None:
    numbers = cheaper()
    (said,) = sources.assumed(numbers)
    assert "Which lines have less than under Reform: " in said
    assert "Who pays" not in said
    assert "looks free" not in assumptions.payers(numbers, "baseline")
    (usual,) = sources.assumed(Numbers(samples.results({"reform": samples.GAIN})))
    assert "Who pays: " in usual


def test_levers_that_cost_nothing_yet_are_said_to_cost_nothing_by_then() -> None:
    results = samples.results({"hospital": samples.NULL})
    said = money_sentence(results, worth(results, "hospital"))
    assert said == (
        "Hospital: by 2031/32 its levers cost nothing beyond those of baseline, so there is nothing to pay back."
    )


def test_nearly_all_that_was_moved_is_not_said_as_the_same_amount_twice() -> None:
    results = samples.results({"reform": samples.GAIN})
    for one in results.records:
        if one.scenario == "reform":
            one.spend["health_creation"] = one.spend["health_creation"] + 0.008 * one.lever_spend["community_building"]
            one.spend["acute_emergency"] = one.spend["acute_emergency"] + 0.008 * one.lever_spend["community_building"]
    found = worth(results, "reform")
    assert found.items["taken"].mean < 0.995 * found.items["cost"].mean
    assert ", nearly all of it moved from existing lines" in money_sentence(results, found)


def test_what_was_taken_is_said_as_the_ledger_and_the_sentence_before_say_it() -> None:
    numbers = Numbers(samples.results({"reform": samples.GAIN}))
    for one in numbers.results.records:
        scale = 0.027  # as in a small town
        one.spend = {line: scale * spent for line, spent in one.spend.items()}
        one.lever_spend = {name: scale * spent for name, spent in one.lever_spend.items()}
    first, taken = sources.money_words(numbers)[1:3]
    amount = first.split("levers cost ")[1].split(" over")[0]
    assert amount.endswith("m")
    assert "." in amount
    assert f"What was taken from existing lines ({amount})" in taken


def test_small_amounts_do_not_read_as_nothing() -> None:
    assert uneven.amount_of(0.031) == "0.03"
    assert uneven.amount_of(0.0) == "0.0"
    assert uneven.amount_of(2.44) == "2.4"
    small = {"unit": "£", "mean": 36_000.0, "low": 26_000.0, "high": 50_400.0}
    assert sources._amount(small) == f"0.036 (0.026{NBSP}to{NBSP}0.050)"
    unknown = {"unit": "years", "mean": float("nan"), "low": float("nan"), "high": float("nan")}
    assert "–" in sources._amount(unknown)


def test_too_few_runs_are_not_said_to_show_that_health_does_not_change() -> None:
    few = samples.results({"cuts": {**CUT, "qalys": -0.02}}, draws=1, seeds=2)
    assert "too few runs (2) to say whether QALYs are gained or lost" in money_sentence(few, worth(few, "cuts"))


def test_payback_is_counted_from_the_policy_and_not_by_financial_years() -> None:
    picture = payback.payback(samples.results({"reform": samples.GAIN, "idle": samples.NULL}))
    assert picture is not None
    assert "What came back less what was spent, 6 years after the policy starts, discounted." in picture.alt
    assert "Idle: nothing spent and nothing saved." in picture.alt


# ------------------------------------------------------------------------------------------------ warnings


def test_scenarios_without_room_in_the_pictures_are_named() -> None:
    many = Numbers(samples.results({f"s{k}": {"lonely": -0.01 * k} for k in range(1, 7)}, draws=1, seeds=5, years=2))
    (said,) = cautions.not_drawn(many)
    assert "S5 and S6 are in none." in said
    four = Numbers(samples.results({f"s{k}": {"lonely": -0.01} for k in range(1, 5)}, draws=1, seeds=5, years=2))
    (said,) = cautions.not_drawn(four)
    assert "in none" not in said
    assert not cautions.not_drawn(Numbers(samples.results()))


def test_one_run_is_not_said_to_show_a_range() -> None:
    said = " ".join(cautions.cautions(alone()))
    assert "Only one run was made: it shows neither chance nor how uncertain the evidence is." in said
    assert "ranges show" not in said
    assert sections.how_sure(alone())[0] == (
        "The scenario was run once: 1 draw of the uncertain evidence × 1 seed of chance. One run shows no range: "
        "neither what chance does nor what is not known of the evidence."
    )
    (table,) = whole.life(alone())
    assert all(" to " not in row[1] for row in table.rows)
    assert "runs" not in alternative.trend(alone(), ["deaths"], [])
    assert "90" in alternative.trend(alone(2), ["deaths"], [])


# ------------------------------------------------------------------------------------------------ one scenario alone


def test_a_scenario_alone_is_not_said_to_change_anything() -> None:
    numbers = alone(5)
    titles = [section.name for section in outline.contents(numbers, "")]
    assert "Who gains" not in titles
    assert "Where the change comes from" not in titles
    tables = [*whole.life(numbers), *whole.indices(numbers), *sections.inequality(numbers)]
    assert tables
    assert not any("change" in table.caption for table in tables)
    assert "baseline" not in outline.caption(numbers, "trends")
    assert "change" not in outline.caption(numbers, "map")
    compared = Numbers(samples.results())
    assert all("change" in t.caption for t in (*whole.life(compared), *whole.indices(compared)))
    assert "change clearly" in outline.caption(compared, "map")
    few = Numbers(samples.results(draws=1, seeds=2))
    assert "change clearly" not in outline.caption(few, "map")


# ------------------------------------------------------------------------------------------------ pictures in words


def test_a_mean_stands_within_its_range() -> None:
    assert alternative._middle(-0.000546, -0.00076, -0.00036) == f"−0.05{NBSP}%"
    assert alternative._middle(0.372, 0.26, 0.53) == f"+37.2{NBSP}%"


def test_a_range_that_is_not_clear_is_not_shown_as_clear() -> None:
    assert words.relative(-0.00637, -0.00003, clear=False) == f"−0.64{NBSP}to{NBSP}0.00"
    assert words.relative(-0.00637, -0.00003) == f"−0.637{NBSP}to{NBSP}−0.003"


def test_no_difference_in_any_fifth_is_said_so() -> None:
    nothing = Numbers(samples.results({"idle": samples.NULL}))
    assert findings.gradient(nothing, ["unmet_need"], ["idle"]).endswith("Idle no difference")
    hazy = Numbers(samples.results({"hazy": {"births": 1e-12}}, noise=0.05))
    assert findings.gradient(hazy, ["unmet_need"], ["hazy"]).endswith("Hazy no clear difference")


def test_tenths_are_told_only_of_ten_neighbourhoods() -> None:
    few = Numbers(samples.results({}, areas=5))
    assert "nine tenths" not in findings.neighbourhoods(few, "lonely", [])
    level = few.area_level("lonely")
    assert f"from {level.min():.1f} to {level.max():.1f}" in findings.neighbourhoods(few, "lonely", [])
    assert "nine tenths" in findings.neighbourhoods(Numbers(samples.results({})), "lonely", [])


def test_what_judgement_holds_up_need_not_be_a_benefit() -> None:
    assert "benefit" not in outline.CAPTIONS["weak"]


# ------------------------------------------------------------------------------------------------ tables and words


def test_the_gap_in_life_expectancy_is_not_explained_as_a_slope() -> None:
    (table,) = sections.inequality(Numbers(samples.results()))
    assert any(row[0].startswith("Gap in life expectancy") for row in table.rows)
    assert "above zero, the most deprived live shorter" in table.note


def test_a_description_without_a_full_stop_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"reform": "Money goes to forms", "idle": "Nothing changes."}
    monkeypatch.setattr(Facts, "description", lambda _, name: said[name])
    reform, idle = sources.assumed(Numbers(samples.results({"reform": samples.GAIN, "idle": samples.NULL})))
    assert reform.startswith("Reform. Money goes to forms. Who pays: ")
    assert idle == "Idle. Nothing changes. Who pays: nobody: no money moves."


def test_a_share_just_below_one_keeps_its_figures() -> None:
    assert [dose._per_cent(x) for x in (0.996, 2.04, 0.51)] == [f"1.0{NBSP}%", f"2.0{NBSP}%", f"0.51{NBSP}%"]


def test_amounts_of_an_unknown_share_are_said_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = Numbers(samples.results({"reform": samples.GAIN}))
    options = [dose.Option("", "reform", times, numbers.results) for times in (0.5, 1.0, 2.0)]
    monkeypatch.setattr(dose, "amounts", lambda _: options)
    monkeypatch.setattr(dose, "share_of_budget", lambda *_: None)
    said = dose._asked_and_spent(numbers, "2031/32")
    assert said.startswith("Asked for: 0.5 times, once and 2 times what the scenario says; spent in 2031/32")


def test_further_than_published_is_marked_with_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = SimpleNamespace(changes={"reform": interval([-2.0, -2.1])}, beyond=lambda _: True, year=2031, published=0.0,
                            asked=2, words="a study", label="admissions", unit="%")  # fmt: skip
    monkeypatch.setattr(sections.bounds, "bounds", lambda _: [bound])
    (table,) = sections.beside(Numbers(samples.results({"reform": samples.GAIN})))
    assert table.rows[0][2].endswith(") – further")


# ------------------------------------------------------------------------------------------------ lives


def told(scenarios: list[str], more: dict[str, dict[int, int]]) -> Any:
    """Twelve lives with an A&E attendance each under every scenario, and some more for some of them."""
    rows = []
    for name in scenarios:
        for client in range(1, 13):
            rows.append((client, lives.lives.LIFE, "Resident at the start", "Female", name))
            rows += [(client, lives.lives.ED, "", "", name)] * (1 + more.get(name, {}).get(client, 0))
    events = pd.DataFrame(rows, columns=["Client_ID", "Event_Type", "Event_Subtype", "Event_Desc", "scenario"])
    return SimpleNamespace(
        base=scenarios[0], compared=scenarios[1:], scenarios=scenarios, alone=len(scenarios) == 1, lives=None,
        label=lambda name: name.capitalize(), results=SimpleNamespace(events=lambda: events),
    )  # fmt: skip


def test_as_many_lives_are_announced_as_are_told() -> None:
    harm = told(["baseline", "cuts"], {"cuts": {3: 2}})
    chosen, rule = lives.choose(harm)
    assert [one.title for one in chosen] == ["The life that Cuts burdens most", "A life in the middle"]
    assert lives.heading(harm) == "Two lives"
    assert "Cuts spares no life that was followed. " in rule
    both = told(["baseline", "cuts"], {"cuts": {3: 2, 4: -1}})
    assert lives.heading(both) == "Three lives"
    assert "no life that was followed" not in lives.choose(both)[1]


def test_lives_of_a_single_run_are_not_compared() -> None:
    rule = lives.choose(told(["baseline"], {}))[1]
    assert "other scenario" not in rule
    assert rule.startswith("Of the residents whose lives were followed, these were chosen by number of events")
    alike = lives.choose(told(["baseline", "idle"], {}))[1]
    assert alike.startswith("No life that was followed is different under any other scenario, so these were chosen")


def test_ranges_are_finite_where_they_are_shown() -> None:
    assert words.relative(np.nan, 0.1) == "no range: a run starts from nothing"


# ------------------------------------------------------------------------------------------------ one draw


def chance_alone(draw: int = 0) -> Numbers:
    """Six runs that differ in their chance only."""
    pairs = [(draw, seed) for seed in range(1, 7)]
    return Numbers(Results([samples.record(n, *p, e) for n, e in {"baseline": {}, "cuts": CUT}.items() for p in pairs]))


def test_runs_under_the_central_values_are_not_said_to_draw_the_evidence() -> None:
    numbers = chance_alone()
    said = " ".join([*sections.how_sure(numbers), *cautions.cautions(numbers), *sources.provenance_words(numbers)])
    assert "6 times: the central values of the evidence × 6 seeds of chance" in said
    assert "None was drawn from its interval in these runs." in said
    assert "Central values of the evidence (draw 0), seeds 1 to 6" in said
    assert "All runs use the central values of the evidence: the ranges show chance only" in said
    assert "drawn anew" not in said
    assert "uncertainty that was put into it" not in said
    drawn = " ".join(sections.how_sure(Numbers(samples.results())))
    assert "4 draws of the uncertain evidence × 2 seeds of chance" in drawn
    assert "the uncertainty that was put into it" in drawn
    assert "drawn anew" in drawn


def test_the_spread_of_one_draw_is_called_chance() -> None:
    numbers = chance_alone(1)
    picture = economics.tornado(numbers)
    assert picture is not None
    assert "chance" in picture.alt
    assert "evidence" not in picture.alt
    dots = economics.plane(numbers)
    assert dots is not None
    assert "a run: chance alone" in "".join(text.get_text() for text in dots.texts).replace("\n", " ")
    assert "1 draw of the uncertain evidence × 6 seeds" in sections.how_sure(numbers)[0]


def test_a_tornado_has_no_bar_of_what_is_only_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(economics, "_prices", lambda *_: [("a price", -1e-12, 1e-12)])
    monkeypatch.setattr(economics, "_spread", lambda *_: [("chance", -1e-12, 1e-12)])
    assert economics.tornado(chance_alone()) is None
    monkeypatch.setattr(economics, "_spread", lambda *_: [("chance", -2e5, 1e5)])
    picture = economics.tornado(chance_alone())
    assert picture is not None
    assert "a price" not in picture.alt


def test_the_rounding_of_sums_is_no_amount_of_health() -> None:
    tiny = {"unit": "years", "mean": 8.6e-15, "low": 8.6e-15, "high": 8.6e-15}
    assert sources._amount(tiny) == "0"
    found = SimpleNamespace(
        items={
            "net_health_benefit": interval([-20.0, -30.0]),
            "net_health_benefit_of_new_money": interval([8.6e-15, 8.6e-15]),
        }
    )
    said = sources._both_sides(found)  # type: ignore[arg-type]
    assert "and 0 QALYs in every run if only new money counted as cost" in said
    assert "0.00000" not in said


def test_the_map_of_a_scenario_alone_speaks_of_no_change() -> None:
    def note(effects: dict[str, samples.Effects]) -> str:
        town = samples.results(effects, place="toy", areas=5, codes=[f"T{k}" for k in range(1, 6)])
        picture = neighbourhood_map.neighbourhood_map(town)
        assert picture is not None
        return "".join(text.get_text() for text in picture.texts)

    assert "hange" not in note({})
    assert "Changes are coloured" in note({"reform": samples.GAIN})


def test_one_run_has_a_size_and_no_range() -> None:
    one = Numbers(samples.results({"reform": samples.GAIN}, draws=1, seeds=1))
    changes = one.results.changes("waiting_list", "reform")[:, -1]
    said = alternative.percentages(one, ["waiting_list"], ["reform"])
    share = float(one.share_change("waiting_list", "reform").mid[-1])
    assert f"hospital waiting list +{100 * share:.1f}{NBSP}% (too few runs to say)" in said
    assert f"Reform {words.change(*changes, *changes, *changes)}." in alternative.difference(
        one, ["waiting_list"], ["reform"]
    )
    told = " ".join(
        [*sources.money_words(one), *(cell for t in sources.money_tables(one) for r in t.rows for cell in r)]
    )
    (tile,) = sections.tiles(one)
    told += " ".join(figure.interval for figure in tile.figures)
    assert not re.search(r"\d ?to[ \u00a0][+−\d]|\d\u00a0to\u00a0", told), "a range from a number to itself"
    (table,) = whole.life(one)
    assert all(" to " not in cell for row in table.rows for cell in row)
    picture = payback.payback(one)
    assert picture is not None
    assert " to " not in picture.alt


def test_a_range_without_width_keeps_its_figures() -> None:
    assert words.relative(0.00832, 0.00832, clear=False) == f"+0.83{NBSP}to{NBSP}+0.83"
    assert words.change(6.2, 6.2, 6.2) == "+6.2"
    assert words.change(6.2, 5.1, 7.3).startswith("+6.2 (")


def test_chance_and_evidence_are_set_apart_only_where_both_are_there() -> None:
    for numbers in (chance_alone(), chance_alone(2), Numbers(samples.results({"reform": samples.GAIN}, 1, 1))):
        assert sureness.intervals(numbers) is None
        assert sections.noise(numbers) == []
    both = Numbers(samples.results())
    assert sureness.intervals(both) is not None
    assert sections.noise(both)


def test_two_ticks_of_an_axis_are_never_the_same_nought() -> None:
    assert [words.signed_tick(x) for x in (-0.0004, 0.0, 0.0004)] == ["−0.0004", "0", "+0.0004"]
    assert [words.tick_format(x) for x in (0.25, 1500.0, 1 / 3)] == ["0.25", "1,500", "0.333"]


def test_areas_that_are_invented_are_not_said_to_be_of_the_census() -> None:
    def caption(letter: str) -> str:
        codes = [f"{letter}{number:06d}" for number in range(60)]
        return outline.caption(Numbers(samples.results(codes=codes, areas=60)), "map")

    assert caption("E01").startswith("Neighbourhoods are Lower-layer Super Output Areas (2021). Of emergency")
    assert caption("T").startswith("Of emergency admissions")
