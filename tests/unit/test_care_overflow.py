"""What a service cannot offer: the closed form against simulated queues, and the counts drawn from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.care.overflow import binomial, expected_overflow, not_offered

pytestmark = pytest.mark.unit

loads = st.floats(0, 1e5)


@pytest.mark.parametrize(("load", "capacity"), [(4820, 4970), (4820, 4820), (4820, 4700), (400, 380), (60, 66)])
def test_overflow_is_that_of_a_poisson_queue(load: float, capacity: float) -> None:
    demand = np.random.default_rng(1).poisson(load, 400_000)
    excess = np.maximum(demand - capacity, 0)
    error = 4 * excess.std() / np.sqrt(len(demand))
    # a Poisson count is only near enough normal: 1 % of its standard deviation for skewness
    assert expected_overflow(load, capacity) == pytest.approx(excess.mean(), abs=error + 0.01 * np.sqrt(load))


@pytest.mark.parametrize("scale", [0.03, 0.1, 0.3])
def test_overflow_is_free_of_scale(scale: float) -> None:
    whole = expected_overflow(4820.0, 4900.0)
    part = expected_overflow(4820.0 * scale, 4900.0 * scale, 1 / scale)
    assert part == pytest.approx(scale * whole, rel=1e-9)
    assert expected_overflow(4820.0 * scale, 4900.0 * scale) > 1.5 * scale * whole  # what a small queue would do


@given(loads, loads, st.floats(0.01, 100))
def test_overflow_lies_between_its_bounds_and_falls_with_capacity(load: float, capacity: float, size: float) -> None:
    overflow = float(expected_overflow(load, capacity, size))
    assert max(load - capacity, 0) <= overflow <= load
    assert float(expected_overflow(load, capacity * 1.1 + 1, size)) <= overflow + 1e-9 * load


@given(st.lists(loads, min_size=1, max_size=4), loads)
def test_tiers_lose_together_what_the_whole_overflows(tiers: list[float], capacity: float) -> None:
    arrays = [np.array([tier]) for tier in tiers]
    shares = not_offered(np.array(arrays), np.array([capacity]), np.ones(1))
    assert all(0 <= share[0] <= 1 for share in shares)
    lost = sum(float(share[0]) * tier for share, tier in zip(shares, tiers, strict=True))
    assert lost == pytest.approx(float(expected_overflow(sum(tiers), capacity)), rel=1e-6, abs=1e-6 * sum(tiers) + 1e-9)


def test_the_first_tier_loses_last() -> None:
    first, second, third = not_offered(np.array([[400.0], [50.0], [550.0]]), np.array([900.0]), np.ones(1))
    assert first[0] < 1e-6
    assert second[0] < 1e-6
    assert third[0] == pytest.approx(100 / 550, abs=0.02)


def test_nothing_is_offered_without_capacity() -> None:
    assert expected_overflow(100.0, 0.0) == pytest.approx(100.0)
    assert expected_overflow(0.0, 0.0) == 0.0


def test_counts_follow_the_binomial_and_grow_with_chance() -> None:
    uniform = np.random.default_rng(2).random(200_000, np.float32)
    n = np.full(len(uniform), 5)
    few, many = binomial(uniform, n, 0.1), binomial(uniform, n, 0.3)
    assert np.all(few <= many)  # the same draw, a larger chance: never fewer
    for p, counts in ((0.1, few), (0.3, many)):
        observed = np.bincount(counts, minlength=6) / len(counts)
        exact = [np.prod([(5 - j) / (j + 1) for j in range(k)]) * p**k * (1 - p) ** (5 - k) for k in range(6)]
        assert observed == pytest.approx(exact, abs=0.005)


@given(st.floats(0, 1, width=32, exclude_max=True), st.integers(0, 255), st.floats(0, 1))
def test_counts_never_exceed_what_there_is(u: float, n: int, p: float) -> None:
    count = binomial(np.array([u], np.float32), np.array([n]), p)[0]
    assert 0 <= count <= n
    assert p > 0 or count == 0
    assert p < 1 or count == n
