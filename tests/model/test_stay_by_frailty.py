"""The frail stay longer, and all bed-days are what the tables say all the same."""

from __future__ import annotations

import numpy as np
import pytest

from sim.care import beds, emergency
from sim.evidence import Evidence
from sim.life import frailty
from sim.system import CareSystem
from tests.model.conftest import Build

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def opened(build: Build) -> CareSystem:
    return build()


def test_the_mean_of_every_band_is_kept_whoever_is_admitted() -> None:
    shape = np.repeat([2.0, 5.0, 9.0], 4)
    ratio = np.array([1.0, 1.2, 1.5, 2.0])
    admitted = np.random.default_rng(1).random((4, 12))
    admitted[:, :4] = 0.0  # nobody of the first band
    found = beds.by_frailty(shape, ratio, admitted)
    for first in (4, 8):
        band = slice(first, first + 4)
        mean = (found[:, band] * admitted[:, band]).sum() / admitted[:, band].sum()
        assert mean == pytest.approx(shape[first], rel=1e-12)
    assert found / found[0] == pytest.approx(np.outer(ratio, np.ones(12)))
    assert found[0, :4] == pytest.approx(shape[:4])


def test_no_difference_is_the_table_itself() -> None:
    shape, admitted = np.repeat([2.0, 5.0], 3), np.ones((4, 6))
    assert beds.by_frailty(shape, np.ones(4), admitted) == pytest.approx(np.tile(shape, (4, 1)))


def test_judged_off_everybody_stays_as_long(evidence: Evidence) -> None:
    assert (frailty.stay_ratios(evidence.judged(False)) == 1).all()
    on = frailty.stay_ratios(evidence)
    assert list(on) == sorted(on)
    assert on[0] == 1 < on[1]


def test_bed_days_at_the_start_are_the_same_with_and_without(opened: CareSystem) -> None:
    """Conservation: by age and in all, expected bed-days do not depend on the ratios."""
    m, care = opened, opened.care
    mix = emergency.plain_by_age(m, "emergency")
    plain = np.tile(care.los_shape, (4, 1))
    row = m.evidence.registry["care.zero_day_share"]
    rest = care.hospital, mix, care.beds_base * care.bed_ratio, (row.low or 0.0, row.high or 1.0)
    with_it = beds.solve_stay(rest[0], beds.by_frailty(care.los_shape, care.los_ratio, mix), *rest[1:])
    without = beds.solve_stay(rest[0], plain, *rest[1:])
    assert with_it.zero_day == without.zero_day
    assert (mix * with_it.by_age).sum() == pytest.approx((mix * without.by_age).sum(), rel=1e-9)
    old = slice(85, 111)
    assert (mix * with_it.by_age)[:, old].sum() == pytest.approx((mix * without.by_age)[:, old].sum(), rel=1e-9)
    assert (with_it.by_age[3] > without.by_age[3])[50:].all(), "the severely frail stay longer"
    assert (with_it.by_age[0] <= without.by_age[0] * (1 + 1e-12)).all(), "the fit do not"


def test_who_is_admitted_stays_as_their_age_and_frailty_say(build: Build) -> None:
    m = build()
    for _ in range(2):
        m.step()
    days = emergency.stay_days(m)
    assert days.shape == (frailty.CATEGORIES, emergency.OLDEST + 1)
    r, rows = m.residents.columns, m.residents.rows
    category = frailty.category(r["state"][rows])
    for step, name in enumerate(("frail_mild", "frail_moderate", "frail_severe"), 1):
        assert np.array_equal(category == step, m.states.has(r["state"][rows], name))
    ledger = m.care.ledger
    mean = ledger.of("emergency_bed_days", 1) / ledger.of("overnight", 1)
    spread = days.max() - days.min()
    assert abs(mean - m.care.hospital.los) < 4 * spread / np.sqrt(ledger.of("overnight", 1))
