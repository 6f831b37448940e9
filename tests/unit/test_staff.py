"""Staff of practices and continuity: stationary without a cause, and moved by their causes in the right direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.care.continuity import Continuity
from sim.care.staff import Workforce
from sim.evidence import load

pytestmark = pytest.mark.unit
DECILES = np.array([1.0, 5.5, 10.0])


@pytest.fixture(scope="module")
def work() -> Workforce:
    return Workforce.read(load().draw(0))


def after(work: Workforce, strain: float, months: int) -> np.ndarray:
    in_post = np.ones((3, DECILES.size))
    for _ in range(months):
        in_post, *_ = work.move(in_post, DECILES, np.full(DECILES.size, strain))
    return in_post


def test_nobody_is_lost_while_practices_are_pressed_as_usual(work: Workforce) -> None:
    assert after(work, 0.0, 240) == pytest.approx(np.ones((3, 3)), abs=1e-12)


def test_pressure_costs_staff_and_relief_brings_them_back(work: Workforce) -> None:
    pressed, eased = after(work, 0.1, 240), after(work, -0.1, 240)
    assert (pressed < 1).all()
    assert (eased > 1).all()
    # in post settles where leavers are replaced: p = f·posts ÷ (f + leave)
    usual, now = work.usual_leaving(DECILES), work.leaving(DECILES, 0.1)
    fill = work.fill[:, None]
    assert pressed == pytest.approx(fill * (1 + usual / fill) / (fill + now))
    assert (after(work, 0.1, 3) > pressed).all()  # posts empty with a lag


def test_leaving_follows_deprivation_and_pressure_as_the_registry_says(work: Workforce) -> None:
    usual = work.usual_leaving(DECILES)[0]
    assert usual[0] / usual[2] == pytest.approx(1.09, rel=1e-6)
    assert usual[1] == pytest.approx(1 - np.exp(-0.085 / 12), rel=1e-6)
    assert work.leaving(5.5, 0.1)[0] / work.usual_leaving(5.5)[0] == pytest.approx(1.1)
    assert work.leaving(5.5, 9.0)[0] == pytest.approx(3 * work.usual_leaving(5.5)[0])


def test_a_judged_mechanism_at_its_null_loses_nobody(work: Workforce) -> None:
    assert after(replace(work, per_pressure=1.0), 0.5, 60) == pytest.approx(np.ones((3, 3)), abs=1e-12)


def test_kinds_of_staff_make_up_all_appointments(work: Workforce) -> None:
    assert work.share.sum() == pytest.approx(1)
    # 5.78 appointments a patient take the full-time equivalents that England has a 1,000 patients
    per_1000 = 5780 * work.share / (work.productivity * 12)
    assert per_1000 == pytest.approx([0.573, 0.26, 0.45], rel=0.02)


def mean_after(c: Continuity, lists: float, usual: float, leaving: float, years: int, shift: float = 0.0) -> float:
    """Expected continuity after so many half-yearly reviews, by the rule of the residents' loop."""
    value = float(c.mean(lists))
    given, pace = float(c.given(lists, usual, 6)) + shift, c.pace(6)
    for _ in range(2 * years):
        value += pace * (given - value)
        value *= 1 - leaving * c.loss
    return value


def test_continuity_does_not_drift_with_the_usual_leavers() -> None:
    c = Continuity.read(load().draw(0))
    for lists in (2_000, 9_700, 30_000):
        assert mean_after(c, lists, 0.04, 0.04, 30) == pytest.approx(float(c.mean(lists)), abs=1e-9)


def test_continuity_falls_with_size_and_leavers_and_rises_with_support() -> None:
    c = Continuity.read(load().draw(0))
    assert float(c.mean(9_700)) == pytest.approx(0.61)
    assert float(c.mean(9_700) - c.mean(9_700 * np.e)) == pytest.approx(0.11)
    usual = float(c.mean(9_700))
    assert mean_after(c, 9_700, 0.04, 0.08, 10) < usual - 0.01
    assert mean_after(c, 9_700, 0.04, 0.04, 10, shift=0.1) > usual + 0.05
