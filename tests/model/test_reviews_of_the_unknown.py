"""Nobody is asked to a review of what nobody knows of; acute need stays; England's contacts are what was counted."""

from __future__ import annotations

import numpy as np
import pytest

from sim.evidence import Evidence
from sim.life import diagnosis, diagnosis_kernels, epidemiology, review
from sim.life.health import give
from sim.life.reference import Reference
from sim.system import CareSystem
from tests.model.conftest import Build

pytestmark = pytest.mark.model

N = 3000


@pytest.fixture(scope="module")
def opened(build: Build) -> CareSystem:
    return build()


def test_a_pattern_leaves_what_its_conditions_leave() -> None:
    left = diagnosis.reviews_left({"a": 2.0, "c": 4.0, "d": 0.0}, ("a", "b", "c", "d"))
    assert left.shape == (16,)
    assert left[0b0000] == left[0b0010] == left[0b1000] == 1
    assert left[0b0001] == 0.5
    assert left[0b0101] == left[0b1111] == 0.125


def test_the_loop_and_its_twin_agree() -> None:
    rng = np.random.default_rng(1)
    undiagnosed = rng.integers(0, 8, N).astype(np.uint32)
    part = np.array([1, 0.5, 0.7, 0.35, 1.2, 0.6, 0.84, 0.4], np.float32)
    rows, slots = np.sort(rng.choice(N, N // 2, replace=False)), np.array([1, 2, 3, 4])
    ask, expected = rng.integers(0, 65536, (N, 8)).astype(np.uint16), rng.random(N).astype(np.float32) * 4
    twin, also = ask.copy(), expected.copy()
    ask[:40, 1] = twin[:40, 1] = 65535
    full = np.empty(N, np.int64)
    count = diagnosis_kernels.forgo(rows, undiagnosed, part, slots, ask, expected, full)
    alone = diagnosis_kernels.forgo_numpy(rows, undiagnosed, part, slots, twin, also)
    assert alone.size > 5
    assert np.array_equal(full[:count], alone)
    assert np.abs(ask.astype(int) - twin).max() <= 1  # twins may round a hair apart
    assert expected == pytest.approx(also, abs=1e-5)


def test_who_does_not_know_asks_for_no_review_of_it_and_for_everything_else(opened: CareSystem) -> None:
    m, r = opened, opened.residents.columns
    bit = np.uint32(1 << m.states.conditions.index("hypertension"))
    rows = m.residents.rows[m.states.has(r["state"][m.residents.rows], "hypertension")]
    held, column = r["undiagnosed"][rows].copy(), m.rates.index[diagnosis.REVIEW]
    known, unknown = (
        (review.rates(m, rows), r["undiagnosed"].__setitem__(rows, held))[0]
        for r["undiagnosed"][rows] in (held & ~bit, held | bit)
    )
    ratio = m.epidemiology.effects[diagnosis.REVIEW].ratios["hypertension"]
    assert ratio > 1.02, "a known condition brings reviews"
    assert unknown[:, column] * ratio == pytest.approx(known[:, column], rel=1e-5)
    others = np.arange(known.shape[1]) != column
    assert np.array_equal(known[:, others], unknown[:, others])


def test_what_is_cached_is_what_the_rates_say(opened: CareSystem) -> None:
    m, r = opened, opened.residents.columns
    rows = m.residents.rows[r["undiagnosed"][m.residents.rows] != 0]
    assert rows.size > 200
    slots = m.slots == m.rates.index[diagnosis.REVIEW]
    expected = np.minimum(review.rates(m, rows)[:, m.rates.index[diagnosis.REVIEW]] / slots.sum(), 1.0)
    cached = r["ask"][rows][:, slots].astype(float) / 65536
    assert np.abs(cached - expected[:, None]).max() < 2.1 / 65536
    each = np.minimum(review.rates(m, rows)[:, m.slots] / np.bincount(m.slots)[m.slots], 1.0)
    assert r["gp_rate"][rows] == pytest.approx(each.sum(1), rel=2e-3)


def test_a_diagnosis_brings_reviews_in_the_month_in_which_it_is_made(build: Build) -> None:
    m = build()
    r, bits = m.residents.columns, m.states.conditions
    found = 0
    for _ in range(3):
        before, rate = r["undiagnosed"].copy(), r["gp_rate"].copy()
        state = r["state"].copy()
        m.step()
        told = (before != 0) & (r["undiagnosed"] == 0) & (r["state"] == state) & (r["unique_id"] != 0)
        told &= (m.month - 1 - r["born"].astype(int)) % 12 != 0  # no review of theirs in that month
        known = np.bitwise_count(before) == 1
        rows = np.flatnonzero(told & known)
        which = [bits[int(before[row]).bit_length() - 1] for row in rows]
        brings = [m.epidemiology.effects[diagnosis.REVIEW].ratios.get(name, 1.0) > 1.05 for name in which]
        rows = rows[np.array(brings, bool)]
        assert (r["gp_rate"][rows] > rate[rows]).all()
        found += rows.size
    assert found > 5


def test_england_has_the_reviews_that_were_counted(evidence: Evidence) -> None:
    """Base × multiplier of what is known, over the whole reference population, is the total of the evidence."""
    epi = epidemiology.of(evidence)
    reference = Reference(epi)
    health = give(reference.people, epi)
    p = reference.people
    base = epi.contact_base[diagnosis.REVIEW][p.male, p.age, p.decile - 1]
    weight = epi.effects[diagnosis.REVIEW].weight(health.state, health.lagged, epi.states)
    left = epi.reviews_left[health.undiagnosed]
    found = (reference.weight * base * weight * left).sum()
    wanted = (epi.kinds[diagnosis.REVIEW].rate * epi.people).sum()
    assert found == pytest.approx(wanted, rel=0.005)
    assert (reference.weight * base * weight).sum() > 1.01 * found, "all known would be more"
