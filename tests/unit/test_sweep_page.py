"""What the page and pictures of a sweep say: true of the numbers, also when nothing matters or runs are missing."""

from __future__ import annotations

import dataclasses
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.report import decision_figures, decision_sections, sweep_figures, sweep_page, sweep_scatter
from sim.report.sweep_numbers import SweepNumbers
from sim.report.sweep_words import Outcome, figures, limit, money, share
from sim.sweeps import acceptability, prim, psa, regret, resample, swing
from sim.sweeps.value_of_information import Value
from tests.unit import sweep_samples as samples

pytestmark = pytest.mark.unit
ABOUT = Outcome("emergency admissions", "admissions a year", -1, "Reform against Baseline, 2035/36", {"a": "uptake"})
MONEY = Outcome("net benefit", "£", 1, "Reform against Baseline, 12 years")


def table(rows: list[tuple[str, str, float, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["factor", "measure", "value", "low", "high"])


def test_a_factor_is_named_only_when_its_interval_says_so() -> None:
    clear = sweep_figures.sobol_bars(table([("a", "total", 0.6, 0.4, 0.8), ("b", "total", 0.2, -0.1, 0.5)]), ABOUT)
    assert clear.finding.startswith("Uptake accounts for 60\u00a0% of the variance")
    assert "b 20\u00a0% (−10\u00a0% to 50\u00a0%)" in clear.alt
    vague = sweep_figures.sobol_bars(table([("a", "total", 0.3, -0.1, 0.7)]), ABOUT, luck=0.9)
    assert vague.finding.startswith("No factor clearly accounts")
    assert "90\u00a0% of the spread of single runs is luck" in vague.finding
    same = sweep_figures.sobol_bars(table([("a", "total", np.nan, np.nan, np.nan)]), ABOUT)
    assert "the same in every row" in same.finding
    assert "–" not in same.alt, "no share where there is nothing to share out"


def test_the_foremost_of_many_factors_needs_more_than_its_own_interval() -> None:
    """z = 2.24 alone is clear at 95 %; as the foremost of forty it is what chance gives (Bonferroni: 3.23)."""
    one, others = ("a", "total", 0.4, 0.05, 0.75), [(f"x{k}", "total", 0.1, -0.2, 0.4) for k in range(39)]
    assert sweep_figures.sobol_bars(table([one]), ABOUT).finding.startswith("Uptake accounts")
    assert sweep_figures.sobol_bars(table([one, *others]), ABOUT).finding.startswith("No factor clearly")
    down = ("a", "rank_correlation", -0.4, -0.75, -0.05)
    rows = [down, *((name, "rank_correlation", *rest) for name, _, *rest in others)]
    assert sweep_figures.index_bars(table(rows[:1]), ABOUT, "rank_correlation").finding.startswith("Uptake goes")
    assert sweep_figures.index_bars(table(rows), ABOUT, "rank_correlation").finding.startswith("No factor clearly")
    assert swing.sure_of_all(1) == pytest.approx(1.96, abs=0.001)
    assert swing.sure_of_all(40) == pytest.approx(3.227, abs=0.001)


def test_a_screening_says_when_intervals_overlap_and_when_nothing_changes() -> None:
    def drawn(b: tuple[float, float, float]) -> str:
        spread = [(name, "sigma", 1.0, 0.5, 1.5) for name in "ab"]
        return sweep_figures.morris(
            table([("a", "mu_star", 90, 80, 100), ("b", "mu_star", *b), *spread]), ABOUT
        ).finding

    assert "clearly has the largest mean effect on emergency admissions: 90" in drawn((40, 30, 50))
    assert "overlaps with that of one other" in drawn((70, 50, 85))
    nothing = [(name, kind, 0.0, 0.0, 0.0) for name in "ab" for kind in ("mu_star", "sigma")]
    assert sweep_figures.morris(table(nothing), ABOUT).finding == "No factor changes emergency admissions at all"


def test_a_correlation_counts_on_either_side_of_nought() -> None:
    rows = [("a", "rank_correlation", -0.7, -0.8, -0.6), ("b", "rank_correlation", 0.1, -0.1, 0.3)]
    picture = sweep_figures.index_bars(table(rows), ABOUT, "rank_correlation")
    assert "Uptake goes with emergency admissions most: rank correlation −0.70 (−0.80 to −0.60)" in picture.finding
    none = sweep_figures.index_bars(table(rows[1:]), ABOUT, "rank_correlation")
    assert none.finding == "No factor clearly goes with emergency admissions"


def test_swings_are_means_of_the_end_fifths_and_noise_is_not_called_clear() -> None:
    u = np.stack([(np.arange(100) + 0.5) / 100, resample.uniforms(1, 100)], axis=1)
    found = swing.swings(u, 10 * u[:, 0], ["a", "b"])
    assert found.loc[0, ["low_end", "high_end"]].tolist() == pytest.approx([-4, 4])  # 1 and 9, less the mean of 5
    assert found["clear"].tolist() == [True, False]
    assert sweep_figures.tornado(found, ABOUT).finding.endswith("−4.0 at its low end, +4.0 at its high end")
    noise = swing.swings(u, resample.normals(5, 100), ["a", "b"])
    assert sweep_figures.tornado(noise, ABOUT).finding == "No factor alone clearly moves emergency admissions"
    assert np.isnan(swing.swings(u[:8], u[:8, 0], ["a", "b"])["low_end"]).any()


def test_trends_are_claimed_with_their_direction_or_not_at_all() -> None:
    x = {"a": resample.uniforms(2, 200), "b": resample.uniforms(3, 200)}
    picture = sweep_scatter.scatter(x, -3 * x["a"], ABOUT)
    assert picture.finding == "The change in emergency admissions falls with uptake"
    assert "b: " in picture.alt
    assert "(no clear trend)" in picture.alt
    assert "no trend" in sweep_scatter.scatter(x, resample.normals(9, 200), ABOUT).finding


def test_convergence_says_whether_the_last_doubling_stayed_inside() -> None:
    def path(before: float) -> str:
        rows = [(32, "a", before, 0.0, 1.0), (64, "a", 0.5, 0.4, 0.6)]
        frame = pd.DataFrame(rows, columns=["n", "factor", "value", "low", "high"])
        picture = sweep_figures.convergence(frame, ABOUT)
        assert picture is not None
        return picture.finding

    assert "inside their intervals" in path(0.45)
    assert "more samples are needed" in path(0.9)
    one = pd.DataFrame([(64, "a", 0.5, 0.4, 0.6)], columns=["n", "factor", "value", "low", "high"])
    assert sweep_figures.convergence(one, ABOUT) is None


def test_decisions_in_words() -> None:
    cost, effect = np.array([[0.0, 1e6]] * 4), np.array([[0.0, 10], [0, 20], [0, 50], [0, 90]])
    curves = acceptability.ceac(cost, effect, [0, 20_000, 40_000])
    words = decision_figures.ceac(curves, ["Baseline", "Reform"], "Somewhere").finding
    assert words == "Baseline is best on average up to about £40,000 a QALY; Reform from £40,000 on"
    worse = acceptability.ceac(cost, -effect, [0, 20_000, 40_000])
    assert (
        "Baseline is best on average at every threshold" in decision_figures.ceac(worse, ["Baseline", "R"], "").finding
    )
    where = acceptability.plane(cost[:, 1], effect[:, 1])
    plane = decision_figures.plane({"Reform": (cost[:, 1], effect[:, 1])}, {"Reform": where}, 25_000, "Somewhere")
    assert plane.finding == "Reform is worth its cost at £25,000 a QALY in 50\u00a0% of draws"


def test_information_that_would_not_change_the_choice_is_worth_nothing() -> None:
    nothing = Value("all evidence", 0.0, 0.0, 0.0, 1.0, False)
    assert "would not change the choice" in decision_figures.evppi_bars([], nothing, "", {}).finding
    whole, part = Value("all evidence", 4e6, 3e6, 5e6, 1.0, True), Value("life", 0.0, 0.0, 1e5, 0.0, False)
    assert (
        "no single part of the evidence clearly decides" in decision_figures.evppi_bars([part], whole, "", {}).finding
    )


def test_a_box_and_regret_in_words() -> None:
    u = resample.uniforms(5, 400, 2)
    worlds = {"a": u[:, 0], "kind": np.where(u[:, 1] > 0.5, "by_need", "everywhere")}
    (box,) = prim.boxes(worlds, (u[:, 0] > 0.7) & (u[:, 1] > 0.5))
    picture = decision_figures.prim_box(box, worlds, u[:, 0] > 0.7, ("Reform", "does not pay back"), ABOUT.labels, {})
    assert picture.finding.startswith("Reform does not pay back in")
    assert f"in {share(box.tested)} of worlds with" in picture.finding, "what held where it was not found"
    assert "uptake at least 0.7" in picture.finding
    assert "kind by need" in picture.finding
    even = regret.table(np.ones((20, 2)), ["x", "y"])
    assert "nothing to regret" in decision_figures.regret_table(even, MONEY, {}).finding
    torn = regret.table(np.stack([resample.normals(1, 40), resample.normals(2, 40)], axis=1), ["x", "y"])
    said = decision_figures.regret_table(torn, MONEY, {}).finding
    assert ("though only" in said) is (not torn.clear)


def test_luck_in_words() -> None:
    lucky = psa.split(0.1 * resample.normals(1, 50, 1) + resample.normals(2, 50, 4))
    steady = psa.split(resample.normals(1, 50, 1) + 0.1 * resample.normals(2, 50, 4))
    assert "in 1 of 2 outcomes" in decision_figures.spread({"x": lucky, "y": steady}, {"x": ABOUT, "y": MONEY}).finding
    still = psa.split(np.ones((5, 3)))
    assert decision_figures.spread({"x": still}, {"x": ABOUT}).finding == "No outcome differs between runs"


def test_small_words() -> None:
    assert [money(v, sign=True) for v in (0, 350_000, -1.26e6)] == ["£0", "+£350,000", "−£1.3m"]
    assert [share(v) for v in (0, 0.004, 0.5, 0.996, 1)] == [
        "0\u00a0%", "under 1\u00a0%", "50\u00a0%", "over 99\u00a0%", "100\u00a0%",
    ]  # fmt: skip
    assert [figures(v) for v in (0, 12, 0.35, 1234, 2.0)] == ["0", "12", "0.35", "1,230", "2"]
    assert limit("uptake", prim.Limit(0.1, 0.25)) == "uptake from 0.1 to 0.25"
    assert limit("roll-out", prim.Limit(choices=("by_need", "pilot"))) == "roll-out by need or pilot"


class Reader(HTMLParser):
    """Collects ids, headings, pictures and what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.levels: list[int] = []
        self.loads: list[str] = []
        self.pictures = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag in ("img", "link", "iframe") or any(
            key in ("src", "href") and not str(value).startswith("#") for key, value in attrs
        ):
            self.loads.append(tag)
        self.pictures += given.get("role") == "img"


@pytest.mark.parametrize(
    ("method", "more"),
    [
        pytest.param("qmc", {"question": {"payback": 10}}, marks=pytest.mark.slow),
        pytest.param("sobol", {"n": 32}, marks=pytest.mark.slow),
        ("morris", {"n": 4}),
        pytest.param("psa", {"n": 48, "scenarios": ("baseline", "reform", "hospital")}, marks=pytest.mark.slow),
        pytest.param("lhs", {"n": 48, "effect": 0.0, "luck": 0.0}, marks=pytest.mark.slow),
        ("qmc", {"n": 16, "seeds": 1}),
    ],
)
def test_the_page_is_whole_offline_and_described(method: str, more: dict[str, object], tmp_path: Path) -> None:
    files = sweep_page.write(samples.sweep(method, **more), tmp_path)
    assert all(file.stat().st_size for file in files)
    text = (tmp_path / "sweep.html").read_text(encoding="utf-8")
    assert sweep_page.said(tmp_path) in re.sub("\u2060", "", unescape(text))
    assert sweep_page.said(tmp_path).endswith(".")
    page = Reader()
    page.feed(text)
    assert page.loads == []
    assert len(page.ids) == len(set(page.ids))
    assert page.levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in zip(page.levels, page.levels[1:], strict=False))
    assert page.pictures == sum(file.suffix == ".svg" for file in files)
    assert "what moves it &amp; why" in text
    assert "nan" not in re.sub(r"<[^>]*>", " ", text).lower().split()


def answer(made: samples.Made) -> str:
    (part,) = decision_sections.payback(SweepNumbers(made))
    return " ".join(part.said)


def test_the_answer_to_who_pays_back_is_counted_and_true_at_the_ends() -> None:
    asked = {"payback": 10, "scenario": "reform"}
    said = answer(samples.sweep(luck=0.05, question=asked))
    assert "Reform does not pay back in cash within 10 years in all 128 worlds." in said
    few = answer(samples.sweep(n=16, question=asked))
    assert few == "16 worlds are too few to say in which Reform does not pay back: at least 40 are needed."
    assert decision_sections.payback(SweepNumbers(samples.sweep(n=16))) == [], "nobody asked"
    made = samples.sweep(luck=0.05, question=asked)
    numbers = SweepNumbers(made)
    bad = int((numbers.change("net_cost_with_capacity", "reform", 10).mean(axis=1) > 0).sum())
    assert 0 < bad < 128
    assert f"with released capacity counted within 10 years in {bad} of 128 worlds." in said
    assert "link workers: amount" in said
    flipped = dataclasses.replace(made, values=-made.values)
    assert "Reform pays back in cash within 10 years in all 128 worlds." in answer(flipped)
    nothing = answer(samples.sweep(effect=0.0, luck=0.0, question=asked))
    assert nothing.startswith("Reform neither costs anything nor gives anything back in any world.")


def test_a_difference_made_by_luck_is_called_that() -> None:
    assert "by luck more than by anything that was varied" in answer(
        samples.sweep(effect=0.0, question={"payback": 10})
    )


def test_rows_that_are_missing_are_left_out_and_counted() -> None:
    made = samples.sweep("qmc", n=64)
    made.values[[3, 9], 1] = np.nan
    numbers = SweepNumbers(made)
    assert len(numbers.rows) == 62
    assert "2 of 64 rows are not done or failed" in sweep_page.html(numbers, [])
    grown = samples.sweep("sobol", n=32)
    grown.values[100:] = np.nan
    part = SweepNumbers(grown)
    assert 0 < len(part.rows) <= 100
    assert part.design.n < 32
    empty = samples.sweep("sobol", n=8)
    empty.values[:] = np.nan
    assert "nothing to say" in sweep_page.answer(empty)
