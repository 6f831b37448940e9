"""Continuity changes how often people seek help unplanned: in the right direction, on nothing else, and not at all when
judged to be no cause."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from sim.evidence import Evidence
from sim.life import review, usual_doctor
from sim.life.managed import NODES
from sim.life.states import level, with_level
from sim.system import CareSystem
from tests.model.conftest import Build

pytestmark = pytest.mark.model

SOUGHT = ("gp_acute", "gp_mental", "ed")


@pytest.fixture(scope="module")
def opened(build: Build) -> CareSystem:
    return build()


def everyone(m: CareSystem) -> np.ndarray:
    return np.asarray(m.residents.rows)


def test_the_published_ratio_times_its_causal_share_comes_back(evidence: Evidence) -> None:
    found = usual_doctor.by_level(evidence)
    assert set(found) == set(SOUGHT)
    usual = evidence["managed.usual_continuity"]
    for process, row in usual_doctor.RATIO.items():
        of = np.array(found[process]["continuity"])
        assert of[3] / of[0] == pytest.approx(evidence[row] ** evidence["managed.continuity_causal"], rel=1e-9)
        assert np.interp(usual, NODES, of) == pytest.approx(1.0, abs=1e-12)


def test_no_causal_share_is_no_effect(evidence: Evidence) -> None:
    found = usual_doctor.by_level(evidence.replaced({"managed.continuity_causal": 0.0}))
    assert all(of["continuity"] == (1.0, 1.0, 1.0, 1.0) for of in found.values())
    assert all(set(of["continuity"]) == {1.0} for of in usual_doctor.by_level(evidence.judged(False)).values())


def test_levels_stand_for_the_continuity_of_residents(opened: CareSystem) -> None:
    r, rows = opened.residents.columns, everyone(opened)
    value = r["continuity"][rows] / 255
    shown = level(r["state"][rows], "continuity")
    assert ((shown == np.floor(3 * value)) | (shown == np.ceil(3 * value))).all(), "one of the two nodes beside it"
    error = np.std(shown / 3) / sqrt(rows.size)
    assert abs((shown / 3).mean() - value.mean()) < 4 * error


def test_only_unplanned_help_follows_continuity(opened: CareSystem) -> None:
    m = opened
    r, rows = m.residents.columns, everyone(m)[:2000]
    held = r["state"][rows].copy()
    rates = []
    for value in (0, 3):
        r["state"][rows] = with_level(held, "continuity", np.full(rows.size, value))
        rates.append(review.rates(m, rows).astype(float))
    r["state"][rows] = held
    causal = m.evidence["managed.continuity_causal"]
    for name, column in m.rates.index.items():
        ratio = m.evidence[usual_doctor.RATIO[name]] ** causal if name in SOUGHT else 1.0
        assert rates[1][:, column] == pytest.approx(rates[0][:, column] * ratio, rel=1e-4), name


def test_the_review_shows_this_years_continuity_in_the_cached_rates(build: Build) -> None:
    """A scheme that lifts everyone to full continuity lowers expected contacts of those reviewed, in the same month."""
    expected = []
    for lift in (0.0, 2.0):
        m = build()
        m.step()
        due = review.due(m)
        m._apply_levers = lambda m=m, lift=lift: m.area_shift.update(  # type: ignore[method-assign]
            continuity=np.full(len(m.decile), lift, np.float32)
        )
        before = m.residents.columns["gp_rate"].copy()
        m.step()
        expected.append((m.residents.columns["gp_rate"][due].astype(float), before[due]))
    (without, before), (lifted, same) = expected
    assert np.array_equal(before, same)
    assert lifted.sum() < 0.995 * without.sum()
    assert (lifted <= without + 1e-6).mean() > 0.97, "some changed in other ways in the same month"
