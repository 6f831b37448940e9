"""Pictures of unusual results: one run, one year, many scenarios, long names, small amounts."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sim.outcomes.results import Results
from sim.report import alternative, figures, findings, money, neighbourhood_map, style, sureness, words
from sim.report.differences import AT_END
from sim.report.numbers import Numbers
from sim.report.style import Picture
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit
FOUR = {"a": samples.GAIN, "b": samples.HARM, "c": samples.GAIN, "d": samples.HARM}


@pytest.fixture(scope="module")
def one_run() -> Results:
    return samples.results({"health_creation": samples.GAIN, "new_hospital": samples.NULL}, draws=1, seeds=1, years=3)


@pytest.fixture(scope="module")
def four() -> Results:
    return samples.results(FOUR, years=3)


def written(picture: Picture) -> str:
    """All that is written in a picture."""
    return " ".join(text.get_text() for text in [*picture.texts, *(t for axes in picture.axes for t in axes.texts)])


def test_one_run_claims_no_direction_and_has_no_range(one_run: Results) -> None:
    made = one_run.figures()
    for name in ("trends", "fan", "bath_and_tap", "waits", "waterfall"):
        assert "With 1 run of each scenario no direction is claimed" in made[name].finding, name
    for name, picture in made.items():
        said = f"{picture.finding} {picture.alt} {written(picture)}"
        assert "no clear" not in picture.finding, name
        assert "90\u00a0% of runs" not in picture.alt, name
        assert not re.search(r"\b1 runs\b", said), name
        assert not re.search(r"\((\S+) to \1[);]", picture.alt), f"{name}: a range from a number to itself"
    assert "intervals" not in made, "one run has no spread to be split"
    assert "evidence and chance together" not in made["tornado"].alt


def test_a_tick_of_an_amount_says_its_value(four: Results) -> None:
    for name, position in (("tornado", "xaxis"), ("payback", "yaxis")):
        axis = getattr(figures.plot(four, name).axes[0], position)
        assert axis.get_major_formatter()(-1.5, 0) == "−£1.5m", name
        assert axis.get_major_formatter()(0.0002, 0) == "+£0.0002m", name
    assert words.signed_tick(0.0002) == "+0.0002"
    assert words.tick_format(2500.0) == "2,500"


def test_who_is_not_drawn_is_said(four: Results) -> None:
    numbers = Numbers(four)
    made = four.figures()
    for name in ("fan", "bath_and_tap", "waits", "spc", "waterfall"):
        assert "Not drawn, for want of room: D." in made[name].alt, name
        assert "Not drawn, for want of room: D." in written(made[name]).replace("\n", " "), name
    assert made["ceac"].finding.startswith("Without D: "), "the best of three need not be the best of four"
    for name in ("trends", "differences", "gradient", "payback", "plane"):
        assert "want of room" not in made[name].alt, name
    few = figures.plot(numbers, "waiting_list", scenarios=["a"])
    assert "want of room" not in few.alt, "it was asked for alone"


def test_every_clear_change_that_is_counted_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    made = samples.results({"health_creation": samples.GAIN}, years=3)
    made.unjudged = Results([samples.record(name, *made.pairs[0], years=3) for name in made.scenarios])
    monkeypatch.setattr(sureness, "left_of", lambda *_: dict.fromkeys(AT_END, 10.0))
    picture = sureness.weak(Numbers(made))
    assert picture is not None
    assert f"{len(AT_END)} of {len(AT_END)}" in picture.finding
    assert len(picture.axes[0].get_yticks()) == len(AT_END)


def test_what_cannot_be_split_is_said_once() -> None:
    picture = figures.plot(samples.results({"a": samples.GAIN, "b": samples.HARM}, draws=5, seeds=1), "intervals")
    assert picture.finding.startswith("How much of the spread is chance cannot be told")
    assert "of it chance" not in picture.alt


def test_names_of_two_lines_have_room() -> None:
    placed = style.spread([5.0, 5.1, 5.2], 1.0, 0.0, 10.0, [2, 1, 2])
    assert np.diff(placed) == pytest.approx([1.5, 1.5], abs=0.01)
    assert style.spread([0.0, 0.0], 1.0, 0.0, 10.0, [2, 1])[0] >= 0.5, "inside"
    with style.drawing():
        picture = Picture(height=2.0)
        axes = picture.subplots()
        axes.set_ylim(0, 100)
        look = style.BASELINE_LOOK
        style.end_labels(axes, 1.0, [("Close the\nsurgeries", 50.0, look), ("Baseline", 50.1, look)], size=8)
        boxes = [text.get_window_extent() for text in axes.texts]
    assert not boxes[0].overlaps(boxes[1])


def test_shades_of_a_map_have_ends_that_differ() -> None:
    numbers = Numbers(samples.results({"a": samples.GAIN}, years=2, areas=5))
    assert ": from " in findings.neighbourhoods(numbers, "lonely", []), "five neighbourhoods have no tenths"
    with style.drawing():
        axes = Picture().subplots()
        level = np.array([120.1, 120.3, 122.0, 125.0, 130.0])
        neighbourhood_map._level(axes, [(k, np.eye(3, 2) + k) for k in range(5)], level, "Baseline")
        names = [text.get_text() for text in axes.texts]
    assert not [name for name in names if len(set(name.split(style.DASH))) == 1 and style.DASH in name]


def test_a_single_year_of_payback_is_marked() -> None:
    picture = figures.plot(samples.results({"a": samples.GAIN}, years=1), "payback")
    marked = [line for line in picture.axes[0].get_lines() if line.get_marker() == "o"]
    assert len(marked) == 2, "a line through one point is nothing to see"
    assert "only year" in written(picture)


def test_small_amounts_of_money_are_no_nought() -> None:
    assert money._shown(0.03, 0.2) == "+0.03"
    assert money._shown(0.03, 2.0) == "0"
    assert money._shown(-7.84, 12.0) == "−7.8"
    assert money._shown(-31.4, 40.0) == "−31"


def test_the_legend_of_a_plane_cannot_pass_for_a_dot(four: Results) -> None:
    alone = figures.plot(samples.results({"a": samples.GAIN}, years=2), "plane")
    assert alone.axes[0].get_legend() is None
    picture = figures.plot(four, "plane")
    picture.canvas.draw()
    legend = picture.axes[0].get_legend()
    assert legend is not None
    assert legend.get_window_extent().y0 >= picture.axes[0].get_window_extent().y1 - 1


def test_too_few_runs_are_told_in_the_description_of_a_map() -> None:
    few = Numbers(samples.results({"a": samples.GAIN}, draws=2, seeds=1, years=2, areas=5))
    said = alternative.neighbourhoods(few, "lonely", ["a"])
    assert "no direction is claimed" in said
    assert "clearly" not in said
