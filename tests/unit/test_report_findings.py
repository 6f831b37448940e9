"""Titles and descriptions: true when a scenario helps, harms, does nothing, or was run too few times."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sim.errors import UserError
from sim.outcomes.rounding import level
from sim.report import alternative, figures, findings, style, svg, words
from sim.report.areas import area_change
from sim.report.numbers import Numbers
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit
MEASURES = ["emergency_admissions", "waiting_list", "life_satisfaction"]


@pytest.fixture(scope="module")
def numbers() -> Numbers:
    return Numbers(samples.results())


def test_the_sign_of_a_change_is_the_sign_in_the_words(numbers: Numbers) -> None:
    said = findings.who_moves(numbers, "emergency_admissions", numbers.compared)
    gain, harm = (
        numbers.share_change("emergency_admissions", s).mid[-1] for s in ("health_creation", "empty_the_bath")
    )
    assert gain < 0 < harm
    assert f"Health creation {style.signed_percent(gain)}" in said
    assert f"Empty the bath {style.signed_percent(harm)}" in said
    assert said.endswith("no difference: New hospital")


def test_a_measure_that_rises_is_not_called_better_when_less_is_good(numbers: Numbers) -> None:
    assert findings.of_last_year(numbers, "emergency_admissions", "empty_the_bath") == "worse"
    assert findings.of_last_year(numbers, "waiting_list", "empty_the_bath") == "better"
    assert findings.of_last_year(numbers, "life_satisfaction", "health_creation") == "better"
    assert findings.of_last_year(numbers, "deaths", "new_hospital") == "same"


def test_harm_alone_is_said_as_harm() -> None:
    only = Numbers(samples.results({"cuts": {"emergency_admissions": 0.05, "waiting_list": 0.1, "deaths": 0.02}}))
    assert findings.clear_count(only, ["emergency_admissions", "waiting_list", "deaths"], ["cuts"]).endswith(
        "Cuts improves none, worsens 3"
    )
    assert "none clearly better" in findings.balance(only, ["emergency_admissions", "waiting_list"], ["cuts"])


def test_a_scenario_that_does_nothing_is_said_to_do_nothing() -> None:
    nothing = Numbers(samples.results({"idle": samples.NULL}))
    assert "Idle changes nothing" in findings.clear_count(nothing, MEASURES, ["idle"])
    assert "Idle changes nothing" in findings.balance(nothing, MEASURES, ["idle"])
    assert "Idle no difference" in findings.gradient(nothing, ["unmet_need"], ["idle"])


def test_no_direction_is_claimed_of_noise() -> None:
    hazy = Numbers(samples.results({"hazy": {"births": 1e-12}}, noise=0.05))
    assert findings.of_last_year(hazy, "emergency_admissions", "hazy") == "unclear"
    assert findings.who_moves(hazy, "emergency_admissions", ["hazy"]) == "no clear difference: Hazy"


def test_no_direction_is_claimed_of_few_runs() -> None:
    few = Numbers(samples.results({"health_creation": samples.GAIN}, draws=2, seeds=2))
    for said in (
        findings.clear_count(few, MEASURES, few.compared),
        findings.balance(few, MEASURES, few.compared),
        findings.gradient(few, ["lonely"], few.compared),
    ):
        assert "no direction is claimed" in said
    assert "better" not in findings.balance(few, MEASURES, few.compared)
    assert few.area_change("residents_emergency_admissions", "health_creation").counts()["better"] == 0


def test_who_gains_more_is_found_and_said(numbers: Numbers) -> None:
    said = findings.gradient(numbers, ["lonely", "residents_emergency_admissions"], ["health_creation", "new_hospital"])
    assert "Health creation better in 2, worse in none" in said
    assert "New hospital no difference" in said


def test_descriptions_hold_the_numbers_that_are_drawn(numbers: Numbers) -> None:
    said = alternative.trend(numbers, ["emergency_admissions"], ["health_creation"])
    for name in ("baseline", "health_creation"):
        values = numbers.results.values("emergency_admissions", name)[:, -1]
        low, high = np.quantile(values, (0.05, 0.95))
        assert f"to {level(values.mean())} (90\u00a0% of runs {level(low)} to {level(high)})" in said
    changes = numbers.results.changes("waiting_list", "empty_the_bath")[:, -1]
    low, high = np.quantile(changes, (0.05, 0.95))
    said = alternative.difference(numbers, ["waiting_list"], ["empty_the_bath"])
    assert f"Empty the bath {words.change(changes.mean(), low, high)}" in said


def test_every_picture_has_a_finding_and_a_description(numbers: Numbers) -> None:
    drawn = figures.draw_all(numbers)
    # nowhere has no outlines, its records no teams, and nothing was run beside the comparison
    assert set(drawn) == set(figures.PICTURES) - {"map", "assets", "handoffs", "dose", "weak"}
    for picture in drawn.values():
        assert picture.finding
        assert len(picture.alt) > len(picture.finding)
        for text in (picture.finding, picture.alt):
            assert "nan" not in text.lower().split()
            assert not re.search(r"(?<![\w–])-\d", text), "a hyphen stands for a minus"
            assert "95" not in text or "CI" not in text


def test_a_dollar_in_a_label_begins_no_formula(numbers: Numbers, monkeypatch: pytest.MonkeyPatch) -> None:
    label = "Move $5m to $\\bad_{x}$"
    monkeypatch.setattr(Numbers, "label", lambda *_: label)
    drawn = svg.inline(figures.plot(numbers, "differences"), "p")  # else a fault, or letters in italics
    assert "$5m" in drawn


def test_a_measure_that_no_run_could_tell_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Numbers(samples.results(draws=1, seeds=1))
    monkeypatch.setattr(few, "runs_of", lambda *_: np.full((1, 6), np.nan))
    with pytest.raises(UserError, match="nothing to draw for 'life_expectancy' in these results: too few people"):
        figures.plot(few, "life_expectancy")


def test_at_most_four_series_in_a_panel() -> None:
    many = Numbers(samples.results({f"s{k}": {"lonely": -0.01 * k} for k in range(1, 7)}, draws=1, seeds=5, years=2))
    for picture in figures.draw_all(many).values():
        for axes in picture.axes:
            lines = [line for line in axes.lines if len(line.get_xdata()) > 2]
            assert len(lines) <= style.MAX_SERIES + 1  # and the line of no difference


def test_a_single_scenario_is_drawn_without_a_comparison() -> None:
    alone = Numbers(samples.results({}))
    assert set(figures.draw_all(alone)) == {"trends", "fan", "bath_and_tap", "waits", "spc", "concentration"}
    assert "Against" not in figures.plot(alone, "trends").finding
    with pytest.raises(UserError, match="one scenario only"):
        figures.plot(alone, "differences")


def test_a_measure_can_be_plotted_and_a_typing_error_is_answered(numbers: Numbers) -> None:
    assert "Emergency admissions" in figures.plot(numbers, "emergency_admissions").finding
    with pytest.raises(UserError, match="Did you mean emergency_admissions"):
        figures.plot(numbers, "emergency_admission")


def test_chance_alone_colours_few_neighbourhoods() -> None:
    noise = np.random.default_rng(1).standard_normal((8, 400))
    counts = area_change(noise, -1).counts()
    assert counts["better"] + counts["worse"] <= 8
    shifted = area_change(noise - 5, -1)
    assert shifted.counts()["better"] > 390
    assert area_change(np.zeros((8, 4)), -1).counts()["unclear"] == 4
    assert area_change(np.full((8, 4), 2.0), -1).counts()["worse"] == 4


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(-1234.5, 0, "−1,234"), (0.0, 1, "0.0"), (-0.01, 1, "0.0"), (float("nan"), 0, "–"), (12.345, 2, "12.35")],
)
def test_numbers_are_written_as_people_write_them(value: float, decimals: int, text: str) -> None:
    assert style.number(value, decimals) in (text, text.replace("12.35", "12.34"))


def test_labels_are_moved_apart_within_bounds() -> None:
    placed = style.spread([5.0, 5.1, 5.2, 9.9], 1.0, 0.0, 10.0)
    assert sorted(placed) == placed
    assert min(np.diff(placed)) > 0.99
    assert placed[0] >= 0
    assert placed[-1] <= 10
