"""Individuals charts by the rules of Making Data Count, the observed months, and figures that say what they show."""

from __future__ import annotations

import numpy as np
import pytest

from sim.care.indices import BASE_FIRST
from sim.report import style, xmr
from sim.validation import backcast_figure, face_figures, observed
from sim.validation.faces import MOST
from sim.validation.people import BANDS
from sim.validation.prepare_observed import years_lived
from sim.validation.simulate import BACKCAST, Answer

pytestmark = pytest.mark.unit
QUIET = np.tile([10.0, 12.0], 12)


def test_limits_are_those_of_an_individuals_chart() -> None:
    one = xmr.chart(np.array([10.0, 12.0, 10.0, 12.0]))
    assert (one.mean, one.low, one.high) == (11.0, pytest.approx(11 - 2.66 * 2), pytest.approx(11 + 2.66 * 2))
    missing = np.array([10.0, np.nan, 12.0, 10.0])
    assert xmr.chart(missing).high == pytest.approx(32 / 3 + 2.66 * 2), "no range is taken across a gap"
    assert np.isnan(xmr.chart(np.array([np.nan])).mean)


def test_common_cause_is_left_alone() -> None:
    assert not xmr.chart(QUIET).signals.any()


def test_a_point_beyond_a_limit_is_a_special_cause() -> None:
    values = QUIET.copy()
    values[5] = 40.0
    assert xmr.chart(values).signals[5] == 1
    values[5] = -20.0
    assert xmr.chart(values).signals[5] == -1


def test_seven_on_one_side_are_a_shift_and_six_are_not() -> None:
    def high_for(months: int) -> np.ndarray:
        values = QUIET.copy()
        values[8 : 8 + months] = np.tile([12.0, 12.4], 4)[:months]
        values[8 + months :] = np.tile([10.0, 12.0], 12)[: 16 - months]
        return xmr.chart(values).signals[8 : 8 + months]

    assert not high_for(5).any()
    assert (high_for(8) == 1).all()


def test_seven_rising_points_are_a_trend_and_six_are_not() -> None:
    for points, expected in ((7, True), (6, False)):
        values = np.tile([0.0, 20.0], 12)
        values[8 : 8 + points] = 8 + 0.5 * np.arange(points)
        values[8 + points] = 0.0
        values[7] = 20.0
        assert bool(xmr.chart(values).signals[8 : 8 + points].all()) is expected, points


def test_two_of_three_near_a_limit_are_a_special_cause() -> None:
    values = QUIET.copy()
    values[9] = values[11] = 17.0
    values[10] = 12.5  # on the same side
    assert xmr.chart(values).high > 17
    assert xmr.chart(values).signals[[9, 11]].tolist() == [1, 1]
    values[11] = 12.0
    assert not xmr.chart(values).signals.any(), "one alone within the limits is common cause"
    values[10], values[11] = 10.0, 17.0
    assert not xmr.chart(values).signals.any(), "nor two with one on the other side between them"


def test_a_jump_from_one_month_to_the_next_does_not_widen_the_limits() -> None:
    values = np.concatenate([QUIET, [40.0], QUIET])
    assert xmr.chart(values).high == pytest.approx(values.mean() + 2.66 * 2)
    assert np.flatnonzero(xmr.chart(values).signals).tolist() == [len(QUIET)]


def test_observed_months_are_complete_and_end_in_march_2024() -> None:
    for panel in backcast_figure.PANELS:
        good, faulty = observed.months(panel.name, BACKCAST)
        months = 24 if panel.name in ("beds_open", "bed_occupancy") else 36
        assert np.isfinite(good).sum() + np.isfinite(faulty).sum() == months, panel.name
    good, faulty = observed.months("emergency_admissions", BACKCAST)
    assert np.flatnonzero(np.isfinite(faulty)).tolist() == [22], "February 2023"
    assert faulty[22] == 3466
    assert max(row["month"] for row in observed._rows(observed.MONTHS)) == "2024-03"


def test_years_lived_are_all_where_nobody_dies() -> None:
    widths = np.array([1, 4, 70])
    assert years_lived(np.zeros(3), widths) == pytest.approx(75)
    assert years_lived(np.full(3, 0.01), widths) == pytest.approx((1 - np.exp(-0.75)) / 0.01)


def answers(off: float) -> list[Answer]:
    """Two runs that are `off` times what was observed before the base year, and met after."""
    before = BASE_FIRST - BACKCAST.first
    factor = np.where(np.arange(36) < before, off, 1.0)
    seen = {panel.name: np.nan_to_num(observed.months(panel.name, BACKCAST)[0], nan=0.9) for panel in
            backcast_figure.PANELS}  # fmt: skip
    monthly = {
        panel.service: [(value, value * part, value) for value, part in zip(seen[panel.name], factor, strict=True)]
        for panel in backcast_figure.PANELS
        if panel.service
    }
    months = {panel.name: seen[panel.name] * (factor if panel.name == "bed_occupancy" else 1.0) for panel in
              backcast_figure.PANELS}  # fmt: skip
    return [Answer(monthly=monthly, months=months) for _ in range(2)]


def test_the_backcast_says_how_far_it_is_off() -> None:
    picture = backcast_figure.months(answers(1.1))
    assert f"bed occupancy ({style.percent(0.1, 0)} off)" in picture.finding
    assert f"A&E over 4 hours: model off by {style.percent(0.0)}" in picture.alt
    courses = {one.panel.name: one for one in backcast_figure.courses(answers(1.1))}
    assert courses["emergency_admissions"].off(24) == pytest.approx(0.1), "the faulty month is left out"
    assert courses["waiting_over_18w"].seen[24:].mean() == pytest.approx(100)


def faces() -> dict[str, np.ndarray]:
    ramp = np.linspace(0, 1, 10)
    share = np.full((4, MOST + 1), 0.1)
    share[:, 0] = 0.6
    return {
        "life": 75 + np.stack([5 * ramp + 4, 9 * ramp]),
        "life_to_75": 69 + np.stack([2 * ramp + 2, 4 * ramp]),
        "half_have": np.stack([45 + 9 * ramp, 63 + 12 * ramp]),
        "many_by_age": np.stack([np.linspace(0, top, BANDS) for top in (0.8, 0.9, 0.7)]),
        "many_adults": np.array([0.23]),
        "use": share,
        "gp_ratio": np.array([0.8, 0.9, 1.0, 1.3, 2.5]),
        "contacts": np.linspace(1, 2, BANDS)[None].repeat(3, 0),
    }


@pytest.fixture(scope="module")
def drawn() -> dict[str, style.Picture]:
    return face_figures.all_of([faces(), faces()])


def test_titles_of_face_validity_state_what_is_drawn(drawn: dict[str, style.Picture]) -> None:
    said = {name: picture.finding for name, picture in drawn.items()}
    assert said["face-life"].startswith("Men in the most deprived tenth live 9.0 years less")
    assert "first condition 9 years and a second 12 years earlier" in said["face-conditions"]
    assert said["face-multimorbidity"].startswith("23 % of adults have two or more")
    assert "30 % of all and make 30 % of GP contacts" in said["face-use"]
    assert all(picture.alt.endswith((".", "84")) and "nan" not in picture.alt for picture in drawn.values())


def test_names_of_services_are_not_cut_off(drawn: dict[str, style.Picture]) -> None:
    picture = drawn["face-use"]
    with style.drawing():
        picture.draw_without_rendering()
        assert picture.axes[0].yaxis.get_tightbbox().x0 > 0
